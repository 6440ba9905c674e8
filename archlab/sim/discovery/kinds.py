"""The registries by a word, with three servers each and their defaults, for experiments that compare them.

"eureka" ends a lease after 180 s, as it really does; "eureka as documented" after 90 s (see
`archlab.sim.discovery.eureka_server`). "consul check" finds processes that die on machines that live; "consul gossip"
finds machines that die. How often Consul checks and how long etcd's leases last (10 s both) are assumptions: their
users choose.

>>> from archlab.sim import Network, Simulation
>>> sim = Simulation(seed=1)
>>> registry = build("etcd", sim, Network(sim, latency_s=0.00025))
>>> type(registry).__name__, list(registry.servers)
('Etcd', ['registry-1', 'registry-2', 'registry-3'])
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archlab.sim.discovery.consul import Consul
from archlab.sim.discovery.etcd import Etcd
from archlab.sim.discovery.eureka import Eureka
from archlab.sim.discovery.eureka_server import LEASE_S, EurekaSettings
from archlab.sim.discovery.registry import ServiceRegistry
from archlab.sim.validation import require_one_of

if TYPE_CHECKING:
    from archlab.sim.network import Network
    from archlab.sim.simulation import Simulation

SERVERS = ("registry-1", "registry-2", "registry-3")
"""The nodes of the servers."""


@dataclass(frozen=True)
class Kind:
    """How to build a registry, and how long an experiment must wait for it.

    `settles_s` is how long after a change everything is as if nothing had been; `gives_up_s` is longer than it can take
    to find a death, so what has not been found by then will not be.
    """

    build: Callable[[Simulation, Network], ServiceRegistry]
    settles_s: float
    gives_up_s: float


KINDS: dict[str, Kind] = {
    "eureka": Kind(lambda sim, network: Eureka(sim, network, SERVERS), 240, 400),
    "eureka as documented": Kind(
        lambda sim, network: Eureka(sim, network, SERVERS, EurekaSettings(lease_s=LEASE_S)),
        240,
        400,
    ),
    "consul check": Kind(lambda sim, network: Consul(sim, network, SERVERS), 30, 60),
    "consul gossip": Kind(lambda sim, network: Consul(sim, network, SERVERS, death="machine"), 30, 60),
    "etcd": Kind(lambda sim, network: Etcd(sim, network, SERVERS), 30, 60),
}


def kind_of(registry: str) -> Kind:
    """The kind of this name. Raises `ValueError` when there is none; the message lists those that exist."""
    require_one_of("registry", registry, KINDS)
    return KINDS[registry]


def build(registry: str, sim: Simulation, network: Network) -> ServiceRegistry:
    """A registry of this kind, with three servers. Raises `ValueError` when there is no such kind."""
    return kind_of(registry).build(sim, network)
