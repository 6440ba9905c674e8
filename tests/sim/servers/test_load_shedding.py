"""A shedding station against a plain calculation of who is served when, and under faults."""

from heapq import heapify, heapreplace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.sim import Crash, Exponential, Failure, Poisson, Simulation, Station
from archlab.sim.servers.load_shedding import Shed, SheddingStation


@pytest.fixture
def sim():
    return Simulation(seed=1)


def served(visits, capacity, limit_s):
    """When each visit ends, or that it is shed, worked out in order of arrival from the times servers are free."""
    free_s = [0.0] * capacity
    heapify(free_s)
    ends = []
    for came_s, service_s in visits:
        start_s = max(came_s, free_s[0])
        if start_s - came_s > limit_s:
            ends.append(("shed", start_s))
        else:
            heapreplace(free_s, start_s + service_s)
            ends.append(("ok", start_s + service_s))
    return ends


def ends_of(sim, station, visits):
    """The same as the station does it; `visits` are (arrival, service time) in order of arrival."""
    ends = {}

    def visit(number, service_s):
        try:
            yield station.serve(service_s)
            ends[number] = ("ok", sim.now)
        except Failure as failure:
            ends[number] = (failure.outcome, sim.now)

    def source():
        for number, (came_s, service_s) in enumerate(visits):
            yield sim.timeout(came_s - sim.now)
            sim.start(visit(number, service_s))

    sim.start(source())
    sim.run()
    return [ends[number] for number in range(len(visits))]


# Against a plain calculation ----------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 20)), min_size=1, max_size=60),
    st.integers(1, 3),
    st.integers(0, 30),
)
def test_what_is_too_old_is_shed_and_the_rest_is_served_first_come_first_served(gaps, capacity, limit):
    """Whole numbers of quarter seconds: waits of exactly the limit come up, and are served."""
    sim = Simulation(seed=1)
    station = SheddingStation(sim, "station", capacity, drop_older_than_s=limit / 4)
    visits, came_s = [], 0.0
    for gap, service in gaps:
        came_s += gap / 4
        visits.append((came_s, service / 4))
    assert ends_of(sim, station, visits) == served(visits, capacity, limit / 4)


def run(limit_s, rate_per_s=150, station_of=SheddingStation):
    """A station, overloaded with exponential work of 10 ms: the result and the station."""
    sim = Simulation(seed=4)
    limit = {} if limit_s is None else {"drop_older_than_s": limit_s}
    station = station_of(sim, "station", **limit)
    service_s = sim.draws("service", Exponential(0.010))

    def handler(request):
        yield station.serve(service_s())

    sim.open_load(Poisson(rate_per_s), handler)
    return sim.measure(200), station


def test_with_a_limit_nobody_reaches_it_is_a_station():
    with_limit, _ = run(limit_s=1e6)
    without, _ = run(limit_s=None, station_of=Station)
    assert with_limit.requests.equals(without.requests)
    assert with_limit.parts.equals(without.parts)


@pytest.mark.parametrize("limit_s", [0.0, 0.05, 0.5])
def test_all_that_arrived_was_served_or_shed_or_is_inside(limit_s):
    result, station = run(limit_s)
    counts = result.outcomes()
    assert len(result.requests) == station.completed + station.shed + station.queue_length + station.busy
    assert counts["ok"] == station.completed
    assert counts["shed"] == station.shed == station.refused == result.parts.loc["station", "refused"]


def test_under_overload_it_works_all_the_time_and_every_answer_is_in_time():
    """Half as much again as it can do: it serves what it can, a third is shed, and no wait exceeds the limit."""
    limit_s = 0.5
    result, station = run(limit_s, rate_per_s=150)
    assert result.parts.loc["station", "utilisation"] > 0.999
    assert result.throughput_per_s() == pytest.approx(100, rel=0.03)
    assert station.shed / len(result.requests) == pytest.approx(1 / 3, abs=0.02)
    longest_service_s = 0.010 * 12
    assert result.latency_s(100) < limit_s + longest_service_s


def test_the_waiting_time_of_what_is_shed_is_counted():
    result, station = run(limit_s=0.5)
    rows = result.requests
    inside_s = (rows["finished_s"].fillna(result.end_s) - rows["arrived_s"]).sum()
    totals = station.totals()
    assert totals["waiting_s"] + totals["busy_s"] == pytest.approx(inside_s)


# By hand ------------------------------------------------------------------------------------------------------


def test_only_one_turn_is_needed_to_drop_all_that_is_too_old(sim):
    """After 5 s of work those who came in the first 4 s are dropped together, and the next is served at once."""
    till = SheddingStation(sim, "till", drop_older_than_s=1.0)
    visits = [(0, 5.0), (1, 1.0), (2, 1.0), (3, 1.0), (4, 1.0), (4.5, 1.0)]
    shed, ok = [("shed", 5.0)] * 3, [("ok", 6.0)]
    assert ends_of(sim, till, visits) == [("ok", 5.0), *shed, *ok, ("shed", 6.0)]


def test_when_all_that_waits_is_too_old_the_server_is_free_again(sim):
    till = SheddingStation(sim, "till", drop_older_than_s=1.0)
    assert ends_of(sim, till, [(0, 5.0), (1, 1.0), (20, 1.0)]) == [("ok", 5.0), ("shed", 5.0), ("ok", 21.0)]
    assert till.sample() == (0, 0, 1, True)


def test_a_hold_that_comes_too_late_is_shed_too(sim):
    web, outcomes = SheddingStation(sim, "web", drop_older_than_s=1.0), []

    def handler(for_s):
        try:
            with web.hold() as worker:
                yield worker
                yield sim.timeout(for_s)
                outcomes.append(("ok", sim.now))
        except Shed:
            outcomes.append(("shed", sim.now))

    for for_s in (3.0, 1.0):
        sim.start(handler(for_s))
    sim.call_at(2.5, lambda _: sim.start(handler(1.0)))
    sim.run()
    assert outcomes == [("ok", 3.0), ("shed", 3.0), ("ok", 4.0)]
    assert web.totals() == {"busy_s": 4.0, "waiting_s": 3.5, "completed": 2, "refused": 1, "failed": 0}


def test_a_crash_empties_it_and_the_queue_limit_still_holds(sim):
    till = SheddingStation(sim, "till", queue_limit=1, drop_older_than_s=10.0)
    sim.inject(Crash("till", at_s=1, restart_after_s=1))
    ends = ends_of(sim, till, [(0, 5.0), (0, 1.0), (0, 1.0), (1.5, 1.0), (3, 1.0)])
    assert ends == [("crashed", 1), ("crashed", 1), ("refused", 0), ("unavailable", 1.5), ("ok", 4.0)]
    assert (till.shed, till.refused, till.failed) == (0, 1, 3)


@pytest.mark.parametrize(("limit_s", "late"), [(1e6, 1.0), (1.0, 0.0)])
def test_after_a_stop_shedding_makes_answers_timely_again_at_once(sim, limit_s, late):
    """90 % load of work of 10 ms, and a stop from 10 to 20 s. 900 wait then, and the queue shrinks by 10 a second."""
    station = SheddingStation(sim, "station", drop_older_than_s=limit_s)

    def handler(request):
        yield station.serve(0.010)

    sim.open_load(Poisson(rate_per_s=90), handler)
    sim.call_at(10, lambda _: station.serve(10.0))
    rows = sim.measure(60).requests
    after = rows[rows["arrived_s"].between(22, 55)]
    assert (~(after["latency_s"] <= 1.01)).mean() == late


def test_the_failure_says_who_dropped_the_work_and_why():
    assert str(Shed("till")) == "till: shed, it waited too long"
    assert Shed.outcome == "shed"


def test_a_negative_limit_is_refused(sim):
    with pytest.raises(ValueError, match="drop_older_than_s is -1; it must be"):
        SheddingStation(sim, "till", drop_older_than_s=-1)
