"""An account: what all functions of one customer share. How many may run at the same time, and how fast more may start.

A busy function can take all of the account's concurrency, and others are throttled though they have little to do. A
function with `reserved` concurrency has so much for itself: nobody else gets it, and it never gets more. What is
provisioned is set aside in the same way.

Concurrency is counted in environments at work, those that are still initialising included. On AWS Lambda it is 1,000
by default (`data/lambda.csv`), which AWS raises on request; a new account may have less. Some of it cannot be
reserved there; here you may reserve all.

>>> from archlab.sim import Function, Simulation
>>> sim = Simulation(seed=1)
>>> account = CloudAccount(sim, concurrency=3)
>>> def sleep(invocation):
...     yield sim.timeout(1.0)
>>> report = Function(sim, "report", sleep, init_s=0.1, keep_alive_s=300, account=account)
>>> orders = Function(sim, "orders", sleep, init_s=0.1, keep_alive_s=300, account=account, reserved=1)
>>> for _ in range(9):
...     invocation = report.invoke()
>>> report.busy, report.throttled, orders.invoke().is_alive
(2, 7, True)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from archlab.sim.core.calendar import require_sim
from archlab.sim.functions.scaling import TODAY, ScalingRate
from archlab.sim.resilience.token_bucket import TokenBucket
from archlab.sim.validation import refuse, require_instance, require_whole

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

CONCURRENCY = 1000
"""How many environments of an account may work at the same time on AWS Lambda, unless AWS has raised it."""


class Tenant(Protocol):
    """A function as its account sees it."""

    name: str
    reserved: int | None

    @property
    def provisioned(self) -> int:
        """How many environments it keeps ready."""

    @property
    def on_demand_busy(self) -> int:
        """How many other environments of it are at work."""


class CloudAccount:
    """The limits that functions share.

    Args:
        concurrency: how many environments may work at the same time, over all functions.
        scaling: how fast they may be started. None: as fast as you like.

    Raises `ValueError` or `TypeError` when an argument is not allowed.
    """

    def __init__(
        self, sim: Simulation, concurrency: int = CONCURRENCY, scaling: ScalingRate | None = TODAY
    ) -> None:
        require_sim(sim)
        require_whole("concurrency", concurrency, at_least=1)
        require_instance("scaling", scaling, (ScalingRate, type(None)), "a ScalingRate or None")
        self.sim = sim
        self.concurrency = concurrency
        self.scaling = scaling
        self.functions: list[Tenant] = []
        self._buckets: dict[str, TokenBucket] = {}

    @property
    def unreserved(self) -> int:
        """What is left for functions that have reserved nothing, beyond what they have provisioned."""
        return self.concurrency - sum(_set_aside(one.reserved, one.provisioned) for one in self.functions)

    def require_room(self, reserved: int | None, provisioned: int, instead_of: Tenant | None = None) -> None:
        """Raise `ValueError` unless so much can be set aside for one more function, or for one that is here."""
        free = self.unreserved
        if instead_of is not None:
            free += _set_aside(instead_of.reserved, instead_of.provisioned)
        most = free if reserved is None else reserved
        if provisioned > most:
            refuse(ValueError, "provisioned", provisioned, f"at most {most}, what is reserved or free")
        if reserved is not None and reserved > free:
            refuse(ValueError, "reserved", reserved, f"at most {free}, the concurrency that is left")

    def may_run(self, function: Tenant) -> bool:
        """Whether one more environment that is not provisioned may work for this function now."""
        if function.reserved is not None:
            return function.on_demand_busy < function.reserved - function.provisioned
        busy = sum(one.on_demand_busy for one in self.functions if one.reserved is None)
        return busy < self.unreserved

    def may_start(self, function: Tenant) -> bool:
        """Whether an environment may be started for this function now. If so, it counts as started."""
        return self.scaling is None or self._bucket(self.scaling, function).take()

    def _bucket(self, scaling: ScalingRate, function: Tenant) -> TokenBucket:
        key = "" if scaling.is_shared else function.name
        if key not in self._buckets:
            self._buckets[key] = TokenBucket(self.sim, scaling.per_s, scaling.environments)
        return self._buckets[key]


def _set_aside(reserved: int | None, provisioned: int) -> int:
    return provisioned if reserved is None else reserved
