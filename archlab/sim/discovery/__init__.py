"""Service discovery: registries that know who is up, a little late, and the two sides that ask them."""

from archlab.sim.discovery.consul import Consul
from archlab.sim.discovery.etcd import Etcd
from archlab.sim.discovery.eureka import Eureka, EurekaSettings
from archlab.sim.discovery.kinds import KINDS, Kind, build, kind_of
from archlab.sim.discovery.quorum import Quorum
from archlab.sim.discovery.registry import ServiceRegistry
from archlab.sim.discovery.sides import ClientSideDiscovery, Discovery, ServerSideDiscovery
from archlab.sim.discovery.swim import Swim
from archlab.sim.discovery.watched_registry import WatchedRegistry

__all__ = [
    "KINDS",
    "ClientSideDiscovery",
    "Consul",
    "Discovery",
    "Etcd",
    "Eureka",
    "EurekaSettings",
    "Kind",
    "Quorum",
    "ServerSideDiscovery",
    "ServiceRegistry",
    "Swim",
    "WatchedRegistry",
    "build",
    "kind_of",
]
