"""The autoscaler's rule and its loop. The steps that Kubernetes publishes are in tests/published/test_hpa.py."""

from math import ceil, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.sim import Simulation
from archlab.sim.servers.autoscaler import (
    HorizontalPodAutoscaler,
    Policy,
    ScalingRules,
    desired_replicas,
    highest_allowed,
    lowest_allowed,
    stabilised,
)


def autoscaler(sim, **options):
    defaults = {"read_metric": lambda: 1.0, "replicas": lambda: 2, "scale_to": lambda _: None, "target": 1.0}
    return HorizontalPodAutoscaler(sim, "hpa", **{**defaults, **options})


@given(n=st.integers(1, 500), permille=st.integers(0, 5000))
def test_the_formula_is_that_of_whole_numbers_whatever_the_unit(n, permille):
    expected = n if 900 <= permille <= 1100 else -(-n * permille // 1000)
    assert desired_replicas(n, permille, 1000) == expected
    assert desired_replicas(n, permille / 1000, 1.0) == expected
    assert desired_replicas(n, permille * 0.0007, 0.7) == expected


def test_replicas_that_are_starting_are_not_asked_for_twice():
    # 4 of 8 are ready and carry twice the target: with the 4 that come the ratio is 1.
    assert desired_replicas(8, metric=2.0, target=1.0, ready=4) == 8
    assert desired_replicas(8, metric=2.0, target=1.0) == 16


def test_within_the_tolerance_with_those_that_are_starting_nothing_changes():
    assert desired_replicas(8, metric=2.1, target=1.0, ready=4) == 8  # 8.4 would be 9


def test_replicas_that_are_starting_do_not_hide_a_growing_load():
    assert desired_replicas(8, metric=3.0, target=1.0, ready=4) == 12


def test_when_fewer_are_wanted_only_the_ready_ones_count():
    assert desired_replicas(8, metric=0.5, target=1.0, ready=4) == 2


@given(st.integers(1, 50), st.lists(st.integers(1, 50), min_size=1), st.integers(1, 50))
def test_stabilisation_only_ever_holds_a_change_back(current, recent, wanted):
    size = stabilised(current, [*recent, wanted], [*recent, wanted])
    assert min(current, wanted) <= size <= max(current, wanted)


def test_a_limit_already_passed_holds_still_and_does_not_turn_back():
    few = ScalingRules((Policy("pods", 4, 60),), 0)
    assert highest_allowed(10, [(5.0, 8)], 10.0, few) == 10  # 8 of the 10 came within the minute
    assert lowest_allowed(10, [(5.0, 8)], 10.0, few) == 10


def test_a_new_autoscaler_removes_nothing_in_its_first_five_minutes():
    sim, size = Simulation(seed=1), [8]
    autoscaler(sim, read_metric=lambda: 0.0, replicas=lambda: size[-1], scale_to=size.append)
    sim.run(until=299)
    assert size == [8]
    sim.run(until=301)
    assert size == [8, 1]


def test_without_a_figure_nothing_is_done():
    sim = Simulation(seed=1)
    hpa = autoscaler(sim, read_metric=lambda: nan)
    sim.run(until=100)
    assert hpa.decisions == []


def test_it_stays_between_its_bounds():
    sim, size = Simulation(seed=1), [2]
    autoscaler(
        sim,
        read_metric=lambda: 100.0 if sim.now < 200 else 0.0,
        replicas=lambda: size[-1],
        scale_to=size.append,
        min_replicas=2,
        max_replicas=7,
    )
    sim.run(until=1000)
    assert size == [2, 6, 7, 2]


def test_with_a_load_it_settles_where_the_formula_puts_it():
    sim, size = Simulation(seed=1), [1]
    hpa = autoscaler(
        sim,
        read_metric=lambda: 37.0 / size[-1],
        replicas=lambda: size[-1],
        scale_to=size.append,
        target=0.6,
        max_replicas=100,
    )
    sim.run(until=1000)
    assert size[-1] == ceil(37.0 / 0.6)
    assert [d.after for d in hpa.decisions[:4]] == [5, 10, 20, 40]
    assert [d.time_s for d in hpa.decisions[:3]] == [15, 30, 45]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Policy("half", 1, 15), "kind is 'half'"),
        (lambda: Policy("pods", 0, 15), "value is 0"),
        (lambda: Policy("pods", 1, 0), "period_s is 0"),
        (lambda: ScalingRules((), 0), r"policies is \(\)"),
        (lambda: ScalingRules((Policy("pods", 1, 15),), -1), "stabilisation_s is -1"),
        (lambda: ScalingRules((Policy("pods", 1, 15),), 0, select="most"), "select is 'most'"),
        (lambda: desired_replicas(1, 1, 0), "target is 0"),
        (lambda: desired_replicas(1, -1, 1), "metric is -1"),
        (lambda: desired_replicas(-1, 1, 1), "current is -1"),
        (lambda: autoscaler(Simulation(1), target=0), "target is 0"),
        (lambda: autoscaler(Simulation(1), min_replicas=3, max_replicas=2), "max_replicas is 2"),
        (lambda: autoscaler(Simulation(1), every_s=0), "every_s is 0"),
    ],
)
def test_bad_input_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()
