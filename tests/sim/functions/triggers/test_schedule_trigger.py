"""A clock that invokes a function: on time, at least once, and not at all when it is told to miss."""

from collections import Counter

import pytest

from archlab.sim import Exponential, Failure, Function, Simulation
from archlab.sim.functions import AsyncInvocations, ScheduleTrigger


@pytest.fixture
def sim():
    return Simulation(seed=1)


def scheduled(sim, fail_first=0, **settings):
    """A clock and the (start, number) of the invocations, of which the first so many fail."""
    runs = []

    def handler(invocation):
        runs.append((float(sim.now), invocation.payload.number))
        yield sim.timeout(1.0)
        if len(runs) <= fail_first:
            raise Failure("books")

    function = Function(sim, "settle", handler, init_s=0.0, keep_alive_s=600)
    return ScheduleTrigger(function, **{"every_s": 3600.0, **settings}), runs


def test_it_fires_on_time_once_each_time_unless_told_otherwise(sim):
    clock, runs = scheduled(sim, first_s=60.0)
    sim.run(until=86_400)
    assert runs == [(60.0 + 3600.0 * number, number) for number in range(24)]
    assert (clock.due, clock.sent, clock.doubled, clock.missed) == (24, 24, 0, 0)


def test_named_firings_come_twice_or_not_at_all_and_both_times_with_the_time_they_were_due(sim):
    clock, runs = scheduled(sim, twice={1, 4}, missed=[2, 4], apart_s=30.0)
    sim.run(until=5.5 * 3600)
    assert runs == [(3600.0, 0), (7200.0, 1), (7230.0, 1), (14_400.0, 3)]
    assert (clock.due, clock.sent, clock.doubled, clock.missed) == (5, 4, 1, 2)


def test_shares_come_out_as_shares_and_each_has_random_numbers_of_its_own(sim):
    clock, _runs = scheduled(sim, every_s=10.0, twice=0.1, missed=0.2, apart_s=Exponential(1.0))
    sim.run(until=100_000)
    assert clock.missed / clock.due == pytest.approx(0.2, abs=0.015)
    assert clock.doubled / clock.due == pytest.approx(0.08, abs=0.01)
    other = Simulation(seed=1)
    same, _ = scheduled(other, every_s=10.0, missed=0.2)
    other.run(until=100_000)
    assert same.missed == clock.missed


def test_a_firing_whose_function_fails_is_an_asynchronous_event_and_is_tried_again(sim):
    clock, runs = scheduled(sim, fail_first=2)
    sim.run(until=7000)
    assert runs == [(3600.0, 0), (3661.0, 0), (3782.0, 0)]
    assert clock.target.done == 1


def test_it_sends_to_asynchronous_invocations_that_are_there_already(sim):
    def handler(invocation):
        yield sim.timeout(1.0)

    events = AsyncInvocations(Function(sim, "settle", handler, init_s=0.0, keep_alive_s=600))
    ScheduleTrigger(events, every_s=10.0)
    sim.run(until=35)
    assert events.accepted == 3


def test_a_stopped_clock_fires_no_more(sim):
    clock, runs = scheduled(sim, twice=[0], apart_s=5.0)
    sim.run(until=3601)
    clock.stop()
    sim.run(until=86_400)
    assert Counter(number for _, number in runs) == {0: 2}
