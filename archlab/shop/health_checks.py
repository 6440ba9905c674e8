"""Health checks: what a balancer, or a caller, believes about the copies of a program, which is a little old.

Between a crash and the next check requests still go to the dead copy, and after a restart it stays idle until the next
check. Nobody tries another copy when a connection is refused, as some real balancers do; that errs towards more
failures. The one who checks never fails itself.

>>> from archlab.sim import Simulation, Station
>>> sim = Simulation(seed=1)
>>> copies = [Station(sim, "shop-1"), Station(sim, "shop-2")]
>>> checks = HealthChecks(sim, copies, every_s=5.0, stream="health checks")
>>> copies[0].crash()
>>> [checks.choose().name for _ in range(3)]
['shop-1', 'shop-2', 'shop-1']
>>> sim.run(until=5)
>>> [copy.name for copy in checks.candidates()]
['shop-2']
"""

from collections.abc import Generator, Sequence
from itertools import count
from typing import Any, Generic, Protocol, TypeVar

from simpy.events import Event

from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive


class Checked(Protocol):
    """Anything of which one can see whether it is up."""

    @property
    def is_up(self) -> bool: ...


T = TypeVar("T", bound=Checked)


class HealthChecks(Generic[T]):
    """Looks every `every_s` seconds which of `copies` are up. A single copy is never checked.

    The first check comes after a random part of that time, drawn from `stream`, so that checks and faults have no fixed
    relation. When none is up, all are candidates: asking one shows at once when it is back.
    """

    def __init__(self, sim: Simulation, copies: Sequence[T], every_s: float, stream: str) -> None:
        require_positive("every_s", every_s)
        self._copies = list(copies)
        self._believed_up = self._copies
        self._turn = count()
        if len(self._copies) > 1:
            sim.start(self._check_for_ever(sim, every_s, stream))

    def candidates(self) -> Sequence[T]:
        """Return the copies that passed their last check."""
        return self._believed_up

    def choose(self) -> T:
        """Return one of the candidates, in turn."""
        return self._believed_up[next(self._turn) % len(self._believed_up)]

    def _check_for_ever(self, sim: Simulation, every_s: float, stream: str) -> Generator[Event, Any, None]:
        yield sim.timeout(every_s * sim.stream(stream).random())
        while True:
            self._believed_up = [copy for copy in self._copies if copy.is_up] or self._copies
            yield sim.timeout(every_s)
