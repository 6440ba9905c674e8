"""A clone lives and dies as a whole, and bulkheads divide its workers."""

import pytest

from archlab.shop.monolithic.clone import Clone
from archlab.sim import Crash, Crashed, Simulation, SlowDown, Unavailable


@pytest.fixture
def sim():
    return Simulation(seed=1)


def clone_of(sim, **changed):
    return Clone(sim, "shop-1", **{"workers": 4, "cores": 2, "connections": 3} | changed)


def test_a_crash_fails_work_wherever_it_is_inside(sim):
    clone = clone_of(sim, connections=1, bulkheads={"place_order": 1})
    outcomes = []

    def work(kind, wait):
        try:
            with clone.pool(kind).hold() as worker:
                yield worker
                yield wait()
        except Crashed:
            outcomes.append(sim.now)

    outside = clone_of(Simulation(seed=2)).cpu
    clone.connections.hold()
    for kind, wait in [("browse", lambda: clone.cpu.serve(10)), ("place_order", clone.connections.hold)]:
        sim.start(work(kind, wait))
    sim.run(until=3)
    clone.crash()
    sim.run(until=4)
    assert outcomes == [3, 3]
    assert outside.is_up


def test_a_worker_who_waits_for_somebody_outside_dies_with_its_clone(sim):
    clone, ended = clone_of(sim), []

    def work():
        try:
            with clone.pool("browse").hold() as worker:
                yield worker
                yield sim.timeout(100)
        except Crashed:
            ended.append(sim.now)

    sim.start(work())
    sim.run(until=3)
    clone.crash()
    sim.run(until=4)
    assert ended == [3]


def test_a_clone_that_is_down_takes_no_work_and_is_empty_after_its_restart(sim):
    clone = clone_of(sim, bulkheads={"place_order": 1})
    clone.crash()
    for kind in ("browse", "place_order"):
        assert isinstance(clone.pool(kind).hold().value, Unavailable)
    clone.restart()
    stations = [clone, clone.cpu, clone.connections, clone.pool("place_order")]
    assert [(station.is_up, station.busy) for station in stations] == [(True, 0)] * 4


def test_bulkheads_divide_the_workers_and_add_none(sim):
    clone = clone_of(sim, workers=10, bulkheads={"place_order": 3, "track_order": 2})
    pools = {clone.pool(kind) for kind in ("browse", "place_order", "track_order", "anything else")}
    assert sum(pool.capacity for pool in pools) == 10


def test_memory_that_leaks_kills_the_clone_and_a_restart_gives_it_back(sim):
    clone = clone_of(sim, memory_mb=100, memory_limit_mb=200, restart_s=30)
    for _ in range(9):
        clone.leak(10)
    assert (clone.is_up, clone.memory_mb) == (True, 190)
    clone.leak(10)
    assert (clone.is_up, clone.kills) == (False, 1)
    sim.run(until=29.9)
    assert not clone.is_up
    sim.run(until=30.1)
    assert (clone.is_up, clone.memory_mb) == (True, 100)


def test_a_short_page_passes_a_long_order_on_the_same_core_unless_work_is_done_in_turn(sim):
    for share, ended_s in ((True, [2.0, 11.0]), (False, [11.0, 10.0])):
        clone = Clone(sim, f"shop {share}", workers=4, cores=1, connections=1, cores_share=share)
        began_s = sim.now
        order, page = clone.cpu.serve(10.0), clone.cpu.serve(1.0)
        times = []
        for work in (page, order):
            work.callbacks.append(lambda _, times=times, began_s=began_s: times.append(sim.now - began_s))
        sim.run()
        assert sorted(times) == sorted(ended_s)


@pytest.mark.parametrize("part", ["shop-1 connections", "shop-1 place_order"])
def test_what_is_only_held_cannot_be_slowed_down(sim, part):
    clone_of(sim, bulkheads={"place_order": 1})
    with pytest.raises(ValueError, match=f"part='{part}' has no slow_down"):
        sim.inject(SlowDown(part, at_s=1, for_s=1, factor=2))


def test_slowing_a_clone_down_slows_its_cores(sim):
    clone = clone_of(sim)
    clone.slow_down(3)
    sim.run(until=clone.cpu.serve(1.0))
    assert sim.now == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"bulkheads": {"place_order": 4}}, "workers that the bulkheads leave for the other kinds is 0"),
        ({"memory_mb": 100, "memory_limit_mb": 50}, "memory_limit_mb - memory_mb is -50"),
        ({"restart_s": 0}, "restart_s is 0"),
        ({"cores": 0}, "capacity is 0"),
    ],
)
def test_impossible_clones_are_refused(sim, changed, message):
    with pytest.raises(ValueError, match=message):
        clone_of(sim, **changed)


@pytest.mark.parametrize(("restart_s", "back_s"), [(3, 8), (8, 20), (30, 35)])
def test_a_clone_that_ran_out_of_memory_starts_again_when_no_crash_keeps_it_down(sim, restart_s, back_s):
    """Killed at 5 s; a crash lasts from 10 to 20 s. So it is back before it, at its end, or later by itself."""
    clone = clone_of(sim, memory_mb=100, memory_limit_mb=200, restart_s=restart_s)
    sim.inject(Crash("shop-1", at_s=10, restart_after_s=10))
    sim.call_at(5, lambda _: clone.leak(200))
    sim.run(until=back_s - 0.1)
    assert (clone.is_up, clone.cpu.is_up) == (False, False)
    sim.run(until=back_s + 0.1)
    assert (clone.is_up, clone.cpu.is_up, clone.kills, clone.memory_mb) == (True, True, 1, 100)


def test_cores_that_have_a_crash_of_their_own_stay_down_when_the_clone_comes_back(sim):
    clone = clone_of(sim)
    sim.inject(Crash("shop-1", at_s=1, restart_after_s=2), Crash("shop-1 cpu", at_s=2, restart_after_s=4))
    states = []
    for time_s in (0.5, 1.5, 2.5, 3.5, 6.5):
        sim.run(until=time_s)
        states.append((clone.is_up, clone.cpu.is_up, clone.connections.is_up))
    assert states == [
        (True, True, True),
        (False, False, False),
        (False, False, False),
        (True, False, True),
        (True, True, True),
    ]
