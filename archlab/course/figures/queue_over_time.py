"""A queue over time: how many requests are inside at each moment, one panel a run.

>>> import pandas as pd
>>> samples = pd.DataFrame({"time_s": [0, 1, 2], "part": "till", "queue_length": [0, 1, 3], "busy": [0, 1, 1]})
>>> queue_over_time({"a busy till": samples}, "It fills up", part="till").alt.split(". ", 1)[1]
'Inside till, from 0 to 2 s: a busy till on average 2, at most 4.'
"""

from collections.abc import Mapping

import pandas as pd

from archlab.course.figures.canvas import Canvas, canvas
from archlab.course.figures.line import require_columns, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import ARCHITECTURES, LAB, Size

MOST_RUNS = 4


def queue_over_time(
    runs: Mapping[str, pd.DataFrame],
    title: str,
    part: str,
    architecture: str = "monolithic",
    size: Size = LAB,
) -> Picture:
    """Draw how many requests wait at a part or are served there, as steps over time; the filled area is they.

    Args:
        runs: name -> a row a sample, as `Result.samples`; the closer the samples, the truer the steps.
        title: your conclusion.
        part: whose queue to show.
        architecture: whose colour the lines have.

    Raises:
        ValueError: when there is no run or more than four, or one has no samples of the part.
    """
    if not 1 <= len(runs) <= MOST_RUNS:
        raise ValueError(f"runs has {len(runs)} runs; it must have 1 to {MOST_RUNS}")
    counts = {name: inside_over_time(name, samples, part) for name, samples in runs.items()}
    colour = ARCHITECTURES[architecture].colour
    with canvas(title, size, panels=(1,) * len(counts), tall=len(counts) > 1) as drawing:
        for place, (name, count) in enumerate(counts.items()):
            _draw(drawing, place, name, count, colour)
        drawing.panels[-1].set(xlabel="Time [s]", xlim=_ends(counts))
    words = "; ".join(f"{name} {_in_words(count)}" for name, count in counts.items())
    low, high = _ends(counts)
    where = f"Inside {part}, from {number(low)} to {number(high)} s"
    return Picture(drawing.figure, f"{title.rstrip('.')}. {where}: {words}.")


def inside_over_time(name: str, samples: pd.DataFrame, part: str) -> pd.Series:
    """Return how many wait or are served at `part`, by time; `name` is the run's, for the error message."""
    require_columns(f"run {name!r}", samples, "time_s", "part", "queue_length", "busy")
    rows = samples[samples["part"] == part]
    require_columns(f"run {name!r}, samples of {part!r},", rows, "time_s")
    return (rows["queue_length"] + rows["busy"]).set_axis(rows["time_s"].to_numpy())


def _draw(drawing: Canvas, place: int, name: str, count: pd.Series, colour: str) -> None:
    from matplotlib.ticker import MaxNLocator  # matplotlib is loaded when something is drawn

    panel = drawing.panels[place]
    panel.fill_between(count.index, count, step="post", color=colour, alpha=0.25, linewidth=0)
    panel.plot(count.index, count, color=colour, drawstyle="steps-post", linewidth=1.2)
    panel.set_title(name, loc="left", fontsize=drawing.size.font_pt)
    panel.set_ylabel("Inside\n[requests]")
    panel.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    scale(panel, log=False)


def _ends(counts: Mapping[str, pd.Series]) -> tuple[float, float]:
    return min(count.index[0] for count in counts.values()), max(count.index[-1] for count in counts.values())


def _in_words(count: pd.Series) -> str:
    return f"on average {number(count.mean())}, at most {number(count.max())}"
