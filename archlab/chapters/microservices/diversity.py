"""Technology diversity: one service keeps its rows in a store of another kind, and the shop goes on.

The rule asks that no other service changes, and that no order is wrong or left out.

>>> found = one_service_on_another_store(orders=5)
>>> found["other_services_changed"], found["anomalies"], found["messages"]
(0, 0, 5)
>>> technology_diversity(other_services_changed=1, anomalies=0, orders=5, messages=5).words
'Does not hold'
"""

from collections.abc import Sequence
from pathlib import Path

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.shop.code.metrics import import_graph, lines_of_code
from archlab.shop.code.source import Component, classes, modules
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import SERVICES
from archlab.shop.microservices.services import key_value_notifications, service
from archlab.shop.microservices.services.key_value_notifications import KeyValueNotifications
from archlab.sim.simulation import Simulation

FOLDER = Path(service.__file__).parent


class OtherStore(Microservices):
    """The shop with its notifications in a key-value store."""

    notifications_service = KeyValueNotifications


def services_that_know(other: str, components: Sequence[Component] | None = None) -> list[str]:
    """Return the services whose source imports the program of another one: those that a change of it can reach.

    `components`: the modules of the services; by default those of this shop.
    """
    graph = import_graph(components if components is not None else modules(FOLDER))
    programs = {name.rsplit(".", 1)[-1]: name for name in graph}
    others = [name for name in SERVICES if name != other and name in programs]
    return [name for name in others if graph.has_edge(programs[name], programs[other])]


def one_service_on_another_store(orders: int = 50, seed: int = 1) -> dict[str, int]:
    """Place orders in the shop with the other store, and look what had to change and what is wrong.

    Returns other_services_changed (those that import the replaced one), new_lines (of the other program), orders (in
    the rows), messages (in the other store) and anomalies (by the audit).
    """
    shop = OtherStore(Simulation(seed))
    for order_id in range(orders):
        shop.answer(shop.place_order(order_id, shop.customers.basket()))
    program = shop.services["notifications"]
    assert isinstance(program, KeyValueNotifications)
    return {
        "other_services_changed": len(services_that_know("notifications")),
        "new_lines": int(lines_of_code(classes(Path(key_value_notifications.__file__))).lines.sum()),
        "orders": shop.audit().orders,
        "messages": len(program.messages),
        "anomalies": shop.audit().anomalies,
    }


@settles("characteristics.technology-diversity", evidence=Evidence.MEASURED)
def technology_diversity(other_services_changed: int, anomalies: int, orders: int, messages: int) -> Verdict:
    """Holds when one service keeps its rows in a store of another kind, no other service changes, no order is
    wrong and none is left out.
    """
    return holds_if(other_services_changed == 0 == anomalies and orders == messages > 0)
