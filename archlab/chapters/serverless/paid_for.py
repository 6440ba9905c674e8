"""What a request's bill is for: its work, its waiting, initialisation, the request itself. And what costs besides.

A function pays while it waits for a database or somebody else, a server does not: there other requests work meanwhile.
Where several requests share an environment (Cloud Run lets 80 in), they share its bill, too. Then one environment is a
small server: it bears as much as its processor and its places allow (`shared_usd_per_million`, by M/M/1 and Little's
law). Its GB-seconds have AWS's price here, since no source here has Cloud Run's; and all environments are as full as
the objective lets them, which errs in favour of sharing.

Rarely called functions pay more for a request, since many are cold and initialisation is billed. What is always there,
such as an environment kept ready, a poller or a database, costs whether anybody comes or not
(`archlab.chapters.serverless.bills.idle_usd_per_h`).

>>> parts_of_bill().round(2).to_dict()
{'work': 0.58, 'waiting': 0.67, 'request': 0.2}
>>> round(shared_usd_per_million(1.0, requests_each=1), 1), round(shared_usd_per_million(1.0, requests_each=80), 1)
(29.6, 0.9)
"""

from collections.abc import Iterable, Sequence
from functools import cache

import pandas as pd

from archlab.chapters.serverless.bills import (
    HOUR_S,
    METERED_AT_PER_S,
    OBJECTIVE_S,
    SEEDS,
    USUAL,
    Work,
    bears_per_s,
    least_memory_mb,
    machine_usd_per_h,
    metered,
)
from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_from
from archlab.course.quantity import number
from archlab.shop.architecture import HOURS_PER_MONTH
from archlab.sim.billing import Usage, memory_gb, price_usd, total_usd, usd_per_request
from archlab.sim.functions.memory import MB_PER_PROCESSOR
from archlab.sim.theory import mmc_response_percentile
from archlab.sim.validation import require_non_negative, require_whole

MILLION = 1e6
SHARED_MB = int(MB_PER_PROCESSOR)
"""An environment that several share has one whole processor."""
WAITINGS_S = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)
PLACES = (1, 10, 80)
RARE_PER_HOUR = (1.0, 256.0)
"""The loads between which the limit is looked for."""


def parts_of_bill(work: Work = USUAL) -> pd.Series:
    """Return what a million warm requests cost, in US dollars: for work, waiting, and the requests themselves."""
    memory_mb = least_memory_mb(work)
    usd_per_s = memory_gb(memory_mb) * price_usd("compute")
    parts = {
        "work": (work.run_s(memory_mb) - work.waiting_s) * usd_per_s,
        "waiting": work.waiting_s * usd_per_s,
        "request": price_usd("requests"),
    }
    return pd.Series(parts) * MILLION


def waiting_percent(work: Work = USUAL) -> float:
    """Return the share of a request's bill that is for waiting, in per cent."""
    parts = parts_of_bill(work)
    return float(100 * parts["waiting"] / parts.sum())


# Several requests in one environment -------------------------------------------------------------------------


def one_each_usd_per_million(waiting_s: float) -> float:
    """Return what a million requests cost that have an environment to themselves, with the usual memory."""
    require_non_negative("waiting_s", waiting_s)
    memory_mb = least_memory_mb()
    return MILLION * usd_per_request(Work(USUAL.cpu_s, waiting_s).run_s(memory_mb), memory_mb)


def shared_usd_per_million(waiting_s: float, requests_each: int) -> float:
    """Return what a million requests cost of which so many share an environment with one processor.

    It bears what its processor does within the objective (M/M/1; waiting for others does not count), but no more than
    its places let in: places / time inside (Little's law).
    """
    require_whole("requests_each", requests_each, at_least=1)
    bears = min(_processor_per_s(), requests_each / (_inside_s(requests_each) + waiting_s))
    usd_per_s = memory_gb(SHARED_MB) * price_usd("compute")
    return MILLION * (usd_per_s / bears + price_usd("requests"))


@cache
def _processor_per_s() -> float:
    """How many requests a second one processor does within the objective."""
    low, high = 0.0, 1 / USUAL.cpu_s
    for _ in range(30):
        middle = (low + high) / 2
        p99_s = mmc_response_percentile(99, middle, USUAL.cpu_s, 1)
        low, high = (middle, high) if p99_s <= OBJECTIVE_S - USUAL.waiting_s else (low, middle)
    return low


def _inside_s(requests_each: int) -> float:
    """Mean time of the work itself: alone, or behind others on a processor that is as busy as it may be."""
    if requests_each == 1:
        return USUAL.cpu_s
    return USUAL.cpu_s / (1 - _processor_per_s() * USUAL.cpu_s)


def server_usd_per_million() -> float:
    """Return what a million requests cost on one machine that is as hot as the objective lets it be."""
    return MILLION * machine_usd_per_h() / HOUR_S / bears_per_s(1)


def against_waiting(waitings_s: Sequence[float] = WAITINGS_S, places: Iterable[int] = PLACES) -> pd.DataFrame:
    """Return the price of a million requests. Columns: design, waiting_s, usd_per_million."""
    rows = []
    for waiting_s in waitings_s:
        for each in places:
            usd = (
                one_each_usd_per_million(waiting_s) if each == 1 else shared_usd_per_million(waiting_s, each)
            )
            rows.append((f"functions, {each} in an environment", waiting_s, usd))
        rows.append(("a full server", waiting_s, server_usd_per_million()))
    return pd.DataFrame(rows, columns=["design", "waiting_s", "usd_per_million"])


# Use and bill ------------------------------------------------------------------------------------------------


@cache
def _busy_usd(seed: int) -> float:
    return total_usd(metered(seed, METERED_AT_PER_S))


def dearer_percent(seed: int, per_hour: float) -> float:
    """Return by how much a request is dearer at so many an hour than under a load that keeps environments warm."""
    return 100 * (total_usd(metered(seed, per_hour / HOUR_S)) / _busy_usd(seed) - 1)


def _follows(seed: int, per_hour: float) -> float:
    return NOTICEABLE_PERCENT - dearer_percent(seed, per_hour)


def follows_from(seeds: Iterable[int] = SEEDS) -> Limit:
    """Return from how many requests an hour on a request costs about as much as under any higher load."""
    return bisect(_follows, RARE_PER_HOUR, "from", seeds, tolerance=0.1, log=True)


def may_be_always_on_usd_per_month(per_s: float = 1.0) -> float:
    """Return what may cost without use until it is `NOTICEABLE_PERCENT` of the bill of so many requests a second."""
    month = HOURS_PER_MONTH * HOUR_S * per_s * parts_of_bill().sum() / MILLION
    return float(NOTICEABLE_PERCENT / 100 * month)


def figures(seeds: Iterable[int] = SEEDS) -> dict[str, float]:
    """Return the figures of `pay_per_use`."""
    chosen = list(seeds)
    return {
        "idle_usd_per_month": float(total_usd(Usage())),
        "follows_from_per_hour": follows_from(chosen),
        "rare_dearer_percent": OverSeeds(dearer_percent(seed, RARE_PER_HOUR[0]) for seed in chosen),
        "waiting_percent": waiting_percent(),
        "always_on_up_to_usd_per_month": may_be_always_on_usd_per_month(),
    }


@settles(
    "faas.pay-per-use",
    evidence=Evidence.SIMULATED,
    says={
        "idle_usd_per_month": "functions that nobody calls",
        "follows_from_per_hour": "requests an hour from which a request has one price",
        "rare_dearer_percent": "how much dearer a request is that comes once an hour",
        "waiting_percent": "share of a request's bill that is for waiting",
        "always_on_up_to_usd_per_month": "what may be always on beside one request a second",
    },
)
def pay_per_use(
    idle_usd_per_month: float,
    follows_from_per_hour: float,
    rare_dearer_percent: float,
    waiting_percent: float,
    always_on_up_to_usd_per_month: float,
) -> Verdict:
    """Holds when functions that nobody calls cost nothing, from the load on at which a request costs within
    {NOTICEABLE_PERCENT} % of what it costs under any higher load. Use is time inside the function, whatever it does
    there: it says how much of it is waiting. What is always on comes on top: it says how much is {NOTICEABLE_PERCENT} %
    of the bill of one request a second.
    """
    always_on = Assumption(
        "what is always on",
        idle_usd_per_month,
        always_on_up_to_usd_per_month if idle_usd_per_month <= always_on_up_to_usd_per_month else -1.0,
        "USD a month",
        when="what is always on costs at most {flips_at} beside one request a second",
    )
    rare, waiting = number(round(float(rare_dearer_percent))), number(round(float(waiting_percent)))
    unit = (
        f"requests an hour (one an hour is {rare} % dearer, for its initialisation; {waiting} % of the bill is "
        "for waiting)"
    )
    if idle_usd_per_month > always_on_up_to_usd_per_month:
        return holds_from(float("inf"), unit)
    return holds_from(follows_from_per_hour, unit, decided_by=always_on)
