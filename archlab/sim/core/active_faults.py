"""Active faults: what is wrong with which part now, when several faults may hit the same one.

This is the one place where the faults of parts add up; cuts and losses of links are counted by the `Network`. A part
only knows how to crash, restart and slow down. Here is kept who wants it down, and by what it is slowed:

- A part is down as long as anybody keeps it down: a fault on it, a fault on the whole that it is a piece of, or
  somebody who crashed it by hand. What crashed by itself and starts itself again (`start_again`) comes back when no
  fault is left.
- Whoever restarts a part by hand repairs it: its crashes are over, now.
- Slow-downs multiply. Each ends for itself. What is set by hand is one factor more.

A part takes part by three decorators. One without them still goes down with the first of its faults and comes back
with the last, but what is done to it by hand is not noticed.

>>> from archlab.sim import Crash, Simulation, Station
>>> sim = Simulation(seed=1)
>>> web = Station(sim, "web")
>>> sim.inject(Crash("web", at_s=10, restart_after_s=10), Crash("web", at_s=15, restart_after_s=10))
>>> sim.run(until=22)
>>> web.is_up  # the first is over, the second is not
False
>>> web.restart()
>>> web.is_up, sim.measure(duration_s=1).faults.end_s.tolist()
(True, [22.0, 22.0])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from math import prod
from typing import Any, Protocol, TypeVar

from archlab.sim.validation import require_positive

T = TypeVar("T")

BY_HAND = ""
"""The cause of what no fault did. No part has this name."""


class Lasting(Protocol):
    """An outage that is planned or on."""

    at_s: float
    until_s: float
    is_on: bool

    def start(self) -> None:
        """Begin."""

    def cut_short(self) -> None:
        """Be over now."""


class ActiveFaults:
    """Who keeps which part down, and who slows it by how much. A simulation has one: `sim.active_faults`."""

    def __init__(self) -> None:
        self._cause: str | None = None  # the part whose fault acts at this moment; None: it is done by hand
        self._whole: Any = None  # the part that is going down or coming back at this moment, with its pieces
        self._down: dict[str, set[str]] = {}  # part -> the causes that keep it down
        self._slow: dict[str, dict[str, float]] = {}  # part -> cause -> factor
        self._outages: dict[str, list[Lasting]] = {}
        self._slow_downs: dict[str, list[Any]] = {}

    # What faults do --------------------------------------------------------------------------------------

    def outages(self, part: Any) -> list[Lasting]:
        """The outages of a part that are planned or on."""
        return self._outages.setdefault(part.name, [])

    def slow_downs(self, part: Any) -> list[Any]:
        """The slow-downs of a part that are on."""
        return self._slow_downs.setdefault(part.name, [])

    def end_outages(self, part: Any) -> None:
        """Those that are on are over now."""
        outages = self.outages(part)
        for outage in [one for one in outages if one.is_on]:
            outage.cut_short()
            outages.remove(outage)

    @contextmanager
    def because_of(self, cause: str) -> Iterator[None]:
        """Whatever goes down, comes back or slows down meanwhile does so because of this part's faults."""
        before, self._cause = self._cause, cause
        try:
            yield
        finally:
            self._cause = before

    # What parts do ---------------------------------------------------------------------------------------

    def start_again(self, part: Any) -> None:
        """Let a part that crashed by itself restart itself: now, or later if a fault keeps it down."""
        with self.because_of(BY_HAND):
            part.restart()

    def take_down(self, part: Any, crash: Callable[[], None]) -> None:
        """Let `crash()` take a part down, and note why. Called by the decorator `going_down`."""
        if part is not self._whole:
            self._down.setdefault(part.name, set()).add(self._why)
        with self._with_pieces(part):
            crash()

    def bring_back(self, part: Any, restart: Callable[[], None]) -> None:
        """Let `restart()` bring a part back, unless somebody keeps it down. Called by the decorator `coming_back`."""
        if part is self._whole or self._may_come_back(part):
            with self._with_pieces(part):
                restart()

    def factor_with(self, part: Any, factor: float) -> float:
        """By what a part is slowed in all, when one cause slows it by `factor` from now on."""
        factors = self._slow.setdefault(part.name, {})
        factors[self._why] = factor
        return prod(factors.values())

    def _may_come_back(self, part: Any) -> bool:
        """One cause less to be down. By hand it is always allowed, and ends the outages."""
        causes = self._down.get(part.name, set())
        if self._cause is None and self._whole is None:
            self.end_outages(part)
            causes.clear()
        causes.discard(self._why)
        return not causes

    @property
    def _why(self) -> str:
        """The cause of what happens to a part now: the whole that it is a piece of, a fault, or somebody's hand."""
        return self._cause or BY_HAND if self._whole is None else self._whole.name

    @contextmanager
    def _with_pieces(self, part: Any) -> Iterator[None]:
        """What goes down or comes back meanwhile does so as a piece of `part`."""
        before, self._whole = self._whole, part
        try:
            yield
        finally:
            self._whole = before


def going_down(crash: Callable[[T], None]) -> Callable[[T], None]:
    """Decorate the `crash` of a part, so that it is known who took it down."""

    @wraps(crash)
    def noted(self: T) -> None:
        self.sim.active_faults.take_down(self, partial(crash, self))  # type: ignore[attr-defined]

    return noted


def coming_back(restart: Callable[[T], None]) -> Callable[[T], None]:
    """Decorate the `restart` of a part, so that it comes back only when nobody keeps it down."""

    @wraps(restart)
    def allowed(self: T) -> None:
        self.sim.active_faults.bring_back(self, partial(restart, self))  # type: ignore[attr-defined]

    return allowed


def slowing_down(slow_down: Callable[[T, float], None]) -> Callable[[T, float], None]:
    """Decorate the `slow_down` of a part, so that it is slowed by all causes together.

    Raises `ValueError` when the factor is not a finite number above 0.
    """

    @wraps(slow_down)
    def together(self: T, factor: float) -> None:
        require_positive("factor", factor)
        slow_down(self, self.sim.active_faults.factor_with(self, factor))  # type: ignore[attr-defined]

    return together
