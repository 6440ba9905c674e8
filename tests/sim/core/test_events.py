"""Events of the kit make SimPy's list of callbacks only when somebody asks for it. Nobody can tell the difference."""

import pytest
import simpy

from archlab.sim import Crashed, Network, Simulation, Station
from archlab.sim.core.events import LeanEvent, when


@pytest.fixture
def sim():
    return Simulation(seed=1)


EVENTS = {
    "visit": lambda sim: Station(sim, "web").serve(1.0),
    "hold": lambda sim: Station(sim, "web").hold(),
    "message": lambda sim: Network(sim, latency_s=1.0).send("a", "b"),
    "deadline": lambda sim: sim.deadline(Station(sim, "web").serve(1.0), 2.0),
    "task": lambda sim: sim.start(waits(Station(sim, "web").serve(1.0))),
    "time-out": lambda sim: sim.timeout(1.0),
    "time-out of SimPy": lambda sim: simpy.Timeout(sim, 1.0),
}


def waits(event, seen=None, name=""):
    """Wait for an event, and note its value."""
    value = yield event
    if seen is not None:
        seen.append((name, value))


@pytest.mark.parametrize("name", EVENTS)
def test_all_who_wait_hear_of_an_event_in_the_order_in_which_they_came(sim, name):
    seen, event = [], EVENTS[name](sim)
    sim.start(waits(event, seen, "first task"))
    event.callbacks.append(lambda one: seen.append(("function", one.value)))
    sim.start(waits(event, seen, "second task"))
    when(event, lambda one: seen.append(("when", one.value)))
    sim.run()
    assert [who for who, _ in seen] == ["first task", "function", "second task", "when"]
    assert {id(value) for _, value in seen} == {id(event.value)}


@pytest.mark.parametrize("name", EVENTS)
def test_who_looks_at_the_callbacks_changes_nothing(sim, name):
    event, seen = EVENTS[name](sim), []
    assert event.callbacks == event.callbacks == []
    assert not event.processed
    when(event, seen.append)
    assert event.callbacks == [seen.append]
    sim.run()
    assert (seen, event.callbacks, event.processed) == ([event], None, True)


@pytest.mark.parametrize("name", EVENTS)
def test_of_an_event_that_has_happened_one_hears_at_once(sim, name):
    event, seen = EVENTS[name](sim), []
    sim.run()
    when(event, seen.append)
    assert seen == [event]


def test_only_an_event_that_somebody_has_asked_keeps_a_list(sim):
    web = Station(sim, "web", capacity=3)
    alone, asked, lonely = web.serve(1.0), web.serve(1.0), web.serve(1.0)
    task = sim.start(waits(alone))
    asked.callbacks.append(print)
    assert isinstance(alone, LeanEvent)
    assert (alone.waiter, asked.waiter, lonely.waiter) == (task, [print], None)
    assert alone.callbacks == [task._resume]


def test_a_task_that_is_interrupted_no_longer_waits(sim):
    visit, seen = Station(sim, "web").serve(1.0), []

    def patient():
        try:
            yield visit
        except simpy.Interrupt:
            seen.append("interrupted")
            yield sim.timeout(5)

    task = sim.start(patient())
    sim.call_at(0.5, lambda _: task.interrupt())
    sim.start(waits(visit, seen, "another"))
    sim.run()
    assert seen == ["interrupted", ("another", None)]
    assert sim.now == 5.5


def test_a_failure_reaches_a_deadline_and_the_task_behind_it(sim):
    web, seen = Station(sim, "web"), []

    def caller():
        try:
            yield sim.deadline(web.serve(9.0), 5.0)
        except Crashed as failure:
            seen.append((str(failure), sim.now))

    sim.start(caller())
    sim.call_at(1.0, lambda _: web.crash())
    sim.run()
    assert [moment for _, moment in seen] == [1.0]
