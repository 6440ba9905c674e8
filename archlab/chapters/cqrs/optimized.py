"""How new must a report be, so that each side needs a model of its own? The verdict on optimising them independently.

Without a read model a report by joins can be kept away from orders and pages, by a replica; and it can be quick, when
it was made beforehand (`archlab.chapters.cqrs.reports.KEPT`). What is left is its age. One that is made anew all the
time has what was there when it was begun, and is shown until the next one is ready: with c cores in turn it becomes
1 + 1/c times as old as it takes to make. A read model adds up as orders come, and is as old as its projector is behind.

>>> round(oldest_kept(report_s=1.0, cores=2), 1)
1.5
"""

from __future__ import annotations

from collections.abc import Iterable

import joblib
import pandas as pd

from archlab.chapters.cqrs.reports import CORES, KEPT, REPORT_S, waits
from archlab.course.claims import (
    MUCH_SLOWER,
    Assumption,
    Evidence,
    Limit,
    OverSeeds,
    Verdict,
    holds_if,
    holds_up_to,
    settles,
)
from archlab.course.quantity import about, number
from archlab.sim.parallel import in_parallel
from archlab.sim.validation import require_positive, require_whole

RATE_PER_S = 0.8
ALLOWED_S = 60.0
"""How old many a report may be: a minute. An assumption; a nightly one may be a day old, a dashboard of machines a
second."""


def oldest_kept(report_s: float, cores: int) -> float:
    """Return how old a report is at most that so many cores make anew in turn."""
    require_positive("report_s", report_s)
    require_whole("cores", cores, at_least=1)
    return report_s * (1 + 1 / cores)


def slowest(shop: str, seed: int) -> float:
    """Return in how many times their usual time, without reports, orders or pages are answered: the worse of both."""
    usual, now = waits("one", seed, 0.0), waits(shop, seed, RATE_PER_S)
    return max(now[name] / usual[name] for name in ("order_s", "page_s"))


def figures(seeds: Iterable[int] = range(10)) -> dict[str, float]:
    """Return the figures of `optimized_independently`, by their names."""
    chosen = list(seeds)
    kept, own = (
        pd.DataFrame(in_parallel(joblib.delayed(waits)(shop, seed, RATE_PER_S) for seed in chosen))
        for shop in (KEPT, "separate")
    )
    slower = {
        shop: OverSeeds(in_parallel(joblib.delayed(slowest)(shop, seed) for seed in chosen))
        for shop in ("separate", "one")
    }
    return {
        "kept_age_s": Limit("up to", kept.age_s),
        "needed_from_s": Limit("from", ALLOWED_S * REPORT_S / kept.age_s),
        "own_age_s": OverSeeds(own.age_s),
        "own_slower": slower["separate"],
        "one_slower": slower["one"],
    }


SAYS = {
    "kept_age_s": "age of a report that a replica makes anew all the time, 99th percentile",
    "needed_from_s": "how long a report must take by joins, so that one a minute old needs a read model",
    "own_age_s": "age of a report from its read model, 99th percentile",
    "own_slower": "times as long as usual, for orders or pages beside reports from a read model",
    "one_slower": "the same beside reports by joins on one model",
}


def _in_ms(seconds: float) -> str:
    return f"{1000 * float(seconds):.0f} ms"


@settles("definition.optimize-each-independently", evidence=Evidence.SIMULATED, says=SAYS)
def optimized_independently(
    kept_age_s: float, needed_from_s: float, own_age_s: float, own_slower: float, one_slower: float
) -> Verdict:
    """Holds up to the age that a report has at most where a replica makes it anew all the time, with {CORES} cores for
    both databases: whoever needs it newer needs a read model. It does not hold when that one is no newer, or when
    orders or pages take more than {MUCH_SLOWER} times their usual time beside it. A report takes {REPORT_S} s by joins.
    Where it may be {ALLOWED_S} s old, its length decides.
    """
    length = Assumption(
        "a report by joins",
        REPORT_S,
        needed_from_s,
        "s",
        when=(
            f"a report takes {number(REPORT_S)} s by joins (one that may be {number(ALLOWED_S)} s old: at least "
            f"{{flips_at}}; from its read model it is {_in_ms(own_age_s)} old; without a replica somebody waits "
            f"{about(one_slower)} times as long)"
        ),
    )
    if own_slower > MUCH_SLOWER or own_age_s >= kept_age_s:
        return holds_if(False, decided_by=length)
    return holds_up_to(kept_age_s, f"s of age, with {number(CORES)} cores", decided_by=length)
