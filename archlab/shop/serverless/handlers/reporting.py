"""report: adds up what was sold of each product. A stream hands it orders in batches, in their order.

>>> from archlab.shop.serverless import Serverless
>>> from archlab.sim import Simulation
>>> shop = Serverless(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.run(until=5)
>>> shop.own_rows("sales")[["product", "pieces"]].values.tolist()
[[1, 2]]
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from archlab.shop.domain import Order
from archlab.shop.instance import Steps
from archlab.shop.serverless.handlers.handler import Handler
from archlab.shop.store import Statement
from archlab.sim.functions.invocation import Invocation
from archlab.sim.messaging.shard import ShardRecord

SALES = "CREATE TABLE sales (product INTEGER PRIMARY KEY, pieces INTEGER NOT NULL, cents INTEGER NOT NULL)"


class Report(Handler):
    """Writes a batch in one transaction. A batch that failed comes again, with keys only what is new in it counts.

    What this leaves out: processor time of its own, since the other architectures make no report.
    """

    name = "report"

    def run(self, here: Invocation, event: Sequence[ShardRecord]) -> Steps[int]:
        """Return how many orders of the batch were new."""
        orders = {order.id: order for order in (record.value for record in event)}
        new: Sequence[Order] = [record.value for record in event]
        if self.has_keys:
            known = yield from self.query(here, lambda: self.known(orders))
            new = [order for order in orders.values() if order.id not in known]
        if new:
            notes = [_note(new)] if self.has_keys else []
            yield from self.write(here, [*notes, _add(new)])
        return len(new)

    def known(self, orders: Iterable[int]) -> set[int]:
        """Return which of these orders the report has already."""
        requests = {_request(order): order for order in orders}
        sql = f"SELECT request FROM handled WHERE request IN ({','.join('?' * len(requests))})"
        return {requests[request] for (request,) in self.rows.execute(sql, tuple(requests))}


def _request(order_id: int) -> str:
    return f"report {order_id}"


def _note(orders: Sequence[Order]) -> Statement:
    rows = ",".join(["(?)"] * len(orders))
    return Statement(f"INSERT INTO handled VALUES {rows}", tuple(_request(order.id) for order in orders))


def _add(orders: Sequence[Order]) -> Statement:
    """Return the write that adds these orders to what was sold."""
    pieces: Counter[int] = Counter()
    cents: Counter[int] = Counter()
    for line in (line for order in orders for line in order.lines):
        pieces[line.product] += line.quantity
        cents[line.product] += line.cents
    values = tuple(number for product in pieces for number in (product, pieces[product], cents[product]))
    sql = f"""INSERT INTO sales VALUES {",".join(["(?, ?, ?)"] * len(pieces))} ON CONFLICT (product)
              DO UPDATE SET pieces = pieces + excluded.pieces, cents = cents + excluded.cents"""
    return Statement(sql, values)
