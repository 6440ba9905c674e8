"""The monolith's modules with objects in memory beneath: the strongest test of rules that it allows without SQL.

The five modules get their repositories and their program from outside, as they do in the shop. Here both are fakes.
What the shop's program offers to its modules is more than data: connections, queries, a clone with its memory, and the
settings. All of it must be there.

What this leaves out: the real `Program`, which says who is called with whom; so its mistakes are not seen.

>>> door = MonolithOnFakesDoor()
>>> door.order(7, {1: 2}), door.order(8, {1: 4}), door.seen().stock
(('placed', 900), ('out_of_stock', 0), {1: 3, 2: 5})
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from archlab.chapters.layered.doors import OnMemory, in_turns, run
from archlab.shop.domain import Basket, Notification, Order, OrderLine, Payment, Product
from archlab.shop.instance import Steps
from archlab.shop.layered import MemoryData
from archlab.shop.monolithic import Catalogue, Inventory, Notifications, Orders, Payments
from archlab.shop.store import OrderStatus, ProductPage

Change = Callable[["FakeWork"], None]
"""What stands for a statement that waits for its moment."""


class FakeRows:
    """All five repositories, on objects in memory."""

    def __init__(self, data: MemoryData) -> None:
        self.data = data

    def page(self, product: int) -> ProductPage:
        return run(self.data.page(product))

    def products(self, ids: Sequence[int]) -> list[Product]:
        return run(self.data.products(ids))

    def on_hand(self, ids: Sequence[int]) -> dict[int, int]:
        return run(self.data.on_hand(ids))

    def has(self, order_id: int) -> bool:
        return order_id in self.data.orders

    def find(self, order_id: int) -> Order:
        return run(self.data.order(order_id))

    def status(self, order_id: int) -> OrderStatus:
        return run(self.data.status(order_id))

    def authorised(self) -> list[int]:
        return run(self.data.authorised())

    def capture(self, authorisations: Sequence[int]) -> None:
        run(self.data.captured(authorisations))

    def reserve(self, product: int, quantity: int) -> Change:
        return lambda work: run(work.changes.reserve(product, quantity))

    def insert(self, row: Payment | Notification) -> Change:
        if isinstance(row, Payment):
            return lambda work: run(work.changes.record_payment(row))
        return lambda work: run(work.changes.notify(row))

    def insert_new(self, order: Order) -> Change:
        return lambda work: work.orders.append(order)

    def insert_line(self, order: Order, line: OrderLine) -> Change:
        return lambda work: work.lines.append(line)


class FakeWork:
    """A transaction of changes in memory. An order gets the lines that were written for it."""

    def __init__(self, data: MemoryData) -> None:
        self.changes = data.begin()
        self.orders: list[Order] = []
        self.lines: list[OrderLine] = []

    def write(self, queries: object, change: Change) -> Steps[None]:
        yield from ()
        change(self)

    def commit(self) -> Steps[None]:
        for order in self.orders:
            yield from self.changes.insert_order(replace(order, lines=tuple(self.lines)))
        yield from self.changes.commit()


class FakeProgram:
    """What the modules ask of their program, and nothing behind it."""

    def __init__(self, data: MemoryData, provider: object) -> None:
        self.data = data
        self.connections = SimpleNamespace(hold=_held)
        self.clone = SimpleNamespace(leak=lambda _: None)
        self.shop = SimpleNamespace(
            queries=defaultdict(lambda: SimpleNamespace(run=lambda: iter(()))),
            provider=provider,
            config=SimpleNamespace(payment_timeout_s=None, leak_mb_per_order=0.0),
            database=SimpleNamespace(flush=lambda: iter(())),
        )
        program: Any = self
        rows: Any = FakeRows(data)
        self.catalogue, self.inventory = Catalogue(program, rows), Inventory(program, rows)
        self.payments, self.notifications = Payments(program, rows), Notifications(program, rows)
        self.orders = Orders(program, rows)

    def begin(self) -> FakeWork:
        return FakeWork(self.data)

    def call(self, step: Steps[Any]) -> Steps[Any]:
        return step


@contextmanager
def _held() -> Iterator[None]:
    yield None


class MonolithOnFakesDoor(OnMemory):
    """The monolith's modules, on objects in memory."""

    def __init__(self, declines: bool = False) -> None:
        super().__init__(declines)
        self.program = FakeProgram(self.data, self.provider)

    def order_steps(self, order_id: int, basket: Basket) -> Steps[Any]:
        return self.program.orders.place(order_id, basket)

    def together(self, orders: Sequence[int], basket: Basket) -> list[str]:
        return in_turns([self.order_steps(order, basket) for order in orders])

    def page_steps(self, product: int) -> Steps[Any]:
        return self.program.catalogue.page(product)

    def status_steps(self, order_id: int) -> Steps[Any]:
        return self.program.orders.status(order_id)

    def settle(self) -> None:
        run(self.program.payments.settle())
