"""In time: whether a shop keeps the objective under a load, and up to which share of its capacity it does.

Buying goes by the bottleneck law, which knows no waiting (`archlab.chapters.choosing.buying`). Here what was bought is
run. A request is in time when it is answered well within the objective's time (`archlab.chapters.choosing.objective`).
An order counts from when it is asked for until it is *done*, in all shops, though the event-driven one answers before.

Everybody who comes in the measured time is counted, and the run goes on until the last of them has had all his time,
under the same load. Nobody leaves: who gives up would make room for others.

>>> from archlab.chapters.choosing.buying import cheapest
>>> offer = cheapest("monolithic", rate_per_s=30)
>>> keeps(served(offer.form, offer.config, rate_per_s=30, seeds=[1]))
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from archlab.chapters.choosing.buying import USUAL, Offer, Terms, law_per_s
from archlab.chapters.choosing.forms import Form
from archlab.chapters.choosing.objective import ORDER_P99_S, PAGE_P99_S, SUCCEED
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.shop.config import ShopConfig
from archlab.sim.recording import OK
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson

WITHIN_S: Mapping[str, float] = {"browse": PAGE_P99_S, "place_order": ORDER_P99_S, "track_order": PAGE_P99_S}
"""Kind of request -> within which time it is wanted."""
TAIL_S = max(WITHIN_S.values())
WARMUP_S, MEASURED_S = 1.0, 2.0

Times = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Served:
    """What came of one shop under one load, with one seed or several, in seconds.

    Attributes:
        answered_s: kind -> of each request until its answer; infinite where there was none, or a bad one.
        done_s: kind -> of each request until all its work was done; infinite where it was not.
        per_s: requests answered well in a second of the measured time, whenever they came, with each seed.
    """

    answered_s: Mapping[str, Times]
    done_s: Mapping[str, Times]
    per_s: tuple[float, ...]


def served(
    form: Form,
    config: ShopConfig,
    rate_per_s: float,
    seeds: Iterable[int],
    terms: Terms = USUAL,
    measured_s: float = MEASURED_S,
    tail_s: float = TAIL_S,
) -> Served:
    """Run a shop under Poisson arrivals, once with each seed, and put what came of it together.

    `tail_s`: how long the run goes on after the measured time. What is not over then is taken for infinitely slow.
    """
    run = partial(_run, form, config, rate_per_s, terms=terms, measured_s=measured_s, tail_s=tail_s)
    return together([run(seed) for seed in seeds])


def _run(
    form: Form,
    config: ShopConfig,
    rate_per_s: float,
    seed: int,
    terms: Terms,
    measured_s: float,
    tail_s: float,
) -> Served:
    sim, lasts_s = Simulation(seed), measured_s + tail_s
    shop = form.build(sim, config=config)
    sim.open_load(Poisson(rate_per_s), shop.handle, terms.mix)
    result = sim.measure(lasts_s, WARMUP_S, sample_every_s=lasts_s)  # nobody looks at its queues
    rows, ended = result.requests, result.rows
    until_s = result.start_s + measured_s
    came = rows[rows.arrived_s < until_s]
    answered = (ended.outcome == OK) & ended.finished_s.between(result.start_s, until_s)
    return Served(
        {kind: _times(came, kind, "latency_s") for kind in WITHIN_S},
        {kind: _times(came, kind, _done(result)) for kind in WITHIN_S},
        (float(answered.sum() / measured_s),),
    )


def _done(result: Result) -> str:
    return "end_to_end_s" if "end_to_end_s" in result.rows else "latency_s"


def _times(rows: pd.DataFrame, kind: str, column: str) -> Times:
    """Of each request of a kind; infinite where it failed or is not over."""
    asked = rows[rows.kind == kind]
    times: Times = asked[column].where(asked.outcome == OK).fillna(np.inf).to_numpy(dtype=float)
    return times


def together(runs: Sequence[Served]) -> Served:
    """Put several runs of one shop under one load together."""
    return Served(
        {kind: np.concatenate([run.answered_s[kind] for run in runs]) for kind in WITHIN_S},
        {kind: np.concatenate([run.done_s[kind] for run in runs]) for kind in WITHIN_S},
        tuple(per_s for run in runs for per_s in run.per_s),
    )


def in_time_percent(what: Served) -> dict[str, float]:
    """Return for each kind how many in a hundred requests were done well in time; NaN when there were none."""
    return {
        kind: float(100 * np.mean(times_s <= WITHIN_S[kind])) if times_s.size else float("nan")
        for kind, times_s in what.done_s.items()
    }


def spare_percent(what: Served) -> float:
    """Return by how much the worst kind is above the share that must be in time; below 0 when it is not kept."""
    return min(in_time_percent(what).values()) - 100 * SUCCEED


def keeps(what: Served) -> bool:
    """Return whether 99 in a hundred requests of each kind were done well in time."""
    return spare_percent(what) >= 0


# Up to which share of the law's capacity ---------------------------------------------------------------------

LAW_SHARES = (0.7, 1.1)
TOLERANCE = 0.02


def busy_up_to(offer: Offer, seeds: Iterable[int] = range(10), terms: Terms = USUAL) -> Limit:
    """Return up to which share of the law's capacity a shop keeps the objective, with each seed.

    One run of a seed has few slow requests, so a single seed says little; ten say where the limit lies.
    """
    margin = partial(_spare_at, offer, law_per_s(offer.form, offer.config, terms), terms)
    return bisect(margin, LAW_SHARES, "up to", seeds, tolerance=TOLERANCE)


def _spare_at(offer: Offer, full_per_s: float, terms: Terms, seed: int, share: float) -> float:
    return spare_percent(served(offer.form, offer.config, share * full_per_s, [seed], terms))
