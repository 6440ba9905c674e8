"""Who is cold: the apps of a platform one by one, and all their requests together.

The shares are those of `archlab.published.cold_for_whom`, with a curve of rates that was published for Azure. They hold
for one environment an app and Poisson arrivals.

>>> shares = by_keep_alive((600.0,))
>>> of_all = shares.query("who == 'all requests'").cold_share.iloc[0]
>>> bool(of_all < 0.001 < 0.5 < shares.cold_share.max())
True
"""

from collections.abc import Sequence

import pandas as pd

from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, LAB, Size, for_text, variants
from archlab.published import cold_for_whom

KEPT_S = (300.0, 600.0, 1200.0, 3600.0)
WHO = ("median app", "mean app", "all requests")


def by_keep_alive(keep_alive_s: Sequence[float] = KEPT_S) -> pd.DataFrame:
    """Return a row for each keep-alive and `who`: `keep_alive_min` and `cold_share`."""
    rows = [
        (seconds / 60, who, share)
        for seconds in keep_alive_s
        for who, share in cold_for_whom.cold_shares(seconds).items()
    ]
    return pd.DataFrame(rows, columns=["keep_alive_min", "who", "cold_share"])


def between() -> tuple[float, float]:
    """Return the share of all requests that is cold at ten minutes: with our end of the curve, and with the smallest
    that what was published allows.
    """
    ours = cold_for_whom.cold_shares(600.0)["all requests"]
    smallest = cold_for_whom.cold_shares(600.0, tail=cold_for_whom.least_tail())["all requests"]
    return ours, smallest


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the share of cold requests against the keep-alive, for each of `WHO`, and what Huawei counted."""
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for who, look in variants("serverless", WHO).items():
            rows = table[table.who == who]
            line = draw_with_band(panel, rows, "keep_alive_min", "cold_share", look)
            drawing.name_end(panel, line, f"{who}: {100 * rows.cold_share.iloc[-1]:.2g} %")
        counted = cold_for_whom.counted()
        panel.axhline(counted, color=GREY, linewidth=1)
        panel.annotate(f"Huawei, all requests: {counted:.3%}", (16, counted * 1.4), color=for_text(GREY))
        panel.set_xscale("log")
        panel.set_xticks(sorted(table.keep_alive_min.unique()))
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        panel.minorticks_off()
        scale(panel, log=True)
        panel.set_xlabel("An idle environment is kept for [min]")
        panel.set_ylabel("Share of cold requests")
    alt = " ".join(
        in_words(who, rows.keep_alive_min, rows.cold_share) for who, rows in table.groupby("who", sort=False)
    )
    return Picture(drawing.figure, f"{title}. {alt} Huawei counted {counted:.3%} of all requests.")
