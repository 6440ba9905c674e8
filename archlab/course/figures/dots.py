"""Dots: several figures of several designs on one axis, a row a design, a marker a figure.

>>> import pandas as pd
>>> frame = pd.DataFrame({"design": ["one", "two"], "page_ms": [20.0, 25.0], "order_ms": [400.0, 0.0]})
>>> dots(frame, "Pages are quick", {"page_ms": "pages", "order_ms": "orders"}, "Time [ms]").alt.split(". ", 1)[1]
'Time [ms]: one: pages 20, orders 400; two: pages 25.'
"""

from collections.abc import Mapping

import pandas as pd

from archlab.course.figures.bars import MOST_ROWS, name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import minor_label, require_columns
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number, rounded
from archlab.course.style import INK, LAB, Look, Size, variants

DOT_PT = 11


def dots(
    frame: pd.DataFrame,
    title: str,
    columns: Mapping[str, str],
    label: str,
    by: str = "design",
    architecture: str = "cqrs",
    dot_looks: Mapping[str, Look] | None = None,
    log: bool = False,
    beside: str = "",
    size: Size = LAB,
) -> Picture:
    """Draw a row of dots for each row of the frame, the first on top. A 0 or a NaN is not drawn.

    Args:
        frame: columns `by` and those of `columns`; and `beside`, text that stands at the right of each row, if given.
        title: your conclusion.
        columns: column -> what its dots are.
        label: of the axis, with its unit.
        architecture: whose colour the dots have, unless `dot_looks` gives each column its own.
        log: whether the axis is logarithmic.

    Raises:
        ValueError: when the frame lacks rows or columns.
    """
    require_columns("frame", frame, by, *columns, *([beside] if beside else []))
    chosen = dict(dot_looks or variants(architecture, columns))
    names = [str(name) for name in frame[by]]
    with canvas(title, size, tall=len(names) > MOST_ROWS) as drawing:
        (panel,) = drawing.panels
        name_rows(panel, names)
        panel.set_ylim(len(names) - 0.4, -0.6)
        panel.grid(axis="y", alpha=0.3)
        for column, name in columns.items():
            look = chosen[column]
            there = frame[column].where(frame[column] != 0)
            panel.plot(
                there,
                range(len(names)),
                look.marker,
                color=look.colour,
                clip_on=False,
                markersize=DOT_PT,
                label=name,
            )
        if log:
            panel.set_xscale("log")
            panel.xaxis.set_minor_formatter(lambda value, _: minor_label(value, *panel.get_xlim()))
        else:
            panel.set_xlim(left=0)
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        panel.set_xlabel(label)
        panel.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=len(columns), frameon=False)
        for place, text in enumerate(frame[beside] if beside else ()):
            panel.annotate(
                str(text), (1.02, place), xycoords=("axes fraction", "data"), va="center", color=INK
            )
    rows = [
        _in_words(name, row, columns, beside)
        for name, row in zip(names, frame.to_dict("records"), strict=True)
    ]
    return Picture(drawing.figure, f"{title.rstrip('.')}. {label}: {'; '.join(rows)}.")


def _in_words(name: str, row: Mapping[object, object], columns: Mapping[str, str], beside: str) -> str:
    """A row's name and its figures, those that are drawn."""
    values = {what: float(row[column]) for column, what in columns.items()}  # type: ignore[arg-type]
    parts = [f"{what} {rounded(value)}" for what, value in values.items() if value and value == value]
    return f"{name}: {', '.join([*parts, *([str(row[beside])] if beside else [])])}"
