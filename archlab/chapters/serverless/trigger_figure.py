"""For how long a function may be away until a trigger gives an event up, and who keeps the order, as a picture.

>>> from archlab.course.claims import OverSeeds
>>> row = {"design": "queue", "away_up_to_min": 14.2, "late_percent": OverSeeds([0.0])}
>>> print(figure(pd.DataFrame([row], dtype=object), "The queue gives up").alt)
The queue gives up. How long the function may be away. queue: 14 min, in order.
"""

from math import isinf
from statistics import fmean
from typing import Any

import pandas as pd

from archlab.chapters.serverless.trigger_designs import LOOP
from archlab.chapters.serverless.triggers import AWAY_MIN
from archlab.course.figures.bars import BAR, name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import require_columns
from archlab.course.figures.picture import Picture
from archlab.course.style import GREY, INK, LAB, Size, look_of

TICKS = {1.0: "1 min", 10.0: "10 min", 60.0: "1 h", 360.0: "6 h", 1440.0: "1 day"}


def figure(told: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw for how long the function may be away until an event is given up, and beside it who keeps the order.

    Args:
        told: as `triggers.table` returns it.
        title: your conclusion.

    Raises `ValueError` when the table lacks rows or columns.
    """
    require_columns("told", told, "design", "away_up_to_min", "late_percent")
    own = look_of("serverless")
    colour = INK if own is None else own.colour
    with canvas(title, size) as drawing:
        panel = drawing.panels[0]
        for place, row in enumerate(told.itertuples()):
            minutes = min(float(row.away_up_to_min), AWAY_MIN[1])
            panel.barh(place, minutes, height=BAR, color=GREY if row.design == LOOP else colour)
            panel.annotate(_until(row), (minutes, place), (6, 0), textcoords="offset points", va="center")
            panel.annotate(_order(row), (1.01, place), xycoords=BESIDE, va="center")
        name_rows(panel, list(told.design))
        panel.set(
            xscale="log",
            xlim=(1, 20_000),
            xlabel="How long the function may be away and no event is given up",
        )
        panel.set_xticks(list(TICKS), list(TICKS.values()))
        panel.minorticks_off()
    words = "; ".join(f"{row.design}: {_until(row)}, {_order(row)}" for row in told.itertuples())
    return Picture(drawing.figure, f"{title.rstrip('.')}. How long the function may be away. {words}.")


BESIDE = ("axes fraction", "data")


def _until(row: Any) -> str:
    minutes = float(row.away_up_to_min)
    if isinf(minutes):
        return f"over {AWAY_MIN[1] / 60:.0f} h"
    return f"{minutes:.0f} min" if minutes < 60 else f"{minutes / 60:.0f} h"


def _order(row: Any) -> str:
    late_percent = fmean(row.late_percent.per_seed)
    return f"{late_percent:.1f} % overtaken" if late_percent else "in order"
