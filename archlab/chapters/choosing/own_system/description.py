"""A description: parts, what a request asks of them, load and faults, as data that the model runs.

Texts become a `Description` in `archlab.chapters.choosing.own_system.reading`.

>>> web = Part("web", cores=4, workers=64, copies=2)
>>> web.servers, web.copy_names
(8, ('web-1', 'web-2'))
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from archlab.sim.distributions import Distribution
from archlab.sim.validation import require_at_least, require_one_of, require_positive

PartKind = Literal["part", "store", "outside"]
FaultKind = Literal["crash", "slow", "outage"]

CUSTOMERS = "customers"
HOP_S = 0.00025
"""One way between two parts: 0.25 ms, as in the rest of the course (napkin-math)."""
PATIENCE_S = 10.0
"""After so long a customer has left. An assumption."""


@dataclass(frozen=True, kw_only=True)
class Calls:
    """How parts call one another, unless the line of the called part says otherwise.

    Attributes:
        hop_s: a message between two parts, one way. Customers stand at the door: their messages take no time.
        timeout_s: how long a caller waits for one answer. None: for ever.
        retries: how often a caller tries again.
    """

    hop_s: float = HOP_S
    timeout_s: float | None = None
    retries: int = 0


@dataclass(frozen=True)
class Part:
    """A part of the system.

    Attributes:
        cores: of each copy.
        shares: True: cores that share their time among all they work on. False: servers, each of which does one thing
            until it is done, first come, first served.
        workers: of each copy, each held for a whole call, also while it waits for somebody else. None: no limit.
        copies: how many there are; calls go to each in turn.
        queue_limit: calls that may wait at a copy. None: no limit.
        timeout_s, retries: of the calls to it.
        usd_per_h: the price of a copy; None when no price is given.
        rents: what that price is for, in words.
        is_idle: whether it is there although no request of this load asks for it.
        takes: for a part outside, how long it takes. For others each call says so.
    """

    name: str
    kind: PartKind = "part"
    cores: int = 1
    shares: bool = True
    workers: int | None = None
    copies: int = 1
    queue_limit: int | None = None
    timeout_s: float | None = None
    retries: int = 0
    usd_per_h: float | None = None
    rents: str = ""
    is_idle: bool = False
    takes: Distribution | None = None

    @property
    def servers(self) -> int:
        """Cores or servers of all copies."""
        return self.cores * self.copies

    @property
    def size(self) -> str:
        """What it is made of, in words."""
        if self.kind == "outside":
            return ""
        unit = ("core" if self.shares else "server") + ("s" if self.cores > 1 else "")
        workers = f", {self.workers} workers" if self.workers else ""
        return f"{self.cores} {unit}{workers}{f', {self.copies} copies' if self.copies > 1 else ''}"

    @property
    def copy_names(self) -> tuple[str, ...]:
        """What the copies are called in the simulation; a part outside is one."""
        if self.kind == "outside":
            return (self.name,)
        return tuple(f"{self.name}-{number}" for number in range(1, self.copies + 1))


@dataclass(frozen=True)
class Route:
    """Groups of steps: one group after the other, the steps of a group at the same time.

    `times`: how often all of it is done, one after the other. `chance`: the share of the requests that do it at all.
    """

    groups: tuple[tuple[Call | Route, ...], ...] = ()
    times: int = 1
    chance: float = 1.0


@dataclass(frozen=True)
class Call:
    """A call of a part: first its own work, then what it calls. Its worker is held until the end.

    `later`: the caller leaves a message in the part's queue, and does not wait for the work.
    """

    part: str
    work: Distribution
    route: Route = field(default_factory=Route)
    times: int = 1
    chance: float = 1.0
    later: bool = False


@dataclass(frozen=True)
class FaultLine:
    """Something that goes wrong with a part for a while.

    `crash`: a copy is down, with everything inside. `slow`: a copy works `factor` times as long. `outage`: no message
    to or from the part arrives. `all_copies`: not only the first copy; an outage always hits all.

    Raises `ValueError` when the kind is unknown, `lasts_s` not above 0, or `factor` below 1.
    """

    part: str
    kind: FaultKind
    lasts_s: float
    factor: float = 1.0
    all_copies: bool = False

    def __post_init__(self) -> None:
        require_one_of("kind", self.kind, ("crash", "slow", "outage"))
        require_positive("lasts_s", self.lasts_s)
        require_at_least("factor", self.factor, 1.0, "as fast as before")

    @property
    def words(self) -> str:
        """What happens, in words."""
        what = f"slow x{self.factor:g}" if self.kind == "slow" else self.kind
        return f"{what}, all copies" if self.all_copies else what


@dataclass(frozen=True)
class Description:
    """A whole system: its parts, the route of each kind of request, how often each comes, and what may go wrong."""

    title: str
    parts: Mapping[str, Part]
    routes: Mapping[str, Route]
    shares: Mapping[str, float]
    rate_per_s: float
    patience_s: float = PATIENCE_S
    calls: Calls = Calls()
    faults: tuple[FaultLine, ...] = ()

    @property
    def queued(self) -> tuple[str, ...]:
        """The parts that are asked through a queue, in their order."""
        later = {call.part for route in self.routes.values() for _, call, _ in calls_in(route) if call.later}
        return tuple(name for name in self.parts if name in later)

    @property
    def asked(self) -> tuple[str, ...]:
        """The parts that some request asks for."""
        return tuple(name for name, part in self.parts.items() if not part.is_idle)


def calls_in(route: Route, caller: str = CUSTOMERS, often: float = 1.0) -> Iterator[tuple[str, Call, float]]:
    """Give every call of a route: who calls, the call, and how often a request makes it on average.

    >>> from archlab.sim import Exponential
    >>> list(calls_in(Route(((Call("web", Exponential(0.005), times=2),),))))[0][::2]
    ('customers', 2.0)
    """
    often *= route.times * route.chance
    for group in route.groups:
        for step in group:
            if isinstance(step, Route):
                yield from calls_in(step, caller, often)
            else:
                visits = often * step.times * step.chance
                yield caller, step, visits
                yield from calls_in(step.route, step.part, visits)
