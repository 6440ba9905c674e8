"""Where a use turns: up to which load functions are cheaper, up to which work, and the verdict on it.

Both sides of `uses` keep the promise: functions with environments kept ready if they must, servers with more machines.

>>> from archlab.chapters.serverless.uses import API
>>> 7.9 < cheaper_up_to(API) < 8.1
True
"""

from collections.abc import Iterable
from dataclasses import replace

import joblib
import pandas as pd

from archlab.chapters.serverless.uses import (
    LATE,
    MOST_KEPT,
    USES,
    Use,
    functions_usd,
    kept_ready,
    late_share,
    machines,
    server_usd,
)
from archlab.course.claims import Assumption, OverSeeds, Verdict, holds_if, holds_up_to
from archlab.course.quantity import number, percent
from archlab.sim.functions.function import TIME_LIMIT_S
from archlab.sim.parallel import in_parallel

SEEDS = range(10)


def spared(use: Use, per_s: float, kept: int = 0) -> float:
    """Return by how much functions are cheaper, as a share of what the servers cost."""
    return 1 - functions_usd(use, per_s, kept) / server_usd(use, per_s)


def cheaper_up_to(use: Use, kept: int = 0) -> float:
    """Return up to which load functions are cheaper than one server, in the use's unit. There is no luck in it."""
    from scipy.optimize import brentq  # SciPy is loaded when it is used: that takes a while

    usual = use.usual_per_s * use.unit_s

    def margin(per_unit: float) -> float:
        return spared(use, per_unit / use.unit_s, kept)

    return float(brentq(margin, usual / 100, usual * 500))


def flips_at_ms(use: Use, kept: int = 0, seed: int = 1) -> float:
    """Return up to how much computing an event, in ms, functions are in time and cheaper at the usual load."""

    def is_worth_it(computes_s: float) -> bool:
        longer = replace(use, computes_s=computes_s)
        in_time = late_share(longer, "functions", kept, seed) <= LATE and longer.run_s < TIME_LIMIT_S
        return in_time and spared(longer, use.usual_per_s, kept) > 0

    low, high = use.computes_s, 2 * use.computes_s
    while is_worth_it(high):
        low, high = high, 2 * high
    while high / low > 1.02:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if is_worth_it(middle) else (low, middle)
    return 1000 * low


def figures_of(use: Use, seeds: Iterable[int] = SEEDS) -> dict[str, float]:
    """Return the figures of a use's rule, by their names."""
    chosen, run = list(seeds), in_parallel
    kept = min(kept_ready(use), MOST_KEPT)
    size = machines(use, use.usual_per_s)
    late = run(joblib.delayed(late_share)(use, "functions", kept, seed) for seed in chosen)
    server_late = run(joblib.delayed(late_share)(use, "server", size, seed) for seed in chosen)
    return {
        "cheaper_up_to": cheaper_up_to(use, kept),
        "late": OverSeeds(late),
        "server_late": OverSeeds(server_late),
        "kept_ready": kept,
        "flips_at_ms": flips_at_ms(use, kept),
    }


def turning_points() -> pd.DataFrame:
    """Return a row a use: the promise, what functions and servers cost at the usual load, and where it turns."""
    rows = []
    for use in USES.values():
        kept = min(kept_ready(use), MOST_KEPT)
        limit = cheaper_up_to(use, kept)
        usd = (functions_usd(use, use.usual_per_s, kept), server_usd(use, use.usual_per_s))
        rows.append((use.name, *usd, limit, use.unit, limit / use.unit_s, kept))
    columns = ["use", "functions_usd", "server_usd", "turns_at", "unit", "turns_at_per_s", "kept_ready"]
    return pd.DataFrame(rows, columns=columns).set_index("use")


SAYS = {
    "cheaper_up_to": "the load up to which functions are cheaper",
    "late": "events that are not in time with functions",
    "server_late": "the same on the server",
    "kept_ready": "environments that are kept ready for that",
    "flips_at_ms": "ms of computing up to which functions are in time and cheaper at the usual load",
}


def judged(
    use: Use, cheaper_up_to: float, late: float, server_late: float, kept_ready: float, flips_at_ms: float
) -> Verdict:
    """Return the verdict on a use: functions must be in time, and are worth it up to the load where they cost more."""
    if late > LATE:
        return holds_if(False)
    usual = use.usual_per_s * use.unit_s
    work = Assumption(
        "the computing of one event",
        use.computes_s,
        flips_at_ms / 1000,
        "s",
        when=f"an event computes for at most {{flips_at}} at {number(usual)} {use.unit}",
    )
    ready = f", {number(kept_ready)} environments kept ready" if kept_ready else ""
    unit = (
        f"{use.unit} (beside a t3.medium, of whose answers {percent(float(server_late))} are late; promise "
        f"{number(use.promise_s)} s{ready})"
    )
    return holds_up_to(cheaper_up_to, unit, decided_by=work)
