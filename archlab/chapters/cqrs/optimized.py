"""From how many reports on each side needs a model of its own: the verdict on optimising them independently.

Somebody suffers when orders, pages or reports take more than twice their usual time. Without a read model for the
report there are two strong shops: one with all cores in one database, and one with a replica for reports. As long as
either of them lets nobody suffer, nothing is gained. The shops and the load: `archlab.chapters.cqrs.reports`.

>>> bool(slowest("replica for reports", seed=1, reports_per_s=0.1) < 2 < slowest("one", seed=1, reports_per_s=2.0))
True
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import joblib

from archlab.chapters.cqrs.reports import REPORT_S, waits
from archlab.course.claims import (
    MUCH_SLOWER,
    Assumption,
    Evidence,
    Limit,
    OverSeeds,
    Verdict,
    bisect,
    holds_from,
    holds_if,
    settles,
)
from archlab.course.quantity import about, number
from archlab.shop.cqrs import CqrsConfig
from archlab.shop.cqrs.config import follower_of

UNSEPARATED = ("replica for reports", "one")
"""The strongest shops without a read model of the report. A replica for everything fails before they do."""
TRIED_PER_S = (0.25, 1.2)
RATE_PER_S = 0.8
"""Reports a second for which the length of a report is said."""


def slowest(shop: str, seed: int, reports_per_s: float, report_s: float = REPORT_S) -> float:
    """Return in how many times their usual time the kind that suffers most is answered.

    Usual is, for orders and pages, the same run with one model and without reports; for reports, the work by joins
    alone.
    """
    usual, now = _usual(seed), waits(shop, seed, reports_per_s, report_s=report_s)
    times = {name: now[name] / usual[name] for name in ("order_s", "page_s")}
    return max(*times.values(), now["report_s"] / report_s)


@cache
def _usual(seed: int) -> dict[str, float]:
    return waits("one", seed, reports_per_s=0.0)


def _unbearable(seed: int, reports_per_s: float) -> float:
    """How far the best of `UNSEPARATED` is beyond what may be: twice the usual time."""
    for shop in UNSEPARATED:
        if (times := slowest(shop, seed, reports_per_s)) <= MUCH_SLOWER:
            break  # one that is fast enough will do
    return times - MUCH_SLOWER


def needed_from(seeds: Iterable[int] = range(10)) -> Limit:
    """Return from how many reports a second on no shop without a read model for them is fast enough."""
    return bisect(_unbearable, TRIED_PER_S, "from", seeds, tolerance=0.2, log=True)


def as_long(limit: Limit) -> Limit:
    """Return from how long a report on that is so, in seconds, at `RATE_PER_S`. A queue knows only the load, which is
    the rate times the length.
    """
    return Limit("from", [per_s * REPORT_S / RATE_PER_S for per_s in limit.per_seed])


def figures(seeds: Iterable[int] = range(10)) -> dict[str, float]:
    """Return the figures of `optimized_independently`, by their names."""
    chosen = list(seeds)
    beside = joblib.Parallel()(joblib.delayed(slowest)("separate", seed, RATE_PER_S) for seed in chosen)
    missing = joblib.Parallel()(
        joblib.delayed(slowest)("separate, not foreseen", seed, RATE_PER_S) for seed in chosen
    )
    limit = needed_from(chosen)
    return {
        "needed_from_per_s": limit,
        "needed_from_s": as_long(limit),
        "times_slower_separate": OverSeeds(beside),
        "times_slower_not_foreseen": OverSeeds(missing),
        "most_orders_followed": most_orders_per_s(),
    }


def most_orders_per_s() -> float:
    """Return how many orders a second the projectors of all read models bear: that of the busiest one."""
    config = CqrsConfig()
    asked_s = config.demands_s().loc["place_order"]
    return 1 / float(max(asked_s[follower_of(server)] for server in config.read_servers))


SAYS = {
    "needed_from_per_s": "reports a second from which somebody waits twice as long without a read model for them",
    "needed_from_s": "seconds of a report by joins from which that is so, at one a second",
    "times_slower_separate": "times as long as usual, for who waits longest, with a read model in its own database",
    "times_slower_not_foreseen": "the same when nobody foresaw the report",
    "most_orders_followed": "orders a second that the projectors can follow at most",
}


@settles("definition.optimize-each-independently", evidence=Evidence.SIMULATED, says=SAYS)
def optimized_independently(
    needed_from_per_s: float,
    needed_from_s: float,
    times_slower_separate: float,
    times_slower_not_foreseen: float,
    most_orders_followed: float,
) -> Verdict:
    """Holds from so many reports of {REPORT_S} s a second that, without a read model for them, somebody waits more than
    {MUCH_SLOWER} times as long as usual even in the best shop, if nobody does in a shop that has one. How long a report
    takes by joins decides, at {RATE_PER_S} a second. All shops have as many cores for databases.
    """
    length = Assumption(
        "a report by joins",
        REPORT_S,
        needed_from_s,
        "s",
        when=(
            f"a report takes at least {{flips_at}} by joins, at {number(RATE_PER_S)} a second (a report that nobody "
            f"foresaw makes somebody wait {about(times_slower_not_foreseen)} times as long, and the projectors follow "
            f"{about(most_orders_followed)} orders/s at most)"
        ),
    )
    if times_slower_separate > MUCH_SLOWER:
        return holds_if(False, decided_by=length)
    return holds_from(needed_from_per_s, f"reports/s of {number(REPORT_S)} s", decided_by=length)
