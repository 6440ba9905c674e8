"""Tasks beside SimPy's processes: whatever one can wait for, the other can, with the same value at the same time."""

import pytest
import simpy

from archlab.sim import Crashed, Deterministic, Failure, Network, Simulation, Station, Trace
from archlab.sim.core.events import DEEPEST


class OutOfStock(Failure):
    outcome = "out_of_stock"


def add_parts(sim):
    """What the events below are made from."""
    sim.web = Station(sim, "web", capacity=1)
    sim.network = Network(sim, latency_s=0.25)
    sim.shelf = simpy.Store(sim)
    sim.tank = simpy.Container(sim, init=0)
    sim.bench = simpy.Resource(sim, capacity=1)
    sim.call_at(1.0, lambda _: sim.shelf.put("chair"))
    sim.call_at(1.0, lambda _: sim.tank.put(5))
    return sim


def far_work(sim):
    yield sim.web.serve(0.5)
    return "answer"


def short_work(sim):
    yield sim.timeout(0.75)
    return "work"


def processed(event):
    """An event that has happened already."""
    event.env.run(until=event)
    return event


def broken(sim):
    event = sim.event()
    sim.call_at(1.0, lambda _: event.fail(KeyError("broken")))
    return event


def refused(sim):
    """A visit that is refused at once, before anybody waits for it."""
    closed = Station(sim, "closed", capacity=1, queue_limit=0)
    closed.serve(9)
    return closed.serve(1)


EVENTS = {
    "timeout": lambda sim: sim.timeout(1.0, "tick"),
    "event that succeeds later": lambda sim: sim.timeout(0.5) & sim.timeout(1.5, "b"),
    "process": lambda sim: sim.process(short_work(sim)),
    "task": lambda sim: sim.start(short_work(sim)),
    "store get": lambda sim: sim.shelf.get(),
    "store put": lambda sim: sim.shelf.put("table"),
    "container get": lambda sim: sim.tank.get(2),
    "resource request": lambda sim: sim.bench.request(),
    "visit": lambda sim: sim.web.serve(1.0),
    "hold": lambda sim: sim.web.hold(),
    "hold in the queue": lambda sim: [sim.web.serve(1.0), sim.web.hold()][1],
    "message": lambda sim: sim.network.send("a", "b"),
    "call": lambda sim: sim.network.call("a", "b", far_work(sim)),
    "call with time-out": lambda sim: sim.network.call("a", "b", far_work(sim), timeout_s=5),
    "call that times out": lambda sim: sim.network.call("a", "b", far_work(sim), timeout_s=0.7),
    "deadline met": lambda sim: sim.deadline(sim.web.serve(1.0), 2.0),
    "deadline missed": lambda sim: sim.deadline(sim.web.serve(3.0), 2.0),
    "all of kit events": lambda sim: sim.all_of([sim.web.serve(1.0), sim.web.serve(1.0)]),
    "any of kit events": lambda sim: sim.any_of([sim.web.serve(1.0), sim.web.serve(1.0)]),
    "and": lambda sim: sim.web.serve(1.0) & sim.timeout(3),
    "or": lambda sim: sim.web.serve(5.0) | sim.timeout(3),
    "and of or": lambda sim: (sim.web.serve(5.0) | sim.timeout(3)) & sim.start(short_work(sim)),
    "nothing at all": lambda sim: sim.all_of([]),
    "processed timeout": lambda sim: processed(sim.timeout(1.0, "old")),
    "processed visit": lambda sim: processed(sim.web.serve(1.0)),
    "processed task": lambda sim: processed(sim.start(short_work(sim))),
    "event that fails": broken,
    "refused visit": refused,
    "condition with a refused visit": lambda sim: refused(sim) | sim.timeout(1),
    "process that fails": lambda sim: sim.process(fails(sim)),
    "task that fails": lambda sim: sim.start(fails(sim)),
}


PROCESSED = [make for name, make in EVENTS.items() if name.startswith("processed")]


def fails(sim):
    yield sim.timeout(1)
    raise OutOfStock("shop")


def waits(sim, make, seen):
    """Wait for an event twice: the second time it has happened."""
    event = make(sim)
    for _ in range(2):
        try:
            value = yield event
            seen.append(("value", plain(value), sim.now))
        except (Failure, KeyError) as failure:
            seen.append((type(failure).__name__, str(failure), sim.now))
    return "end"


def plain(value):
    """A value that can be compared across simulations."""
    if isinstance(value, simpy.events.ConditionValue):
        return [plain(one) for one in value.values()]
    return type(value).__name__ if isinstance(value, simpy.Event) else value


def seen_by(start, make):
    sim, seen = add_parts(Simulation(seed=1)), []
    event = make(sim) if make in PROCESSED else None
    end = start(sim, waits(sim, make if event is None else lambda _: event, seen))
    assert sim.run(until=end) == "end"
    return seen


def as_process(sim, generator):
    return sim.process(generator)


def as_task(sim, generator):
    return sim.start(generator)


def as_request(sim, generator):
    """Let the generator serve the one request of a load."""
    done = sim.event()

    def handler(request):
        done.succeed((yield from generator))

    sim.open_load(Trace([0.0]), handler)
    return done


@pytest.mark.parametrize("name", EVENTS)
def test_a_process_a_task_and_a_request_can_wait_for_the_same_things_with_the_same_outcome(name):
    by_process = seen_by(as_process, EVENTS[name])
    assert len(by_process) == 2
    assert seen_by(as_task, EVENTS[name]) == by_process
    assert seen_by(as_request, EVENTS[name]) == by_process


def test_a_task_runs_at_once_up_to_its_first_wait_and_a_process_does_not():
    sim, seen = Simulation(seed=1), []

    def work(name):
        seen.append(name)
        yield sim.timeout(1)

    sim.process(work("process"))
    sim.start(work("task"))
    assert seen == ["task"]


def test_a_task_that_ends_at_once_is_an_event_that_has_happened():
    sim = Simulation(seed=1)

    def nothing():
        return "at once"
        yield

    task = sim.start(nothing())
    assert (task.processed, task.is_alive, task.value) == (True, False, "at once")


def test_a_failure_in_a_task_goes_to_those_who_wait_for_it_and_stops_nothing_else():
    sim, heard = Simulation(seed=1), []

    def joins(task, name):
        try:
            yield task
        except OutOfStock as failure:
            heard.append((name, failure.part, sim.now))

    task = sim.start(fails(sim))
    sim.start(joins(task, "task"))
    sim.process(joins(task, "process"))
    sim.start(fails(sim))  # nobody waits for this one
    sim.run()
    assert sorted(heard) == [("process", "shop", 1), ("task", "shop", 1)]
    assert not task.ok


def test_any_other_exception_in_a_task_stops_the_run():
    sim = Simulation(seed=1)

    def buggy():
        yield sim.timeout(1)
        raise ZeroDivisionError("a bug")

    sim.start(buggy())
    with pytest.raises(ZeroDivisionError, match="a bug"):
        sim.run()


def test_an_attribute_error_of_the_handler_is_shown_as_it_is():
    sim = Simulation(seed=1)

    def buggy():
        yield sim.timeout(1)
        sim.no_such_thing  # noqa: B018

    sim.start(buggy())
    with pytest.raises(AttributeError, match="no_such_thing"):
        sim.run()


def test_a_task_explains_what_it_needs():
    sim = Simulation(seed=1)

    def yields_a_number():
        yield 5

    def not_called():
        yield sim.timeout(1)

    with pytest.raises(TypeError, match="yield an event, not 5"):
        sim.start(yields_a_number())
    with pytest.raises(TypeError, match="a task needs a generator"):
        sim.start(not_called)
    with pytest.raises(TypeError, match="a task needs a generator, not None"):
        sim.start(None)


def test_a_handler_without_yield_is_explained():
    sim = Simulation(seed=1)
    sim.open_load(Deterministic(1), lambda request: None)
    with pytest.raises(TypeError, match="does the function contain a yield"):
        sim.run(until=5)


def interrupted(sim, seen):
    """Interrupted while waiting for a visit, and going on from there."""
    visit = sim.web.serve(2.0)
    try:
        yield visit
    except simpy.Interrupt as interrupt:
        seen.append((interrupt.cause, sim.now))
    yield visit
    seen.append(("visit", sim.now))
    yield sim.timeout(1)
    seen.append(("end", sim.now))


@pytest.mark.parametrize("start", [as_process, as_task])
def test_an_interrupt_is_thrown_where_the_generator_waits_and_what_it_waited_for_goes_on(start):
    sim, seen = add_parts(Simulation(seed=1)), []
    running = start(sim, interrupted(sim, seen))
    sim.call_at(0.5, lambda _: running.interrupt("hurry"))
    sim.run()
    assert seen == [("hurry", 0.5), ("visit", 2.0), ("end", 3.0)]


def test_an_interrupt_of_a_task_that_has_ended_does_nothing():
    sim = Simulation(seed=1)
    task = sim.start(short_work(sim))
    sim.call_at(0.75, lambda _: task.interrupt(), priority=simpy.events.NORMAL)
    sim.run()
    task.interrupt()
    sim.run()
    assert task.value == "work"


def test_an_interrupt_nobody_catches_stops_the_run_as_in_simpy():
    sim = Simulation(seed=1)
    task = sim.start(short_work(sim))
    sim.call_at(0.5, lambda _: task.interrupt("why"))
    with pytest.raises(simpy.Interrupt):
        sim.run()


def test_each_one_who_waits_gets_an_exception_of_its_own():
    sim, caught = add_parts(Simulation(seed=1)), []
    visit = sim.web.serve(5)

    def waits_for_it():
        try:
            yield visit
        except Crashed as failure:
            caught.append(failure)

    for _ in range(2):
        sim.start(waits_for_it())
    sim.call_at(1.0, lambda _: sim.web.crash())
    sim.run()
    assert caught[0] is not caught[1]
    assert [failure.part for failure in caught] == ["web", "web"]


def test_a_long_chain_of_tasks_that_wait_for_one_another_ends():
    sim = Simulation(seed=1)

    def waits(event):
        return 1 + (yield event)

    first = last = sim.event()
    for _ in range(2000):
        last = sim.start(waits(last))
    seen = []
    sim.call_at(1, lambda _: first.succeed(0))
    sim.call_at(1, lambda _: sim.call_at(1, lambda _: seen.append(last.processed)))
    sim.run()
    assert (last.value, sim.now) == (2000, 1)
    assert seen == [True]  # all of it before anything else happens


def test_a_failure_passes_through_a_long_chain_of_tasks_and_deadlines():
    sim = Simulation(seed=1)

    def waits(event):
        yield sim.deadline(event, timeout_s=9)

    first = last = sim.event()
    for _ in range(2000):
        last = sim.start(waits(last))
    sim.call_at(1, lambda _: first.fail(OutOfStock("shop")))
    sim.run()
    assert isinstance(last.value, OutOfStock)


@pytest.mark.parametrize("first_wait_s", [None, 1.0])
def test_tasks_may_start_tasks_inside_one_another_as_deep_as_they_like(first_wait_s):
    sim, deepest = Simulation(seed=1), []

    def starts(more):
        if more:
            return 1 + (yield sim.start(starts(more - 1)))
        deepest.append(sim.now)
        if first_wait_s is not None:
            yield sim.timeout(first_wait_s)
        return 0

    task = sim.start(starts(2000))
    sim.run()
    assert (task.value, sim.now, deepest) == (2000, first_wait_s or 0, [0])


def test_a_task_that_fails_before_it_could_begin_never_begins():
    """So deep inside one another tasks begin by way of the calendar. What is thrown at one meanwhile comes first."""
    sim, began = Simulation(seed=1), []

    def late():
        began.append(True)
        yield sim.timeout(1)

    def starts(more):
        if more:
            yield sim.start(starts(more - 1))
        task = sim.start(late())
        task.throw_now(OutOfStock("shop"))
        yield task

    task = sim.start(starts(DEEPEST - 1))
    sim.run()
    assert isinstance(task.value, OutOfStock)
    assert began == []


def test_a_chain_of_the_usual_length_ends_without_the_calendar():
    """One entry for `call_at`, one for `succeed`, one that is taken here: none for the tasks."""
    sim = Simulation(seed=1)

    def waits(event):
        yield event

    first = last = sim.event()
    for _ in range(DEEPEST - 1):
        last = sim.start(waits(last))
    before = next(sim._eid)
    sim.call_at(1, lambda _: first.succeed())
    sim.run()
    assert last.processed
    assert next(sim._eid) - before == 3


def test_tasks_wait_for_tasks_in_a_fork_and_join():
    sim = Simulation(seed=1)

    def leaf(delay_s):
        yield sim.timeout(delay_s)
        return delay_s

    def fan_out():
        leaves = [sim.start(leaf(n)) for n in range(1, 6)]
        got = yield sim.all_of(leaves)
        return [got[one] for one in leaves]

    assert sim.run(until=sim.start(fan_out())) == [1, 2, 3, 4, 5]
    assert sim.now == 5
