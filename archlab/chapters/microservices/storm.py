"""A retry storm in the shop: ten seconds of standstill that a retry keeps alive.

The catalogue stands still for ten seconds. The gateway waits a second for each of its calls and then calls again.
When the catalogue is back, it first works on calls that nobody waits for any more, each of which has been repeated.
From some load on it never catches up. The module `published_storm` has the published example of this.

Both ask as often, so both fall at about the same load: the capacity divided by the attempts. Who asks once more than
the other falls earlier; Istio, a service mesh, asks three times by default. And one storm is not all complexity.

Beside it a monolith under the same fault with the same retry: its door waits a second for a page and asks for it
again. Customers look at pages alone, which may be asked for twice without harm; an order needs more care. In both
shops they ask once and give up after three seconds. Real customers press the button again, which makes both worse.

While all answers come too late, all calls are made twice. So the storm feeds itself where more arrives, repeated calls
included, than the slow part can do. How much that is, is measured while it rages (`stays_ill_from_load_percent`). Below
that load the queue drains, near it slowly: to watch for some seconds and call what is still ill then a storm would
depend on how long one watches.

>>> distributed_system_complexity(
...     services_stay_ill_from_load_percent=50,
...     monolith_stays_ill_from_load_percent=51,
...     services_worse_up_to_attempts_in_the_monolith=1,
...     services_worse_from_attempts_in_the_services=3,
... ).words
'Does not hold: it would hold when the monolith asked only once for a page, or the services 3 times (here 2)'
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf

import joblib
import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.published.retry_storm import FAILING, STANDSTILL
from archlab.shop.config import BROWSE_CPU_S, ShopConfig
from archlab.shop.day import BROWSE_ONLY, ShopResult, at_load, capacity_per_s, run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.guards import Guards
from archlab.shop.monolithic.architecture import Monolith, Steps
from archlab.shop.monolithic.config import MonolithConfig
from archlab.shop.store import ProductPage
from archlab.sim.distributions import Exponential
from archlab.sim.faults import SlowDown
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.resilience.retry import Retry
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation

SEEDS = range(10)
FAULT_AT_S = 3.0
FAULT_S = 10.0
PATIENCE_S = 3.0
"""How long a customer waits."""
ATTEMPTS = 2
ATTEMPT_S = 1.0
TWICE = Guards(timeout_s=ATTEMPT_S, retry_attempts=ATTEMPTS)
"""One second for each attempt, and one retry: harmless, each by itself."""
WATCH_S = 40.0
"""How long the shop is watched after the fault."""
LOAD = 0.7
"""The share of its capacity at which the shop is shown."""

SLOWER = 10
BROWSE_S = Exponential(SLOWER * BROWSE_CPU_S.mean)
"""Cores a tenth as fast, for a tenth of the customers: the same story in a tenth of the computing time, and noisier."""


class AskingTwice(Monolith):
    """A monolith whose door waits `ATTEMPT_S` for a page and asks again. It works on what it was asked first, too."""

    def __init__(self, sim: Simulation, config: MonolithConfig | None = None) -> None:
        super().__init__(sim, config)
        self._retry = Retry(sim, "door", ATTEMPTS)

    def browse(self, product: int) -> Steps[ProductPage]:
        def attempt() -> Event:
            page = self.sim.start(Monolith.browse(self, product))
            return self.sim.deadline(page, ATTEMPT_S)

        return (yield self._retry.call(attempt))


@dataclass(frozen=True)
class Shop:
    """One of the shops, the part that stands still for a while, and the one before which its calls queue."""

    architecture: type[Microservices] | type[Monolith]
    config: ShopConfig
    still: str
    queue: str


RETRYING = MicroservicesConfig(guards={"catalogue": TWICE}, browse_cpu_s=BROWSE_S)
MONOLITH = MonolithConfig(browse_cpu_s=BROWSE_S)
SERVICES = Shop(Microservices, RETRYING, still="catalogue-1", queue="catalogue-1")

SHOPS: Mapping[str, Shop] = {
    "services, one retry": SERVICES,
    "services, no retry": replace(SERVICES, config=replace(RETRYING, guards={})),
    "monolith, one retry": Shop(AskingTwice, MONOLITH, still="shop-1 cpu", queue="shop-1"),
    "monolith, no retry": Shop(Monolith, MONOLITH, still="shop-1 cpu", queue="shop-1"),
}


def day(seed: int, load: float = LOAD, shop: Shop = SERVICES, watch_s: float = WATCH_S) -> ShopResult:
    """Run a shop at a share of its capacity; for ten seconds its cores for pages do nothing."""
    fault = SlowDown(shop.still, FAULT_AT_S, FAULT_S, STANDSTILL)
    end_s = FAULT_AT_S + FAULT_S + watch_s + PATIENCE_S
    arrivals = at_load(load, shop.config, BROWSE_ONLY)
    return run_day(
        shop.architecture,
        shop.config,
        arrivals,
        seed,
        end_s,
        mix=BROWSE_ONLY,
        faults=[fault],
        timeout_s=PATIENCE_S,
    )


def ill_for_s(result: Result) -> float:
    """Return how long after the fault the last second was over in which more than a tenth of the pages failed.

    It looks at the pages whose customers have had time to give up.
    """
    served = served_percent(result)
    last_s = served.index[served < 100 * (1 - FAILING)].max()
    return max(0.0, float(last_s) + 1 - FAULT_AT_S - FAULT_S)


def served_percent(result: Result) -> pd.Series:
    """Return the share of the pages that came, by the whole second in which they were asked for."""
    rows = result.requests
    pages = rows[(rows.kind == "browse") & (rows.arrived_s < result.end_s - PATIENCE_S)]
    return 100 * (pages.outcome == OK).groupby(np.floor(pages.arrived_s)).mean()


def beside_each_other(seed: int = 1, load: float = LOAD, watch_s: float = WATCH_S) -> pd.DataFrame:
    """Run all of `SHOPS`. Columns: design, time_s, pages_percent: the share of the pages that came."""
    runs = in_parallel(joblib.delayed(_over_time)(seed, load, shop, watch_s) for shop in SHOPS.values())
    return pd.concat([run.assign(design=name) for name, run in zip(SHOPS, runs, strict=True)])


def _over_time(seed: int, load: float, shop: Shop, watch_s: float) -> pd.DataFrame:
    served = served_percent(day(seed, load, shop, watch_s).result)
    return pd.DataFrame({"time_s": served.index + 1.0, "pages_percent": served.to_numpy()})


# From which load on it does not end --------------------------------------------------------------------------

FROM_S, UNTIL_S = 2.0, 22.0
"""The time after the fault in which the growth of the queue is measured: calls are repeated a second later, and at
`LOAD` what is asked once has not drained before."""


def stays_ill_from_load_percent(seed: int, shop: Shop, load: float = LOAD) -> float:
    """Return the load at which the queue of a shop neither grows nor drains after the fault, in per cent of its
    capacity.

    What asks for work is what the shop does, its capacity, and what piles up. As long as all answers are late, each
    page asks for the same number of calls at any load. So the load at which they are just the capacity follows in
    proportion.
    """
    result = day(seed, load, shop, watch_s=UNTIL_S).result
    queue = result.samples[result.samples.part == shop.queue].set_index("time_s").queue_length
    since_s = queue.index - FAULT_AT_S - FAULT_S
    span = queue[(since_s >= FROM_S) & (since_s <= UNTIL_S)]
    grows_per_s = (span.iloc[-1] - span.iloc[0]) / (span.index[-1] - span.index[0])
    asked = 1 + grows_per_s / capacity_per_s(shop.config, BROWSE_ONLY)
    return 100 * load / asked


def storm_limits(shops: Mapping[str, Shop] = SHOPS, seeds: Iterable[int] = SEEDS) -> dict[str, OverSeeds]:
    """Return the figures of `distributed_system_complexity`, by their names."""
    chosen = list(seeds)
    services = _limits(shops["services, one retry"], chosen)
    twice, once = (_limits(shops[f"monolith, {retries} retry"], chosen) for retries in ("one", "no"))
    often = _limits(THREE_TIMES, chosen)
    pairs = zip(services, once, twice, strict=True)
    more = zip(twice, services, often, strict=True)
    return {
        "services_stay_ill_from_load_percent": Limit("from", services),
        "monolith_stays_ill_from_load_percent": Limit("from", twice),
        "services_worse_up_to_attempts_in_the_monolith": Limit(
            "up to", [_worse_up_to(service, monolith) for service, *monolith in pairs], whole=True
        ),
        "services_worse_from_attempts_in_the_services": Limit(
            "from", [_worse_from(monolith, services) for monolith, *services in more], whole=True
        ),
    }


THREE_TIMES = replace(
    SERVICES, config=replace(RETRYING, guards={"catalogue": replace(TWICE, retry_attempts=ATTEMPTS + 1)})
)
"""Services that ask once more."""


def _times(attempts: float) -> str:
    return "once" if attempts == min(range(1, ATTEMPTS)) else f"{attempts:.0f} times"


def _limits(shop: Shop, seeds: Iterable[int]) -> list[float]:
    one = joblib.delayed(stays_ill_from_load_percent)
    return list(in_parallel(one(seed, shop) for seed in seeds))


def ill_from_a_lower_load(limits: Mapping[str, float]) -> str:
    """Return "services" or "monolith", or "about the same" when they are less than `NOTICEABLE_PERCENT` points apart.

    `limits`: as `storm_limits` returns them.
    """
    services, monolith = (
        limits[name]
        for name in ("services_stay_ill_from_load_percent", "monolith_stays_ill_from_load_percent")
    )
    if abs(services - monolith) < NOTICEABLE_PERCENT:
        return "about the same"
    return "services" if services < monolith else "monolith"


def _worse_up_to(services: float, monolith: Iterable[float]) -> float:
    """With how many attempts a page, 1 or 2, the monolith still bears noticeably more than the services."""
    worse = [n for n, bears in enumerate(monolith, 1) if bears > services + NOTICEABLE_PERCENT]
    return max(worse, default=-inf)


def _worse_from(monolith: float, services: Iterable[float]) -> float:
    """With how many attempts a page, `ATTEMPTS` or one more, services bear noticeably less than the monolith."""
    worse = [n for n, bears in enumerate(services, ATTEMPTS) if monolith > bears + NOTICEABLE_PERCENT]
    return min(worse, default=inf)


@settles(
    "cons.distributed-system-complexity",
    evidence=Evidence.SIMULATED,
    says={
        "services_stay_ill_from_load_percent": "load from which services stay ill",
        "monolith_stays_ill_from_load_percent": "load from which the monolith does",
        "services_worse_up_to_attempts_in_the_monolith": "services are worse up to so many attempts in the monolith",
        "services_worse_from_attempts_in_the_services": "or from so many attempts in the services",
    },
)
def distributed_system_complexity(
    services_stay_ill_from_load_percent: float,
    monolith_stays_ill_from_load_percent: float,
    services_worse_up_to_attempts_in_the_monolith: float,
    services_worse_from_attempts_in_the_services: float,
) -> Verdict:
    """Holds when the load from which a fault outlives itself for ever is {NOTICEABLE_PERCENT} points higher in a
    monolith than in services, and both ask for a page up to {ATTEMPTS} times. It says with how many attempts of either
    it turns. One storm is not all complexity.
    """
    attempts = Assumption(
        "attempts at a page of the services",
        usual=ATTEMPTS,
        flips_at=services_worse_from_attempts_in_the_services,
        unit="times",
        when=f"the monolith asked only {_times(services_worse_up_to_attempts_in_the_monolith)} for a page, or the "
        "services {flips_at}",
    )
    bears_more = monolith_stays_ill_from_load_percent - services_stay_ill_from_load_percent
    return holds_if(bears_more > NOTICEABLE_PERCENT, decided_by=attempts)
