"""The distribution of latency: the share of requests that took longer, on axes that show the tail.

Only completed requests have a latency, so a line says how many did complete, unless nearly all did.

>>> import pandas as pd
>>> requests = pd.DataFrame({"latency_s": [0.01, 0.02, 0.04, None], "outcome": ["ok", "ok", "ok", "crashed"]})
>>> picture = survival({"monolithic": requests}, "One in four crashed, which a latency cannot show")
>>> picture.alt.split(". ", 1)[1]
'monolithic: 75 % completed, p50 20 ms, p99 39.6 ms.'
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from archlab.course.figures.canvas import Canvas, canvas
from archlab.course.figures.line import require_columns
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number, percent
from archlab.course.style import GREY, LAB, Look, Size, looks

NEARLY_ALL = 0.999
"""So large a share of completed requests needs no words at a line; the alternative text has it."""

STEPS_A_DECADE = 1000
"""So finely the share is drawn on its logarithmic axis: about a tenth of a pixel."""


def survival(
    runs: Mapping[str, pd.DataFrame],
    title: str,
    line_looks: Mapping[str, Look] | None = None,
    size: Size = LAB,
) -> Picture:
    """Draw for each run the share of completed requests that took longer, against latency.

    Args:
        runs: name -> a row a request, with `latency_s` and `outcome` (as `Result.requests`).
        title: your conclusion.
        line_looks: the look of each line. By default architectures have their own.

    Raises:
        ValueError: when there is no run, or one has no completed request.
    """
    if not runs:
        raise ValueError("runs is empty; it must have at least one run")
    latencies_ms = {name: _latencies_ms(name, requests) for name, requests in runs.items()}
    completed = {name: len(latencies_ms[name]) / len(requests) for name, requests in runs.items()}
    chosen = looks(runs) if line_looks is None else line_looks
    with canvas(title, size) as drawing:
        for name, values in latencies_ms.items():
            _draw(drawing, _label(name, completed[name]), values, chosen[name])
        first_ms = min(np.percentile(values, 1) for values in latencies_ms.values())
        _finish_axes(drawing, first_ms)
    words = " ".join(_in_words(name, values, completed[name]) for name, values in latencies_ms.items())
    return Picture(drawing.figure, f"{title.rstrip('.')}. {words}")


def _label(name: str, completed: float) -> str:
    """The name, and how many completed unless nearly all did."""
    return name if completed >= NEARLY_ALL else f"{name}\n({percent(completed)} completed)"


def _latencies_ms(name: str, requests: pd.DataFrame) -> np.ndarray:
    require_columns(f"run {name!r}", requests, "latency_s", "outcome")
    values = np.sort(1000 * requests.loc[requests["outcome"] == "ok", "latency_s"].to_numpy(dtype=float))
    if len(values) == 0:
        raise ValueError(f"run {name!r} has no completed request; it must have one to have a latency")
    return values


def _draw(drawing: Canvas, name: str, values_ms: np.ndarray, look: Look) -> None:
    """Draw the empirical survival function. Its last value is 0, which a logarithmic axis does not have."""
    times, counts = np.unique(values_ms, return_counts=True)
    slower = len(values_ms) - np.cumsum(counts)
    x, share = _thinned(times[:-1], slower[:-1] / len(values_ms))
    panel, style = drawing.panels[0], {"color": look.colour, "linestyle": look.dash}
    (line,) = panel.plot(x, share, drawstyle="steps-post", **style)  # type: ignore[arg-type]
    drawing.name_along(panel, line, name)


def _thinned(x: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out steps that nobody could see. A hundred thousand of them take a second to draw, and a hundred MB."""
    place = np.floor(STEPS_A_DECADE * np.log10(share))
    first = np.flatnonzero(np.diff(place, prepend=np.inf))
    return x[first], share[first]


def _finish_axes(drawing: Canvas, first_ms: float) -> None:
    """Write what is what. The axis starts at `first_ms`: the few fastest would take up most of it."""
    panel = drawing.panels[0]
    panel.set(
        xscale="log", yscale="log", xlabel="Latency [ms]", ylabel="Share slower\nthan that", ylim=(None, 1)
    )
    panel.xaxis.set_major_formatter(lambda value, _: number(value))
    panel.yaxis.set_major_formatter(lambda value, _: f"{number(100 * value)} %")
    panel.minorticks_off()
    panel.set_xlim(left=first_ms if first_ms > 0 else None)
    lowest = panel.get_ylim()[0]
    for q, share in (("p50", 0.5), ("p99", 0.01), ("p99.9", 0.001)):
        if share > lowest:
            panel.axhline(share, color=GREY, linewidth=0.8, zorder=1)
            panel.annotate(
                q, (0, share), (4, 2), xycoords=("axes fraction", "data"), textcoords="offset points"
            )


def _in_words(name: str, values_ms: np.ndarray, completed: float) -> str:
    p50, p99 = np.percentile(values_ms, [50, 99])
    return f"{name}: {percent(completed)} completed, p50 {number(p50)} ms, p99 {number(p99)} ms."
