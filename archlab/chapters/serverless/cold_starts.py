"""Cold starts against the load: 20 measured rates, the model beside them, and the same with a shorter keep-alive.

The measured points and the model are those of `archlab.published.lambda_cold_starts`; here they are run with fewer
requests, so that they err by 16 instead of 13 per cent of the probability, and drawn.

>>> table = against_load(requests=500, seed=1)
>>> sorted(set(table.name)) == sorted([MEASURED, THEN, NOW])
True
"""

import pandas as pd

from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import draw_points, draw_with_band, in_words, require_columns, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import INK, LAB, Look, Size, variants
from archlab.published import lambda_cold_starts
from archlab.sim.functions.runtimes import keep_alive_s

MEASURED = "measured on AWS in 2020"
THEN = "model, kept 10 minutes"
NOW = "model, kept 5 to 7 minutes"
RUN_WITH = 10_000
"""Requests at each rate of the chapter's figure."""
SHORTER = "January 2021"
"""The last date of which a keep-alive was published."""


def against_load(requests: int = RUN_WITH, seed: int = 1) -> pd.DataFrame:
    """Return a row for each rate and `name`: `rate_per_s` and `cold_share`, and `cold_share_low` and `cold_share_high`,
    a standard error apart where it was measured.
    """
    then = lambda_cold_starts.compared(requests, seed=seed)
    now = lambda_cold_starts.compared(requests, keep_alive_s(SHORTER), seed=seed)
    one, se = then["measured_cold"], then["standard_error"]
    curves = {
        MEASURED: (one, one - se, one + se),
        THEN: (then["model_cold"],) * 3,
        NOW: (now["model_cold"],) * 3,
    }
    columns = ("cold_share", "cold_share_low", "cold_share_high")
    frames = [
        pd.DataFrame(
            {"name": name, "rate_per_s": then["rate_per_s"], **dict(zip(columns, values, strict=True))}
        )
        for name, values in curves.items()
    ]
    return pd.concat(frames, ignore_index=True)


def error(table: pd.DataFrame) -> float:
    """Return by what share of the measured probability the model misses it, on average over the rates."""
    shares = table.pivot(index="rate_per_s", columns="name", values="cold_share")
    return float((shares[THEN] / shares[MEASURED] - 1).abs().mean())


def times_as_cold(table: pd.DataFrame) -> float:
    """Return how many times as often requests are cold with the shorter keep-alive: the median over the rates."""
    shares = table.pivot(index="rate_per_s", columns="name", values="cold_share")
    return float((shares[NOW] / shares[THEN]).median())


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the share of cold requests against the rate, both logarithmic."""
    require_columns("table", table, "name", "rate_per_s", "cold_share")
    drawn = variants("serverless", [THEN, NOW])
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for name, rows in table.groupby("name", sort=False):
            if name == MEASURED:
                draw_points(panel, rows, "rate_per_s", "cold_share", Look(INK, marker="o"))
                panel.text(0.02, 0.05, f"points: {name}", color=INK, transform=panel.transAxes)
            else:
                line = draw_with_band(panel, rows, "rate_per_s", "cold_share", drawn[str(name)])
                line.set_marker("")
                drawing.name_along(panel, line, str(name))
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        scale(panel, log=True)
        panel.set_xlabel("Requests a second")
        panel.set_ylabel("Share of cold requests")
    alt = " ".join(
        in_words(str(name), rows.rate_per_s, rows.cold_share) for name, rows in table.groupby("name")
    )
    return Picture(drawing.figure, f"{title}. {alt}")
