"""The simulation keeps SimPy's rules: the same programs run on `simpy.Environment` and on `Simulation`."""

import pytest
import simpy

from archlab.sim import Exponential, Simulation, Station, TimedOut


def workshop(env):
    """A plain SimPy program with most kinds of events; returns what happened and when."""
    seen = []
    shelf, tank = simpy.Store(env), simpy.Container(env, capacity=10)
    bench, office = simpy.Resource(env, 1), simpy.PriorityResource(env, 1)

    def maker(name, start_s):
        yield env.timeout(start_s)
        with bench.request() as place:
            yield place
            yield env.timeout(2)
            yield shelf.put(name) & tank.put(3)
        seen.append(("made", name, env.now))
        return name

    def taker():
        for _ in range(2):
            got = yield shelf.get() | env.timeout(2.5, "nothing yet")
            seen.append(("got", list(got.values()), env.now))
        yield tank.get(6)
        seen.append(("tank", tank.level, env.now))

    def visitor(name, priority):
        with office.request(priority=priority) as door:
            yield door
            yield env.timeout(1)
        seen.append(("visited", name, env.now))

    def grumbler():
        try:
            yield env.timeout(100)
        except simpy.Interrupt as interrupt:
            seen.append(("interrupted", interrupt.cause, env.now))

    def boss(other):
        yield env.timeout(4)
        other.interrupt("enough")
        broken = env.event()
        broken.fail(RuntimeError("broken"))
        try:
            yield broken
        except RuntimeError as error:
            seen.append(("failed", str(error), env.now))

    makers = [env.process(maker(name, start_s)) for name, start_s in (("chair", 0), ("table", 1))]
    env.process(taker())
    for name, priority in (("Ann", 1), ("Bo", 2), ("Cy", 0)):
        env.process(visitor(name, priority))
    env.process(boss(env.process(grumbler())))
    values = env.run(until=env.all_of(makers))
    seen.append(("values", list(values.values()), env.now))
    env.run()
    seen.append(("end", None, env.now))
    return seen


def test_a_plain_simpy_program_runs_as_it_does_on_a_simpy_environment():
    plain, ours = workshop(simpy.Environment()), workshop(Simulation(seed=1))
    assert ours == plain
    assert {what for what, _, _ in ours} >= {
        "made",
        "got",
        "tank",
        "visited",
        "interrupted",
        "failed",
        "values",
    }


def test_a_run_stops_exactly_at_the_time_asked_for_and_before_what_happens_then():
    sim = Simulation(seed=1)
    happened = []
    for time_s in (0.1, 0.7, 0.75):
        sim.call_at(time_s, happened.append, time_s)
    sim.run(until=0.1)
    assert (sim.now, happened) == (0.1, [])
    sim.run(until=0.7)
    assert (sim.now, happened) == (0.7, [0.1])
    sim.run()
    assert (sim.now, happened) == (0.75, [0.1, 0.7, 0.75])


def test_a_run_stops_at_a_visit_a_deadline_a_task_or_a_process_and_gives_its_value():
    sim = Simulation(seed=1)
    web = Station(sim, "web")

    def work():
        yield sim.timeout(1)
        return "done"

    visit = web.serve(0.5)
    assert sim.run(until=visit) is None
    assert sim.now == 0.5
    assert sim.run(until=visit) is None  # it has happened already
    assert sim.run(until=sim.deadline(sim.timeout(1, "in time"), 2)) == "in time"
    assert sim.run(until=sim.start(work())) == "done"
    assert sim.run(until=sim.process(work())) == "done"
    assert sim.now == 3.5
    with pytest.raises(TimedOut):
        sim.run(until=sim.deadline(sim.timeout(5), 1))


def test_a_run_until_an_event_that_never_happens_says_so():
    sim = Simulation(seed=1)
    with pytest.raises(RuntimeError, match="nothing is left"):
        sim.run(until=sim.event())
    with pytest.raises(simpy.core.EmptySchedule):
        sim.step()


@pytest.mark.parametrize("until", [1.0, 0.5, float("nan")])
def test_a_run_cannot_end_before_it_begins(until):
    sim = Simulation(seed=1, initial_time=1.0)
    with pytest.raises(ValueError, match="until"):
        sim.run(until=until)


def test_when_a_run_ends_in_the_middle_of_an_event_the_others_who_wait_hear_of_it_in_the_next_run():
    sim = Simulation(seed=1)
    web = Station(sim, "web")
    visit, heard = web.serve(1.0), []

    def waits(name):
        yield visit
        heard.append((name, sim.now))

    first, second = sim.start(waits("first")), sim.start(waits("second"))
    joined = sim.start(iter_wait(first, heard))
    sim.run(until=first)
    assert heard[0] == ("first", 1.0)
    assert second.is_alive
    sim.run()
    assert sorted(heard) == [("first", 1.0), ("joined", 1.0), ("second", 1.0)]
    assert not joined.is_alive


def iter_wait(task, heard):
    """Wait for a task."""
    yield task
    heard.append(("joined", task.env.now))


def test_a_run_that_ends_at_the_end_of_one_task_does_no_harm_to_the_one_that_let_it_go_on():
    """The end of a run is an exception on its way; it must not go through another task's generator."""
    sim = Simulation(seed=1)
    web = Station(sim, "web")

    def first():
        with web.hold() as worker:
            yield worker
            yield sim.timeout(1)
        yield sim.timeout(1)
        return "first"

    def second():
        with web.hold() as worker:
            yield worker
        return "second"

    one, other = sim.start(first()), sim.start(second())
    assert sim.run(until=other) == "second"
    assert sim.run(until=one) == "first"
    assert sim.now == 2


def test_a_run_that_ends_at_one_victim_of_a_crash_still_tells_the_others():
    sim = Simulation(seed=1)
    web = Station(sim, "web", capacity=2)

    def victim():
        try:
            yield web.serve(10)
        except Exception:
            return sim.now

    def culprit():
        yield sim.timeout(1)
        web.crash()
        return "crashed it"

    tasks = [sim.start(victim()) for _ in range(3)]
    guilty = sim.start(culprit())
    sim.run(until=tasks[0])
    sim.run()
    assert [task.value for task in tasks] == [1, 1, 1]
    assert guilty.value == "crashed it"


def test_a_failure_nobody_waits_for_stops_the_run_as_in_simpy():
    sim = Simulation(seed=1)
    sim.event().fail(RuntimeError("broken"))
    with pytest.raises(RuntimeError, match="broken"):
        sim.run()


def test_the_same_seed_gives_the_same_draws_and_another_seed_others():
    def draws(seed, names):
        sim = Simulation(seed=seed)
        samplers = {name: sim.draws(name, Exponential(1.0)) for name in names}
        return [samplers["service"]() for _ in range(10)]

    assert draws(1, ["service"]) == draws(1, ["arrivals", "service", "another part"])
    assert draws(1, ["service"]) != draws(2, ["service"])


def test_two_parts_cannot_have_one_name():
    sim = Simulation(seed=1)
    Station(sim, "web")
    with pytest.raises(ValueError, match="'web' is already the name of a part"):
        Station(sim, "web")


@pytest.mark.parametrize("seed", [-1, 1.5, True, None])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ValueError, match="seed"):
        Simulation(seed=seed)


def test_entries_at_the_same_moment_happen_by_priority_and_then_in_the_order_in_which_they_were_made():
    sim, happened = Simulation(seed=1), []
    sim.call_at(1.0, happened.append, "first")
    sim.timeout(1.0).callbacks.append(lambda _: happened.append("second"))
    sim.call_at(1.0, happened.append, "urgent", priority=simpy.events.URGENT)
    sim.run()
    assert happened == ["urgent", "first", "second"]
