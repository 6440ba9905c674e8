"""A player: a thread that shows moment after moment until it is told to stop, or the recording ends.

>>> seen = []
>>> player = Player(lambda: len(seen), seen.append, last=3, every_s=0.0)
>>> player.play()
>>> player.wait(timeout_s=10), seen
(True, [1, 2, 3])
"""

import threading
import time
from collections.abc import Callable

EVERY_S = 0.12
"""At most one picture in this time: browsers far away would fall behind."""


class Player:
    """`now` tells which moment is shown; `show` shows another one; `ended` is called when it stops by itself."""

    def __init__(
        self,
        now: Callable[[], int],
        show: Callable[[int], object],
        last: int,
        ended: Callable[[], object] = lambda: None,
        every_s: float = EVERY_S,
    ) -> None:
        self._now, self._show, self._last, self._ended, self._every_s = now, show, last, ended, every_s
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    @property
    def is_playing(self) -> bool:
        return self._thread is not None and self._thread.is_alive() and not self._stop.is_set()

    def play(self) -> None:
        """Go on from the moment that is shown; does nothing when it plays already."""
        if self.is_playing:
            return
        self.pause()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._stop,), daemon=True, name="replay")
        self._thread.start()

    def pause(self) -> None:
        """Stop after the picture that is being drawn. Returns when it has stopped."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; return whether it was reached."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return not self.is_playing

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set() and self._now() < self._last:
            began_s = time.monotonic()
            self._show(self._now() + 1)
            stop.wait(max(0.0, self._every_s - (time.monotonic() - began_s)))
        if not stop.is_set():
            self._ended()
