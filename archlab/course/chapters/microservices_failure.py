"""The rules of chapter 02 about failure: what would make these three claims true, or not.

>>> isolation(pages_while_payments_is_down_percent=100, isolated_up_to_times_slower=7.2).words
'Holds when: up to 7.2 times slower; a crash does no harm'
>>> isolation(pages_while_payments_is_down_percent=60, isolated_up_to_times_slower=7.2).words
'Does not hold'

The figures come from `archlab.shop.microservices_experiments.failure` and `.storm`. The functions at the end find where
a curve of figures crosses a threshold.
"""

import pandas as pd

from archlab.course.chapters.monolithic import NOTICEABLE_PERCENT
from archlab.course.rule import Evidence, settles
from archlab.course.verdict import Verdict, first_holding, holds_from, holds_if, holds_up_to, last_holding

UNHURT_PERCENT = 99.0
"""One page in a hundred that does not come is noticed. With nothing broken all of them come."""

OUTLIVES_S = 30.0
"""A fault of ten seconds outlives itself when the shop is ill three times as long again after its end."""


@settles("characteristics.fault-isolation", evidence=Evidence.SIMULATED)
def isolation(pages_while_payments_is_down_percent: float, isolated_up_to_times_slower: float) -> Verdict:
    """Without any guard, pages come while payments is down, and while its provider is slow: up to which slowness?"""
    if pages_while_payments_is_down_percent < UNHURT_PERCENT:
        return holds_if(False)
    return holds_up_to(isolated_up_to_times_slower, "times slower; a crash does no harm")


@settles("pros.fault-isolation", evidence=Evidence.SIMULATED)
def isolation_pays(
    worst_pages_services_percent: float,
    worst_pages_monolith_percent: float,
    isolated_up_to_timeout_s: float,
) -> Verdict:
    """With guards, pages come whatever breaks in payments; a guarded monolith loses some. How short a time-out?"""
    if not worst_pages_services_percent >= UNHURT_PERCENT > worst_pages_monolith_percent:
        return holds_if(False)
    return holds_up_to(isolated_up_to_timeout_s, "s of time-out, when that is the only guard")


@settles("cons.distributed-system-complexity", evidence=Evidence.SIMULATED)
def distributed_system_complexity(
    services_stay_ill_from_load_percent: float, monolith_stays_ill_from_load_percent: float
) -> Verdict:
    """From this load on a fault outlives itself by `OUTLIVES_S` in services that retry; a monolith bears more."""
    if not services_stay_ill_from_load_percent + NOTICEABLE_PERCENT < monolith_stays_ill_from_load_percent:
        return holds_if(False)
    return holds_from(services_stay_ill_from_load_percent, "% of capacity, where calls are tried twice")


FAILURE = (isolation, isolation_pays, distributed_system_complexity)


def isolated_up_to_times_slower(slower: pd.DataFrame) -> float:
    """Return the slowness up to which pages come; takes `failure.slower_and_slower`."""
    return last_holding(slower.times_slower.tolist(), (slower.browse_percent - UNHURT_PERCENT).tolist())


def isolated_up_to_timeout_s(timeouts: pd.DataFrame) -> float:
    """Return the time-out up to which pages come; takes `failure.timeouts`."""
    return last_holding(timeouts.timeout_s.tolist(), (timeouts.browse_percent - UNHURT_PERCENT).tolist())


def worst_pages_percent(isolation: pd.DataFrame, design: str) -> float:
    """Return the least share of pages of a design over all faults; takes `failure.isolation`."""
    return float(isolation.browse_percent[isolation.design == design].min())


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
