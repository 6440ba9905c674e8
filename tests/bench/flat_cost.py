"""Whether the cost of a request stays flat when the system grows: CPU time and memory, against the smallest size.

A size is measured in turn with the smallest one, and the ratio is taken inside a round: 1 is flat. Only the run counts,
not the making of the parts. A calendar is a heap, so some growth, with the logarithm of its length, is in its nature;
and what is used less often is further away from the processor.
"""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable
from functools import partial

from archlab.sim import Exponential, Network, Poisson, Simulation, Station

Run = Callable[[], object]
Make = Callable[[], tuple[Simulation, Run]]


def overload(requests: int) -> tuple[Simulation, Run]:
    """One server at twice its capacity, so half of all requests are in its queue at the end."""
    return stations(requests, many=1, load=2.0)


def stations(requests: int, many: int, load: float = 0.8) -> tuple[Simulation, Run]:
    """Requests that are spread over many stations, one after the other."""
    sim = Simulation(seed=1)
    parts = [Station(sim, f"station {number}") for number in range(many)]
    service_s = sim.draws("service", Exponential(1.0))

    def handler(request):
        yield parts[request.id % many].serve(service_s())

    sim.open_load(Poisson(load * many), handler)
    return sim, partial(sim.run, until=requests / (load * many))


def closed(requests: int, users: int) -> tuple[Simulation, Run]:
    """Users of a closed load, enough servers for all of them."""
    sim = Simulation(seed=1)
    station, service_s = Station(sim, "station", capacity=users), sim.draws("service", Exponential(1.0))

    def handler(request):
        yield station.serve(service_s())

    sim.closed_load(users, Exponential(4.0), handler)
    return sim, partial(sim.run, until=5.0 * requests / users)


def services(requests: int, many: int) -> tuple[Simulation, Run]:
    """Each request makes one call from a service to the next of many, over a network, with a time-out."""
    sim = Simulation(seed=1)
    network = Network(sim, latency_s=0.001)
    parts = [Station(sim, f"service {number}", capacity=4) for number in range(many)]
    service_s = sim.draws("service", Exponential(1.0))

    def work(part):
        yield part.serve(service_s())

    def handler(request):
        here, there = parts[request.id % many], parts[(request.id + 1) % many]
        yield network.call(here.name, there.name, work(there), timeout_s=60)

    sim.open_load(Poisson(2.0 * many), handler)
    return sim, partial(sim.run, until=requests / (2.0 * many))


def faults(rounds: int, entries: int) -> tuple[Simulation, Run]:
    """A station of four that is slowed down, crashes and restarts, while so much else is on the calendar."""
    sim = Simulation(seed=1)
    station = Station(sim, "station", capacity=4)
    for number in range(entries):
        sim.call_at(1e9 + number, print)

    def run():
        for _ in range(rounds):
            for _ in range(4):
                station.serve(1.0)
            station.slow_down(2.0)
            station.crash()
            station.restart()
            sim.run(until=sim.now + 0.1)

    return sim, run


def sizes(requests: int, largest: bool) -> dict[str, dict[str, tuple[Make, int]]]:
    """What is measured: title -> size -> what makes a run, and its requests. The first size is the smallest."""
    backlog = [requests // 10, requests, 10 * requests] if largest else [requests // 10, requests]
    rounds = requests // 2
    return {
        "requests at twice the capacity": {f"{n:,}": (partial(overload, n), n) for n in backlog},
        "users of a closed load": {
            f"{n:,}": (partial(closed, requests, n), requests) for n in (100, 1_000, 10_000)
        },
        "stations": {f"{n}": (partial(stations, requests, n), requests) for n in (1, 20, 200)},
        "services that call one another": {
            f"{n}": (partial(services, requests // 2, n), requests // 2) for n in (2, 8, 32)
        },
        "entries on the calendar at a slow-down and a crash": {
            f"{n:,}": (partial(faults, rounds, n), rounds) for n in (10, 1_000, 10_000)
        },
    }


def cpu_s(run: Run) -> float:
    """CPU seconds of one run, with the garbage of the last one collected before."""
    gc.collect()
    start_s = time.process_time()
    run()
    return time.process_time() - start_s


def run_s(make: Make) -> float:
    """CPU seconds of a run alone."""
    _, run = make()
    return cpu_s(run)


def added_bytes(make: Make) -> int:
    """Bytes that a simulation holds after a run, and did not before."""
    tracemalloc.start()
    sim, run = make()
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    run()
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del sim
    return after - before


def report(requests: int, rounds: int, largest: bool) -> None:
    """Print a table: for each size the CPU time of a request, how often that of the smallest, and the bytes added."""
    print(
        "Cost of a request when the system grows       us a request   times the smallest     bytes added a request"
    )
    for title, makes in sizes(requests, largest).items():
        smallest, its_requests = next(iter(makes.values()))
        print(f"  {title}")
        for size, (make, count) in makes.items():
            pairs = [(run_s(smallest) / its_requests, run_s(make) / count) for _ in range(rounds)]
            times = [here / there for there, here in pairs]
            print(
                f"    {size:>10}{1e6 * statistics.median(here for _, here in pairs):>44.2f}"
                f"{statistics.median(times):>10.2f}   ({min(times):.2f} to {max(times):.2f})"
                f"{added_bytes(make) / count:>18,.0f}"
            )
