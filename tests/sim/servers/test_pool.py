"""A pool: places that are held and do no work of their own. What it shares with a station is tested there."""

import pytest

from archlab.sim import Crash, Crashed, Pool, Simulation, SlowDown, Station


@pytest.fixture
def sim():
    return Simulation(seed=1)


def test_connections_are_held_in_turn_while_somebody_else_works(sim):
    connections, database, ended = Pool(sim, "connections", capacity=2), Station(sim, "database", 8), []

    def query():
        with connections.hold() as connection:
            yield connection
            yield database.serve(1.0)
        ended.append(sim.now)

    for _ in range(5):
        sim.start(query())
    sim.run(until=0.5)
    assert connections.sample() == (3, 2, 2, True)
    sim.run()
    assert ended == [1, 1, 2, 2, 3]
    assert connections.totals() == {
        "busy_s": 5,
        "waiting_s": 1 + 1 + 2,
        "completed": 5,
        "refused": 0,
        "failed": 0,
    }


def test_a_place_does_no_work_so_nothing_can_slow_it_down(sim):
    connections = Pool(sim, "connections")
    with pytest.raises(ValueError, match="part='connections' has no slow_down"):
        sim.inject(SlowDown("connections", at_s=1, for_s=1, factor=2))
    with pytest.raises(TypeError, match="'connections' is a pool, whose places do no work"):
        connections.hold().work(1.0)
    assert not hasattr(connections, "serve")


def test_a_crash_takes_the_places_from_their_holders_and_from_those_who_wait(sim):
    threads, told = Pool(sim, "threads"), []

    def job(name):
        try:
            with threads.hold() as thread:
                yield thread
                yield sim.timeout(10)
        except Crashed:
            told.append((name, sim.now))

    for name in ("holds", "waits"):
        sim.start(job(name))
    sim.inject(Crash("threads", at_s=1, restart_after_s=1))
    sim.run()
    assert told == [("holds", 1), ("waits", 1)]
    assert threads.totals() == {"busy_s": 1, "waiting_s": 1, "completed": 0, "refused": 0, "failed": 2}


def test_a_pool_can_grow_and_shrink_while_its_places_are_held(sim):
    threads, began = Pool(sim, "threads"), []

    def job():
        with threads.hold() as thread:
            yield thread
            began.append(sim.now)
            yield sim.timeout(10)

    for _ in range(5):
        sim.start(job())
    sim.call_at(1, lambda _: setattr(threads, "capacity", 3))
    sim.call_at(2, lambda _: setattr(threads, "capacity", 1))
    sim.run()
    assert began == [0, 1, 1, 11, 21]
