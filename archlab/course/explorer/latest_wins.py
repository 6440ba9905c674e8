"""Latest wins: a thread that answers the newest question, and gives up one that nobody waits for any more.

A slider asks faster than a model answers. A question that has not been begun is dropped when a newer one
comes. One that has been worked on for longer than `patience_s` is stopped for a newer one; a shorter one is
finished and shown, so that the picture moves while the slider does. The last question is always answered.

To stop, an exception is raised inside the question's function, between two of its instructions. The function
must therefore leave nothing half done outside itself, as a model does that builds its own simulation. The
exception can hit nothing but that function: see `_ask`.

>>> shown = []
>>> worker = LatestWins(ask=lambda x: x * x, tell=shown.append)
>>> for x in range(5):
...     worker.submit(x)
>>> worker.wait(timeout_s=10), shown[-1]
(True, 16)
"""

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

PATIENCE_S = 0.3
IDLE_S = 10.0
"""A thread without questions ends after this time."""


class Stopped(BaseException):
    """Raised inside a function that is given up. Not an `Exception`, so that `except Exception` lets it pass."""


class LatestWins(Generic[Question, Answer]):
    """`ask` is called in a thread of its own, one call at a time, and its answers go to `tell`, in order.

    `slow` is called, always before `tell`, when an answer takes longer than `patience_s`. An error
    that `ask` or `tell` raises goes to `threading.excepthook`, and the thread goes on.
    """

    def __init__(
        self,
        ask: Callable[[Question], Answer],
        tell: Callable[[Answer], object],
        slow: Callable[[], object] = lambda: None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._function, self._tell, self._slow, self._patience_s = ask, tell, slow, patience_s
        self._lock = threading.RLock()
        self._change = threading.Condition(self._lock)
        self._next: list[Question] = []
        self._thread: threading.Thread | None = None
        self._is_busy = False
        self._began_s: float | None = None  # when the call of `ask` that may be stopped began
        self._is_posted = False  # whether it was stopped: `Stopped` is on its way, or was raised
        self._number = 0

    def submit(self, question: Question) -> None:
        """Ask, and forget the question that waits, if any. Returns at once."""
        with self._change:
            self._next = [question]
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True, name="explorer")
                self._thread.start()
            self._change.notify_all()
            if self._began_s is not None and time.monotonic() - self._began_s >= self._patience_s:
                self._stop()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until every question is answered or dropped; return whether that is so."""
        with self._change:
            return self._change.wait_for(lambda: not self._next and not self._is_busy, timeout_s)

    def drop(self) -> None:
        """Forget the question that waits, and stop the one that is worked on. Returns when nothing is going on."""
        with self._change:
            self._next = []
            self._stop()
        self.wait()

    def _work(self) -> None:
        while (question := self._take()) is not None:
            try:
                self._answer(question[0])
            except Exception as error:
                thread = threading.current_thread()
                threading.excepthook(
                    threading.ExceptHookArgs((type(error), error, error.__traceback__, thread))
                )
            finally:
                with self._change:
                    self._is_busy = False
                    self._change.notify_all()

    def _take(self) -> list[Question] | None:
        """The next question; None when there was none for a while, and this thread is no longer the worker."""
        with self._change:
            if not self._change.wait_for(lambda: bool(self._next), IDLE_S):
                self._thread = None
                return None
            taken, self._next = self._next, []
            self._is_busy = True
            self._number += 1
            return taken

    def _answer(self, question: Question) -> None:
        timer = threading.Timer(self._patience_s, self._out_of_patience, (self._number,))
        timer.daemon = True
        timer.start()
        answers = self._ask(question)
        timer.cancel()
        for answer in answers:
            self._tell(answer)

    def _ask(self, question: Question) -> list[Answer]:
        """The answer, or nothing when it was stopped.

        `Stopped` is only posted while `_began_s` is set, and under the lock. At the end, under the same lock,
        that is unset and an exception that was posted is swallowed, if it was not raised yet. Here the lock is taken
        itself, not through the condition: entering it is one instruction, so no exception can come in between.
        """
        try:
            try:
                with self._lock:
                    self._began_s, self._is_posted = time.monotonic(), False
                return [self._function(question)]
            finally:
                with self._lock:
                    self._began_s = None
                    if self._is_posted:
                        _swallow()
        except Stopped:
            self._began_s = None
            return []

    def _out_of_patience(self, number: int) -> None:
        with self._change:
            if self._number != number or self._began_s is None:
                return
            if self._next:
                self._stop()
            else:
                self._slow()

    def _stop(self) -> None:
        """Stop the call of `ask` that is going on, if any. To be called under the lock."""
        if self._began_s is not None and self._thread is not None and self._thread.ident is not None:
            self._began_s, self._is_posted = None, True  # once is enough
            _post(self._thread.ident)


def _post(thread: int) -> None:
    """Raise `Stopped` in a thread as soon as it runs Python code again."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(Stopped))


def _swallow() -> None:
    """Let `Stopped` be raised here, once, whether one that was posted to this thread is still on its way or not.

    To post nothing in its place would take it back, too. But then Python looks for it for ever, and Python 3.11 hangs
    in the next function that is traced.
    """
    try:
        _post(threading.get_ident())
        while True:
            pass
    except Stopped:
        return
