"""Latency of the shop as microservices: what its hops cost, on an idle shop, where nobody waits for anybody.

Hops are noticed from that time on at which a page takes `NOTICEABLE_PERCENT` longer. Whether those of a region are,
the rest of the page decides: what else it waits for.

Under load a hop costs more than this, since each service has workers and cores of its own to wait for. Lost messages
and encryption are left out, too. All of it errs in favour of the services.

>>> frame = hops([0.0, 1.0], seeds=range(2), requests=30)
>>> frame.page_hops_ms.round(6).tolist()
[0.0, 4.0]
>>> noticed_up_to_page_ms()
10.0
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_from
from archlab.course.quantity import number
from archlab.shop.day import run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, MicroservicesConfig
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MONOLITH, MonolithConfig
from archlab.sim.distributions import as_distribution
from archlab.sim.experiment import sweep
from archlab.sim.workload import Deterministic, Mix

HOPS_MS = (0.25, 1.0)
"""One way. 0.25 ms: between two machines of a region (data/costs_of_operations.csv). 1 ms: an assumption."""

USUAL_HOP_MS = 1000 * as_distribution(MICROSERVICES.hop_s).mean

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
    seeds: Iterable[int] = range(10),
    config: MicroservicesConfig = MICROSERVICES,
    requests: int = 100,
) -> pd.DataFrame:
    """Sweep `hop`. Columns: hop_ms, and its figures with intervals."""
    return sweep(partial(hop, config=config, requests=requests), {"hop_ms": hops_ms}, seeds)


def by_hand_ms(config: MicroservicesConfig = MICROSERVICES) -> Mapping[str, float]:
    """Return the mean time of the hops of a page and of an order, in ms: messages times the time of one."""
    one_way_ms = 1000 * as_distribution(config.hop_s).mean
    return {name: _messages(config, name) * one_way_ms for name in KINDS}


def _messages(config: MicroservicesConfig, name: str) -> int:
    """Each call is two."""
    return 2 * len(config.use_cases[KINDS[name]])  # type: ignore[index]


def page_in_process_ms(
    seeds: Iterable[int] = range(10), monolith: MonolithConfig = MONOLITH, requests: int = 1000
) -> OverSeeds:
    """Return the median page of the monolith, seed by seed: all that a page takes without hops."""
    return OverSeeds(_median_ms(seed, KINDS["page"], monolith, requests) for seed in seeds)


def noticed_from_hop_ms(page_in_process_ms: OverSeeds, config: MicroservicesConfig = MICROSERVICES) -> Limit:
    """Return the hop from which a page is noticeably slower; takes `page_in_process_ms`.

    Nobody waits here, so hops add up: the limit is that share of the page, divided by its messages.
    """
    messages = _messages(config, "page")
    return Limit("from", [NOTICEABLE_PERCENT / 100 * ms / messages for ms in page_in_process_ms.per_seed])


def noticed_up_to_page_ms(config: MicroservicesConfig = MICROSERVICES) -> float:
    """Return how long a page may take without its hops, so that hops of `config` are still noticed."""
    return 100 * by_hand_ms(config)["page"] / NOTICEABLE_PERCENT


@settles(
    "cons.network-latency",
    evidence=Evidence.SIMULATED,
    says={
        "noticed_from_hop_ms": "the hop that our page notices",
        "page_in_process_ms": "our page without hops",
        "noticed_up_to_page_ms": "the longest page that notices our hop",
    },
)
def network_latency(
    noticed_from_hop_ms: float, page_in_process_ms: float, noticed_up_to_page_ms: float
) -> Verdict:
    """Holds from the hop at which the hops of a page take {NOTICEABLE_PERCENT} % of what the monolith takes for
    all of it. It flips where a page takes so long without them that hops of {USUAL_HOP_MS} ms are not noticed.
    """
    otherwise = Assumption(
        "what a page takes without its hops",
        usual=page_in_process_ms,
        flips_at=noticed_up_to_page_ms,
        unit="ms",
        when=f"at {number(USUAL_HOP_MS)} ms a hop a page takes no more than {{flips_at}} without them",
    )
    side = "beyond" if noticed_from_hop_ms <= USUAL_HOP_MS else "short of"
    unit = f"ms a hop (ours: {number(USUAL_HOP_MS)}, {side} it), where our page takes {NOTICEABLE_PERCENT:.0f} % longer"
    return holds_from(noticed_from_hop_ms, unit, decided_by=otherwise)
