"""How fast the kit is, and how honest its intervals are.

Run it with `python run.py bench`. Each figure of speed is a ratio of two programs measured in turn in one run: CPU
seconds, several rounds, the ratio taken inside a round, the median printed with the lowest and the highest. Nothing
here is asserted: machines differ, and a busy one lies. For the intervals, see `interval_coverage`.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import simpy

from archlab.course.arguments import at_least
from archlab.sim import Exponential, Poisson, Simulation, Station, Streams
from tests.bench import interval_coverage

Run = Callable[[], object]
CALLERS = 10


def plain_simpy(
    arrival_rate_per_s: float, service_s: float, servers: int, stations: int, requests: int
) -> list:
    """The idiom of SimPy's own documentation: a process a customer, `with resource.request()`."""
    env = simpy.Environment()
    resources = [simpy.Resource(env, servers) for _ in range(stations)]
    gaps, services = _draws("arrivals", 1 / arrival_rate_per_s), _draws("service", service_s)
    latencies: list[float] = []

    def customer():
        arrived = env.now
        for resource in resources:
            with resource.request() as request:
                yield request
                yield env.timeout(next(services))
        latencies.append(env.now - arrived)

    def source():
        for _ in range(requests):
            yield env.timeout(next(gaps))
            env.process(customer())

    env.process(source())
    env.run()
    return latencies


def kit(
    arrival_rate_per_s: float, service_s: float, servers: int, stations: int, requests: int
) -> Simulation:
    """The same system in the kit's generator style, with request objects and every request recorded."""
    sim = Simulation(seed=1)
    line = [Station(sim, f"station {number}", servers) for number in range(stations)]
    service = sim.draws("service", Exponential(service_s))

    def one_stop(request):
        yield only.serve(service())

    def three_stops(request):
        yield first.serve(service())
        yield second.serve(service())
        yield third.serve(service())

    if stations == 1:
        (only,) = line
    else:
        first, second, third = line
    sim.open_load(Poisson(arrival_rate_per_s), one_stop if stations == 1 else three_stops)
    sim.run(until=requests / arrival_rate_per_s)
    return sim


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


def cpu_s(run: Run) -> float:
    """CPU seconds of one run, with the garbage of the last one collected before."""
    gc.collect()
    start = time.process_time()
    run()
    return time.process_time() - start


def ratios(slow: Run, fast: Run, rounds: int) -> list[float]:
    """CPU time of `slow` divided by that of `fast`, once a round, the two measured in turn."""
    slow(), fast()
    return [cpu_s(slow) / cpu_s(fast) for _ in range(rounds)]


def report(what: str, values: list[float], aim: str = "") -> None:
    """One line: the median, the range and the aim."""
    middle = statistics.median(values)
    print(f"{what:<58}{middle:6.2f}   ({min(values):.2f} to {max(values):.2f})   {aim}")


def throughput(requests: int, rounds: int) -> None:
    """Throughput as a multiple of plain SimPy's."""
    print("Throughput, times plain SimPy")
    systems = {
        "M/M/1 at 0.8": (0.8, 1.0, 1, 1, 2 * requests, "at least 3"),
        "M/M/8 at 0.9": (7.2, 1.0, 8, 1, 2 * requests, "at least 3"),
        "three M/M/4 in a row at 0.8": (3.2, 1.0, 4, 3, requests, "at least 3.5"),
    }
    for name, (*system, aim) in systems.items():
        report(f"  {name}", ratios(lambda s=system: plain_simpy(*s), lambda s=system: kit(*s), rounds), aim)


def overload(requests: int, rounds: int) -> None:
    """Cost of a customer with a four times longer backlog, as a multiple: 1 is flat."""
    print("Cost of a customer at twice the capacity, after four times as many customers")

    def growth(run: Callable[..., object]) -> list[float]:
        few = lambda: run(2.0, 1.0, 1, 1, requests // 2)  # noqa: E731
        many = lambda: run(2.0, 1.0, 1, 1, 2 * requests)  # noqa: E731
        return [ratio / 4 for ratio in ratios(many, few, rounds)]

    report("  the kit", growth(kit), "1 is flat")
    report("  plain SimPy", growth(plain_simpy))


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


def memory(requests: int) -> None:
    """Bytes a recorded request, all of it and the record alone."""
    tracemalloc.start()
    small = kit(0.5, 1.0, 1, 1, requests // 10)
    before, _ = tracemalloc.get_traced_memory()
    large = kit(0.5, 1.0, 1, 1, requests)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    rows = large.recorder.rows
    print(f"Memory: {(after - before) / rows:.0f} bytes a request held after a run of {rows:,}", end="")
    print(f" ({large.recorder.nbytes / rows:.0f} of them the record's; under 64 is the aim)")
    assert small.recorder.rows < rows


def _draws(name: str, mean: float) -> Iterator[float]:
    """Exponential draws in batches, so that plain SimPy does not lose time on NumPy calls."""
    rng: np.random.Generator = Streams(1).stream(name)
    while True:
        yield from rng.exponential(mean, 4096).tolist()


def main(arguments: Sequence[str]) -> int:
    """Print every ratio, and the coverage of the intervals. Returns an exit code."""
    parser = argparse.ArgumentParser(prog="run.py bench", description=__doc__)
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
    size = parser.parse_args(arguments)
    throughput(size.requests, size.rounds)
    overload(size.requests, size.rounds)
    deadlines(size.requests // 10, size.rounds)
    memory(size.requests)
    interval_coverage.report(size.repetitions)
    return 0
