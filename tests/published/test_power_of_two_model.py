"""Balanced servers: the limit by another way, one slow server by arithmetic, and old load information."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from archlab.published.power_of_two import limit, model, slow_replica, stale_loads
from archlab.sim.balancing.rules import RULES
from archlab.sim.theory import mm1

BLIND = ["random", "round robin"]
SEEING = ["least outstanding", "power of two", "peak ewma"]


def slow(rule, **settings):
    return {name: float(figure) for name, figure in slow_replica(seed=1, rule=rule, **settings).items()}


@pytest.mark.parametrize("utilisation", [0.5, 0.9])
@pytest.mark.parametrize("choices", [2, 3])
def test_the_limit_is_where_the_differential_equations_come_to_rest(utilisation, choices):
    """ds(i)/dt = lambda (s(i-1)^d - s(i)^d) - (s(i) - s(i+1)), from empty queues until nothing changes."""
    longest = 40

    def change(_, share):
        padded = np.concatenate(([1.0], share, [0.0]))
        arrive = utilisation * (padded[:-2] ** choices - padded[1:-1] ** choices)
        return arrive - (padded[1:-1] - padded[2:])

    end = solve_ivp(change, (0, 2000), np.zeros(longest), method="LSODA", rtol=1e-10, atol=1e-12)
    assert end.y[:, -1].sum() / utilisation == pytest.approx(limit(utilisation, choices), rel=1e-6)


def test_one_choice_is_the_mm1_queue():
    assert limit(0.8, choices=1) == pytest.approx(mm1(0.8, 1.0).response_s)


def test_the_second_choice_gains_far_more_than_the_third():
    one, two, three = (limit(0.95, choices) for choices in (1, 2, 3))
    assert one / two > 5
    assert two / three < 1.5


def test_a_single_server_has_no_choice():
    figures = model(seed=1, utilisation=0.5, choices=2, servers=1, requests=100_000)
    assert figures["mean_s"] == pytest.approx(mm1(0.5, 1.0).response_s, rel=0.04)


@pytest.mark.parametrize("rule", BLIND)
def test_a_rule_that_looks_at_nothing_sends_the_slow_server_a_tenth_which_is_five_times_too_much(rule):
    figures = slow(rule)
    assert figures["share_to_slow"] == pytest.approx(0.1, abs=0.01)
    assert figures["slow_per_s"] == pytest.approx(10, rel=0.1)  # it does 100 / 10 a second, whatever it gets
    assert figures["queue_at_slow"] == pytest.approx(
        (50 - 10) * 48, rel=0.1
    )  # 50 come, in 48 s with the warm-up
    assert figures["p99_s"] > 30


@pytest.mark.parametrize("rule", SEEING)
def test_a_rule_that_looks_keeps_the_slow_server_from_drowning(rule):
    figures = slow(rule)
    assert figures["share_to_slow"] < 0.03
    assert figures["queue_at_slow"] < 10
    assert figures["p99_s"] < 0.5


def test_peak_ewma_sends_the_slow_server_the_least_and_has_the_shortest_tail():
    runs = {rule: slow(rule) for rule in SEEING}
    assert min(runs, key=lambda rule: runs[rule]["share_to_slow"]) == "peak ewma"
    assert min(runs, key=lambda rule: runs[rule]["p99_s"]) == "peak ewma"


def test_among_equal_servers_nobody_is_slow():
    for rule in RULES:
        figures = slow(rule, slowness=1.0)
        assert figures["share_to_slow"] == pytest.approx(figures["fair_share"], abs=0.02)
        assert figures["p99_s"] < 0.12


def test_the_blind_rules_drown_the_slow_server_only_beyond_its_capacity():
    """At a load of 0.5 a server twice as slow is just full, one 1.5 times as slow is not."""
    assert slow("round robin", slowness=1.5)["queue_at_slow"] < 30
    assert slow("round robin", slowness=3.0)["queue_at_slow"] > 300


def test_with_perfect_information_more_choices_are_better():
    means = [
        stale_loads(seed=1, rule=rule)["mean_s"] for rule in ("best", "best of 3", "best of 2", "random")
    ]
    assert means == sorted(means)
    assert means[0] == pytest.approx(
        8.0, abs=0.01
    )  # a server is always free; the last few are cut off by the end


def test_old_information_makes_the_best_the_worst():
    means = {rule: stale_loads(seed=1, rule=rule, refresh_s=40)["mean_s"] for rule in ("best", "random")}
    assert means["best"] > 2 * means["random"]


def test_random_does_not_care_how_old_the_information_is():
    assert stale_loads(1, "random", 0) == stale_loads(1, "random", 100)


def test_the_same_seed_gives_the_same_figures():
    assert slow("power of two", requests=2000) == slow("power of two", requests=2000)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: limit(1.0, 2), "utilisation is 1.0"),
        (lambda: limit(0.5, 0), "choices is 0"),
        (lambda: model(1, utilisation=0), "utilisation is 0"),
        (lambda: model(1, servers=0), "servers is 0"),
        (lambda: model(1, requests=0), "requests is 0"),
        (lambda: slow_replica(1, rule="fastest"), "balancing is 'fastest'"),
        (lambda: slow_replica(1, slowness=0), "factor is 0"),
        (lambda: slow_replica(1, service_s=0), "service_s is 0"),
        (lambda: stale_loads(1, rule="worst"), "rule is 'worst'"),
        (lambda: stale_loads(1, refresh_s=-1), "refresh_s is -1"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
