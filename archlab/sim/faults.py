"""Faults: what goes wrong, where, when and for how long. A schedule of them is an experiment you can repeat.

`at_s` counts from the start of the simulation, warm-up included. None instead of a length means that it never ends.

Faults of one kind may overlap, in whatever order you inject them, and each undoes only itself:

- Crashes: the part is down until the last of them is over. Who restarts it by hand ends them.
- Slow-downs multiply.
- Losses are independent of one another, and of what the link loses anyway: with a and b, 1 - (1 - a)(1 - b) is lost.
- Partitions: two nodes are cut off as long as one of them is on.

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
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from archlab.sim.core.effects import Effect, Outage, Slowness
from archlab.sim.network import Cut, Network, group, require_two_sides
from archlab.sim.validation import (
    refuse,
    require_fraction,
    require_instance,
    require_lasting,
    require_non_negative,
    require_positive,
    require_text,
)

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar


class Fault(ABC):
    """Something that goes wrong at `at_s` and is over after `lasts_s` seconds, at the part or link `where`."""

    at_s: float

    @property
    @abstractmethod
    def lasts_s(self) -> float:
        """How long it lasts, in seconds; infinite when it never ends."""

    @property
    @abstractmethod
    def where(self) -> str:
        """The name of what is hit."""

    @abstractmethod
    def effect(self, sim: Calendar) -> Effect:
        """What it will do in this simulation. Raises `ValueError` when it does not apply: for an unknown part."""

    def planned(self, sim: Calendar) -> Effect:
        """The same, and in time. Raises `ValueError` when `at_s` has passed."""
        if self.at_s < sim.now:
            raise ValueError(f"at_s is {self.at_s}; it must not be before the current time, {sim.now}")
        return self.effect(sim)


@dataclass(frozen=True)
class Crash(Fault):
    """A part goes down with everything inside, and is back, empty, after `restart_after_s` seconds (None: never)."""

    part: str
    at_s: float
    restart_after_s: float | None

    def __post_init__(self) -> None:
        require_text("part", self.part)
        require_non_negative("at_s", self.at_s)
        require_lasting("restart_after_s", self.restart_after_s)

    @property
    def lasts_s(self) -> float:
        return _length(self.restart_after_s)

    @property
    def where(self) -> str:
        return self.part

    def effect(self, sim: Calendar) -> Effect:
        return Outage(sim, _able(sim, self.part, "crash", "restart"), self.at_s, self.lasts_s)


@dataclass(frozen=True)
class SlowDown(Fault):
    """A part takes `factor` times as long for everything, for `for_s` seconds (None: for ever)."""

    part: str
    at_s: float
    for_s: float | None
    factor: float

    def __post_init__(self) -> None:
        require_text("part", self.part)
        require_non_negative("at_s", self.at_s)
        require_lasting("for_s", self.for_s)
        require_positive("factor", self.factor)

    @property
    def lasts_s(self) -> float:
        return _length(self.for_s)

    @property
    def where(self) -> str:
        return self.part

    def effect(self, sim: Calendar) -> Effect:
        return Slowness(sim, _able(sim, self.part, "slow_down"), self.at_s, self.lasts_s, self.factor)


@dataclass(frozen=True)
class Partition(Fault):
    """No message passes between two groups of nodes of a network, in either direction, for `for_s` seconds.

    None instead of `for_s`: for ever. A node that the network does not know when the partition begins stops the run
    with a `ValueError` (see `Network.nodes`).
    """

    network: Network
    one_side: tuple[str, ...]
    other_side: tuple[str, ...]
    at_s: float
    for_s: float | None

    def __post_init__(self) -> None:
        require_instance("network", self.network, Network, "a Network")
        require_two_sides(group("one_side", self.one_side), group("other_side", self.other_side))
        require_non_negative("at_s", self.at_s)
        require_lasting("for_s", self.for_s)

    @property
    def lasts_s(self) -> float:
        return _length(self.for_s)

    @property
    def where(self) -> str:
        return f"{', '.join(self.one_side)} | {', '.join(self.other_side)}"

    def effect(self, sim: Calendar) -> Effect:
        return _Cut(sim, self)


@dataclass(frozen=True)
class Lossy(Fault):
    """A link loses each message with the probability `loss`, in both directions, for `for_s` seconds.

    None instead of `for_s`: for ever. What the link loses anyway it loses besides. A node that the network does not
    know when the fault begins stops the run with a `ValueError` (see `Network.nodes`).
    """

    network: Network
    source: str
    target: str
    at_s: float
    for_s: float | None
    loss: float

    def __post_init__(self) -> None:
        require_instance("network", self.network, Network, "a Network")
        require_text("source", self.source)
        require_text("target", self.target)
        require_non_negative("at_s", self.at_s)
        require_lasting("for_s", self.for_s)
        require_fraction("loss", self.loss)

    @property
    def lasts_s(self) -> float:
        return _length(self.for_s)

    @property
    def where(self) -> str:
        return f"{self.source} - {self.target}"

    def effect(self, sim: Calendar) -> Effect:
        return _MoreLoss(sim, self)


class _Cut(Effect):
    """A partition at work. Somebody may heal it by hand before its time."""

    cut: Cut | None = None

    def __init__(self, sim: Calendar, fault: Partition) -> None:
        _require_network_of(sim, fault.network)
        self.fault = fault
        super().__init__(sim, fault.at_s, fault.lasts_s)

    def start(self) -> None:
        self.cut = self.fault.network.cut(self.fault.one_side, self.fault.other_side)
        self.cut.on_heal = self._note

    def end(self) -> None:
        if self.cut is not None:
            self.fault.network.mend(self.cut)

    def _note(self) -> None:
        self.until_s = self.sim.now


class _MoreLoss(Effect):
    """A lossy link at work."""

    is_on = False

    def __init__(self, sim: Calendar, fault: Lossy) -> None:
        _require_network_of(sim, fault.network)
        self.fault = fault
        super().__init__(sim, fault.at_s, fault.lasts_s)

    def start(self) -> None:
        fault = self.fault
        fault.network.add_loss(fault.source, fault.target, fault.loss)
        self.is_on = True

    def end(self) -> None:
        fault = self.fault
        if self.is_on:
            fault.network.remove_loss(fault.source, fault.target, fault.loss)


def _length(lasts_s: float | None) -> float:
    return inf if lasts_s is None else lasts_s


def _require_network_of(sim: Calendar, network: Network) -> None:
    if network.sim is not sim:
        refuse(ValueError, "network", network, "a network of the same simulation")


def _able(sim: Calendar, name: str, *abilities: str) -> Any:
    """The part of this name. Raises `ValueError` when there is none, or it cannot do what the fault needs."""
    if name not in sim.parts:
        raise ValueError(
            f"part={name!r} is unknown; the parts are {', '.join(map(repr, sim.parts)) or 'none yet'}"
        )
    part = sim.parts[name]
    for ability in abilities:
        if not callable(getattr(part, ability, None)):
            raise ValueError(f"part={name!r} has no {ability}(); this fault does not apply to it")
    return part
