"""A deadline beside SimPy's idiom `event | timeout`, and what it leaves behind."""

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.sim import Crashed, Simulation, Station, TimedOut, Unavailable

times = st.floats(0.01, 10).map(lambda t: round(t, 3))


def outcome_of(sim, event):
    """Wait for an event and say what came of it and when."""
    try:
        value = yield event
    except (TimedOut, Crashed, Unavailable) as failure:
        return type(failure).__name__, failure.part, sim.now
    return "value", value, sim.now


def test_a_timeout_does_not_stop_the_work_at_the_server():
    sim = Simulation(seed=1)
    database = Station(sim, "database")
    visit = database.serve(3.0)
    caller = sim.start(outcome_of(sim, sim.deadline(visit, timeout_s=1.0)))
    sim.run(until=2.0)
    assert caller.value == ("TimedOut", "database", 1.0)
    assert database.busy == 1
    sim.run()
    assert (sim.now, visit.processed, database.completed) == (3.0, True, 1)


@given(st.lists(st.tuples(times, times).filter(lambda pair: pair[0] != pair[1]), min_size=1, max_size=20))
def test_a_deadline_has_the_outcome_of_simpys_event_or_timeout(pairs):
    def by_the_kit(sim, work_s, timeout_s):
        return (yield from outcome_of(sim, sim.deadline(sim.timeout(work_s, "work"), timeout_s)))

    def by_simpy(env, work_s, timeout_s):
        work = env.timeout(work_s, "work")
        yield work | env.timeout(timeout_s)
        return ("value", "work", env.now) if work.processed else ("TimedOut", "Timeout", env.now)

    sim, env = Simulation(seed=1), simpy.Environment()
    ours = [sim.start(by_the_kit(sim, *pair)) for pair in pairs]
    plain = [env.process(by_simpy(env, *pair)) for pair in pairs]
    sim.run()
    env.run()
    assert [task.value for task in ours] == [process.value for process in plain]


def test_at_the_very_moment_of_the_deadline_the_first_on_the_calendar_wins():
    sim = Simulation(seed=1)
    event = sim.timeout(1.0)
    early_event = sim.start(outcome_of(sim, sim.deadline(event, 1.0)))
    door = sim.event()
    late_event = sim.start(outcome_of(sim, sim.deadline(door, 1.0)))
    sim.call_at(1.0, lambda _: door.succeed())
    sim.run()
    assert early_event.value == ("value", None, 1.0)
    assert late_event.value == ("TimedOut", "Event", 1.0)


def test_a_failure_before_the_deadline_comes_through_and_one_after_it_harms_nobody():
    sim = Simulation(seed=1)
    web = Station(sim, "web", capacity=2)
    soon = sim.start(outcome_of(sim, sim.deadline(web.serve(9), 5.0)))
    late = sim.start(outcome_of(sim, sim.deadline(web.serve(9), 1.0)))
    sim.call_at(2.0, lambda _: web.crash())
    sim.run()
    assert soon.value == ("Crashed", "web", 2.0)
    assert late.value == ("TimedOut", "web", 1.0)


def test_an_event_that_has_happened_needs_no_deadline():
    sim = Simulation(seed=1)
    web = Station(sim, "web")
    web.crash()
    refused = web.serve(1.0)
    assert sim.deadline(refused, 1.0) is refused
    assert sim.run(until=sim.start(outcome_of(sim, sim.deadline(refused, 1.0)))) == ("Unavailable", "web", 0)


def test_a_deadline_that_was_met_does_not_keep_the_run_alive_nor_move_the_clock():
    sim = Simulation(seed=1)
    web = Station(sim, "web")
    sim.start(outcome_of(sim, sim.deadline(web.serve(1.0), timeout_s=60)))
    sim.run()
    assert sim.now == 1.0
    with pytest.raises(RuntimeError, match="nothing is left"):
        sim.run(until=sim.event())
    assert sim.now == 1.0


def test_a_deadline_that_is_not_met_does_keep_the_run_alive():
    sim = Simulation(seed=1)
    caller = sim.start(outcome_of(sim, sim.deadline(sim.event(), timeout_s=60)))
    sim.run()
    assert caller.value == ("TimedOut", "Event", 60)


def test_deadlines_that_were_met_do_not_pile_up_on_the_calendar():
    sim = Simulation(seed=1)
    web, longest, callers, calls = Station(sim, "web", capacity=10), 0, 10, 10_000

    def caller():
        nonlocal longest
        for _ in range(calls):
            yield sim.deadline(web.serve(0.0001), timeout_s=60)
            longest = max(longest, len(sim._queue))

    for _ in range(callers):
        sim.start(caller())
    sim.run()
    assert web.completed == callers * calls
    assert longest < 10 * callers
    assert sim.now == pytest.approx(1.0)


@settings(max_examples=25)
@given(st.lists(st.tuples(times, times, times), min_size=30, max_size=60))
def test_sweeping_the_calendar_loses_nothing_that_is_still_to_happen(calls):
    """The same calls with and without sweeps: at these numbers several sweeps are due."""

    def outcomes(sweep_above):
        sim = Simulation(seed=1)
        sim._sweep_above = sweep_above

        def caller(start_s, work_s, timeout_s):
            yield sim.timeout(start_s)
            return (yield from outcome_of(sim, sim.deadline(sim.timeout(work_s), timeout_s)))

        tasks = [sim.start(caller(*call)) for call in calls]
        sim.run()
        return [task.value for task in tasks], sim._void

    swept, left_over = outcomes(sweep_above=3)
    assert swept == outcomes(sweep_above=10**9)[0]
    assert left_over >= 0


@pytest.mark.parametrize("timeout_s", [-1, float("inf"), float("nan")])
def test_a_timeout_is_a_finite_number_of_seconds(timeout_s):
    sim = Simulation(seed=1)
    with pytest.raises(ValueError, match=r"timeout_s is .*must be a finite number of seconds, 0 or more"):
        sim.deadline(sim.timeout(1), timeout_s)
