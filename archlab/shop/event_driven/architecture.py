"""The event-driven architecture: five components that call nobody. They publish what happened, and react to it.

>>> from archlab.sim import Simulation
>>> shop = EventDriven(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> order.state.value, len(shop.rows("payments"))
('pending', 0)
>>> shop.sim.run(until=2)
>>> shop.answer(shop.track_order(7)).payment.value, len(shop.rows("notifications"))
('authorised', 1)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archlab.shop.architecture import Architecture
from archlab.shop.domain import Basket, Order
from archlab.shop.event_driven.components import (
    Catalogue,
    Component,
    Inventory,
    Notifications,
    Orders,
    Payments,
)
from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.event_driven.platform import Platform
from archlab.shop.event_driven.topics import Topic
from archlab.shop.event_driven.topology import event_driven_topology
from archlab.shop.event_driven.web import Web
from archlab.shop.instance import Instance, Steps
from archlab.shop.provider import PaymentProvider
from archlab.shop.store import OrderStatus, ProductPage
from archlab.sim.network import Network
from archlab.sim.simulation import Simulation

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

OWNER_OF = {
    "products": "catalogue",
    "stock": "inventory",
    "orders": "orders",
    "order_lines": "orders",
    "payments": "payments",
    "notifications": "notifications",
}
"""A table -> the one component whose database it is in."""


class EventDriven(Architecture):
    """The shop as components around one topic, and the payment provider.

    Args:
        sim: the simulation whose parts these become: "<program>-<number>" and "<program>-<number> cpu" for each
            instance of the door ("web") and of the components, "<component> database", "<component> database log" and
            "<component> queries", "shop events" (the topic), "<component> reader-<number>" (what reads it, inside the
            instances), "<component> relay" or "<component> tailer", and "payment provider". Requests cross the network
            "network", whose nodes are the instances.
        config: how it is built. None: one instance of everything, a log, and outboxes.

    An order is *pending* when the customer has the answer. `finished_s`: order -> when it was placed or cancelled.
    """

    name = "event_driven"

    def __init__(self, sim: Simulation, config: EventDrivenConfig | None = None) -> None:
        self.config = config = config or EventDrivenConfig()
        super().__init__(sim, config.assortment)
        self.platform = Platform(sim, config, self.catalogue)
        self.components: dict[str, Component[Any]] = {}
        self.web = Web(self.platform, self.components)
        self.components.update({component.name: component for component in self.start_components()})

    def start_components(self) -> Sequence[Component[Any]]:
        """Start every component, with its database. A subclass may start further ones: nobody has to know them."""
        kinds: Sequence[Any] = (Catalogue, Orders, Inventory, Payments, Notifications)
        return [kind(self.platform) for kind in kinds]

    def browse(self, product: int) -> Steps[ProductPage]:
        return self.web.serve("catalogue", "page", product)

    def place_order(self, order_id: int, basket: Basket) -> Steps[Order]:
        """Accept an order and return it as it is then, pending. Raises a `Refusal`."""
        return self.web.serve("orders", "place", order_id, basket)

    def track_order(self, order_id: int) -> Steps[OrderStatus]:
        return self.web.serve("orders", "status", order_id)

    @property
    def finished_s(self) -> Mapping[int, float]:
        """Order -> when it was placed or cancelled."""
        orders: Any = self.components["orders"]
        return orders.finished_s

    @property
    def topic(self) -> Topic:
        """What carries the events."""
        return self.platform.topic

    @property
    def network(self) -> Network:
        """What carries requests from the door to the components."""
        return self.platform.network

    @property
    def provider(self) -> PaymentProvider:
        """The payment provider, another company."""
        return self.platform.provider

    @property
    def instances(self) -> Mapping[str, Instance]:
        """All running copies of the door and of the components, by name."""
        return self.platform.instances

    @property
    def tables(self) -> Mapping[str, sqlite3.Connection]:
        return {table: self.components[owner].database.connection for table, owner in OWNER_OF.items()}

    @property
    def ledger(self) -> sqlite3.Connection:
        return self.provider.ledger

    def is_quiet(self) -> bool:
        """Return whether, besides, every event was published, every event dealt with, and no order is pending."""
        sql = "SELECT count(*) FROM orders WHERE state = 'pending'"
        return (
            super().is_quiet()
            and not any(component.way_out.behind for component in self.components.values())
            and not self.topic.backlog
            and self.tables["orders"].execute(sql).fetchone() == (0,)
        )

    def rented(self) -> Mapping[str, float]:
        return self.config.rented()

    def topology(self) -> nx.DiGraph:
        copies: dict[str, list[str]] = {}
        for name in self.instances:
            copies.setdefault(name.rsplit("-", 1)[0], []).append(name)
        steps = [step for steps in self.config.use_cases.values() for step in steps]
        return event_driven_topology(
            copies,
            answers=list(dict.fromkeys(step.component for step in steps if step.asked)),
            publishes=list(dict.fromkeys(step.component for step in steps if step.events)),
            reads=[name for name, component in self.components.items() if component.reactions],
        )
