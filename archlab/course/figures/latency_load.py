"""Latency against load: the hockey stick, one line a percentile.

>>> import pandas as pd
>>> sweep = pd.DataFrame({"rate_per_s": [10, 50, 90], "p50_ms": [8.0, 14, 70], "p99_ms": [47.0, 92, 450]})
>>> picture = latency_against_load(sweep, "The last tenth of the load costs most of the latency")
>>> print(picture.alt.split(". ")[1])
Latency [ms] against Rate [requests/s]: p50 from 8 at 10 to 70 at 90
"""

import pandas as pd

from archlab.course.figures.canvas import Canvas, canvas
from archlab.course.figures.line import draw_theory, draw_with_band, in_words, require_columns, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import axis_label, number, words_and_unit
from archlab.course.style import ARCHITECTURES, GREY, LAB, MARKERS, Look, Size, luminance, shades

PERCENTILES = ("p50_ms", "p95_ms", "p99_ms")
NOT_BLACK = 8.5
"""Contrast on white of the darkest line: theory, in black, can be seen on it."""


def latency_against_load(
    sweep: pd.DataFrame,
    title: str,
    x: str = "rate_per_s",
    architecture: str = "monolithic",
    theory: pd.DataFrame | None = None,
    theory_name: str = "theory",
    capacity: float | None = None,
    log: bool = False,
    size: Size = LAB,
) -> Picture:
    """Draw the percentiles in a sweep against the load, with theory dashed and the capacity marked.

    Args:
        sweep: a row a load: column `x`, those of `p50_ms`, `p95_ms`, `p99_ms` that you have, each with its
            `..._low` and `..._high` when known. A row that is NaN leaves a gap: no steady state there.
        title: your conclusion.
        x: the column with the load; its ending names the unit.
        architecture: whose colour the lines have.
        theory: the same columns, from a formula or a publication; `theory_name` says which.
        capacity: the load that the system can just serve, in the unit of `x`.
        log: whether latency has a logarithmic axis.

    Raises:
        ValueError: when the sweep lacks rows, `x` or all percentiles.
    """
    require_columns("sweep", sweep, x)
    drawn = [name for name in PERCENTILES if name in sweep]
    require_columns("sweep", sweep, *(drawn or PERCENTILES))
    with canvas(title, size) as drawing:
        for name in drawn:
            _draw_percentile(drawing, sweep, x, name, _look(architecture, name))
        if theory is not None:
            _draw_theory(drawing, theory, x, theory_name)
        if capacity is not None:
            _mark_capacity(drawing, capacity)
        _finish_axes(drawing, x, log)
    return Picture(
        drawing.figure, _alt(title, sweep, x, drawn, theory_name if theory is not None else "", capacity)
    )


def _look(architecture: str, percentile: str) -> Look:
    """The higher the percentile, the darker the shade of the architecture's colour."""
    level = PERCENTILES.index(percentile)
    three = shades(ARCHITECTURES[architecture].colour, len(PERCENTILES), NOT_BLACK)
    darkest_last = sorted(three, key=luminance, reverse=True)
    return Look(darkest_last[level], "-", MARKERS[level])


def _draw_percentile(drawing: Canvas, sweep: pd.DataFrame, x: str, name: str, look: Look) -> None:
    line = draw_with_band(drawing.panels[0], sweep, x, name, look)
    drawing.name_end(drawing.panels[0], line, words_and_unit(name)[0])


def _draw_theory(drawing: Canvas, theory: pd.DataFrame, x: str, theory_name: str) -> None:
    require_columns("theory", theory, x)
    drawn = [name for name in PERCENTILES if name in theory]
    require_columns("theory", theory, *(drawn or PERCENTILES))
    for name in drawn:
        draw_theory(drawing.panels[0], theory[x], theory[name])
    drawing.note(f"dashed: {theory_name}")


def _mark_capacity(drawing: Canvas, capacity: float) -> None:
    panel = drawing.panels[0]
    panel.axvline(capacity, color=GREY, linewidth=1.5)
    drawing.name_line(panel, capacity, f"capacity {number(capacity)}", GREY)


def _finish_axes(drawing: Canvas, x: str, log: bool) -> None:
    panel = drawing.panels[0]
    panel.set(xlabel=axis_label(x), ylabel="Latency [ms]")
    panel.xaxis.set_major_formatter(lambda value, _: number(value))
    scale(panel, log)


def _alt(
    title: str, sweep: pd.DataFrame, x: str, drawn: list[str], theory_name: str, capacity: float | None
) -> str:
    lines = " ".join(in_words(words_and_unit(name)[0], sweep[x], sweep[name]) for name in drawn)
    theory = f" Dashed: {theory_name}." if theory_name else ""
    limit = f" Capacity {number(capacity)}." if capacity is not None else ""
    return f"{title.rstrip('.')}. Latency [ms] against {axis_label(x)}: {lines}{theory}{limit}"
