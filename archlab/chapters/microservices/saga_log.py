"""Orders with a saga log: a note in the rows says that an order is under way, and somebody goes on with it.

An order over several databases has no common transaction, and a crash can end it after any step. With a log the
orders service notes an order before it does what cannot be undone, and closes the note after the last step. Every
`RESUME_EVERY_S` a job of the service looks for notes older than that, and carries out the whole order once more.
Requests carry idempotency keys, so a step that was done is known as done. The shop's own such saga is
`archlab.shop.microservices.ordering.saga_with_log`; `archlab.shop.microservices.ordering.saga_in_memory` has no log and
undoes the steps of an order that failed.

Which steps there are, and where the note stands among them, is not decided here: it is `place`, a generator that you
give. What this leaves out: the job never gives an order up, and it runs at the first instance only, so it errs in
favour of the shop where a real one would have two instances resume the same order.

>>> shop, order = order_placed(naive, seed=1)
>>> order.id, len(shop.rows("orders")), notes_left(shop)
(0, 1, 0)
"""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from archlab.chapters.microservices.lab import TODAY
from archlab.shop.crash_points import crash_points
from archlab.shop.domain import Order, OrderLine, Refusal
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.instance import Instance, Steps
from archlab.shop.microservices.services.orders import Ordering
from archlab.shop.store import Statement
from archlab.sim.distributions import Exponential
from archlab.sim.failure import Failure
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_whole

if TYPE_CHECKING:
    from archlab.shop.microservices.services.orders import Orders

RESUME_EVERY_S = 2.0
NEAR_PROVIDER_S = 0.005
"""A provider that answers at once, so that most crashes hit an order while it is written."""

SAGA_LOG = "CREATE TABLE saga_log (order_id INTEGER PRIMARY KEY, lines TEXT NOT NULL, noted_s REAL NOT NULL)"


class SagaOrder(Ordering):
    """Orders that are placed by `place(saga, here, order)`, with this object as `saga`."""

    def __init__(self, orders: "Orders", place: "Place") -> None:
        super().__init__(orders)
        self._place = place
        self._rows = orders.database.connection
        self._rows.execute(SAGA_LOG)
        orders.platform.sim.start(self._resume_for_ever())

    def place(self, here: Instance, order: Order) -> Steps[Order]:
        return self._place(self, here, order)

    def note(self, order: Order) -> Steps[None]:
        """Write down that this order is under way. Noted already: nothing changes."""
        lines = json.dumps([[line.product, line.quantity, line.unit_price_cents] for line in order.lines])
        sql = "INSERT OR IGNORE INTO saga_log VALUES (?, ?, ?)"
        values = (order.id, lines, self.orders.platform.sim.now)
        yield from self.orders.write(f"note {order.id}", [Statement(sql, values)])

    def close(self, order: Order) -> Steps[None]:
        """Take the note away: nothing is left to do for this order."""
        sql = "DELETE FROM saga_log WHERE order_id = ?"
        yield from self.orders.write(f"close {order.id}", [Statement(sql, (order.id,))])

    def create(self, order: Order) -> Steps[None]:
        """Write the order and its lines."""
        return self.orders.create(order)

    def announce(self, here: Instance, order: Order) -> Steps[None]:
        """Let the customer know."""
        return self.orders.announce(here, order)

    def notes(self, older_than_s: float = 0.0) -> list[Order]:
        """Return the orders that are noted for so long or longer."""
        sql = "SELECT order_id, lines FROM saga_log WHERE noted_s <= ?"
        rows = self._rows.execute(sql, (self.orders.platform.sim.now - older_than_s,)).fetchall()
        return [Order(id_, tuple(OrderLine(*line) for line in json.loads(lines))) for id_, lines in rows]

    def _resume_for_ever(self) -> Steps[None]:
        while True:
            yield self.orders.platform.sim.timeout(RESUME_EVERY_S)
            for order in self.notes(older_than_s=RESUME_EVERY_S):
                with suppress(Failure):
                    yield from self._resume(order)

    def _resume(self, order: Order) -> Steps[None]:
        """Carry out an order again, at an instance like any other. A refusal is its end, too."""
        with self.orders.instances[0].hold() as worker:
            yield worker
            try:
                yield from self._place(self, self.orders.instances[0], order)
            except Refusal:
                yield from self.close(order)


Place = Callable[[SagaOrder, Instance, Order], Steps[Order]]
"""A way to place an order: it takes the saga, the instance it runs at, and an order that has its prices."""


def naive(saga: SagaOrder, here: Instance, order: Order) -> Steps[Order]:
    """Six steps in a row, and no note."""
    yield from here.call("inventory", "check", order)
    payment = yield from here.call("payments", "authorise", order)
    yield from here.call("inventory", "reserve", order)
    yield from here.call("payments", "record", payment)
    yield from saga.create(order)
    yield from saga.announce(here, order)
    return order


class ShopWith(Microservices):
    """Today's shop, with another way to place an order, idempotency keys and a provider near by."""

    def __init__(self, sim: Simulation, place: Place, declined: float = 0.0) -> None:
        provider_s = Exponential(NEAR_PROVIDER_S)
        super().__init__(sim, replace(TODAY, idempotency_keys=True, provider_s=provider_s, declined=declined))
        orders = self.services["orders"]
        self.saga = orders.ordering = SagaOrder(orders, place)  # type: ignore[attr-defined, arg-type]


def order_placed(place: Place, seed: int) -> tuple[ShopWith, Order]:
    """Place one order in a shop that nothing happens to. Return the shop at that moment, and the answer."""
    shop = ShopWith(Simulation(seed), place)
    return shop, shop.answer(shop.place_order(0, shop.customers.basket()))


def order_declined(place: Place, seed: int) -> ShopWith:
    """Place one order whose payment the provider declines. Return the shop ten seconds later."""
    shop = ShopWith(Simulation(seed), place, declined=1.0)
    with suppress(Refusal):
        shop.answer(shop.place_order(0, shop.customers.basket()))
    shop.sim.run(until=shop.sim.now + 10)
    return shop


def notes_left(shop: ShopWith) -> int:
    """Return how many orders are noted and not closed."""
    return len(shop.saga.notes())


CRASHING: Mapping[str, int] = MappingProxyType(
    {"orders-1": 24, "inventory-1": 8, "payments-1": 8, "notifications-1": 8}
)
"""Which instances die, and at how many moments of an order each."""


def crashes_while_ordering(place: Place, seed: int, crashing: Mapping[str, int] = CRASHING) -> pd.DataFrame:
    """Let one instance die at a random moment of one order, again and again, each time in a new shop.

    Returns a row a crash: `part`, the columns of `archlab.shop.crash_points.crash_points`, `notes_left`, and
    `untold_orders`, orders in the rows whose customer was sent no message.
    """
    end_s = order_placed(place, seed)[0].sim.now
    random = Simulation(seed).stream("moments of the crashes")
    frames = [
        _crashes(place, part, end_s * _spread(crashes, random), seed) for part, crashes in crashing.items()
    ]
    return pd.concat(frames, ignore_index=True)


def _spread(count: int, random: np.random.Generator) -> np.ndarray:
    """So many random numbers from 0 to 1, one in each of as many equal parts."""
    require_whole("crashes", count, at_least=1)
    return (np.arange(count) + random.random(count)) / count


def _crashes(place: Place, part: str, moments: Iterable[float], seed: int) -> pd.DataFrame:
    shops: list[ShopWith] = []

    def build(sim: Simulation) -> ShopWith:
        shops.append(ShopWith(sim, place))
        return shops[-1]

    frame = crash_points(build, part, moments, settled_after_s=12.0, seed=seed)
    frame.insert(0, "part", part)
    frame["notes_left"] = [notes_left(shop) for shop in shops]
    frame["untold_orders"] = [len(shop.rows("orders")) - len(shop.rows("notifications")) for shop in shops]
    return frame
