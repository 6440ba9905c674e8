"""A bar for whoever waits in a notebook: how many of the runs are done. It goes away when all are.

It comes only when the waiting takes long, and never outside a notebook. The variable `ARCHLAB_PROGRESS=off` keeps it
away, where a notebook's outputs are compared with others: nothing may depend on how fast a machine is.

>>> with Bar(total=40) as bar:  # not in a notebook: nothing is shown
...     bar.show(done=12)
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

AFTER_S = 1.0
"""So long nobody is told that there is something to wait for."""

EVERY_S = 0.2
VARIABLE, OFF = "ARCHLAB_PROGRESS", "off"


class Bar:
    """How many of `total` runs are done, below the cell. `now_s` tells the time by a clock of the computer.

    Use it in a `with` block: at its end the bar is gone, also when the runs are interrupted.
    """

    def __init__(self, total: int, now_s: Callable[[], float] = time.monotonic) -> None:
        self.total = total
        self._now_s = now_s
        self._next_s = now_s() + AFTER_S
        self._output: Any = None  # the handle of what is displayed, once something is

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._output is not None:
            self._output.update({"text/plain": "", "text/html": ""}, raw=True)

    def show(self, done: int) -> None:
        """Let the bar say that so many are done, unless it is too early or has just been drawn."""
        now_s = self._now_s()
        if now_s < self._next_s or done == self.total or not is_wanted():
            return
        self._next_s = now_s + EVERY_S
        words = f"{done} of {self.total} runs"
        bar = f'value="{done}" max="{self.total}" aria-label="{words}" style="vertical-align: middle"'
        drawn = f"<progress {bar}></progress> {words}"
        shown = {"text/plain": words, "text/html": drawn}
        if self._output is None:
            from IPython.display import display

            self._output = display(shown, raw=True, display_id=True)
        else:
            self._output.update(shown, raw=True)


def is_wanted() -> bool:
    """Whether this is a notebook's kernel, and nobody has switched the bar off."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel") and os.environ.get(VARIABLE, "") != OFF
