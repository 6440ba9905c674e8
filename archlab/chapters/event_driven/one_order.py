"""One order, followed event by event through the stores of all components.

>>> from archlab.sim import Simulation
>>> shop = EventDriven(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.run(until=2)
>>> happened(shop, order_id=7).event.tolist()
['OrderPlaced', 'StockReserved', 'PaymentAuthorised', 'OrderConfirmed', 'CustomerTold']
"""

import pandas as pd

from archlab.shop.event_driven.architecture import EventDriven
from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.event_driven.steps import COMPONENTS


def alone(poll_s: float = 0.1) -> EventDrivenConfig:
    """Return a shop with one worker and one reader everywhere, so that a picture shows who is busy with an order.

    `poll_s`: between two looks of a relay into the outbox.
    """
    one_each = dict.fromkeys(COMPONENTS, 1)
    return EventDrivenConfig(
        workers=1, web_workers=1, partitions=1, readers=one_each, settle_every_s=1e6, poll_s=poll_s
    )


def happened(shop: EventDriven, order_id: int) -> pd.DataFrame:
    """Return what happened to an order, in the order of time.

    Columns: ms (since the start), component (in whose store it is), event, id, caused_by (the id of another event, or
    "a customer"), request.
    """
    rows = [
        (1000 * event.at_s, name, event.type, event.event_id, event.causation_id, event.correlation_id)
        for name, component in shop.components.items()
        for event in component.store.read_all()
        if event.data.get("order_id") == order_id
    ]
    frame = pd.DataFrame(rows, columns=["ms", "component", "event", "id", "caused_by", "request"])
    return frame.fillna({"caused_by": "a customer"}).sort_values("ms", ignore_index=True)


def components_with_rows(shop: EventDriven) -> list[str]:
    """Return the components that have stored an event, or noted one in their inbox, so far."""
    return [
        name
        for name, component in shop.components.items()
        if component.store.head or component.inbox.connection.execute("SELECT 1 FROM inbox").fetchone()
    ]
