"""Fault isolation, beside the monolith: the same three faults in payments, the same arrivals, both shops guarded.

Isolation pays when the worst of these faults leaves the pages of the services unhurt, and hurts the monolith's.

>>> crash = monolith_under_fault(seed=1, fault=CRASH_OF_MONOLITH)
>>> crash["browse_percent"], crash["track_order_percent"]
(0.0, 0.0)
>>> isolation_pays(
...     worst_pages_services_percent=100.0, worst_pages_monolith_percent=0.0, isolated_up_to_timeout_s=0.8
... ).words
'Holds when: up to 0.8 s of time-out, when that is the only guard'
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import pandas as pd

from archlab.chapters.microservices.failure import (
    DESIGNS,
    FAULT_AT_S,
    FAULT_S,
    FAULTS,
    LOAD,
    PATIENCE_S,
    THREADED,
    TIMEOUT,
    UNHURT_PERCENT,
    shares_percent,
    sweep_shares,
    under_fault,
    until_answered_s,
)
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.shop.day import KINDS, at_load, run_day
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MONOLITH, MonolithConfig
from archlab.sim.faults import Crash, Fault
from archlab.sim.workload import Poisson

CRASH_OF_MONOLITH = Crash("shop-1", FAULT_AT_S, FAULT_S)
"""The first of them in a monolith: a module cannot crash alone."""
GUARDED_MONOLITH = replace(MONOLITH, bulkheads={"place_order": 6}, payment_timeout_s=TIMEOUT.timeout_s)
"""Chapter 01's shop with its bulkhead, and the same time-out for the provider."""


def monolith_under_fault(seed: int, fault: Fault, config: MonolithConfig = MONOLITH) -> dict[str, float]:
    """Return how the use cases of a monolith fare under a fault, with the arrivals of the services' shop."""
    arrivals = Poisson(at_load(LOAD, THREADED).rate_per_s)
    duration_s = until_answered_s(fault)
    run = run_day(Monolith, config, arrivals, seed, duration_s, faults=[fault], timeout_s=PATIENCE_S)
    return shares_percent(run.result)


def crash_beside_monolith(seeds: Iterable[int] = range(4)) -> pd.DataFrame:
    """Crash payments, as a service and inside a monolith: the same seconds, the same arrivals.

    A module cannot crash alone: its process does. Columns: use_case, still_served_percent with its interval.
    """
    parts = {"fault": [FAULTS["payments crashes"]]}
    services = sweep_shares(under_fault, parts, seeds)
    monolith = sweep_shares(monolith_under_fault, {"fault": [CRASH_OF_MONOLITH]}, seeds)
    rows = [_use_case(services, kind, f"{kind.replace('_', ' ')}, microservices") for kind in KINDS]
    return pd.DataFrame([*rows, _use_case(monolith, "browse", "browse, monolith")])


def _use_case(frame: pd.DataFrame, kind: str, name: str) -> dict[str, object]:
    ends = ("", "_low", "_high")
    return {"use_case": name} | {
        f"still_served_percent{end}": frame[f"{kind}_percent{end}"].iloc[0] for end in ends
    }


def isolation(
    services: MicroservicesConfig = DESIGNS["all three"],
    monolith: MonolithConfig = GUARDED_MONOLITH,
    seeds: Iterable[int] = range(2),
) -> pd.DataFrame:
    """Break payments in each of the ways of `FAULTS`, in guarded services and in a guarded monolith.

    Columns: fault, design (the architecture), the shares of success with intervals.
    """
    in_monolith = [CRASH_OF_MONOLITH, *list(FAULTS.values())[1:]]
    beside = {
        "monolithic": sweep_shares(
            partial(monolith_under_fault, config=monolith), {"fault": in_monolith}, seeds
        ),
        "microservices": sweep_shares(
            partial(under_fault, config=services), {"fault": [*FAULTS.values()]}, seeds
        ),
    }
    frames = [
        frame.assign(design=design, fault=list(FAULTS), order=range(len(frame)))
        for design, frame in beside.items()
    ]
    together = pd.concat(frames).sort_values("order", kind="stable", ignore_index=True)
    return together.drop(columns="order")


def worst_pages_percent(isolation: pd.DataFrame, design: str) -> float:
    """Return the least share of pages of a design over all faults; takes `isolation.isolation`."""
    return float(isolation.browse_percent[isolation.design == design].min())


@settles("pros.fault-isolation", evidence=Evidence.SIMULATED)
def isolation_pays(
    worst_pages_services_percent: float,
    worst_pages_monolith_percent: float,
    isolated_up_to_timeout_s: float,
) -> Verdict:
    """Holds up to the time-out, as the only guard, at which fewer than {UNHURT_PERCENT} % of the pages come, when
    as many come from guarded services whatever breaks in payments, and fewer from a guarded monolith.
    """
    if not worst_pages_services_percent >= UNHURT_PERCENT > worst_pages_monolith_percent:
        return holds_if(False)
    return holds_up_to(isolated_up_to_timeout_s, "s of time-out, when that is the only guard")
