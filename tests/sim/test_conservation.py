"""Nothing is lost: over random systems, faults and loads, everything that came in is somewhere."""

from dataclasses import dataclass

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.sim import (
    Crash,
    Exponential,
    Failure,
    Lognormal,
    Lossy,
    Network,
    Poisson,
    SharedProcessors,
    Simulation,
    SlowDown,
    Station,
)


class Counted(Station):
    """A station that counts from outside how many visits were made, and looks at its servers at each."""

    made = 0
    most_busy = 0

    def serve(self, *arguments, **options):
        visit = super().serve(*arguments, **options)
        self._count()
        return visit

    def hold(self, *arguments, **options):
        hold = super().hold(*arguments, **options)
        self._count()
        return hold

    def _count(self):
        self.made += 1
        self.most_busy = max(self.most_busy, self.busy)


class CountedProcessors(SharedProcessors):
    """Processors that count from outside how many jobs came."""

    made = 0

    def serve(self, *arguments, **options):
        self.made += 1
        return super().serve(*arguments, **options)


@dataclass(frozen=True)
class StationPlan:
    capacity: int
    queue_limit: int | None
    discipline: str


@dataclass(frozen=True)
class Step:
    """One visit of a request."""

    station: int
    how: str
    patience_s: float


stations = st.builds(
    StationPlan,
    capacity=st.integers(1, 4),
    queue_limit=st.none() | st.integers(0, 5),
    discipline=st.sampled_from(["fifo", "lifo", "priority"]),
)
steps = st.builds(
    Step,
    station=st.integers(0, 2),
    how=st.sampled_from(
        [
            "serve",
            "deadline",
            "hold",
            "hold or timeout",
            "hold and serve",
            "hold and work",
            "patient",
            "compute",
            "call",
            "branch",
            "forget",
            "process",
        ]
    ),
    patience_s=st.floats(0.01, 3.0),
)
faults = st.lists(
    st.tuples(
        st.sampled_from(["crash", "slow", "lossy", "resize"]),
        st.integers(0, 3),
        st.floats(0, 25),
        st.floats(0.1, 10),
    ),
    max_size=6,
)


@dataclass(frozen=True)
class Plan:
    """A random system."""

    stations: list[StationPlan]
    steps: list[Step]
    faults: list[tuple]
    closed: bool
    load: float
    timeout_s: float | None
    careful: bool
    seed: int

    def sizes_of(self, station):
        """The capacities that a station is given on the way."""
        return [
            size_of(for_s) for kind, where, _, for_s in self.faults if (kind, where) == ("resize", station)
        ]


def size_of(for_s):
    """A capacity from the number that is the length of other faults."""
    return 1 + int(for_s)


plans = st.builds(
    Plan,
    stations=st.lists(stations, min_size=3, max_size=3),
    steps=st.lists(steps, min_size=1, max_size=5),
    faults=faults,
    closed=st.booleans(),
    load=st.floats(0.3, 12.0),
    timeout_s=st.none() | st.floats(0.1, 5.0),
    careful=st.booleans(),
    seed=st.integers(0, 1000),
)


class World:
    """The system of a plan, with a handler that takes its steps."""

    def __init__(self, plan):
        self.plan = plan
        self.sim = sim = Simulation(seed=plan.seed)
        self.stations = [
            Counted(sim, f"station {i}", s.capacity, s.queue_limit, s.discipline)
            for i, s in enumerate(plan.stations)
        ]
        self.cpu = CountedProcessors(sim, "cpu", capacity=2, jobs_limit=6)
        self.network = Network(sim, latency_s=Exponential(0.01))
        self.network.nodes("web")
        self.work_s = sim.draws("work", Lognormal.from_mean_cv(0.3, 1.5))
        self.luck = sim.stream("priorities")
        if plan.closed:
            sim.closed_load(1 + int(plan.load), Exponential(0.2), self.handler, timeout_s=plan.timeout_s)
        else:
            sim.open_load(Poisson(plan.load), self.handler, timeout_s=plan.timeout_s)
        for kind, where, at_s, for_s in plan.faults:
            name = "cpu" if where == 3 else f"station {where}"
            if kind == "resize":
                sim.call_at(
                    at_s, lambda change: setattr(*change), (sim.parts[name], "capacity", size_of(for_s))
                )
            else:
                sim.inject(self.fault(kind, name, at_s, for_s))

    def fault(self, kind, name, at_s, for_s):
        if kind == "crash":
            return Crash(name, at_s, restart_after_s=for_s)
        if kind == "slow":
            return SlowDown(name, at_s, for_s, factor=4.0)
        return Lossy(self.network, "web", name, at_s, for_s, loss=0.5)

    def handler(self, request):
        for step in self.plan.steps:
            try:
                yield from getattr(self, step.how.replace(" ", "_"))(step, self.stations[step.station])
            except (Failure, simpy.Interrupt):
                if self.plan.careful:
                    continue
                raise

    def urgency(self, station):
        return self.luck.integers(3) if station.discipline == "priority" else 0

    def serve(self, step, station):
        yield station.serve(self.work_s(), self.urgency(station))

    def deadline(self, step, station):
        yield self.sim.deadline(station.serve(self.work_s()), step.patience_s)

    def hold(self, step, station):
        with station.hold(self.urgency(station)) as server:
            yield self.sim.deadline(server, step.patience_s)
            yield self.sim.timeout(self.work_s())

    def hold_or_timeout(self, step, station):
        with station.hold() as server:
            got = yield server | self.sim.timeout(step.patience_s)
            if server in got:
                yield self.sim.timeout(self.work_s())

    def hold_and_serve(self, step, station):
        with station.hold() as server:
            yield server
            yield self.sim.deadline(self.stations[step.station - 1].serve(self.work_s()), step.patience_s)

    def hold_and_work(self, step, station):
        """Two pieces of work on a held server, of which the second may be given up in the middle."""
        with station.hold() as server:
            yield server
            yield server.work(self.work_s())
            yield self.sim.deadline(server.work(self.work_s()), step.patience_s)

    def patient(self, step, station):
        yield station.serve(self.work_s(), self.urgency(station), patience_s=step.patience_s)

    def compute(self, step, station):
        with station.hold() as thread:
            yield thread
            yield self.cpu.serve(self.work_s())

    def call(self, step, station):
        work = self.serve(step, station)
        yield self.network.call("web", station.name, work, timeout_s=step.patience_s)

    def branch(self, step, station):
        yield self.sim.all_of([s.serve(self.work_s()) for s in self.stations])

    def forget(self, step, station):
        station.serve(self.work_s())
        yield self.sim.timeout(0)

    def process(self, step, station):
        """A plain SimPy process in the middle of it all, which may be interrupted by a crash."""

        def plain():
            with station.hold() as server:
                try:
                    yield server
                    yield self.sim.timeout(self.work_s())
                except (Failure, simpy.Interrupt):
                    return "failed"

        yield self.sim.process(plain())


@settings(max_examples=150)
@given(plans)
def test_everything_that_came_in_is_somewhere(plan):
    world = World(plan)
    result = world.sim.measure(duration_s=30)
    outcomes = result.outcomes()
    unfinished = outcomes.get("unfinished", 0)
    assert result.arrived == outcomes.sum() == world.sim.recorder.rows
    assert (
        result.arrived
        == result.completed + outcomes.drop(["ok", "unfinished"], errors="ignore").sum() + unfinished
    )
    assert world.sim.recorder.inside == unfinished
    for number, (station, plan_of) in enumerate(zip(world.stations, plan.stations, strict=True)):
        sizes = [plan_of.capacity, *plan.sizes_of(number)]
        inside = station.busy + station.queue_length
        assert station.made == station.completed + station.refused + station.failed + inside
        assert station.most_busy <= max(sizes)
        assert station.queue_length <= (plan_of.queue_limit if plan_of.queue_limit is not None else 10**9)
        busy_servers = result.parts.loc[station.name, "utilisation"] * station.capacity
        assert -1e-9 <= busy_servers <= max(sizes) + 1e-9
        assert result.parts.loc[station.name, "mean_queue_length"] >= -1e-9


@settings(max_examples=60)
@given(plans)
def test_when_the_load_ends_everything_inside_drains_and_all_servers_are_free(plan):
    """Nothing is forgotten in a queue, and no server stays taken: after the last arrival all comes to an end."""
    world = World(plan)
    world.sim.run(until=30)
    stop_the_load(world.sim)
    world.sim.run()
    assert world.sim.recorder.inside == 0
    for station in world.stations:
        assert (station.busy, station.queue_length, station.is_up) == (0, 0, True)
        assert station.made == station.completed + station.refused + station.failed
        assert station.totals()["busy_s"] >= -1e-6
    assert (world.cpu.jobs, world.cpu.is_up) == (0, True)
    assert world.cpu.made == world.cpu.completed + world.cpu.refused + world.cpu.failed


def stop_the_load(sim):
    """Let nobody arrive any more."""
    for load in sim.loads.values():
        load._schedule = load._think = load.send = lambda *_, **__: None
    sim._queue[:] = [
        entry for entry in sim._queue if getattr(entry[3], "__name__", "") not in ("_arrive", "_ask")
    ]
    sim._queue.sort()


@settings(max_examples=60)
@given(plans)
def test_the_number_inside_is_the_same_counted_by_rows_and_by_looking(plan):
    """Little's law without limits: the area under the number inside, from the rows and from a look at each change."""
    world = World(plan)
    result = world.sim.measure(duration_s=30, warmup_s=5)
    rows = result.rows
    changes = sorted(
        [(max(a, result.start_s), 1) for a in rows["arrived_s"]]
        + [(f, -1) for f in rows["finished_s"].dropna()]
    )
    area, inside, last_s = 0.0, 0, result.start_s
    for time_s, change in [*changes, (result.end_s, 0)]:
        area += inside * (time_s - last_s)
        inside, last_s = inside + change, time_s
    assert inside == (rows["outcome"] == "unfinished").sum()
    assert result.in_system() == pytest.approx(area / result.duration_s, abs=1e-9)


@settings(max_examples=30)
@given(plans)
def test_the_same_plan_gives_the_same_run(plan):
    one, two = (World(plan).sim.measure(duration_s=20) for _ in range(2))
    assert one.rows.equals(two.rows)
    assert one.parts.equals(two.parts)
