"""The steps that the Kubernetes documentation publishes (*Horizontal Pod Autoscaling*, read in 2026), by number."""

import pytest

from archlab.data import load
from archlab.sim import Simulation
from archlab.sim.servers.autoscaler import (
    SCALE_DOWN,
    SCALE_UP,
    HorizontalPodAutoscaler,
    Policy,
    ScalingRules,
    desired_replicas,
    highest_allowed,
    lowest_allowed,
)

FACTS = load("kubernetes").set_index("setting")["value"]
SLOWLY = (Policy("pods", 4, 60), Policy("percent", 10, 60))
"""The page's example: at most 4 pods or 10 % in a minute, whichever is more."""


def steps(metric_at, start, target=100.0, for_s=900, **options):
    """Sizes, one a round of 15 s, of a deployment whose metric is `metric_at(time_s, replicas)`."""
    sim, size = Simulation(seed=1), [start]
    options = {"max_replicas": 1000, **options}
    HorizontalPodAutoscaler(
        sim,
        "hpa",
        read_metric=lambda: metric_at(sim.now, size[-1]),
        replicas=lambda: size[-1],
        scale_to=size.append,
        target=target,
        **options,
    )
    sizes = []
    for at_s in range(15, for_s + 1, 15):
        sim.run(until=at_s + 1)
        sizes.append(size[-1])
    return sizes


def changes(sizes):
    """The sizes without repetitions."""
    return [size for before, size in zip([None, *sizes], sizes, strict=False) if size != before]


@pytest.mark.parametrize("replicas", [1, 2, 3, 7, 50])
def test_a_metric_of_200m_against_100m_doubles_the_replicas(replicas):
    assert desired_replicas(replicas, metric=0.200, target=0.100) == 2 * replicas


@pytest.mark.parametrize("replicas", [2, 4, 8, 50])
def test_a_metric_of_50m_against_100m_halves_the_replicas(replicas):
    assert desired_replicas(replicas, metric=0.050, target=0.100) == replicas // 2


@pytest.mark.parametrize("metric", [90, 95, 100, 105, 110])
def test_within_the_tolerance_of_a_tenth_nothing_changes(metric):
    assert desired_replicas(40, metric, target=100) == 40


@pytest.mark.parametrize(("metric", "expected"), [(89, 36), (111, 45)])
def test_just_outside_the_tolerance_the_formula_holds(metric, expected):
    assert desired_replicas(40, metric, target=100) == expected  # ceil(35.6), ceil(44.4)


def test_the_example_of_80_pods_loses_8_then_8_and_4_at_a_time_below_40():
    sizes = [80]
    while sizes[-1] > 10:
        sizes.append(max(10, lowest_allowed(sizes[-1], [], 0.0, ScalingRules(SLOWLY, 0))))
    assert sizes[:3] == [80, 72, 64]
    assert sizes == [80, 72, 64, 57, 51, 45, 40, 36, 32, 28, 24, 20, 16, 12, 10]  # 10 % rounded up, by hand


def test_the_running_autoscaler_takes_the_steps_of_the_example_one_a_minute():
    sizes = steps(lambda _, n: 1000 / n, 80, down=ScalingRules(SLOWLY, 0), for_s=915)
    assert sizes[::4] == [72, 64, 57, 51, 45, 40, 36, 32, 28, 24, 20, 16, 12, 10, 10, 10]
    assert all(sizes[i] == sizes[i - i % 4] for i in range(len(sizes)))


def test_of_two_policies_min_selects_the_one_that_changes_least():
    gently = ScalingRules((Policy("percent", 10, 60), Policy("pods", 5, 60)), 0, select="min")
    assert [lowest_allowed(n, [], 0.0, gently) for n in (100, 50, 20)] == [95, 45, 18]


def test_disabled_turns_a_direction_off():
    never = ScalingRules(SCALE_DOWN.policies, 0, select="disabled")
    assert set(steps(lambda *_: 1.0, 20, down=never)) == {20}


def test_scaling_up_doubles_or_adds_four_every_15_seconds_by_default():
    assert steps(lambda *_: 10_000.0, 1, for_s=90) == [5, 10, 20, 40, 80, 160]


def test_a_percentage_of_growth_is_rounded_up():
    assert highest_allowed(11, [], 0.0, ScalingRules((Policy("percent", 10, 15),), 0)) == 13  # 12.1


def test_what_was_added_within_the_period_counts_against_the_policy():
    a_minute = ScalingRules((Policy("pods", 4, 60),), 0)
    sizes = steps(lambda *_: 1000.0, 10, up=a_minute, for_s=120)
    assert sizes == [14, 14, 14, 14, 18, 18, 18, 18]


def test_scaling_down_waits_until_nobody_wanted_more_for_five_minutes():
    sizes = steps(lambda now, n: 1000 / n if now < 100 else 200 / n, 10, for_s=600)
    shrinks = 15 * (1 + sizes.index(2))
    assert set(sizes[: sizes.index(2)]) == {10}
    assert shrinks == 90 + FACTS["scale-down stabilisation"]  # the last round that wanted 10 was at 90 s


def test_a_peak_within_five_minutes_starts_the_wait_again():
    def load_(now, n):
        return (1000 if now < 100 or 300 < now < 320 else 200) / n

    sizes = steps(load_, 10, for_s=900)
    assert 15 * (1 + sizes.index(2)) == 315 + 300


def test_the_defaults_are_those_of_the_table():
    assert FACTS["scale-down stabilisation"] == SCALE_DOWN.stabilisation_s
    assert FACTS["scale-up stabilisation"] == SCALE_UP.stabilisation_s
    assert (
        Policy("percent", int(FACTS["scale-up policy, percent"]), FACTS["policy period"]) in SCALE_UP.policies
    )
    assert Policy("pods", int(FACTS["scale-up policy, pods"]), FACTS["policy period"]) in SCALE_UP.policies
    assert SCALE_DOWN.policies == (
        Policy("percent", int(FACTS["scale-down policy, percent"]), FACTS["policy period"]),
    )
    hpa = HorizontalPodAutoscaler(Simulation(1), "hpa", lambda: 1.0, lambda: 1, lambda _: None, target=1.0)
    assert (hpa.every_s, hpa.tolerance) == (FACTS["loop"], FACTS["tolerance"])
