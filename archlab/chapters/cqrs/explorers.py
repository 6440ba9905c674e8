"""What the explorers of chapter 06 show: a projector's lag, and what customers see of their own orders.

The lag is worked out by the recursion that agrees with the simulated projector (`archlab.chapters.cqrs.lag`), so it is
there at once. The own orders are simulated.

>>> quiet, busy = (projected(orders_per_s=rate) for rate in (10, 49))
>>> bool(quiet.lag_s.max() < busy.lag_s.max())
True
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd

from archlab.chapters.cqrs import lag, own_writes
from archlab.course.explorer import Curve, Panel, Reading
from archlab.sim.validation import require_non_negative, require_positive

SECONDS, SEED = 60.0, 1
SHARES = np.linspace(0, 1, 200)


def projected(
    orders_per_s: float, row_ms: float = 10.0, commit_ms: float = 5.0, batch: int = 1, heard_ms: float = 5.0
) -> pd.DataFrame:
    """Return a row an order: `at_s`, and `lag_s` until its page shows it, for `SECONDS` of random orders.

    Args:
        row_ms, commit_ms: how long the projector takes for the row of an order, and for a transaction.
        batch: events in one transaction at most: 1, or an even number.
        heard_ms: from a commit until the projector has heard of it.

    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("orders_per_s", orders_per_s)
    require_positive("row_ms", row_ms)
    require_non_negative("commit_ms", commit_ms)
    require_non_negative("heard_ms", heard_ms)
    gaps_s = np.random.default_rng(SEED).exponential(1 / orders_per_s, round(SECONDS * orders_per_s))
    at_s = np.cumsum(gaps_s)
    lag_s = lag.expected_s(at_s, batch, row_ms / 1000, commit_ms / 1000) + heard_ms / 1000
    return pd.DataFrame({"at_s": at_s, "lag_s": lag_s})


class Lag:
    """Shows what `projected` returns: the lag over time, and the share of orders that are not seen after a while."""

    panels: ClassVar[tuple[Panel, ...]] = (
        Panel("Time [s]", "Lag [s]"),
        Panel("Time since the order [s]", "Orders not seen yet [%]"),
    )

    def read(self, answer: pd.DataFrame) -> Reading:
        lag_s = np.sort(answer.lag_s.to_numpy())
        curves = (
            Curve(0, "lag", answer.at_s, answer.lag_s),
            Curve(1, "not seen", np.quantile(lag_s, SHARES), 100 * (1 - SHARES)),
        )
        figures = {"median lag [s]": float(np.median(lag_s)), "p99 lag [s]": float(np.quantile(lag_s, 0.99))}
        return Reading(curves, figures)


def looked(way: str, lag_s: float = 0.5, sticks_s: float = 5.0, waits_s: float = 2.0) -> pd.DataFrame:
    """Return a row a look: `look` (0 is the first after an order), `unseen`, `false`, `own` and `latency_s`.

    The arguments are those of `archlab.chapters.cqrs.own_writes.visits`.
    """
    rows = own_writes.visits(way, SEED, lag_s, seconds=15.0, sticks_s=sticks_s, waits_s=waits_s)
    return rows.assign(look=rows.groupby("order").cumcount())


class Looks:
    """Shows what `looked` returns, by how long after the order a customer looks."""

    panels: ClassVar[tuple[Panel, ...]] = (
        Panel("Time since the order [s]", "Own order is missing [%]"),
        Panel("Time since the order [s]", "Asks the write model [%]"),
    )

    def read(self, answer: pd.DataFrame) -> Reading:
        after_s = np.cumsum(own_writes.LOOKS_AFTER_S)
        by_look = answer.groupby("look")
        missing, asks = 100 * by_look.unseen.mean(), 100 * by_look.own.mean()
        curves = (
            Curve(0, "missing", after_s, missing, steps=True),
            Curve(1, "asks", after_s, asks, steps=True),
        )
        figures = {
            "own order is missing [%]": 100 * float(answer.unseen.mean()),
            "shows what is not so [%]": 100 * float(answer.false.mean()),
            "p99 of a look [ms]": 1000 * float(answer.latency_s.quantile(0.99)),
            "asks the write model [%]": 100 * float(answer.own.mean()),
        }
        return Reading(curves, figures)
