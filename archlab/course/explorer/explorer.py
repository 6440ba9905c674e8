"""The explorer: a model, a view of its answers, and the runs that are compared.

Everything works without a browser, too. This model is a queue by its formula (M/M/1):

>>> import pandas as pd
>>> from archlab.course.explorer.columns import Columns
>>> def model(rate_per_s, server_per_s):
...     busy = pd.Series(range(1, 10)) / 10 * rate_per_s / server_per_s
...     return pd.DataFrame({"busy": busy, "mean_ms": 1000 / server_per_s / (1 - busy)})
>>> view = Columns("busy", ("mean_ms",))
>>> ex = explore(model, view=view, rate_per_s=(1, 99, 50), server_per_s=(100, 200, 100))
>>> ex.pin().set(rate_per_s=90).frame().round(1).to_dict("index")["now"]
{'rate_per_s': 90, 'server_per_s': 100, 'highest_mean_ms': 52.6}
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from archlab.course.explorer import words
from archlab.course.explorer.latest_wins import LatestWins
from archlab.course.explorer.panel import ControlPanel, heading, image
from archlab.course.explorer.parameter import Parameter, parameter
from archlab.course.explorer.plot import PINS, Plot
from archlab.course.explorer.result_views import LatencyAndQueue
from archlab.course.explorer.run import NOW, Run, run
from archlab.course.explorer.view import View
from archlab.course.figures.picture import Picture
from archlab.course.live import bundle
from archlab.course.style import ARCHITECTURES, LAB, SLIDES, Size
from archlab.sim.validation import require_one_of

SIZES: Mapping[str, Size] = {"lab": LAB, "slides": SLIDES}
Style = Literal["lab", "slides"]


def explore(
    model: Callable[..., Any],
    view: View | None = None,
    title: str = "Explorer",
    style: Style = "lab",
    architecture: str = "monolithic",
    **parameters: Sequence[Any],
) -> "Explorer":
    """Put controls beside a model. Make it the last line of a cell.

    Args:
        model: takes the parameters by name, and returns what the view reads. The same values must give the
            same answer. It says `ValueError` about values that do not fit together.
        view: what to show; by default `LatencyAndQueue()` of a `Result` or `ShopResult`.
        title: what this is. It stands above the controls.
        style: "lab", or "slides" for a projector.
        architecture: whose colour the run that is set has.
        parameters: name -> (lowest, highest, first value), or the choices, the first one first.

    Raises:
        ValueError: when there is no parameter, or one is not allowed, or there is no such style or architecture.
    """
    if style not in SIZES:
        raise ValueError(f"style is {style!r}; it must be one of {', '.join(SIZES)}")
    require_one_of("architecture", architecture, tuple(ARCHITECTURES))
    if not parameters:
        raise ValueError("there is no parameter; explore needs one or more, such as rate_per_s=(1, 200, 80)")
    known = {name: parameter(name, spec) for name, spec in parameters.items()}
    return Explorer(
        model, view if view is not None else LatencyAndQueue(), known, title, SIZES[style], architecture
    )


class Explorer:
    """A model with its parameters set, and up to three earlier runs pinned beside it. Made by `explore`."""

    def __init__(
        self,
        model: Callable[..., Any],
        view: View,
        known: Mapping[str, Parameter],
        title: str,
        size: Size,
        architecture: str,
    ) -> None:
        self.title = title
        self._model, self._view, self._known, self._size = model, view, known, size
        self._lock = threading.RLock()  # one draws at a time
        self._pinned: dict[str, Run] = {}
        self._plot = Plot(view.panels, size, architecture)
        self._panel: ControlPanel | None = None
        self._worker: LatestWins[dict[str, Any], Run] = LatestWins(self._ask, self._take, self._say_wait)
        self._run = run(model, view, self._start)

    # Without a browser -----------------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of the run that is shown."""
        return dict(self._run.values)

    @property
    def figures(self) -> dict[str, float | str]:
        """The figures of the run that is shown; empty when the model refused its parameters."""
        return dict(self._run.reading.figures) if self._run.reading else {}

    @property
    def problem(self) -> str:
        """What the model said about its parameters, when it refused them; else empty."""
        return self._run.problem

    def set(self, **values: Any) -> "Explorer":
        """Set parameters, run the model, and return this explorer.

        Raises:
            ValueError: when there is no such parameter, or a value is out of its range.
        """
        unknown = values.keys() - self._known.keys()
        if unknown:
            raise ValueError(f"{min(unknown)} is no parameter; the parameters are {', '.join(self._known)}")
        checked = {name: self._known[name].checked(value) for name, value in values.items()}
        self._worker.drop()
        self._take(run(self._model, self._view, {**self.values, **checked}))
        if self._panel is not None:
            self._panel.set_values(self.values)
        return self

    def pin(self) -> "Explorer":
        """Keep the run that is shown in the picture. Of four, the oldest goes."""
        with self._lock:
            pinned = [kept.values for kept in self._pinned.values()]
            if self._run.reading is not None and self._run.values not in pinned:
                if len(self._pinned) == len(PINS):
                    self._pinned.pop(next(iter(self._pinned)))
                free = next(name for name in PINS if name not in self._pinned)
                self._pinned[free] = self._run
            self._refresh()
        return self

    def reset(self) -> "Explorer":
        """Go back to the first values, and let go of the pinned runs."""
        with self._lock:
            self._pinned.clear()
        return self.set(**self._start)

    def frame(self) -> pd.DataFrame:
        """Return a row a run, the one that is set ("now") and the pinned ones: parameters, then figures."""
        return words.frame(self._runs)

    def to_csv(self, path: str | PathLike[str] | None = None) -> str:
        """Return the frame as CSV, and write it to a file when there is a path."""
        text = self.frame().to_csv(lineterminator="\n")
        if path is not None:
            Path(path).write_text(text, encoding="utf-8", newline="\n")
        return text

    def picture(self) -> Picture:
        """Return the picture by itself."""
        with self._lock:
            self._draw()
            return Picture(self._plot.figure, self._alt)

    # In a notebook ---------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return self._alt

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The controls, and for where there are none the picture and the table."""
        with self._lock:
            panel, png = self.panel, self.picture().png
            table = words.html_scrolled(words.html_table(self._known, self._runs))
            shown = image(png, self._alt, self._size) + words.html_problem(self._runs) + table
            html = f"<p>{heading(self.title)}</p>{shown}{words.html_without_controls(self._known)}"
            return bundle(panel.box, html, self._alt)

    def _new_panel(self) -> ControlPanel:
        panel = ControlPanel(list(self._known.values()), self._size, self.title)
        panel.set_values(self.values)
        panel.on_change = self._worker.submit
        panel.on_pin, panel.on_reset = self.pin, self._start_over
        return panel

    def wait(self, timeout_s: float = 60) -> bool:
        """Wait until the last value of the controls is shown; return whether it is. For tests."""
        return self._worker.wait(timeout_s)

    @property
    def panel(self) -> ControlPanel:
        """The controls, once the explorer was shown."""
        if self._panel is None:
            self._panel = self._new_panel()
            self._refresh()
        return self._panel

    # Inside ----------------------------------------------------------------------------------------------

    @property
    def _start(self) -> dict[str, Any]:
        return {name: known.start for name, known in self._known.items()}

    @property
    def _runs(self) -> dict[str, Run]:
        return {NOW: self._run, **self._pinned}

    @property
    def _alt(self) -> str:
        panels = "; ".join(f"{panel.y_label} against {panel.x_label}" for panel in self._view.panels)
        return f"{self.title.rstrip('.')}. {panels}. {words.in_words(self._known, self._runs)}"

    def _ask(self, values: dict[str, Any]) -> Run:
        """Run the model for the controls, where an error can be told in the panel only."""
        try:
            return run(self._model, self._view, values)
        except Exception as error:
            return Run(values, problem=f"{type(error).__name__}: {error}")

    def _take(self, new: Run) -> None:
        """Show a new run, beside the pinned ones."""
        with self._lock:
            self._run = new
            self._refresh()

    def _start_over(self) -> None:
        """Reset from the panel: the first values take their place in the line of what the controls ask."""
        with self._lock:
            self._pinned.clear()
        self.panel.set_values(self._start)
        self._worker.submit(self._start)

    def _say_wait(self) -> None:
        if self._panel is not None:
            self._panel.show_waiting()

    def _draw(self) -> None:
        self._plot.show({name: shown.reading for name, shown in self._runs.items() if shown.reading})

    def _refresh(self) -> None:
        """Show the runs in the panel, if there is one."""
        if self._panel is None:
            return
        self._draw()
        table = words.html_problem(self._runs) + words.html_both_ways(self._known, self._runs)
        self._panel.show(self._plot.png(), self._alt, table, self.to_csv())
