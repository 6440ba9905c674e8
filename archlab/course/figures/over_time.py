"""Figures over time: one line a design, without markers, the faults shaded.

>>> import pandas as pd
>>> story = pd.DataFrame({"design": "shop", "time_s": [0, 1, 2], "goodput_per_s": [280.0, 0.0, 0.0]})
>>> over_time(story, "It does not come back", y="goodput_per_s").alt.split(". ", 1)[1]
'Faults: none. Goodput [requests/s] over time: shop from 280 at 0 to 0 at 2.'
"""

from collections.abc import Mapping

import pandas as pd

from archlab.course.figures import fault_windows
from archlab.course.figures.canvas import canvas, wrapped
from archlab.course.figures.line import in_words, require_columns, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import axis_label
from archlab.course.style import LAB, Look, Size, looks

NO_FAULTS = pd.DataFrame(columns=["fault", "part", "start_s", "end_s"])


def over_time(
    frame: pd.DataFrame,
    title: str,
    y: str,
    by: str = "design",
    faults: pd.DataFrame = NO_FAULTS,
    line_looks: Mapping[str, Look] | None = None,
    y_label: str = "",
    x_label: str = "Time [s]",
    size: Size = LAB,
) -> Picture:
    """Draw `y` against the time, one line for each value of column `by`.

    Args:
        frame: a row a moment, with columns `by`, `time_s` and `y`.
        title: your conclusion.
        faults: as `Result.faults`.
        line_looks: the look of each line, for instance from `style.variants`. By default architectures have
            their own.
        y_label: what `y` is, with its unit, where its name alone leaves open of what.
        x_label: since when the time is counted, where that is not the start of the run.

    Raises:
        ValueError: when the frame lacks rows or columns.
    """
    require_columns("frame", frame, by, "time_s", y)
    lines = {str(name): rows for name, rows in frame.groupby(by, sort=False)}
    chosen = looks(lines) if line_looks is None else line_looks
    label = y_label or axis_label(y)
    with canvas(title, size) as drawing:
        panel = drawing.panels[0]
        for name, rows in lines.items():
            look = chosen[name]
            (line,) = panel.plot(rows["time_s"], rows[y], color=look.colour, linestyle=look.dash)
            drawing.name_end(panel, line, name)
        scale(panel, log=False)
        start_s, end_s = frame["time_s"].min(), frame["time_s"].max()
        panel.set(xlabel=x_label, ylabel=wrapped(label), xlim=(start_s, end_s))
        fault_windows.shade(drawing, faults, start_s, end_s)
    words = " ".join(in_words(name, rows["time_s"], rows[y]) for name, rows in lines.items())
    told = f"Faults: {fault_windows.in_words(faults)}. {label} over time: {words}"
    return Picture(drawing.figure, f"{title.rstrip('.')}. {told}")
