"""Latency of the shop as microservices: what its hops cost, on an idle shop, where nobody waits for anybody.

Hops are noticed from that time on at which a page takes `NOTICEABLE_PERCENT` longer.

>>> frame = hops([0.0, 1.0], seeds=range(2), requests=30)
>>> frame.page_hops_ms.round(6).tolist()
[0.0, 4.0]
>>> network_latency(noticed_from_hop_ms=0.1).words
'Holds when: from 0.1 ms a hop, where a page takes 10 % longer'
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, first_holding, holds_from
from archlab.shop.day import run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, MicroservicesConfig
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MONOLITH, MonolithConfig
from archlab.sim.distributions import as_distribution
from archlab.sim.experiment import sweep
from archlab.sim.workload import Deterministic, Mix

HOPS_MS = (0.0, 0.05, 0.1, 0.25, 0.5, 1.0)
"""One way. 0.05 ms: through a proxy. 0.25 ms: between two machines of a region (data/costs_of_operations.csv)."""

KINDS = {"page": "browse", "order": "place_order"}


def hop(
    seed: int,
    hop_ms: float,
    config: MicroservicesConfig = MICROSERVICES,
    monolith: MonolithConfig = MONOLITH,
    requests: int = 100,
) -> dict[str, float]:
    """Measure the median page and the median order of both shops, one request a second, so that nobody waits.

    Returns for `page` and `order`: `<kind>_ms`, `<kind>_in_process_ms`, `<kind>_hops_ms` (what the hops alone cost:
    the same services with a network that takes no time, subtracted) and `<kind>_slower_percent`, those hops as a share
    of the monolith's median.
    """
    figures: dict[str, float] = {}
    for name, kind in KINDS.items():
        in_process_ms = _median_ms(seed, kind, monolith, requests)
        near_ms, far_ms = (
            _median_ms(seed, kind, replace(config, hop_s=ms / 1000), requests) for ms in (0.0, hop_ms)
        )
        hops_ms = far_ms - near_ms
        figures |= {
            f"{name}_ms": far_ms,
            f"{name}_in_process_ms": in_process_ms,
            f"{name}_hops_ms": hops_ms,
            f"{name}_slower_percent": 100 * hops_ms / in_process_ms,
        }
    return figures


def _median_ms(seed: int, kind: str, config: MicroservicesConfig | MonolithConfig, requests: int) -> float:
    run = (
        partial(run_day, Monolith, config)
        if isinstance(config, MonolithConfig)
        else partial(run_day, Microservices, config)
    )
    day = run(Deterministic(rate_per_s=1), seed, duration_s=float(requests), mix=Mix.of({kind: 1.0}))
    return 1000 * day.result.latency_s(50, kind)


def hops(
    hops_ms: Sequence[float] = HOPS_MS,
    seeds: Iterable[int] = range(4),
    config: MicroservicesConfig = MICROSERVICES,
    requests: int = 100,
) -> pd.DataFrame:
    """Sweep `hop`. Columns: hop_ms, and its figures with intervals."""
    return sweep(partial(hop, config=config, requests=requests), {"hop_ms": hops_ms}, seeds)


def by_hand_ms(config: MicroservicesConfig = MICROSERVICES) -> Mapping[str, float]:
    """Return the mean time of the hops of a page and of an order, in ms: messages times the time of one."""
    one_way_ms = 1000 * as_distribution(config.hop_s).mean
    return {name: 2 * len(config.use_cases[kind]) * one_way_ms for name, kind in KINDS.items()}  # type: ignore[index]


def noticed_from_hop_ms(hops: pd.DataFrame) -> float:
    """Return the hop from which a page is noticeably slower; takes `latency.hops`."""
    return first_holding(hops.hop_ms.tolist(), (hops.page_slower_percent - NOTICEABLE_PERCENT).tolist())


@settles("cons.network-latency", evidence=Evidence.SIMULATED)
def network_latency(noticed_from_hop_ms: float) -> Verdict:
    """Holds from the hop at which the hops of a page take {NOTICEABLE_PERCENT} % of what the monolith takes for
    all of it.
    """
    return holds_from(noticed_from_hop_ms, f"ms a hop, where a page takes {NOTICEABLE_PERCENT:.0f} % longer")
