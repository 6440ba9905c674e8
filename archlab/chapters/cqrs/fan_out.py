"""Fan-out on write or on read: when is a read model written, at each write for every reader, or at each read?

Twitter's home timelines, about 2012, are the best known read model there is (`archlab.published.timelines`). Here is
what each way asks of the storage, and what one account with a great many followers does to it. A copy and a look are
counted alike. On write and in the hybrid each read is a look at the own timeline, too. Real looks at many timelines
wait for the slowest of them.

>>> row = asked().set_index("way").per_s
>>> bool(row["on write"] < row["hybrid"] < row["on read"])
True
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, LAB, Size, variants
from archlab.published import timelines
from archlab.published.timelines import CELEBRITY, EXPONENT
from archlab.sim.validation import require_positive

ABOVE = 1_000_000.0
"""Accounts with more followers are asked on read, in the hybrid. An assumption."""
FOLLOWERS = tuple(float(f"{followers:.3g}") for followers in np.geomspace(1e3, CELEBRITY, 40))


def asked(above: float = ABOVE, exponent: float = EXPONENT) -> pd.DataFrame:
    """Return a row a way: copies and looks a second (`per_s`), and how long the largest account's tweet is copied
    (`slowest_s`).

    `exponent`: of the Pareto distribution of followers below the largest account. With a smaller one more of them
    belong to large accounts.
    """
    require_positive("above", above)
    copies, looks = timelines.hybrid(above, exponent)
    reads = timelines.published("reads of the home timeline")
    rows = [
        ("on write", timelines.copies_per_s() + reads, timelines.copying_s(CELEBRITY)),
        ("on read", timelines.asked_per_s(), 0.0),
        ("hybrid", copies + looks, timelines.copying_s(min(above, CELEBRITY))),
    ]
    return pd.DataFrame(rows, columns=["way", "per_s", "slowest_s"])


def against_threshold(followers: Iterable[float] = FOLLOWERS) -> pd.DataFrame:
    """Return a row a threshold of the hybrid: `followers`, `per_s`, and `slowest_s`."""
    rows = []
    for above in followers:
        hybrid = asked(above).set_index("way").loc["hybrid"]
        rows.append((above, hybrid.per_s, hybrid.slowest_s))
    return pd.DataFrame(rows, columns=["followers", "per_s", "slowest_s"])


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw what the hybrid asks, and how long its slowest tweet takes, against its threshold."""
    ways = asked().set_index("way").per_s
    work, slowest = variants("cqrs", ["work", "slowest"]).values()
    with canvas(title, size, panels=(1, 1), tall=True) as drawing:
        upper, lower = drawing.panels
        upper.plot(table.followers, table.per_s / 1e6, color=work.colour, linestyle=work.dash)
        for way in ("on read", "on write"):
            upper.axhline(ways[way] / 1e6, color=GREY, linestyle=":")
            upper.annotate(
                f"all {way}", (table.followers.iloc[0], ways[way] / 1e6), (4, 5), textcoords="offset points"
            )
        scale(upper, log=True)
        upper.set_ylabel("Copies and looks\n[million/s]")
        lower.plot(table.followers, table.slowest_s, color=slowest.colour, linestyle=slowest.dash)
        scale(lower, log=False)
        lower.set_ylabel("Longest copying\nof one tweet [s]")
        lower.set_xscale("log")
        lower.xaxis.set_major_formatter(lambda value, _: number(value))
        lower.set_xlabel("Asked on read: accounts with more followers than")
    words = [
        in_words("copies and looks per second", table.followers, table.per_s),
        in_words("longest copying in s", table.followers, table.slowest_s),
    ]
    return Picture(drawing.figure, f"{title}. {' '.join(words)}")
