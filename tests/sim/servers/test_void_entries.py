"""What faults leave on the calendar: entries of work that was broken off or moved, at which nothing happens."""

from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.sim import Crashed, Exponential, Simulation, Station


class Watched(list):
    """A calendar that counts how often somebody looks through it."""

    looks = 0

    def __iter__(self):
        self.looks += 1
        return super().__iter__()


def test_a_station_looks_at_the_whole_calendar_at_its_first_fault_and_never_again():
    sim = Simulation(seed=1)
    sim._queue = calendar = Watched()
    web = Station(sim, "web", capacity=2)

    def holder():
        with web.hold() as worker:
            yield worker
            yield worker.work(5.0)

    visit = web.serve(5.0)
    sim.start(holder())
    sim.run(until=1)
    assert calendar.looks == 0
    web.slow_down(2.0)
    sim.run(until=2)
    assert not visit.triggered
    web.crash()
    web.restart()
    sim.run(until=20)
    assert (visit.ok, web.failed) == (False, 2)
    assert calendar.looks == 1


def test_work_that_was_broken_off_does_not_keep_the_run_alive_nor_move_the_clock():
    sim = Simulation(seed=1)
    web = Station(sim, "web", capacity=2)

    def holder():
        with web.hold() as worker:
            yield worker
            worker.work(60.0)
            yield sim.timeout(2.0)

    web.serve(60.0)
    sim.call_at(1.0, lambda _: web.crash())
    sim.call_at(1.0, lambda _: web.restart())
    sim.run()
    assert sim.now == 1.0
    sim.start(holder())
    sim.run()
    assert (sim.now, web.busy) == (3.0, 0)


def test_work_that_is_slowed_down_and_sped_up_at_one_moment_ends_once_and_when_it_should():
    sim, ends = Simulation(seed=1), []
    web = Station(sim, "web")
    web.serve(4.0).callbacks.append(lambda _: ends.append(sim.now))
    sim.run(until=1)
    for factor in (2.0, 1.0, 2.0, 1.0):
        web.slow_down(factor)
    sim.call_at(30, lambda _: None)
    sim.run()
    assert (ends, web.completed, sim._void, len(sim._queue)) == ([4.0], 1, 0, 0)


shocks = st.lists(
    st.tuples(st.floats(0, 20), st.sampled_from([0.25, 1.0, 3.0, "crash", "release"])),
    min_size=5,
    max_size=25,
)


@settings(max_examples=50, deadline=None)
@given(shocks)
def test_sweeping_the_calendar_changes_nothing_of_what_happens_under_faults(shocks):
    def story(sweep_above):
        sim, told = Simulation(seed=1), []
        sim._sweep_above = sweep_above
        web = Station(sim, "web", capacity=4)
        arrivals, work_s = sim.draws("gaps", Exponential(0.5)), sim.draws("work", Exponential(2.0))
        held = []

        def visitor(number):
            try:
                yield web.serve(work_s())
                told.append((sim.now, number))
            except Crashed:
                told.append((sim.now, number, "crashed"))

        def holder(number):
            with web.hold() as worker:
                try:
                    yield worker
                    held.append(worker)
                    yield worker.work(work_s())
                    told.append((sim.now, number, "held"))
                except Crashed:
                    told.append((sim.now, number, "lost"))

        def source():
            for number in range(40):
                yield sim.timeout(arrivals())
                sim.start(holder(number) if number % 3 == 0 else visitor(number))

        def shock(what):
            if what == "crash":
                web.crash()
                web.restart()
            elif what == "release" and held:
                web.release(held.pop())
            elif what != "release":
                web.slow_down(what)
            told.append((sim.now, what, web.sample()))

        sim.start(source())
        for at_s, what in shocks:
            sim.call_at(at_s, shock, what)
        sim.run()
        return told, web.totals(), sim.now

    assert story(sweep_above=2) == story(sweep_above=10**9)


def test_a_station_that_notes_its_work_forgets_what_is_done():
    sim = Simulation(seed=1)
    web = Station(sim, "web", capacity=2)
    web.slow_down(1.0)
    most = 0

    def caller():
        nonlocal most
        for _ in range(1000):
            yield web.serve(0.1)
            with web.hold() as worker:
                yield worker
                yield worker.work(0.1)
            most = max(most, len(web._begun))

    for _ in range(3):
        sim.start(caller())
    sim.run()
    assert most < 30
