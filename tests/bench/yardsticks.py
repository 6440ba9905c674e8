"""What the kit is measured against: plain SimPy, and programs that do no more than the queueing model asks for.

All of them run the same system: Poisson arrivals that pass `stations` in a row, each of `servers` with exponential
service. They return the latencies, and none records or measures anything else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
import simpy

from archlab.sim import Streams


@dataclass(frozen=True)
class Line:
    """`requests` that arrive at `arrival_rate_per_s` and pass `stations` of `servers`, for a mean of 1 s at each."""

    arrival_rate_per_s: float
    servers: int
    stations: int
    requests: int


def plain_simpy(line: Line) -> list[float]:
    """The idiom of SimPy's own documentation: a process a customer, `with resource.request()`."""
    env = simpy.Environment()
    resources = [simpy.Resource(env, line.servers) for _ in range(line.stations)]
    gaps, services = draws("arrivals", 1 / line.arrival_rate_per_s), draws("service", 1.0)
    latencies: list[float] = []

    def customer():
        arrived = env.now
        for resource in resources:
            with resource.request() as request:
                yield request
                yield env.timeout(next(services))
        latencies.append(env.now - arrived)

    def source():
        for _ in range(line.requests):
            yield env.timeout(next(gaps))
            env.process(customer())

    env.process(source())
    env.run()
    return latencies


def hand_written(line: Line) -> list[float]:
    """One loop over a heap, as one would write it for this system and no other: about the limit of Python."""
    gaps, services = draws("arrivals", 1 / line.arrival_rate_per_s), draws("service", 1.0)
    free, waiting = [line.servers] * line.stations, [deque[float]() for _ in range(line.stations)]
    heap, number, arrived, latencies = [(next(gaps), 0, -1, 0.0)], 0, 1, list[float]()
    while heap:
        now, _, station, came = heappop(heap)
        number += 1
        if station == -1:
            came = now
            if arrived < line.requests:
                arrived += 1
                heappush(heap, (now + next(gaps), number, -1, 0.0))
        elif waiting[station]:
            heappush(heap, (now + next(services), number, station, waiting[station].popleft()))
        else:
            free[station] += 1
        number, station = number + 1, station + 1
        if station == line.stations:
            latencies.append(now - came)
        elif free[station]:
            free[station] -= 1
            heappush(heap, (now + next(services), number, station, came))
        else:
            waiting[station].append(came)
    return latencies


def generators_in_a_loop(line: Line) -> list[float]:
    """A loop that knows generators and servers: they yield the number of a station, and go on when it has served."""
    gaps, services = draws("arrivals", 1 / line.arrival_rate_per_s), draws("service", 1.0)
    free, waiting = [line.servers] * line.stations, [deque[Steps]() for _ in range(line.stations)]
    heap: list[tuple[float, int, int, Steps | None]] = [(next(gaps), 0, 0, None)]
    now, number, arrived, latencies = 0.0, 0, 1, list[float]()

    def customer() -> Steps:
        came = now
        yield from range(line.stations)
        latencies.append(now - came)

    while heap:
        now, _, station, steps = heappop(heap)
        number += 2
        if steps is None:
            steps = customer()
            if arrived < line.requests:
                arrived += 1
                heappush(heap, (now + next(gaps), number, 0, None))
        elif waiting[station]:
            heappush(heap, (now + next(services), number, station, waiting[station].popleft()))
        else:
            free[station] += 1
        station = next(steps, -1)
        if station >= 0 and free[station]:
            free[station] -= 1
            heappush(heap, (now + next(services), number + 1, station, steps))
        elif station >= 0:
            waiting[station].append(steps)
    return latencies


Steps = Generator[int, None, None]


def draws(name: str, mean: float) -> Iterator[float]:
    """Exponential draws in batches, so that nobody loses time on NumPy calls."""
    rng: np.random.Generator = Streams(1).stream(name)
    while True:
        yield from rng.exponential(mean, 4096).tolist()
