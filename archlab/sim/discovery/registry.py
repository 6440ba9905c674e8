"""A service registry: instances say that they are there, and clients ask who is.

What a client believes is never the present. The registry hears of a death late, and the client hears of it later
still, since it keeps a copy. Two questions tell registries apart: how late, and what they do when the network is cut.
`Eureka`, `Consul` and `Etcd` answer both differently; this is what they have in common.

An instance is anything with a `name` and `is_up`, a `Station` for example. It lives at a node of the network; without
one of its own, the node has the instance's name. The registry's servers are stations, so a fault can crash them.

What this leaves out: the time the servers need for their work, a few milliseconds, and a client's search for another
server when its own cannot be reached: it finds one at once. A registration reaches the servers at once, too. Real
registries are later than this, by milliseconds to seconds. A server that crashes keeps what it knew.

>>> from archlab.sim import Network, Simulation, Station
>>> from archlab.sim.discovery.etcd import Etcd
>>> sim = Simulation(seed=1)
>>> registry = Etcd(sim, Network(sim, latency_s=0.00025), ttl_s=10)
>>> for name in ("orders-1", "orders-2"):
...     registry.register("orders", Station(sim, name))
>>> registry.instances("orders", client="web")
['orders-1', 'orders-2']
>>> sim.call_at(60, lambda _: sim.parts["orders-1"].crash())
>>> sim.run(until=61)
>>> registry.instances("orders", client="web")  # one second after the death
['orders-1', 'orders-2']
>>> sim.run(until=71)
>>> registry.instances("orders", client="web")  # after eleven
['orders-2']
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Protocol

from archlab.sim.core.calendar import require_same_sim, require_sim
from archlab.sim.core.events import when
from archlab.sim.core.repeating import Repeating
from archlab.sim.failure import Unavailable
from archlab.sim.network import Network
from archlab.sim.servers.station import Station
from archlab.sim.validation import refuse, require_function, require_instance, require_text, require_texts

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

Key = tuple[str, str]
"""A service and the name of one of its instances."""
View = Mapping[str, tuple[str, ...]]
"""The names of the instances of each service, as somebody believes them to be."""


class Instance(Protocol):
    """What can be registered."""

    name: str

    @property
    def is_up(self) -> bool:
        """Whether it would answer."""


@dataclass(frozen=True)
class Registration:
    """An instance of a service, at a node of the network."""

    service: str
    instance: Instance
    node: str

    @property
    def key(self) -> Key:
        """The service and the instance's name."""
        return self.service, self.instance.name


class ServiceRegistry(ABC):
    """What all registries do: they take registrations, and say what a client believes.

    Raises `ValueError` when there is no server or one's name is taken.
    """

    def __init__(self, sim: Simulation, network: Network, servers: Sequence[str], name: str) -> None:
        require_sim(sim)
        require_instance("network", network, Network, "a Network")
        require_same_sim(sim, "network", network)
        require_texts("servers", servers, of="nodes")
        require_text("name", name)
        sim.require_free("part", *servers)
        network.nodes(*servers)
        self.sim, self.network, self.name = sim, network, name
        self.servers = {server: Station(sim, server) for server in servers}
        self.registered: dict[Key, Registration] = {}
        self.heard_at_s: dict[Key, float] = {}
        """When the registry last heard that an instance is well."""
        self._known: dict[Key, Instance] = {}
        self._views: dict[str, View] = {}
        self._order: dict[str, list[str]] = {}
        self._beats: dict[Key, Repeating] = {}
        self._listeners: list[Callable[[str], object]] = []

    # For instances ---------------------------------------------------------------------------------------

    def register(self, service: str, instance: Instance, node: str | None = None) -> None:
        """Take up an instance. It takes care of its heartbeats itself, as long as it is up.

        Raises `ValueError` when it is registered already.
        """
        require_text("service", service)
        if not (hasattr(instance, "name") and hasattr(instance, "is_up")):
            refuse(TypeError, "instance", instance, "something with a name and is_up, such as a Station")
        if hasattr(instance, "sim"):
            require_same_sim(self.sim, "instance", instance)
        node = instance.name if node is None else node
        require_text("node", node)
        registration = Registration(service, instance, node)
        key = registration.key
        if key in self.registered:
            raise ValueError(f"instance={instance.name!r} is already registered for the service {service!r}")
        self.network.nodes(node)
        self.registered[key] = registration
        self._known[key] = instance
        self._beats[key] = Repeating.at_random_phase(
            self.sim, self._beat_every_s, lambda: self._beat(registration), f"{self.name} phase of {key}"
        )
        self._join(registration)

    def deregister(self, service: str, instance: str) -> None:
        """Let an instance say goodbye before it stops. A crash does not do that.

        Raises `ValueError` when it is not registered.
        """
        require_text("service", service)
        require_text("instance", instance)
        key = (service, instance)
        if key not in self.registered:
            raise ValueError(f"instance={instance!r} is not registered for the service {service!r}")
        self._beats.pop(key).stop()
        self._leave(self.registered.pop(key))

    # For clients -----------------------------------------------------------------------------------------

    def instances(self, service: str, client: str) -> list[str]:
        """The names of the instances of a service as the client at this node believes them to be now.

        The client's first question goes to a server and takes no time; from then on it keeps a copy up to date in
        the way of its registry, and answers from that. Raises `Unavailable` when the first question finds no server.
        """
        require_text("service", service)
        require_text("client", client)
        if client not in self._views:
            self.network.nodes(client)
            self._views[client] = self._connect(client)
        return list(self._views[client].get(service, ()))

    def instance(self, service: str, name: str) -> Instance:
        """The instance of this name, also when it has left: clients may still ask for it. `KeyError` if unknown."""
        return self._known[(service, name)]

    def on_news(self, listener: Callable[[str], object]) -> None:
        """Call `listener(client)` whenever what a client believes changes."""
        require_function("listener", listener)
        self._listeners.append(listener)

    def silent_s(self, service: str, name: str) -> float:
        """How long ago the registry last heard that this instance is well. NaN: never."""
        return self.sim.now - self.heard_at_s.get((service, name), nan)

    # What a kind of registry does in its own way ---------------------------------------------------------

    @property
    @abstractmethod
    def _beat_every_s(self) -> float:
        """How often an instance says that it is well, or is asked."""

    @abstractmethod
    def _join(self, registration: Registration) -> None:
        """A new instance is there."""

    @abstractmethod
    def _beat(self, registration: Registration) -> None:
        """It is time for an instance to say that it is well, or to be asked."""

    @abstractmethod
    def _leave(self, registration: Registration) -> None:
        """An instance says goodbye."""

    @abstractmethod
    def _connect(self, client: str) -> View:
        """Answer the first question of a client, and see to it that it hears of changes. Or raise `Unavailable`."""

    # Shared ----------------------------------------------------------------------------------------------

    def reaches(self, node: str, server: str) -> bool:
        """Whether a node can talk to a server."""
        return self.servers[server].is_up and not self.network.is_cut(node, server)

    def server_for(self, node: str) -> str | None:
        """The server a node talks to: the first it can reach. Each node begins at another one, to share the load."""
        return next((server for server in self._servers_of(node) if self.reaches(node, server)), None)

    def _servers_of(self, node: str) -> list[str]:
        if node not in self._order:
            names = list(self.servers)
            first = len(self._order) % len(names)
            self._order[node] = names[first:] + names[:first]
        return self._order[node]

    def _learn(self, client: str, view: View) -> None:
        """News has reached a client."""
        if view == self._views.get(client):
            return
        self._views[client] = view
        for listener in self._listeners:
            listener(client)

    def _send(self, source: str, target: str, action: Callable[[], object]) -> None:
        """Send a message and do `action` when it arrives, unless `target` is a server that is down by then."""

        def arrive(_: object) -> None:
            if target not in self.servers or self.servers[target].is_up:
                action()

        when(self.network.send(source, target), arrive)

    def _unavailable(self) -> Unavailable:
        return Unavailable(self.name)


def by_service(keys: Iterable[Key]) -> dict[str, tuple[str, ...]]:
    """The names of the instances of each service.

    >>> by_service([("orders", "orders-1"), ("payments", "payments-1"), ("orders", "orders-2")])
    {'orders': ('orders-1', 'orders-2'), 'payments': ('payments-1',)}
    """
    names: dict[str, tuple[str, ...]] = {}
    for service, name in keys:
        names[service] = (*names.get(service, ()), name)
    return names
