"""Discovery: how a caller comes to an instance of a service. It asks the registry itself, or a balancer does for it.

Client-side: every caller has the registry's list and picks an instance. Nothing is between the two, but every caller
must know how to ask, how to pick, and what to do about entries that are stale.

Server-side: the caller knows one address, that of a balancer, which has the list and passes the call on. Callers know
nothing, but there is one more hop, and one more part that can fail. One balancer stands for all: real ones come in
pairs, which fail less often.

Both have the same face. `candidates` gives instances, for `Replicas` too; `call` takes an attempt the way it goes;
`source` is the node from which the instance is called:

>>> from archlab.sim import Network, Simulation, Station
>>> from archlab.sim.discovery.consul import Consul
>>> def ask(server_side):
...     sim = Simulation(seed=1)
...     network = Network(sim, latency_s=0.001)
...     consul = Consul(sim, network)
...     consul.register("orders", Station(sim, "orders-1"))
...     way = ServerSideDiscovery(consul, Station(sim, "balancer")) if server_side else ClientSideDiscovery(consul)
...     def work(orders):
...         yield orders.serve(0.010)
...     def attempt():
...         orders = way.candidates("orders", "web")[0]
...         return network.call(way.source("web"), orders.name, work(orders))
...     sim.run(until=way.call("web", attempt))
...     return round(sim.now, 6)
>>> ask(server_side=False), ask(server_side=True)  # one hop of 2 ms more, and 50 us at the balancer
(0.012, 0.01405)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import Any

from simpy.events import Event

from archlab.sim.core.calendar import require_same_sim
from archlab.sim.discovery.registry import ServiceRegistry
from archlab.sim.failure import Crashed, Unavailable
from archlab.sim.resilience.attempt import Attempt
from archlab.sim.servers.station import Station
from archlab.sim.validation import require_instance, require_non_negative

PROXY_HOP_S = 50e-6
"""What a proxy such as Envoy, Nginx or HAProxy takes for one call (S. Eskildsen, *napkin-math*)."""


class Discovery(ABC):
    """The face of both kinds."""

    def __init__(self, registry: ServiceRegistry) -> None:
        require_instance(
            "registry", registry, ServiceRegistry, "a ServiceRegistry, such as Consul(sim, network)"
        )
        self.registry = registry

    @abstractmethod
    def source(self, client: str) -> str:
        """The node that has the list and calls the instances, for a client at this node."""

    @abstractmethod
    def call(self, client: str, attempt: Attempt) -> Event:
        """Start `attempt` where the list is, and return the event of its outcome back at the client."""

    def candidates(self, service: str, client: str) -> list[Any]:
        """The instances of a service as they were registered, by what is known at `source(client)` now.

        Some may be dead, and some that live may be missing. Empty when no registry answers and nothing is known.
        """
        try:
            names = self.registry.instances(service, self.source(client))
        except Unavailable:
            return []
        return [self.registry.instance(service, name) for name in names]


class ClientSideDiscovery(Discovery):
    """The caller queries the registry and picks an instance itself."""

    def source(self, client: str) -> str:
        return client

    def call(self, client: str, attempt: Attempt) -> Event:
        return attempt()


class ServerSideDiscovery(Discovery):
    """The caller asks a balancer, at the node of its name, which queries the registry and picks.

    Args:
        balancer: it takes `hop_s` of one of its servers for each call. While it is down, no call comes through:
            `Unavailable`. An answer that comes back to a balancer that is down is lost: `Crashed`.
        timeout_s: how long a caller waits for an answer through the balancer. None: as long as it takes.

    Raises `ValueError` when `hop_s` is negative.
    """

    def __init__(
        self,
        registry: ServiceRegistry,
        balancer: Station,
        hop_s: float = PROXY_HOP_S,
        timeout_s: float | None = None,
    ) -> None:
        super().__init__(registry)
        require_instance("balancer", balancer, Station, "a Station")
        require_same_sim(registry.sim, "balancer", balancer)
        require_non_negative("hop_s", hop_s)
        if timeout_s is not None:
            require_non_negative("timeout_s", timeout_s)
        self.balancer, self.hop_s, self.timeout_s = balancer, hop_s, timeout_s

    def source(self, client: str) -> str:
        return self.balancer.name

    def call(self, client: str, attempt: Attempt) -> Event:
        network = self.registry.network
        return network.call(client, self.balancer.name, self._forward(attempt), self.timeout_s)

    def _forward(self, attempt: Attempt) -> Generator[Event, Any, Any]:
        yield self.balancer.serve(self.hop_s)
        answer = yield attempt()
        if not self.balancer.is_up:
            raise Crashed(self.balancer.name)
        return answer
