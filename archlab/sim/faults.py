"""Faults: what goes wrong, where, when and for how long. A schedule of them is an experiment you can repeat.

`at_s` counts from the start of the simulation, warm-up included. When two faults of one kind overlap on one part, the
end of the first ends both.

>>> from archlab.sim import Crash, Simulation, Station
>>> sim = Simulation(seed=1)
>>> web = Station(sim, "web")
>>> sim.inject(Crash("web", at_s=10, restart_after_s=5))
>>> sim.run(until=12)
>>> web.is_up
False
>>> sim.run(until=16)
>>> web.is_up
True
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simpy.events import URGENT

from archlab.sim.network import group
from archlab.sim.validation import require_fraction, require_non_negative, require_positive

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar
    from archlab.sim.network import Network


class Fault(ABC):
    """Something that goes wrong at `at_s` and is over after `lasts_s` seconds, at the part or link `where`."""

    at_s: float

    @property
    @abstractmethod
    def lasts_s(self) -> float:
        """How long it lasts, in seconds."""

    @property
    @abstractmethod
    def where(self) -> str:
        """The name of what is hit."""

    @abstractmethod
    def switch(self, sim: Calendar) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """Two functions: one that starts the fault and one that ends it. Raises `ValueError` for an unknown part."""

    def schedule(self, sim: Calendar) -> None:
        """Put start and end on the calendar. Raises `ValueError` when `at_s` has passed or the part is unknown."""
        start, end = self.switch(sim)
        if self.at_s < sim.now:
            raise ValueError(f"at_s is {self.at_s}; it must not be before the current time, {sim.now}")
        sim.call_at(self.at_s, lambda _: start(), priority=URGENT)
        sim.call_at(self.at_s + self.lasts_s, lambda _: end(), priority=URGENT)


@dataclass(frozen=True)
class Crash(Fault):
    """A part goes down with everything inside, and is back, empty, after `restart_after_s` seconds."""

    part: str
    at_s: float
    restart_after_s: float

    def __post_init__(self) -> None:
        require_non_negative("at_s", self.at_s)
        require_positive("restart_after_s", self.restart_after_s)

    @property
    def lasts_s(self) -> float:
        return self.restart_after_s

    @property
    def where(self) -> str:
        return self.part

    def switch(self, sim: Calendar) -> tuple[Callable[[], Any], Callable[[], Any]]:
        part = _able(sim, self.part, "crash")
        return part.crash, part.restart


@dataclass(frozen=True)
class SlowDown(Fault):
    """A part takes `factor` times as long for everything, for `for_s` seconds."""

    part: str
    at_s: float
    for_s: float
    factor: float

    def __post_init__(self) -> None:
        require_non_negative("at_s", self.at_s)
        require_positive("for_s", self.for_s)
        require_positive("factor", self.factor)

    @property
    def lasts_s(self) -> float:
        return self.for_s

    @property
    def where(self) -> str:
        return self.part

    def switch(self, sim: Calendar) -> tuple[Callable[[], Any], Callable[[], Any]]:
        part = _able(sim, self.part, "slow_down")
        return lambda: part.slow_down(self.factor), lambda: part.slow_down(1.0)


@dataclass(frozen=True)
class Partition(Fault):
    """No message passes between two groups of nodes of a network, in either direction, for `for_s` seconds."""

    network: Network
    one_side: tuple[str, ...]
    other_side: tuple[str, ...]
    at_s: float
    for_s: float

    def __post_init__(self) -> None:
        group("one_side", self.one_side)
        group("other_side", self.other_side)
        require_non_negative("at_s", self.at_s)
        require_positive("for_s", self.for_s)

    @property
    def lasts_s(self) -> float:
        return self.for_s

    @property
    def where(self) -> str:
        return f"{', '.join(self.one_side)} | {', '.join(self.other_side)}"

    def switch(self, sim: Calendar) -> tuple[Callable[[], Any], Callable[[], Any]]:
        cut = (self.one_side, self.other_side)
        return lambda: self.network.partition(*cut), lambda: self.network.heal(*cut)


@dataclass(frozen=True)
class Lossy(Fault):
    """A link loses each message with the probability `loss`, in both directions, for `for_s` seconds."""

    network: Network
    source: str
    target: str
    at_s: float
    for_s: float
    loss: float

    def __post_init__(self) -> None:
        require_non_negative("at_s", self.at_s)
        require_positive("for_s", self.for_s)
        require_fraction("loss", self.loss)

    @property
    def lasts_s(self) -> float:
        return self.for_s

    @property
    def where(self) -> str:
        return f"{self.source} - {self.target}"

    def switch(self, sim: Calendar) -> tuple[Callable[[], Any], Callable[[], Any]]:
        usual = self.network.loss_of(self.source, self.target)
        set_loss = self.network.set_loss
        return (
            lambda: set_loss(self.source, self.target, self.loss),
            lambda: set_loss(self.source, self.target, usual),
        )


def _able(sim: Calendar, name: str, ability: str) -> Any:
    """The part of this name. Raises `ValueError` when there is none, or it cannot do what the fault needs."""
    if name not in sim.parts:
        raise ValueError(
            f"part={name!r} is unknown; the parts are {', '.join(map(repr, sim.parts)) or 'none yet'}"
        )
    part = sim.parts[name]
    if not hasattr(part, ability):
        raise ValueError(f"part={name!r} has no {ability}(); this fault does not apply to it")
    return part
