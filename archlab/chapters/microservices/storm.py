"""A retry storm in the shop: ten seconds of standstill that the calls between services keep alive.

The catalogue stands still for ten seconds. The gateway waits a second for each of its calls and then calls again.
When the catalogue is back, it first works on calls that nobody waits for any more, each of which has been repeated.
From some load on it never catches up. The module `published_storm` has the published example of this.

Beside it a monolith under the same fault, whose modules call each other as functions: nobody inside tries again. In
both shops customers ask once and give up after three seconds. Real customers press the button again, which would
make both worse, and a monolith whose database driver retries can have the same storm.

What counts is the load from which on the fault outlives itself by `OUTLIVES_S`, in either shop.

>>> recovery(seed=1, load=0.3, watch_s=20)["ill_for_s"] < 20
True
>>> distributed_system_complexity(
...     services_stay_ill_from_load_percent=40, monolith_stays_ill_from_load_percent=95
... ).words
'Holds when: from 40 % of capacity, where calls are tried twice'
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, first_holding, holds_from, holds_if
from archlab.published import retry_storm
from archlab.published.retry_storm import FAILING, STANDSTILL
from archlab.shop.config import BROWSE_CPU_S, ORDER_CPU_S, TRACK_CPU_S
from archlab.shop.day import ShopResult, at_load, run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.guards import Guards
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.distributions import Exponential
from archlab.sim.experiment import sweep
from archlab.sim.faults import SlowDown
from archlab.sim.recording import OK
from archlab.sim.result import Result

FAULT_AT_S = 5.0
FAULT_S = 10.0
PATIENCE_S = 3.0
"""How long a customer waits."""
TWICE = Guards(timeout_s=1.0, retry_attempts=2)
"""One second for each attempt, and one retry: harmless, each by itself."""
WATCH_S = 40.0
"""How long the shop is watched after the fault."""

BROWSE_S, ORDER_S, TRACK_S = (
    Exponential(5 * cpu_s.mean) for cpu_s in (BROWSE_CPU_S, ORDER_CPU_S, TRACK_CPU_S)
)
"""Cores a fifth as fast, for a fifth of the customers: the same story in a fifth of the computing time, and noisier."""

RETRYING = MicroservicesConfig(
    guards={"catalogue": TWICE}, browse_cpu_s=BROWSE_S, order_cpu_s=ORDER_S, track_cpu_s=TRACK_S
)
MONOLITH = MonolithConfig(browse_cpu_s=BROWSE_S, order_cpu_s=ORDER_S, track_cpu_s=TRACK_S)


def day(
    seed: int, load: float = 0.7, config: MicroservicesConfig = RETRYING, watch_s: float = WATCH_S
) -> ShopResult:
    """Run the shop at a share of its capacity; for ten seconds the catalogue's cores do nothing."""
    fault = SlowDown("catalogue-1", FAULT_AT_S, FAULT_S, STANDSTILL)
    end_s = FAULT_AT_S + FAULT_S + watch_s + PATIENCE_S
    return run_day(
        Microservices, config, at_load(load, config), seed, end_s, faults=[fault], timeout_s=PATIENCE_S
    )


def recovery(
    seed: int, load: float, config: MicroservicesConfig = RETRYING, watch_s: float = WATCH_S
) -> dict[str, float]:
    """Return `ill_for_s`: how long after the fault pages still failed; `watch_s` when they did to the end."""
    return {"ill_for_s": ill_for_s(day(seed, load, config, watch_s).result)}


def monolith_recovery(
    seed: int, load: float, config: MonolithConfig = MONOLITH, watch_s: float = WATCH_S
) -> dict[str, float]:
    """Return the same for a monolith whose cores do nothing for ten seconds, at a share of its own capacity."""
    fault = SlowDown("shop-1 cpu", FAULT_AT_S, FAULT_S, STANDSTILL)
    arrivals, end_s = at_load(load, config), FAULT_AT_S + FAULT_S + watch_s + PATIENCE_S
    run = run_day(Monolith, config, arrivals, seed, end_s, faults=[fault], timeout_s=PATIENCE_S)
    return {"ill_for_s": ill_for_s(run.result)}


def ill_for_s(result: Result) -> float:
    """Return how long after the fault the last second was over in which more than a tenth of the pages failed.

    It looks at the pages whose customers have had time to give up.
    """
    rows = result.requests
    pages = rows[(rows.kind == "browse") & (rows.arrived_s < result.end_s - PATIENCE_S)]
    failed = (pages.outcome != OK).groupby(np.floor(pages.arrived_s)).mean()
    last_s = failed.index[failed > FAILING].max()
    return max(0.0, float(last_s) + 1 - FAULT_AT_S - FAULT_S)


def recoveries(
    loads: Sequence[float] = (0.2, 0.35, 0.5, 0.7, 0.85),
    seeds: Iterable[int] = range(2),
    services: MicroservicesConfig = RETRYING,
    watch_s: float = WATCH_S,
) -> pd.DataFrame:
    """Sweep the services with and without their guards, and the monolith, over the load.

    Columns: load_percent, and how long pages failed after the fault, `watch_s` at most: retrying_s, asking_once_s,
    monolithic_s.
    """
    of_services = partial(recovery, watch_s=watch_s)
    models = {
        "retrying_s": partial(of_services, config=services),
        "asking_once_s": partial(of_services, config=replace(services, guards={})),
        "monolithic_s": partial(monolith_recovery, watch_s=watch_s),
    }
    columns = {name: sweep(model, {"load": loads}, seeds).ill_for_s for name, model in models.items()}
    return pd.DataFrame({"load_percent": [100 * load for load in loads], **columns})


NAMES = {
    "retrying_s": "services, one retry",
    "asking_once_s": "services, no retry",
    "monolithic_s": "monolith",
}
"""The columns of `recoveries` in words."""


def drained(watch_s: float = WATCH_S, most: float = 0.9) -> pd.DataFrame:
    """Return how long a backlog takes to drain by arithmetic, for one and for two calls a page.

    Columns: design, load_percent, pages_fail_for_s, as far as it is below `watch_s`. See `retry_storm.drain_s`.
    """
    loads = np.arange(0.2, most, 0.01)
    frames = [
        pd.DataFrame(
            {
                "design": f"{1 + retries} calls",
                "load_percent": 100 * loads,
                "pages_fail_for_s": [retry_storm.drain_s(load, 1.0, retries, FAULT_S) for load in loads],
            }
        )
        for retries in (0, 1)
    ]
    return pd.concat(frames, ignore_index=True).query("pages_fail_for_s < @watch_s")


OUTLIVES_S = 30.0
"""A fault of ten seconds outlives itself when the shop is ill three times as long again after its end."""


def stays_ill_from_load_percent(recoveries: pd.DataFrame, design: str) -> float:
    """Return the load from which pages fail for `OUTLIVES_S` after the fault; takes `storm.recoveries`.

    `design`: "retrying", "asking_once" or "monolithic".
    """
    return first_holding(recoveries.load_percent.tolist(), (recoveries[f"{design}_s"] - OUTLIVES_S).tolist())


def storm_limits(recoveries: pd.DataFrame) -> dict[str, float]:
    """Return both figures of `distributed_system_complexity`, that of the services first."""
    return {
        "services_stay_ill_from_load_percent": stays_ill_from_load_percent(recoveries, "retrying"),
        "monolith_stays_ill_from_load_percent": stays_ill_from_load_percent(recoveries, "monolithic"),
    }


@settles("cons.distributed-system-complexity", evidence=Evidence.SIMULATED)
def distributed_system_complexity(
    services_stay_ill_from_load_percent: float, monolith_stays_ill_from_load_percent: float
) -> Verdict:
    """Holds from the load at which a fault outlives itself by {OUTLIVES_S} s in services that retry, when a
    monolith bears {NOTICEABLE_PERCENT} points of load more.
    """
    if not services_stay_ill_from_load_percent + NOTICEABLE_PERCENT < monolith_stays_ill_from_load_percent:
        return holds_if(False)
    return holds_from(services_stay_ill_from_load_percent, "% of capacity, where calls are tried twice")
