"""A run changes how often Python looks for garbage, and changes it back."""

import gc

import pytest

from archlab.sim import Simulation, Station
from archlab.sim.core.garbage import SELDOM, none_collected, seldom_in_full


@pytest.fixture
def thresholds():
    """Python's own, whatever this process has."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield 700, 10, 10
    gc.set_threshold(*before)


def test_everything_is_looked_at_seldom_during_a_run_and_as_before_after_it(thresholds):
    sim, seen = Simulation(seed=1), []
    sim.call_at(1.0, lambda _: seen.append(gc.get_threshold()))
    sim.run()
    assert seen == [(*thresholds[:2], SELDOM)]
    assert gc.get_threshold() == thresholds


def test_a_run_that_stops_with_an_error_leaves_all_as_before(thresholds):
    sim = Simulation(seed=1)
    sim.call_at(1.0, lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sim.run(until=2)
    assert gc.get_threshold() == thresholds


def test_two_runs_at_the_same_time_leave_all_as_before_whichever_ends_first(thresholds):
    first, second = seldom_in_full(), seldom_in_full()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert gc.get_threshold() == thresholds


def test_who_wants_it_even_more_seldom_or_not_at_all_gets_that(thresholds):
    sim, seen = Simulation(seed=1), []
    gc.set_threshold(0, 5, 1000)
    sim.call_at(1.0, lambda _: seen.append(gc.get_threshold()))
    sim.run()
    assert seen == [gc.get_threshold()] == [(0, 5, 1000)]


def test_what_is_over_is_still_forgotten_during_a_run():
    """A hold refers to itself, so only the garbage collector frees it."""
    sim = Simulation(seed=1)
    web = Station(sim, "web")

    def holder():
        for _ in range(20_000):
            with web.hold() as worker:
                yield worker

    sim.start(holder())
    sim.run()
    assert sum(type(thing).__name__ == "Hold" for thing in gc.get_objects()) < 10_000


@pytest.mark.parametrize("collects", [True, False])
def test_meanwhile_no_garbage_is_collected_and_then_all_is_as_it_was(collects):
    before = gc.isenabled()
    try:
        (gc.enable if collects else gc.disable)()
        with none_collected():
            assert not gc.isenabled()
        assert gc.isenabled() == collects
    finally:
        (gc.enable if before else gc.disable)()
