"""The stock: how much is there, and what is set aside."""

from archlab.chapters.layered.cuts.modules.kernel import ask
from archlab.shop.database import Queries, Transaction
from archlab.shop.domain import Order, reserve
from archlab.shop.instance import Steps
from archlab.shop.store import StockRepository


class Stock:
    """How much is there."""

    def __init__(self, rows: StockRepository, queries: Queries) -> None:
        self.rows, self.queries = rows, queries

    def check(self, order: Order) -> Steps[None]:
        """An order is for what is there. Raises `OutOfStock`."""
        ids = [line.product for line in order.lines]
        reserve(order, (yield from ask(self.queries, lambda: self.rows.on_hand(ids))))

    def take(self, order: Order, work: Transaction) -> Steps[None]:
        """Take the pieces of an order. The commit raises `OutOfStock` when too few are there by then."""
        for line in order.lines:
            yield from work.write(self.queries, self.rows.reserve(line.product, line.quantity))
