"""A service mesh: calls go through two proxies, the caller's sidecar and the server's.

The caller's sidecar chooses the server, tries again elsewhere when that is worth it, and leaves out servers that fail.
The order is: retry ( ejection and balancing ( proxy, call, proxy )). What each mesh does by default is in
`archlab.sim.balancing.mesh_defaults`. Each caller has its own sidecar, which knows only what went through itself.

What this leaves out: the proxies share the cores of their instances; here they only add time, and their processor time
is counted (`cpu_s`) but competes with nobody, so a loaded mesh looks better than it is. Encryption, tracing and the
control plane are not here. Envoy draws up to five times to find a server that was not tried yet; here a retry surely
finds one, if there is one.

>>> from archlab.sim import Simulation, Station
>>> sim = Simulation(seed=1)
>>> payments = [Station(sim, "payments-1"), Station(sim, "payments-2")]
>>> payments[0].crash()
>>> mesh = Mesh(sim, mesh_defaults("istio"))
>>> def pay():
...     yield mesh.call("orders-1", "payments", lambda: payments, lambda payment: payment.serve(0.010))
>>> for _ in range(10):
...     sim.run(until=sim.start(pay()))
>>> payments[1].completed, mesh.retries > 0
(10, True)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any, Generic

from simpy.events import Event

from archlab.sim.balancing.ejection import T
from archlab.sim.balancing.mesh_defaults import MeshDefaults, mesh_defaults
from archlab.sim.balancing.replicas import Replicas
from archlab.sim.core.calendar import require_sim
from archlab.sim.failure import Failure
from archlab.sim.resilience.retry import Retry
from archlab.sim.validation import require_function, require_instance, require_text

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

__all__ = ["Mesh", "MeshDefaults", "Sidecar", "mesh_defaults"]


class Sidecar(Generic[T]):
    """The proxy beside one caller, for its calls to one service.

    Args:
        name: of the caller and the service, for the streams of random numbers.
        candidates: the servers of the service, asked at each attempt.

    `retry` counts `calls` and `retries`, `replicas.sent` the attempts at each server, and `replicas.ejection` (None:
    nothing is ejected) the ejections. `passes` counts how often a proxy, this one or a server's, let a call through.
    """

    def __init__(
        self, sim: Simulation, name: str, candidates: Callable[[], Sequence[T]], defaults: MeshDefaults
    ) -> None:
        require_sim(sim)
        require_text("name", name)
        require_instance("defaults", defaults, MeshDefaults, "MeshDefaults, such as mesh_defaults('istio')")
        self.sim = sim
        self.name = name
        self.defaults = defaults
        self.passes = 0
        eject = defaults.ejection
        self.replicas = Replicas(
            sim, name, candidates, defaults.balancing(sim, name), None if eject is None else eject(sim, name)
        )
        self.retry = Retry(
            sim,
            name,
            attempts=1 + defaults.retries,
            backoff=defaults.backoff,
            budget=None if defaults.budget is None else defaults.budget(sim),
            retry_on=defaults.retry_on,
        )

    def call(self, to: Callable[[T], Event]) -> Event:
        """Call one of the servers, `to(server)`, as often as the mesh thinks right, and return the event of the end."""
        require_function("to", to)
        tried: list[str] = []

        def through(server: T) -> Event:
            tried.append(server.name)
            return self.sim.start(self._through(server, to))

        return self.retry.call(lambda: self.replicas.call(through, avoid=tried))

    def _through(self, server: T, to: Callable[[T], Event]) -> Generator[Event, Any, Any]:
        """One attempt: half of what the two proxies add on the way there, and half on the way back."""
        self.passes += 2
        yield self.sim.timeout(self.defaults.proxy_s)
        try:
            value = yield to(server)
        except Failure:
            yield self.sim.timeout(self.defaults.proxy_s)
            raise
        yield self.sim.timeout(self.defaults.proxy_s)
        return value


class Mesh:
    """All sidecars of a system: one for each caller and service, made when it is first needed."""

    def __init__(self, sim: Simulation, defaults: MeshDefaults) -> None:
        require_sim(sim)
        require_instance("defaults", defaults, MeshDefaults, "MeshDefaults, such as mesh_defaults('istio')")
        self.sim = sim
        self.defaults = defaults
        self.sidecars: dict[tuple[str, str], Sidecar[Any]] = {}

    def call(
        self,
        caller: str,
        service: str,
        candidates: Callable[[], Sequence[T]],
        to: Callable[[T], Event],
    ) -> Event:
        """Let the instance `caller` call `service` through its sidecar; return the event of the outcome.

        `candidates` gives the servers that it believes in, the same function at each call; `to(server)` is one call
        over the network, with a time-out of its own if it needs one: a mesh sets none.
        """
        return self._sidecar(caller, service, candidates).call(to)

    def _sidecar(self, caller: str, service: str, candidates: Callable[[], Sequence[T]]) -> Sidecar[T]:
        require_text("caller", caller)
        require_text("service", service)
        require_function("candidates", candidates)
        key = (caller, service)
        if key not in self.sidecars:
            self.sidecars[key] = Sidecar(self.sim, f"{caller} to {service}", candidates, self.defaults)
        return self.sidecars[key]

    @property
    def retries(self) -> int:
        """Attempts beyond the first of each call, by all sidecars."""
        return sum(sidecar.retry.retries for sidecar in self.sidecars.values())

    @property
    def cpu_s(self) -> float:
        """Processor time that all proxies spent, in seconds."""
        return self.defaults.proxy_cpu_s * sum(sidecar.passes for sidecar in self.sidecars.values())

    @property
    def ejections(self) -> list[tuple[float, str, str]]:
        """Each ejection as (time in s, who ejected: caller to service, who was ejected), in order of time."""
        return sorted(
            (time_s, sidecar.name, server)
            for sidecar in self.sidecars.values()
            if sidecar.replicas.ejection is not None
            for time_s, server in sidecar.replicas.ejection.ejections
        )
