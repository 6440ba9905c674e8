"""A bar for whoever waits in a notebook: how many of the runs are done. It goes away when all are.

It comes only when the waiting takes long, and never outside a notebook. Short experiments that follow one another in a
cell are one wait, and have one bar, which counts the runs of the experiment under way. The variable
`ARCHLAB_PROGRESS=off` keeps it away, where a notebook's outputs are compared with others: nothing may depend on how
fast a machine is.

>>> with Bar(total=40) as bar:  # not in a notebook: nothing is shown
...     bar.show(done=12)
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

AFTER_S = 1.0
"""So long nobody is told that there is something to wait for."""

EVERY_S = 0.2
PAUSE_S = 1.0
"""What follows within this time is the same wait."""

VARIABLE, OFF = "ARCHLAB_PROGRESS", "off"


@dataclass
class Wait:
    """What somebody waits for in one cell: experiments without a pause between them."""

    cell: int
    began_s: float
    ended_s: float = inf  # of the last experiment; not yet
    output: Any = None  # the handle of what is displayed, once something is


_last: Wait | None = None


def wait_for(now_s: float) -> Wait:
    """The wait that goes on in this cell, or a new one."""
    global _last
    cell = getattr(_shell(), "execution_count", 0)
    if _last is None or _last.cell != cell or now_s - _last.ended_s > PAUSE_S:
        _last = Wait(cell, began_s=now_s)
    return _last


class Bar:
    """How many of `total` runs are done, below the cell. `now_s` tells the time by a clock of the computer.

    Use it in a `with` block: at its end the bar is gone, also when the runs are interrupted.
    """

    def __init__(self, total: int, now_s: Callable[[], float] = time.monotonic) -> None:
        self.total = total
        self._now_s = now_s
        self._wait = wait_for(now_s())
        self._next_s = self._wait.began_s + AFTER_S
        self._is_shown = False

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._wait.ended_s = self._now_s()
        if self._is_shown:
            self._draw("", "")

    def show(self, done: int) -> None:
        """Let the bar say that so many are done, unless it is too early or has just been drawn."""
        now_s = self._now_s()
        if now_s < self._next_s or done == self.total or not is_wanted():
            return
        self._next_s = now_s + EVERY_S
        self._is_shown = True
        words = f"{done} of {self.total} runs"
        bar = f'value="{done}" max="{self.total}" aria-label="{words}" style="vertical-align: middle"'
        self._draw(words, f"<progress {bar}></progress> {words}")

    def _draw(self, words: str, html: str) -> None:
        drawn = {"text/plain": words, "text/html": html}
        if self._wait.output is None:
            from IPython.display import display

            self._wait.output = display(drawn, raw=True, display_id=True)
        else:
            self._wait.output.update(drawn, raw=True)


def is_wanted() -> bool:
    """Whether this is a notebook's kernel, and nobody has switched the bar off."""
    return hasattr(_shell(), "kernel") and os.environ.get(VARIABLE, "") != OFF


def _shell() -> Any:
    """IPython's shell, when this runs in one."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None
