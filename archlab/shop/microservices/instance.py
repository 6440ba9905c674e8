"""An instance: one running copy of a service, with its workers and its cores.

A worker is *held* for as long as the instance works on a call, also while it waits for a database or for another
service. So a slow service holds the workers of its callers, and of theirs. An instance dies as a whole; the other
instances of its service go on.

What this leaves out: memory, and a pool of database connections (each worker has its own).

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> payments = Instance(sim, "payments", number=2, workers=16, cores=1)
>>> payments.name, payments.cpu.name, payments.capacity
('payments-2', 'payments-2 cpu', 16)
"""

from collections.abc import Callable
from typing import Any, ParamSpec, Protocol

from simpy.events import Event

from archlab.shop.instance import Instance as RunningCopy
from archlab.shop.instance import Mortal, Steps
from archlab.sim.core.events import fail_now
from archlab.sim.failure import Failure
from archlab.sim.simulation import Simulation

__all__ = ["CallerDied", "Instance", "Mortal", "Steps", "Way"]

P = ParamSpec("P")


class CallerDied(Failure):
    """The instance that wanted to call is dead. Nothing was tried, and nobody is left who waits."""

    outcome = "caller_died"
    what = "died before it called"


class Way(Protocol):
    """A way to another service, as `archlab.shop.microservices.calls.Client` is."""

    def call(self, operation: str, arguments: tuple[Any, ...]) -> Steps[Any]:
        """Ask for an operation, and return its answer."""


class Instance(RunningCopy):
    """A running copy of a service. It is the pool of its workers; its cores are the part "<name> cpu".

    Args:
        service: the name of the service it is a copy of.
        number: which copy, from 1.
        queue_limit: calls that may wait for a worker. None: no limit.
        cores_share: whether the cores share their time among all that it works on, or do one thing after the other.

    `clients` are its ways to other services, by their names; `life` counts its starts; `inside` is what dies and
    starts with it, besides its cores: what reads messages for it.
    """

    def __init__(
        self,
        sim: Simulation,
        service: str,
        number: int,
        workers: int,
        cores: int,
        queue_limit: int | None = None,
        cores_share: bool = True,
    ) -> None:
        super().__init__(sim, service, number, workers, cores, queue_limit, cores_share)
        self.service = service
        self.clients: dict[str, Way] = {}

    def call(self, service: str, operation: str, *arguments: Any) -> Steps[Any]:
        """Ask another service for an operation, and return its answer.

        Raises a `Refusal` that the service gave as its answer, or the `Failure` that kept it from answering.
        """
        return self.clients[service].call(operation, arguments)

    def in_this_life(self, attempt: Callable[P, Event]) -> Callable[P, Event]:
        """The same attempt, but once this instance has died it starts nothing and fails with `CallerDied`."""
        life = self.life

        def unless_dead(*args: P.args, **kwargs: P.kwargs) -> Event:
            if self.lives(life):
                return attempt(*args, **kwargs)
            nothing = self.sim.event()
            fail_now(nothing, CallerDied(self.name))
            return nothing

        return unless_dead
