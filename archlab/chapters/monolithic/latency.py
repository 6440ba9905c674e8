"""Latency of the monolithic shop: how it grows with the load, with hops inside an order, and with unlike needs.

The rules at the end judge by two limits, read off the curves of `hops` and of `unlike_needs`.

>>> theory = cores_alone(rates_per_s=[40, 390])
>>> theory.p99_ms.round(0).tolist()
[22.0, 294.0]
>>> no_network_calls(noticed_from_hop_ms=0.9).words
'Holds when: from 0.9 ms a hop, where an order takes 10 % longer'
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import MUCH_SLOWER, NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, first_holding, holds_from, holds_up_to, last_holding
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.day import ORDERS_ONLY, at_load, capacity_per_s, run_day
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MONOLITH, MonolithConfig
from archlab.sim.distributions import Exponential, as_distribution
from archlab.sim.experiment import Figure, PooledPercentile, replicate, sweep
from archlab.sim.shared_time_theory import mmc_ps_response_percentile
from archlab.sim.theory import mmc_response_percentile
from archlab.sim.workload import Mix, Poisson

PERCENTILES = (50, 95, 99)
LOADS = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
"""Shares of the capacity."""

HOPS_MS = (0.0, 0.05, 0.25, 1.0, 5.0, 30.0)
"""One way. 0.05 ms: through a proxy. 0.25 ms: between two machines of a region. 30 ms: half of the round trip
across North America. All in data/costs_of_operations.csv; the others lie between."""


def latency_at(
    seed: int, rate_per_s: float, mix: Mix = SHOP_MIX, config: MonolithConfig = MONOLITH, requests: int = 250
) -> dict[str, PooledPercentile]:
    """Measure the percentiles of browsing at one rate of requests.

    The nearer to capacity, the longer the run: `requests` / (1 - load), after a tenth of it as warm-up. Above
    95 % of the capacity that is too short for a steady state: there it errs low.
    """
    load = min(rate_per_s / capacity_per_s(config, mix), 0.97)
    duration_s = requests / (1 - load) / rate_per_s
    day = run_day(Monolith, config, Poisson(rate_per_s), seed, duration_s, 1 + duration_s / 10, mix)
    pages_ms = 1000 * day.result.latencies_s("browse")
    return {f"p{q}_ms": PooledPercentile(q, pages_ms) for q in PERCENTILES}


def latency_against_load(
    mix: Mix = SHOP_MIX,
    loads: Sequence[float] = LOADS,
    seeds: Iterable[int] = range(4),
    config: MonolithConfig = MONOLITH,
    requests: int = 250,
) -> pd.DataFrame:
    """Sweep `latency_at` over shares of the capacity. Columns: rate_per_s, p50_ms, p95_ms, p99_ms, intervals."""
    rates_per_s = [load * capacity_per_s(config, mix) for load in loads]
    model = partial(latency_at, mix=mix, config=config, requests=requests)
    return sweep(model, {"rate_per_s": rates_per_s}, seeds)


def cores_alone(rates_per_s: Iterable[float], config: MonolithConfig = MONOLITH) -> pd.DataFrame:
    """Return what theory says of browsing only, on the cores alone: M/M/c-PS percentiles, columns as above.

    Cores that work in turn are M/M/c. It leaves out the query and the worker: a lower line, by about half a millisecond
    while nobody waits.
    """
    service_s = as_distribution(config.browse_cpu_s).mean
    percentile_s = mmc_ps_response_percentile if config.cores_share else mmc_response_percentile
    rows = [
        {"rate_per_s": rate}
        | {f"p{q}_ms": 1000 * percentile_s(q, rate, service_s, config.cores) for q in PERCENTILES}
        for rate in rates_per_s
    ]
    return pd.DataFrame(rows)


def order_latency(
    seed: int,
    hop_ms: float | None = None,
    config: MonolithConfig = MONOLITH,
    orders: int = 150,
    rate_per_s: float = 5.0,
) -> dict[str, float]:
    """Measure the median time of an order: with calls in process, or with messages that take `hop_ms` one way.

    Once with the payment provider, and once with a provider that answers at once: `own_p50_ms`, what the shop
    itself needs. The shop is nearly idle. It leaves out retries, jitter and lost messages: a real network is
    slower.
    """
    if hop_ms is not None:
        config = replace(config, calls="network", hop_s=hop_ms / 1000)
    figures = {}
    for name, built in (("p50_ms", config), ("own_p50_ms", replace(config, provider_s=0.0))):
        day = run_day(Monolith, built, Poisson(rate_per_s), seed, orders / rate_per_s, 1.0, ORDERS_ONLY)
        figures[name] = 1000 * day.result.latency_s(50)
    return figures


def hops(
    hops_ms: Sequence[float] = HOPS_MS,
    seeds: Iterable[int] = range(3),
    config: MonolithConfig = MONOLITH,
    orders: int = 150,
) -> pd.DataFrame:
    """Compare one order in process with the same order over network hops.

    Columns: hop_ms, p50_ms and own_p50_ms with intervals, in_process_p50_ms, in_process_own_p50_ms, and how
    much slower it is: slower_percent, own_slower_percent. Same seeds everywhere: the same orders meet the
    same luck.
    """
    model = partial(order_latency, config=config, orders=orders)
    near = replicate(model, seeds).mean()
    frame = sweep(model, {"hop_ms": hops_ms}, seeds)
    frame["in_process_p50_ms"], frame["in_process_own_p50_ms"] = near["p50_ms"], near["own_p50_ms"]
    frame["slower_percent"] = 100 * (frame.p50_ms / frame.in_process_p50_ms - 1)
    frame["own_slower_percent"] = 100 * (frame.own_p50_ms / frame.in_process_own_p50_ms - 1)
    return frame


def capacity_lost_to_messages(
    message_bytes: Sequence[int] = (1024, 10_240, 102_400), config: MonolithConfig = MONOLITH
) -> pd.DataFrame:
    """Return what encoding and decoding messages cost in capacity, by the bottleneck law: no simulation.

    Columns: message_bytes, capacity_per_s, lost_percent, all for the usual mix of requests. It leaves out the
    work of the operating system for each message: it errs low.
    """
    near = capacity_per_s(replace(config, calls="in-process"))
    far = [capacity_per_s(replace(config, calls="network", message_bytes=size)) for size in message_bytes]
    frame = pd.DataFrame({"message_bytes": list(message_bytes), "capacity_per_s": far})
    return frame.assign(lost_percent=100 * (1 - frame.capacity_per_s / near))


def browse_beside_heavy_orders(
    seed: int,
    times_heavier: float,
    load: float = 0.5,
    config: MonolithConfig = MONOLITH,
    duration_s: float = 20.0,
) -> dict[str, Figure]:
    """Measure browsing while each order needs `times_heavier` as much time on the cores, and comes as much rarer.

    So the cores are as busy as before; only the needs differ more. `load` is the share of the usual shop's
    capacity. It leaves out that heavy requests often need memory, too: it errs in favour of the shared machine.
    """
    order_cpu_s = Exponential(times_heavier * as_distribution(config.order_cpu_s).mean)
    shares = SHOP_MIX.shares | {"place_order": SHOP_MIX.shares["place_order"] / times_heavier}
    arrivals = Poisson(at_load(load, config).rate_per_s * sum(shares.values()))
    built = replace(config, order_cpu_s=order_cpu_s)
    result = run_day(Monolith, built, arrivals, seed, duration_s, warmup_s=2.0, mix=Mix(**shares)).result
    busy = result.parts.utilisation[f"{config.clone_names[0]} cpu"]
    pages_ms = 1000 * result.latencies_s("browse")
    percentiles = {f"p{q}_ms": PooledPercentile(q, pages_ms) for q in (50, 99)}
    return {**percentiles, "busy_percent": float(100 * busy)}


def unlike_needs(
    times_heavier: Sequence[float] = (1, 2, 4, 8),
    seeds: Iterable[int] = range(4),
    load: float = 0.5,
    config: MonolithConfig = MONOLITH,
    duration_s: float = 20.0,
) -> pd.DataFrame:
    """Sweep `browse_beside_heavy_orders`. Columns: times_heavier, p50_ms, p99_ms and busy_percent (of the
    cores) with intervals, p99_growth.

    `p99_growth` is the p99 of browsing over that at the first point.
    """
    model = partial(browse_beside_heavy_orders, load=load, config=config, duration_s=duration_s)
    frame = sweep(model, {"times_heavier": times_heavier}, seeds)
    return frame.assign(p99_growth=frame.p99_ms / frame.p99_ms.iloc[0])


def noticed_from_hop_ms(hops: pd.DataFrame) -> float:
    """Return the hop from which an order takes `NOTICEABLE_PERCENT` longer; takes `hops`."""
    return first_holding(hops.hop_ms.tolist(), (hops.slower_percent - NOTICEABLE_PERCENT).tolist())


@settles("pros.better-performance-no-network-calls", evidence=Evidence.SIMULATED)
def no_network_calls(noticed_from_hop_ms: float) -> Verdict:
    """Holds from the hop at which the median order takes {NOTICEABLE_PERCENT} % longer because its calls are
    messages.
    """
    return holds_from(
        noticed_from_hop_ms, f"ms a hop, where an order takes {NOTICEABLE_PERCENT:.0f} % longer"
    )


def browsing_bears_up_to_times_heavier(needs: pd.DataFrame) -> float:
    """Return how heavy orders may be until the p99 of browsing doubles; takes `unlike_needs`.

    inf when it does at no weight that was tried.
    """
    return last_holding(needs.times_heavier.tolist(), (MUCH_SLOWER - needs.p99_growth).tolist())


@settles("when-to-use.simple-requirements", evidence=Evidence.SIMULATED)
def simple_requirements(
    bears_up_to_times_heavier_shared: float, bears_up_to_times_heavier_in_turn: float
) -> Verdict:
    """Holds up to the weight of an order at which the p99 of the pages beside it is {MUCH_SLOWER} times as long as
    usual: on cores that share their time or, when it never gets so long there, on cores that work in turn.
    """
    if math.isfinite(bears_up_to_times_heavier_shared):
        return holds_up_to(bears_up_to_times_heavier_shared, "times as heavy orders")
    return holds_up_to(
        bears_up_to_times_heavier_in_turn,
        "times as heavy orders, on cores that work in turn; on cores that share their time at any weight tried",
    )
