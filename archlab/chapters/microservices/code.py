"""The shop as microservices, counted: which services answer alone, who shares a database, what there is to run.

Nothing here is timed. The functions look at a shop that runs, or at its picture, so that you can hold another
shop beside it.

The rules: every service answers alone, each can get another database alone, and there is `TIMES_AS_MUCH` to understand.
The last two follow from how the shop was built.

>>> from archlab.shop.microservices.architecture import Microservices
>>> from archlab.sim import Simulation
>>> replace_a_database(Microservices(Simulation(seed=1)).tables, OWNERS).services_to_change.tolist()
[1, 1, 1, 1, 1]
>>> service_independence(services_that_answer_alone=3, alone_with_copies=5, services=5, copies_late_p99_ms=4).words
'Does not hold: it would hold when 2 services keep copies of what they need, the stock 4 ms late, prices never \
changed (here 0)'
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.course.quantity import number
from archlab.shop.architecture import Architecture
from archlab.shop.day import ORDERS_ONLY
from archlab.shop.domain import Order, OrderLine, OrderState, Payment, PaymentState
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, SERVICES, MicroservicesConfig
from archlab.shop.microservices.copies import CopyingCatalogue, CopyingShop
from archlab.shop.monolithic.architecture import Monolith
from archlab.sim.failure import Failure
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

OWNERS: Mapping[str, str] = {
    "products": "catalogue",
    "stock": "inventory",
    "orders": "orders",
    "order_lines": "orders",
    "payments": "payments",
    "notifications": "notifications",
}
"""A table -> the service, or the module of the monolith, that it belongs to."""

PROGRAM_KINDS = ("process", "gateway", "balancer")
"""Kinds of nodes in a topology that are programs of the shop's own."""

AN_ORDER = Order(7, (OrderLine(product=1, quantity=1, unit_price_cents=450),), OrderState.PLACED)
A_PAYMENT = Payment(7, 450, authorisation=1, state=PaymentState.AUTHORISED)
OPERATIONS: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "catalogue": {"page": (1,), "products": ([1],)},
    "inventory": {"on_hand": ([1],), "check": (AN_ORDER,), "reserve": (AN_ORDER,)},
    "orders": {"place": (7, {1: 1}), "status": (7,)},
    "payments": {"authorise": (AN_ORDER,), "record": (A_PAYMENT,), "state_of": (7,)},
    "notifications": {"confirm": (AN_ORDER,)},
}
"""A service -> its operations, each with something to ask of it."""


def answers_alone(
    config: MicroservicesConfig = MICROSERVICES,
    seed: int = 1,
    architecture: type[Microservices] = Microservices,
) -> pd.DataFrame:
    """Crash all services but one, and ask that one for everything it offers. A row a service.

    Columns: service, operations, answered. An operation has answered when it ends with a value or with a refusal
    by the rules of the shop; the provider outside stays up, and so do queues and logs. `needs` names the services that
    it calls in the shop without copies.
    """
    rows = []
    for service in SERVICES:
        shops = (architecture(Simulation(seed), config) for _ in OPERATIONS[service])
        answered = sum(
            _answers(shop, service, operation)
            for shop, operation in zip(shops, OPERATIONS[service], strict=True)
        )
        needs = sorted(Microservices(Simulation(seed), config).instances[f"{service}-1"].clients)
        rows.append((service, len(OPERATIONS[service]), answered, ", ".join(needs)))
    return pd.DataFrame(rows, columns=["service", "operations", "answered", "needs"])


def services_alone(answers: pd.DataFrame) -> int:
    """Return how many services answer everything they offer; takes `answers_alone`."""
    return int((answers.answered == answers.operations).sum())


RATE_PER_S, RUN_S = 30.0, 10.0
"""Orders a second, about a quarter of what the shop can serve."""


def copies_late_p99_ms(seeds: Iterable[int] = range(4)) -> float:
    """Return how old an event is when the catalogue's copy of the stock knows it: p99 over all seeds together."""
    late_s = [lateness for seed in seeds for lateness in _late_s(seed)]
    return float(1000 * np.percentile(late_s, 99))


def _late_s(seed: int) -> list[float]:
    sim = Simulation(seed)
    shop = CopyingShop(sim)
    sim.open_load(Poisson(RATE_PER_S), shop.handle, ORDERS_ONLY)
    sim.measure(RUN_S)
    catalogue = shop.services["catalogue"]
    assert isinstance(catalogue, CopyingCatalogue)
    return catalogue.late_s


def _answers(shop: Microservices, service: str, operation: str) -> bool:
    """Whether an operation of a service is answered while all others are down."""
    if operation == "status":
        shop.answer(shop.place_order(*OPERATIONS["orders"]["place"]))
    for instance in shop.instances.values():
        if instance.service != service:
            instance.crash()
    here = shop.instances[f"{service}-1"]
    try:
        shop.answer(shop.services[service].serve(here, operation, OPERATIONS[service][operation]))
    except Failure:
        return False
    return True


def replace_a_database(tables: Mapping[str, sqlite3.Connection], owners: Mapping[str, str]) -> pd.DataFrame:
    """Return, for each service, whose code must change when this service alone gets another kind of database.

    Its own, and that of every other service with a table in the same database, because it may join or write
    them together. Columns: service, changes (who), services_to_change (how many). `tables`: table -> connection;
    `owners`: table -> service. Data to move and knowledge of the new database come on top: it errs low.
    """
    rows = []
    for service in dict.fromkeys(owners.values()):
        mine = {id(tables[table]) for table, owner in owners.items() if owner == service}
        changed = sorted({owner for table, owner in owners.items() if id(tables[table]) in mine})
        rows.append((service, ", ".join(changed), len(changed)))
    return pd.DataFrame(rows, columns=["service", "changes", "services_to_change"])


def to_understand(seed: int = 1) -> pd.DataFrame:
    """Compare what there is to understand in the two shops, both built as small as they go. A row a thing.

    Columns: what, monolith, microservices. Counted on the pictures and on one order: programs that run, databases,
    links that cross a network, messages between programs for one order.
    """
    sides = {
        "monolith": _counts(Monolith(Simulation(seed))),
        "microservices": _counts(Microservices(Simulation(seed))),
    }
    return pd.DataFrame(sides).rename_axis("what").reset_index()


def _counts(shop: Architecture) -> dict[str, int]:
    import networkx as nx

    graph = _deployed(shop.topology())
    kinds = list(nx.get_node_attributes(graph, "kind").values())
    return {
        "programs to run": sum(kind in PROGRAM_KINDS for kind in kinds),
        "databases": kinds.count("database"),
        "links over a network": graph.number_of_edges(),
        "messages between programs for an order": _messages_of_an_order(shop),
    }


def _deployed(graph: nx.DiGraph) -> nx.DiGraph:
    """Return the picture with the modules inside a program drawn as that program: what is left crosses a network."""
    import networkx as nx

    program = next((node for node, kind in graph.nodes(data="kind") if kind == "process"), None)
    modules = [node for node, kind in graph.nodes(data="kind") if kind == "module"]
    together = nx.relabel_nodes(graph, dict.fromkeys(modules, program)) if modules else graph
    together = nx.DiGraph(together)
    together.remove_edges_from(list(nx.selfloop_edges(together)))
    nx.set_node_attributes(together, {program: "process"}, "kind")
    return together


def _messages_of_an_order(shop: Architecture) -> int:
    """Count the messages on the shop's own network while one order is placed: none where there is no network."""
    before = sum(network.sent for network in shop.sim.networks.values())
    shop.answer(shop.place_order(7, {1: 1}))
    return sum(network.sent for network in shop.sim.networks.values()) - before


def independence_figures(alone: pd.DataFrame, with_copies: pd.DataFrame) -> dict[str, float]:
    """Return what the rule needs; takes `answers_alone` of the shop as it is, and of the one with copies."""
    return {
        "services_that_answer_alone": services_alone(alone),
        "alone_with_copies": services_alone(with_copies),
        "services": len(alone),
        "copies_late_p99_ms": copies_late_p99_ms(),
    }


@settles(
    "characteristics.service-independence",
    evidence=Evidence.MEASURED,
    says={
        "alone_with_copies": "with copies fed by events",
        "copies_late_p99_ms": "p99 of how late a copy is",
    },
)
def service_independence(
    services_that_answer_alone: int, alone_with_copies: int, services: int, copies_late_p99_ms: float
) -> Verdict:
    """Holds when every service answers everything it offers while all the others are down."""
    if services_that_answer_alone == services:
        return holds_if(True)
    needed = services - services_that_answer_alone if alone_with_copies == services else math.inf
    late = f"the stock {number(copies_late_p99_ms)} ms late, prices never changed"
    copies = Assumption(
        "the services that keep copies of what they need",
        0,
        Limit("from", [needed], whole=True),
        when=f"{{flips_at}} services keep copies of what they need, {late}",
    )
    return holds_if(False, copies)


@settles("pros.technology-flexibility", evidence=Evidence.BY_CONSTRUCTION)
def technology_flexibility(services_that_cannot_change_alone: int) -> Verdict:
    """Holds when each service can get another kind of database without a change in any other."""
    return holds_if(services_that_cannot_change_alone == 0)


TIMES_AS_MUCH = 2.0
"""More complex: at least twice as much to understand, whichever of the things counted you look at."""


def least_times_as_much(things: pd.DataFrame) -> float:
    """Return the smallest ratio of microservices to monolith; takes `code.to_understand`."""
    return float((things.microservices / things.monolith.clip(lower=1)).min())


@settles(
    "cons.increased-complexity",
    evidence=Evidence.BY_CONSTRUCTION,
    says={
        "least_times_as_much": "of each thing, at least so many times as much",
    },
)
def increased_complexity(least_times_as_much: float) -> Verdict:
    """Holds when of each thing counted (programs, databases, links, messages) there is {TIMES_AS_MUCH} times as
    much, or more.
    """
    return holds_if(least_times_as_much >= TIMES_AS_MUCH)
