"""How fast the kit is, and how honest its intervals are.

Run it with `python run.py bench`. Each figure of speed is a ratio of two programs measured in turn in one run: CPU
seconds, several rounds, the ratio taken inside a round, the median printed with the lowest and the highest. Nothing
here is asserted: machines differ, and a busy one lies. For the intervals, see `interval_coverage`. Behind them stand
what each chapter's first cell loads, how long each explorer takes to its picture, what a run costs on a cluster, and
what each chapter takes from top to bottom.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import simpy

from archlab.course.arguments import at_least
from archlab.sim import Exponential, Poisson, SharedProcessors, Simulation, Station
from tests.bench import chapters, cluster, explorers, flat_cost, imports, interval_coverage
from tests.bench.flat_cost import cpu_s
from tests.bench.former import in_turn
from tests.bench.yardsticks import Line, generators_in_a_loop, hand_written, plain_simpy

Run = Callable[[], object]
CALLERS = 10


def kit(line: Line, station: Callable[..., Any] = Station) -> Simulation:
    """The same system in the kit's generator style, with request objects and every request recorded."""
    sim = Simulation(seed=1)
    stations = [station(sim, f"station {number}", line.servers) for number in range(line.stations)]
    service = sim.draws("service", Exponential(1.0))

    def one_stop(request):
        yield only.serve(service())

    def three_stops(request):
        yield first.serve(service())
        yield second.serve(service())
        yield third.serve(service())

    if line.stations == 1:
        (only,) = stations
    else:
        first, second, third = stations
    sim.open_load(Poisson(line.arrival_rate_per_s), one_stop if line.stations == 1 else three_stops)
    sim.run(until=line.requests / line.arrival_rate_per_s)
    return sim


def shared_kit(line: Line) -> Simulation:
    """The same with processors that share their time."""
    return kit(line, SharedProcessors)


def plain_calls(calls: int, timeout_s: float | None) -> simpy.Environment:
    """Callers of a server in plain SimPy, who give up after `timeout_s`: `request | timeout`. None: they never do."""
    env = simpy.Environment()
    server = simpy.Resource(env, capacity=CALLERS)

    def call():
        with server.request() as request:
            yield request if timeout_s is None else request | env.timeout(timeout_s)
            if request.triggered:
                yield env.timeout(0.010)

    def caller():
        for _ in range(calls):
            yield from call()

    for _ in range(CALLERS):
        env.process(caller())
    env.run()
    return env


def kit_calls(calls: int, timeout_s: float | None) -> Simulation:
    """The same with the kit's station and deadline."""
    sim = Simulation(seed=1)
    server = Station(sim, "server", capacity=CALLERS)

    def caller():
        for _ in range(calls):
            visit = server.serve(0.010)
            yield visit if timeout_s is None else sim.deadline(visit, timeout_s)

    for _ in range(CALLERS):
        sim.start(caller())
    sim.run()
    return sim


def waits(sim: simpy.Environment, begin: Callable[..., object], many: int) -> None:
    """`CALLERS` who each wait for a second so many times."""

    def waiter():
        for _ in range(many):
            yield sim.timeout(1.0)

    for _ in range(CALLERS):
        begin(waiter())
    sim.run()


def plain_waits(many: int) -> None:
    """Processes of plain SimPy that wait."""
    env = simpy.Environment()
    waits(env, env.process, many)


def kit_waits(many: int) -> None:
    """Tasks that wait."""
    sim = Simulation(seed=1)
    waits(sim, sim.start, many)


def ratios(slow: Run, fast: Run, rounds: int) -> list[float]:
    """CPU time of `slow` divided by that of `fast`, once a round, the two measured in turn."""
    return ratios_of(slow, [fast], rounds)[0]


def ratios_of(slow: Run, others: list[Run], rounds: int) -> list[list[float]]:
    """The same for several others. In each round all are measured in turn."""
    for run in (slow, *others):
        run()
    measured = [[cpu_s(run) for run in (slow, *others)] for _ in range(rounds)]
    return [[times[0] / times[place] for times in measured] for place in range(1, len(others) + 1)]


def report(what: str, values: list[float], aim: str = "") -> None:
    """One line: the median, the range and the aim."""
    middle = statistics.median(values)
    print(f"{what:<58}{middle:6.2f}   ({min(values):.2f} to {max(values):.2f})   {aim}")


def throughput(requests: int, rounds: int) -> None:
    """Throughput as a multiple of plain SimPy's: of the kit, and of two loops that only this system fits."""
    print("Throughput, times plain SimPy. A loop of its own, with generators or without, is the limit")
    systems = {
        "M/M/1 at 0.8": (Line(0.8, 1, 1, 2 * requests), "at least 4.5"),
        "M/M/8 at 0.9": (Line(7.2, 8, 1, 2 * requests), "at least 4"),
        "three M/M/4 in a row at 0.8": (Line(3.2, 4, 3, requests), "at least 4.8"),
    }
    for name, (line, aim) in systems.items():
        contenders = {"the kit": kit, "generators in a loop": generators_in_a_loop, "by hand": hand_written}
        if line.stations == 1:
            contenders["the kit, time shared"] = shared_kit
        runs = [partial(contender, line) for contender in contenders.values()]
        print(f"  {name}")
        for contender, values in zip(
            contenders, ratios_of(partial(plain_simpy, line), runs, rounds), strict=True
        ):
            aims = {"the kit": aim, "the kit, time shared": "at least 1.5"}
            report(f"    {contender}", values, aims.get(contender, ""))


def overload(requests: int, rounds: int) -> None:
    """Cost of a customer with a four times longer backlog, as a multiple: 1 is flat."""
    print("Cost of a customer at twice the capacity, after four times as many customers")
    few, many = Line(2.0, 1, 1, requests // 2), Line(2.0, 1, 1, 2 * requests)
    for name, run, aim in (("the kit", kit, "1 is flat"), ("plain SimPy", plain_simpy, "")):
        report(
            f"  {name}", [ratio / 4 for ratio in ratios(partial(run, many), partial(run, few), rounds)], aim
        )


def deadlines(calls: int, rounds: int) -> None:
    """What a deadline adds to a call, plain SimPy's divided by the kit's, for deadlines that are met."""
    print("Cost that a deadline adds to a call, plain `request | timeout` divided by the kit's")
    for timeout_s in (0.1, 1.0, 60.0):
        values = []
        for _ in range(rounds):
            plain = cpu_s(lambda t=timeout_s: plain_calls(calls, t)) - cpu_s(lambda: plain_calls(calls, None))
            ours = cpu_s(lambda t=timeout_s: kit_calls(calls, t)) - cpu_s(lambda: kit_calls(calls, None))
            values.append(plain / ours)
        report(f"  time-out after {timeout_s:g} s", values, "at least 4")


def time_outs(many: int, rounds: int) -> None:
    """Cost of waiting for time to pass."""
    print("Cost of a wait for `sim.timeout`, plain SimPy's divided by the kit's")
    report("  a process, a task", ratios(partial(plain_waits, many), partial(kit_waits, many), rounds))


def memory(requests: int) -> None:
    """Bytes a recorded request, all of it and the record alone."""
    tracemalloc.start()
    small = kit(Line(0.5, 1, 1, requests // 10))
    before, _ = tracemalloc.get_traced_memory()
    large = kit(Line(0.5, 1, 1, requests))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    rows = large.recorder.rows
    print(f"Memory: {(after - before) / rows:.0f} bytes a request held after a run of {rows:,}", end="")
    print(f" ({large.recorder.nbytes / rows:.0f} of them the record's; under 64 is the aim)")
    assert small.recorder.rows < rows


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "throughput": lambda size: throughput(size.requests, size.rounds),
    "overload": lambda size: overload(size.requests, size.rounds),
    "deadlines": lambda size: deadlines(size.requests // 10, size.rounds),
    "time-outs": lambda size: time_outs(size.requests // 10, size.rounds),
    "memory": lambda size: memory(size.requests),
    "flat-cost": lambda size: flat_cost.report(size.requests, size.rounds, size.largest),
    "intervals": lambda size: interval_coverage.report(size.repetitions),
    "imports": lambda size: imports.report(size.rounds),
    "explorers": lambda _: explorers.report(),
    "cluster": lambda _: cluster.report(),
    "chapters": lambda _: chapters.report(),
}


def main(arguments: Sequence[str]) -> int:
    """Print every ratio, and the coverage of the intervals. Returns an exit code."""
    parser = argparse.ArgumentParser(prog="run.py bench", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS)
    )
    parser.add_argument(
        "--against", metavar="COMMIT", help="measure a former state of the course, too, part by part in turn"
    )
    parser.add_argument(
        "--requests", type=at_least(1000), default=50_000, help="size of a run (default: 50000)"
    )
    parser.add_argument("--rounds", type=at_least(1), default=5, help="rounds (default: 5)")
    parser.add_argument(
        "--repetitions",
        type=at_least(1),
        default=200,
        help="repetitions of the experiments with intervals (default: 200)",
    )
    parser.add_argument(
        "--largest", action="store_true", help="measure ten times as long a backlog, too: a minute, and 1 GB"
    )
    size = parser.parse_args(arguments)
    if size.against is not None:
        same = [f"--{name}={getattr(size, name)}" for name in ("requests", "rounds", "repetitions")]
        return in_turn(size.against, size.only, [*same, *["--largest"] * size.largest])
    for part in size.only:
        PARTS[part](size)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
