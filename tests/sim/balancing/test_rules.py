"""The rules against hand calculation and queueing theory."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from archlab.published.power_of_two import Fleet
from archlab.sim import Exponential, Poisson, Simulation, Station
from archlab.sim.balancing.rules import (
    RULES,
    UNKNOWN_S,
    LeastOutstanding,
    PeakAverage,
    PeakEwma,
    PowerOfTwoChoices,
    RandomChoice,
    RoundRobin,
    balancing_rule,
)
from archlab.sim.theory import mm1, mmc

THREE = ["a", "b", "c"]


def shares(rule, choices=30_000, candidates=THREE):
    """How often each candidate is chosen while nothing changes."""
    chosen = [rule.choose(candidates) for _ in range(choices)]
    return {one: chosen.count(one) / choices for one in candidates}


def under_way(rule, **requests):
    for target, count in requests.items():
        for _ in range(count):
            rule.started(target)
    return rule


def mean_time(rule_word, servers, utilisation, requests):
    """The mean time at equal servers under a rule, in mean service times."""
    sim = Simulation(seed=1)
    fleet = Fleet(sim, balancing_rule(rule_word, sim, "requests"), servers, Exponential(1.0))
    return fleet.run(Poisson(utilisation * servers), requests).mean_latency_s()


def test_random_chooses_each_as_often():
    assert shares(RandomChoice(Simulation(1), "r")) == pytest.approx(dict.fromkeys(THREE, 1 / 3), abs=0.01)


def test_round_robin_takes_turns():
    rule = RoundRobin(Simulation(1), "r")
    assert [rule.choose(THREE) for _ in range(7)] == ["a", "b", "c", "a", "b", "c", "a"]


def test_least_outstanding_takes_the_one_with_the_fewest_under_way():
    rule = under_way(LeastOutstanding(Simulation(1), "r"), a=2, b=1, c=2)
    assert {rule.choose(THREE) for _ in range(50)} == {"b"}


def test_least_outstanding_has_no_favourite_among_equals():
    rule = under_way(LeastOutstanding(Simulation(1), "r"), a=1)
    assert shares(rule) == pytest.approx({"a": 0, "b": 0.5, "c": 0.5}, abs=0.01)


def test_the_busiest_of_three_is_chosen_when_both_draws_hit_it_and_the_idlest_when_one_does():
    """With replacement: P(both draws c) = 1/9, P(no draw a) = 4/9."""
    rule = under_way(PowerOfTwoChoices(Simulation(1), "r"), b=1, c=2)
    assert shares(rule) == pytest.approx({"a": 5 / 9, "b": 3 / 9, "c": 1 / 9}, abs=0.01)


def test_one_choice_is_random_and_many_are_nearly_the_least():
    sim = Simulation(1)
    one = under_way(PowerOfTwoChoices(sim, "one", choices=1), b=1, c=2)
    many = under_way(PowerOfTwoChoices(sim, "many", choices=20), b=1, c=2)
    assert shares(one) == pytest.approx(dict.fromkeys(THREE, 1 / 3), abs=0.01)
    assert shares(many)["a"] == pytest.approx(1 - (2 / 3) ** 20, abs=0.001)


def test_a_request_that_ended_no_longer_counts():
    rule = under_way(LeastOutstanding(Simulation(1), "r"), a=1, b=1, c=2)
    rule.ended("c", 0.1, ok=False)
    rule.ended("c", 0.1, ok=True)
    assert {rule.choose(THREE) for _ in range(20)} == {"c"}


def test_a_peak_average_goes_up_at_once_and_down_by_the_time_constant():
    average = PeakAverage(decay_s=10.0, now_s=0.0)
    assert average.observe(0.2, now_s=0.0) == 0.2
    weight = math.exp(-5 / 10)
    assert average.observe(0.1, now_s=5.0) == pytest.approx(weight * 0.2 + (1 - weight) * 0.1)
    assert average.observe(0.5, now_s=5.1) == 0.5


def test_a_peak_average_that_is_looked_at_fades_to_a_half_in_ln_2_time_constants():
    average = PeakAverage(decay_s=10.0, now_s=0.0)
    average.observe(0.2, now_s=0.0)
    for step in range(1, 101):
        faded = average.observe(0.0, now_s=10 * math.log(2) * step / 100)
    assert faded == pytest.approx(0.1)


def test_peak_ewma_multiplies_latency_by_what_is_under_way_and_one_more():
    rule = under_way(PeakEwma(Simulation(1), "r"), a=3)
    rule.ended("a", 0.2, ok=True)
    assert rule.load("a") == pytest.approx(0.2 * 3)


def test_peak_ewma_takes_the_cheaper_of_two_different_ones():
    rule = PeakEwma(Simulation(1), "r")
    for target, latency_s in (("a", 0.1), ("b", 0.2), ("c", 0.3)):
        under_way(rule, **{target: 1})
        rule.ended(target, latency_s, ok=True)
    assert shares(rule, 3000) == pytest.approx({"a": 2 / 3, "b": 1 / 3, "c": 0}, abs=0.03)
    assert rule.choose(["c"]) == "c"


def test_peak_ewma_tries_a_new_server_with_one_request_and_waits_for_its_answer():
    rule = PeakEwma(Simulation(1), "r")
    under_way(rule, old=1)
    rule.ended("old", 0.1, ok=True)
    assert {rule.choose(["old", "new"]) for _ in range(20)} == {"new"}
    under_way(rule, new=1)
    assert rule.load("new") == UNKNOWN_S + 1
    assert {rule.choose(["old", "new"]) for _ in range(20)} == {"old"}


@pytest.mark.parametrize(
    ("penalty_s", "latency_s", "counted_s"), [(5, 0.001, 5), (5, 9, 9), (0, 0.001, 0.001)]
)
def test_a_failure_counts_as_slow_to_peak_ewma_unless_told_otherwise(penalty_s, latency_s, counted_s):
    rule = under_way(PeakEwma(Simulation(1), "r", failure_penalty_s=penalty_s), a=1)
    rule.ended("a", latency_s, ok=False)
    assert rule.latency_s("a") == counted_s


def test_random_choice_over_servers_is_as_many_mm1_queues():
    assert mean_time("random", 10, 0.7, 150_000) == pytest.approx(mm1(0.7, 1.0).response_s, rel=0.03)


def test_round_robin_is_gm1_with_erlang_arrivals():
    """G/M/1: the mean is 1 / (1 - s) service times, where s = A(1 - s), A the transform of the gaps.

    Every n-th Poisson arrival goes to a server, so the gaps are Erlang: A(x) = (r / (r + x)) ** n, r the total rate.
    """
    servers, utilisation = 4, 0.8
    rate = servers * utilisation
    share = brentq(lambda s: (rate / (rate + 1 - s)) ** servers - s, 1e-9, 1 - 1e-9)
    found = mean_time("round robin", servers, utilisation, 150_000)
    assert found == pytest.approx(1 / (1 - share), rel=0.03)
    assert found < 0.7 * mm1(utilisation, 1.0).response_s


def test_least_outstanding_is_a_little_worse_than_one_common_queue():
    """M/M/n has no idle server while somebody waits; here one may wait behind another and not change the queue."""
    servers, utilisation = 5, 0.8
    common = mmc(utilisation * servers, 1.0, servers).response_s
    found = mean_time("least outstanding", servers, utilisation, 150_000)
    assert common < found < 1.25 * common


def test_among_equal_servers_more_knowledge_is_better():
    order = ("least outstanding", "power of two", "round robin", "random")
    means = [mean_time(word, 10, 0.8, 40_000) for word in order]
    assert means == sorted(means)


def test_two_rules_of_different_names_do_not_disturb_each_other():
    alone, sim = RandomChoice(Simulation(1), "one"), Simulation(1)
    one, other = RandomChoice(sim, "one"), RandomChoice(sim, "other")
    mixed = [(one.choose(THREE), other.choose(THREE)) for _ in range(50)]
    assert [first for first, _ in mixed] == [alone.choose(THREE) for _ in range(50)]
    assert [first for first, _ in mixed] != [second for _, second in mixed]


@settings(max_examples=40, deadline=None)
@given(
    word=st.sampled_from(sorted(RULES)),
    seed=st.integers(0, 1000),
    gaps=st.lists(st.floats(0, 0.5), min_size=1, max_size=30),
)
def test_nothing_is_under_way_when_all_requests_have_ended(word, seed, gaps):
    sim = Simulation(seed)
    rule = balancing_rule(word, sim, "requests")
    stations = [Station(sim, f"server {n}") for n in range(3)]

    def request(after_s):
        yield sim.timeout(after_s)
        server = rule.choose(stations)
        rule.started(server)
        yield server.serve(0.2)
        rule.ended(server, 0.2, ok=True)

    for number in range(len(gaps)):
        sim.start(request(sum(gaps[:number])))
    sim.run()
    assert sum(station.completed for station in stations) == len(gaps)
    assert set(rule.outstanding.values()) == {0}


@pytest.mark.parametrize("word", sorted(RULES))
def test_each_rule_is_found_by_its_name_and_needs_a_candidate(word):
    rule = balancing_rule(word, Simulation(1), "r")
    assert type(rule) is RULES[word]
    assert rule.choose(["only"]) == "only"
    with pytest.raises(ValueError, match=r"candidates is \[\]"):
        rule.choose([])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda sim: balancing_rule("fastest", sim, "r"), "balancing is 'fastest'"),
        (lambda sim: PowerOfTwoChoices(sim, "r", choices=0), "choices is 0"),
        (lambda sim: PeakEwma(sim, "r", decay_s=0), "decay_s is 0"),
        (lambda sim: PeakEwma(sim, "r", failure_penalty_s=-1), "failure_penalty_s is -1"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build(Simulation(1))
