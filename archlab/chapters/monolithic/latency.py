"""Latency of the monolithic shop: how it grows with the load, and with hops inside an order.

The rule at the end judges by the hop from which on an order is noticeably longer. Messages add to an order what they
take (a test holds that against runs of the shop), so the limit follows from orders in process, seed by seed. So does
that of a page: in our shop it asks the catalogue directly, which costs nothing over a network either, but in a program
whose modules are called through messages it makes one call.

>>> theory = cores_alone(rates_per_s=[40, 390])
>>> theory.p99_ms.round(0).tolist()
[22.0, 294.0]
>>> print(
...     no_network_calls(
...         hop_that_orders_notice_ms=1.9, slowest_provider_that_hides_no_hop_ms=5.6, hop_that_pages_notice_ms=0.17
...     ).detail
... )
from 1.9 ms a hop for orders, and inside a region, when the payment provider answers within 5.6 ms (here 100), \
and from 0.17 ms a hop for pages
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, all_of, holds_from
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.config import PROVIDER_S
from archlab.shop.day import BROWSE_ONLY, ORDERS_ONLY, capacity_per_s, run_day
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import CALLS_PER_ORDER, MONOLITH, MonolithConfig
from archlab.sim.distributions import as_distribution
from archlab.sim.experiment import PooledPercentile, replicate, sweep
from archlab.sim.shared_time_theory import mmc_ps_response_percentile
from archlab.sim.theory import mmc_response_percentile
from archlab.sim.workload import Mix, Poisson

PERCENTILES = (50, 95, 99)
LOADS = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
"""Shares of the capacity."""

NEARLY_AS_LONG_AS_AT = 0.7
"""The share of the capacity from which on runs get longer: below it, busy spells are short."""

REGION_HOP_MS = 0.25
"""Between two machines of a region, one way, see data/costs_of_operations.csv."""

HOPS_MS = (0.0, REGION_HOP_MS, 1.0)
"""One way."""

CALLS_IN_A_ROW = 3
"""Of the six calls of an order those that must wait for another: catalogue and stock can be asked at the same time,
then the payment provider, and then three modules can write."""

CALLS_PER_PAGE = 1
"""Of the front with the catalogue. A page that shows stock or advice makes more, and notices shorter hops."""

PROVIDER_MS = 1000 * PROVIDER_S.median
"""The usual answer of the payment provider."""


def latency_at(
    seed: int, rate_per_s: float, mix: Mix = SHOP_MIX, config: MonolithConfig = MONOLITH, requests: int = 250
) -> dict[str, PooledPercentile]:
    """Measure the percentiles of browsing at one rate of requests.

    The nearer to capacity, the longer the run: `requests` / (1 - load), after a tenth of it as warm-up. Above
    95 % of the capacity that is too short for a steady state: there it errs low.
    """
    load = min(max(rate_per_s / capacity_per_s(config, mix), NEARLY_AS_LONG_AS_AT), 0.97)
    duration_s = requests / (1 - load) / rate_per_s
    day = run_day(Monolith, config, Poisson(rate_per_s), seed, duration_s, 1 + duration_s / 10, mix)
    pages_ms = 1000 * day.result.latencies_s("browse")
    return {f"p{q}_ms": PooledPercentile(q, pages_ms) for q in PERCENTILES}


def latency_against_load(
    mix: Mix = SHOP_MIX,
    loads: Sequence[float] = LOADS,
    seeds: Iterable[int] = range(10),
    config: MonolithConfig = MONOLITH,
    requests: int = 250,
) -> pd.DataFrame:
    """Sweep `latency_at` over shares of the capacity. Columns: load, rate_per_s, p50_ms, p95_ms, p99_ms, intervals."""
    rates_per_s = [load * capacity_per_s(config, mix) for load in loads]
    model = partial(latency_at, mix=mix, config=config, requests=requests)
    return sweep(model, {"rate_per_s": rates_per_s}, seeds).assign(load=list(loads))


def growth_of_p99(frame: pd.DataFrame, since: int = 0) -> pd.DataFrame:
    """Return how many times as long the p99 of each row is as that of row `since`; takes `p99_ms` with its interval.

    Columns: growth, growth_low, growth_high. The two intervals are put together as those of independent runs, on a
    logarithmic scale, for it is a ratio. The same seeds meet at both points, so it errs wide.
    """
    before = frame.iloc[since]
    growth = frame.p99_ms / before.p99_ms
    down = np.hypot(np.log(frame.p99_ms / frame.p99_ms_low), np.log(before.p99_ms_high / before.p99_ms))
    up = np.hypot(np.log(frame.p99_ms_high / frame.p99_ms), np.log(before.p99_ms / before.p99_ms_low))
    ends = {"growth_low": growth * np.exp(-down), "growth_high": growth * np.exp(up)}
    return pd.DataFrame({"growth": growth, **ends})


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
    calls_in_a_row: int = CALLS_PER_ORDER,
    config: MonolithConfig = MONOLITH,
    orders: int = 100,
    rate_per_s: float = 5.0,
) -> dict[str, float]:
    """Measure the median time of an order: with calls in process, or with messages that take `hop_ms` one way.

    Once with the payment provider, and once with a provider that answers at once: `own_p50_ms`, what the shop
    itself needs. The shop is nearly idle. Calls that need not wait for each other can go side by side: then fewer are
    `calls_in_a_row`. It leaves out retries, jitter and lost messages: a real network is slower.
    """
    if hop_ms is not None:
        hop_s = hop_ms / 1000 * calls_in_a_row / CALLS_PER_ORDER
        config = replace(config, calls="network", hop_s=hop_s)
    figures = {}
    for name, built in (("p50_ms", config), ("own_p50_ms", replace(config, provider_s=0.0))):
        day = run_day(Monolith, built, Poisson(rate_per_s), seed, orders / rate_per_s, 1.0, ORDERS_ONLY)
        figures[name] = 1000 * day.result.latency_s(50)
    return figures


def orders_in_process(
    seeds: Iterable[int] = range(10), config: MonolithConfig = MONOLITH, orders: int = 100
) -> pd.DataFrame:
    """Measure orders in one process. A row a seed: seed, p50_ms, own_p50_ms."""
    return replicate(partial(order_latency, config=config, orders=orders), seeds)


def hops(
    in_process: pd.DataFrame,
    hops_ms: Sequence[float] = HOPS_MS,
    calls_in_a_row: int = CALLS_PER_ORDER,
    config: MonolithConfig = MONOLITH,
    orders: int = 100,
) -> pd.DataFrame:
    """Compare `orders_in_process` with the same orders over network hops.

    Columns: hop_ms, p50_ms and own_p50_ms with intervals, in_process_own_p50_ms, and how much slower it is:
    slower_percent, own_slower_percent. Same seeds everywhere: the same orders meet the same luck.
    """
    model = partial(order_latency, calls_in_a_row=calls_in_a_row, config=config, orders=orders)
    frame = sweep(model, {"hop_ms": hops_ms}, in_process.seed.tolist())
    near = in_process.mean()
    return frame.assign(
        in_process_p50_ms=near.p50_ms,
        in_process_own_p50_ms=near.own_p50_ms,
        slower_percent=100 * (frame.p50_ms / near.p50_ms - 1),
        own_slower_percent=100 * (frame.own_p50_ms / near.own_p50_ms - 1),
    )


def messages_ms(
    hop_ms: float, calls_in_a_row: int = CALLS_PER_ORDER, config: MonolithConfig = MONOLITH
) -> float:
    """Return how much longer an order takes over a network: two messages a call, and the work on all of them."""
    return 2 * calls_in_a_row * hop_ms + 2 * CALLS_PER_ORDER * 1000 * config.message_cpu_s


def slower_over_hops_percent(
    in_process: pd.DataFrame,
    hop_ms: float = REGION_HOP_MS,
    calls_in_a_row: int = CALLS_PER_ORDER,
    config: MonolithConfig = MONOLITH,
) -> OverSeeds:
    """Return how much longer the median order takes over such hops, by its messages; takes `orders_in_process`."""
    return OverSeeds(100 * messages_ms(hop_ms, calls_in_a_row, config) / in_process.p50_ms)


def page_in_process(seed: int, config: MonolithConfig = MONOLITH, pages: int = 1500) -> dict[str, float]:
    """Measure the median time of a page in one process, in a shop that is nearly idle, in milliseconds."""
    rate_per_s = 0.05 * capacity_per_s(config, BROWSE_ONLY)
    day = run_day(Monolith, config, Poisson(rate_per_s), seed, pages / rate_per_s, 1.0, BROWSE_ONLY)
    return {"p50_ms": 1000 * day.result.latency_s(50)}


def pages_in_process(
    seeds: Iterable[int] = range(10), config: MonolithConfig = MONOLITH, pages: int = 1500
) -> OverSeeds:
    """Return the median time of a page in one process, in milliseconds."""
    return OverSeeds(replicate(partial(page_in_process, config=config, pages=pages), seeds).p50_ms)


def page_messages_ms(hop_ms: float, config: MonolithConfig = MONOLITH) -> float:
    """Return how much longer a page takes when its call is two messages over a network."""
    return 2 * CALLS_PER_PAGE * (hop_ms + 1000 * config.message_cpu_s)


def pages_slower_percent(
    pages_ms: OverSeeds, hop_ms: float = REGION_HOP_MS, config: MonolithConfig = MONOLITH
) -> OverSeeds:
    """Return how much longer the median page takes over such hops; takes `pages_in_process`."""
    return OverSeeds(100 * page_messages_ms(hop_ms, config) / page_ms for page_ms in pages_ms.per_seed)


def hop_that_pages_notice_ms(pages_ms: OverSeeds, config: MonolithConfig = MONOLITH) -> Limit:
    """Return the hop from which a page takes `NOTICEABLE_PERCENT` longer; takes `pages_in_process`."""
    encoding_ms = page_messages_ms(0.0, config)
    bearable_ms = [NOTICEABLE_PERCENT / 100 * page_ms - encoding_ms for page_ms in pages_ms.per_seed]
    return Limit("from", [spare / (2 * CALLS_PER_PAGE) if spare > 0 else -np.inf for spare in bearable_ms])


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


def hop_that_orders_notice_ms(
    in_process: pd.DataFrame,
    calls_in_a_row: int = CALLS_IN_A_ROW,
    config: MonolithConfig = MONOLITH,
) -> Limit:
    """Return the hop from which an order takes `NOTICEABLE_PERCENT` longer; takes `orders_in_process`.

    The work on messages alone may be noticed: then at every hop.
    """
    bearable_ms = NOTICEABLE_PERCENT / 100 * in_process.p50_ms - messages_ms(0.0, config=config)
    limits_ms = bearable_ms / (2 * calls_in_a_row)
    return Limit("from", limits_ms.where(limits_ms > 0, -np.inf).tolist())


def slowest_provider_that_hides_no_hop_ms(
    in_process: pd.DataFrame,
    hop_ms: float = REGION_HOP_MS,
    calls_in_a_row: int = CALLS_IN_A_ROW,
    config: MonolithConfig = MONOLITH,
) -> OverSeeds:
    """Return how long a provider may take that hides no hop inside a region: an order is as much longer.

    The provider always answers in the same time here. 0: also with one that answers at once such a hop is not noticed.
    """
    hidden_by_ms = messages_ms(hop_ms, calls_in_a_row, config) / (NOTICEABLE_PERCENT / 100)
    return OverSeeds((hidden_by_ms - in_process.own_p50_ms).clip(lower=0.0))


@settles("pros.better-performance-no-network-calls", evidence=Evidence.SIMULATED)
def no_network_calls(
    hop_that_orders_notice_ms: float,
    slowest_provider_that_hides_no_hop_ms: float,
    hop_that_pages_notice_ms: float,
) -> Verdict:
    """Holds from the hop at which the median takes {NOTICEABLE_PERCENT} % longer because calls are messages: of an
    order with {CALLS_IN_A_ROW} calls in a row (the others go side by side) beside a payment provider that takes
    {PROVIDER_MS} ms, and of a page with {CALLS_PER_PAGE} call.
    """
    provider = Assumption(
        "the payment provider",
        usual=PROVIDER_MS,
        flips_at=slowest_provider_that_hides_no_hop_ms,
        unit="ms",
        when="the payment provider answers within {flips_at}",
    )
    unit = "ms a hop for orders, and inside a region"
    orders = holds_from(hop_that_orders_notice_ms, unit, decided_by=provider)
    return all_of(orders, holds_from(hop_that_pages_notice_ms, "ms a hop for pages"))
