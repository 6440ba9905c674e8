"""Who sees a write so many seconds after it: of our projector, and of the copies of a large site as it was published.

The same lag seen by two: somebody who has just written looks a moment later (this module); anybody looks at any moment
(`archlab.published.replication_lag`). Facebook published three points of its lag in 2013. An exponential distribution
through the first of them is the usual guess; it does not meet the last one. A log-normal one misses no share by more
than about a factor of two.

They said "of the time"; that is read as "of the writes" here, as if these came at random moments.

What this leaves out: our projector is late only because it has much to do; theirs, because networks and regions fail.

>>> table = curves(loads=(0.5,), after_s=(0.01, 10.0), seed=1)
>>> [round(float(share), 3) for share in table[table.design == "a projector, 50 % busy"].unseen]
[1.0, 0.0]
"""

from __future__ import annotations

from collections.abc import Iterable

import joblib
import numpy as np
import pandas as pd

from archlab.chapters.cqrs import lag
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import in_words
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number, percent
from archlab.course.style import GREY, INK, LAB, Size, variants
from archlab.published import replication_lag
from archlab.sim.parallel import in_parallel
from archlab.sim.validation import require_positive

LOADS = (0.5, 0.95)
AFTER_S = tuple(float(f"{after:.3g}") for after in np.geomspace(0.01, 20, 60))
LEAST = 5e-4
"""Smaller shares are not drawn: our runs have a few thousand commits."""
PUBLISHED, EXPONENTIAL, FITTED = "Facebook, 2013", "exponential", "log-normal"


def exponential_share(after_s: float) -> float:
    """Return the share of writes that are not seen so long after them, by the exponential lag through the
    first point.
    """
    require_positive("after_s", after_s)
    first_s, share = next(iter(replication_lag.published().items()))
    return float((1 - share) ** (after_s / first_s))


def curves(loads: Iterable[float] = LOADS, after_s: Iterable[float] = AFTER_S, seed: int = 1) -> pd.DataFrame:
    """Return a row a line and moment: `design`, `after_s`, and `unseen`, the share of writes that are not seen then."""
    chosen, rows, tried = np.array(list(after_s)), [], list(loads)
    runs = in_parallel(joblib.delayed(lag.lags)(seed, load) for load in tried)
    for load, run in zip(tried, runs, strict=True):
        lag_s = np.sort(run.lag_s.to_numpy())
        unseen = 1 - np.searchsorted(lag_s, chosen, side="right") / len(lag_s)
        rows.append((f"a projector, {percent(load)} busy", unseen))
    rows.append((EXPONENTIAL, np.array([exponential_share(after) for after in chosen])))
    rows.append((FITTED, np.array([replication_lag.own_stale_share(after) for after in chosen])))
    frames = [pd.DataFrame({"design": name, "after_s": chosen, "unseen": unseen}) for name, unseen in rows]
    return pd.concat(frames, ignore_index=True)


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `curves`, with the published points, on logarithmic axes."""
    seen = table[table.unseen >= LEAST]
    own = [name for name in table.design.unique() if name not in (EXPONENTIAL, FITTED)]
    words = []
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for name, look in variants("cqrs", own).items():
            rows = seen[seen.design == name]
            (line,) = panel.plot(rows.after_s, rows.unseen, color=look.colour, linestyle=look.dash)
            drawing.name_along(panel, line, name)
            words.append(in_words(name, rows.after_s, rows.unseen))
        for name, colour in ((EXPONENTIAL, GREY), (FITTED, INK)):
            rows = seen[seen.design == name]
            (line,) = panel.plot(
                rows.after_s, rows.unseen, color=colour, linestyle=(0, (4, 3)), linewidth=1.3
            )
            drawing.name_along(panel, line, name)
        points = {after: 1 - share for after, share in replication_lag.published().items()}
        panel.plot(list(points), list(points.values()), "o", color=INK, markersize=9, zorder=4)
        for after, share in points.items():
            panel.annotate(percent(share), (after, share), (9, 6), textcoords="offset points", color=INK)
        panel.annotate(f"dots: {PUBLISHED}", (0.98, 0.95), xycoords="axes fraction", ha="right", va="top")
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        panel.yaxis.set_major_formatter(lambda value, _: percent(value))
        panel.set_xlabel("Time since the write [s]")
        panel.set_ylabel("Writes not seen yet")
    told = ", ".join(f"{percent(share)} after {number(after)} s" for after, share in points.items())
    return Picture(drawing.figure, f"{title}. {' '.join(words)} Points: {PUBLISHED}, not seen: {told}.")
