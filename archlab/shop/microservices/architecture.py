"""The microservices architecture: five services that call each other over a network, each with its own database,
behind one gateway.

>>> from archlab.sim import Simulation
>>> shop = Microservices(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.answer(shop.track_order(7)).payment.value, len(shop.rows("order_lines"))
('authorised', 1)
>>> shop.tables["orders"] is shop.tables["payments"]
False
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from archlab.shop.architecture import Architecture
from archlab.shop.domain import Basket, Order
from archlab.shop.microservices.calls import Client
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.gateway import Gateway
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.ordering.accepted import QueuedOrder, StreamedOrder
from archlab.shop.microservices.ordering.saga_in_memory import SagaInMemory
from archlab.shop.microservices.ordering.saga_with_log import SagaWithLog
from archlab.shop.microservices.platform import Platform
from archlab.shop.microservices.services.catalogue import Catalogue
from archlab.shop.microservices.services.inventory import Inventory
from archlab.shop.microservices.services.notifications import Notifications
from archlab.shop.microservices.services.orders import NaiveOrder, Ordering, Orders
from archlab.shop.microservices.services.payments import Payments
from archlab.shop.microservices.services.service import Service
from archlab.shop.microservices.topology import microservices_topology
from archlab.shop.microservices.wire.protocol import Channel, Protocol
from archlab.shop.provider import PaymentProvider
from archlab.shop.store import OrderStatus, ProductPage
from archlab.sim.network import Network
from archlab.sim.simulation import Simulation

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

ORDERINGS: Mapping[str, type[Ordering]] = {
    "naive": NaiveOrder,
    "saga_in_memory": SagaInMemory,
    "saga_with_log": SagaWithLog,
    "queue": QueuedOrder,
    "stream": StreamedOrder,
}
"""A word of `MicroservicesConfig.ordering` -> the class that places orders this way."""

OWNER_OF = {
    "products": "catalogue",
    "stock": "inventory",
    "orders": "orders",
    "order_lines": "orders",
    "payments": "payments",
    "notifications": "notifications",
}
"""A table -> the one service whose database it is in."""


class Microservices(Architecture):
    """The shop as microservices: a gateway, five services with a database each, and the payment provider.

    Args:
        sim: the simulation whose parts these become: "<program>-<number>" and "<program>-<number> cpu" for each
            instance of the gateway and of the services, "<service> database", "<service> database log" and
            "<service> queries", "payment provider", and the guards that have a state, such as
            "orders-1 to payments breaker". Messages cross the network "network", whose nodes are the instances.
        config: how it is built. None: one instance of everything.

    `catalogue_service` and `notifications_service`: the programs of these services; a subclass may run others, with the
    same operations.

    >>> sorted(Microservices(Simulation(seed=1), MicroservicesConfig(instances={"orders": 2})).instances)[3:5]
    ['notifications-1', 'orders-1']
    """

    name = "microservices"
    catalogue_service: type[Catalogue] = Catalogue
    notifications_service: type[Notifications] = Notifications

    def __init__(self, sim: Simulation, config: MicroservicesConfig | None = None) -> None:
        self.config = config = config or MicroservicesConfig()
        super().__init__(sim, config.assortment)
        self.platform = platform = Platform(sim, config, self.catalogue)
        self.gateway = Gateway(platform)
        self.services = {service.name: service for service in self.start_services()}
        platform.services = self.services
        if config.discovery is not None:
            platform.discovered = config.discovery(platform)
        if config.mesh is not None:
            platform.mesh = config.mesh(platform)
        if config.spoken is not None:
            platform.channel = self._open_channel(config.spoken)
        self._connect_instances()

    def browse(self, product: int) -> Steps[ProductPage]:
        return self.gateway.serve(f"/products/{product}")

    def place_order(self, order_id: int, basket: Basket) -> Steps[Order]:
        return self.gateway.serve("/orders", order_id, basket)

    def track_order(self, order_id: int) -> Steps[OrderStatus]:
        return self.gateway.serve(f"/orders/{order_id}")

    @property
    def network(self) -> Network:
        """What carries the messages between the instances."""
        return self.platform.network

    @property
    def provider(self) -> PaymentProvider:
        """The payment provider, another company."""
        return self.platform.provider

    @property
    def instances(self) -> Mapping[str, Instance]:
        """All running copies of the gateway and of the services, by name."""
        return self.platform.instances

    def candidates(self, service: str, client: str) -> Sequence[Instance]:
        """Return the instances of a service that `client` would call now."""
        return self.platform.candidates(service, client)

    @property
    def tables(self) -> Mapping[str, sqlite3.Connection]:
        return {table: self.services[owner].database.connection for table, owner in OWNER_OF.items()}

    @property
    def ledger(self) -> sqlite3.Connection:
        return self.provider.ledger

    def is_quiet(self) -> bool:
        """Return whether, besides, no order waits to be placed or cancelled."""
        sql = "SELECT count(*) FROM orders WHERE state = 'pending'"
        return super().is_quiet() and self.tables["orders"].execute(sql).fetchone() == (0,)

    def rented(self) -> Mapping[str, float]:
        return self.config.rented()

    def topology(self) -> nx.DiGraph:
        copies: dict[str, list[str]] = {}
        for name, instance in self.instances.items():
            copies.setdefault(instance.service, []).append(name)
        words = {None: "HTTP", "rest": "REST", "grpc": "gRPC"}
        spoken = self.config.spoken
        return microservices_topology(copies, self._calls(), words[spoken.name if spoken else None])

    def _calls(self) -> list[tuple[str, str]]:
        """Who calls whom, each pair once."""
        steps = [step for steps in self.config.use_cases.values() for step in steps]
        return list(dict.fromkeys((step.caller, step.service) for step in steps))

    def start_services(self) -> Sequence[Service]:
        """Start every service, with its database. A subclass may start further ones."""
        platform = self.platform
        return (
            self.catalogue_service(platform),
            Inventory(platform),
            Orders(platform, ORDERINGS[self.config.ordering]),
            Payments(platform),
            self.notifications_service(platform),
        )

    def _open_channel(self, protocol: Protocol) -> Channel:
        """Make the connections of all who call one another. They open when they are first used."""
        cores = {name: instance.cpu for name, instance in self.instances.items()}
        channel = Channel(self.network, protocol, cores)
        for program, service in self._calls():
            for caller in self.platform.instances_of(program):
                for callee in self.platform.instances_of(service):
                    channel.connections(caller.name, callee.name)
        return channel

    def _connect_instances(self) -> None:
        """Give each instance its clients of all services that it calls."""
        for caller in self.instances.values():
            for program, service in self._calls():
                if program == caller.service:
                    caller.clients[service] = Client(self.platform, caller, service)
