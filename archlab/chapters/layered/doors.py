"""Doors: six places at which a test can ask the shop to keep the same promise.

The layered shop has three: its rules with objects in memory beneath, its use cases on the same, and the whole, from a
request in JSON to rows in SQLite. The monolith has two, in their strongest form: its own modules with objects in memory
in the place of its five repositories, and the whole, with SQLite in memory. Nobody sleeps, and no network is there. And
there are the functions of `archlab.shop.domain` alone, which both shops call.

A door does by itself what its part of the program leaves to others. The door to the rules commits, for example, as the
application layer would. So what others do wrong it cannot see. That is what is measured here.

What this leaves out: tests that replace functions while they run (mocks). The doors hand in objects instead.

>>> door = RulesDoor()
>>> door.order(7, {1: 2}), door.seen().stock
(('placed', 900), {1: 3, 2: 5})
>>> door.order(8, {1: 6})
('out_of_stock', 0)
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from archlab.shop.domain import Basket, Product, Refusal, confirmation, price_order, reserve
from archlab.shop.instance import Steps
from archlab.shop.layered import Application, MemoryData, Rules

CATALOGUE = (Product(1, "tea", 450), Product(2, "mug", 1205))
PIECES = 5
"""Of each product at the start. Tests want small numbers."""

Answer = tuple[str, int]
"""The state of an order or the reason of a refusal, and the total in cents; 0 for a refusal."""


class CannotAskError(Exception):
    """A promise is not in the hands of this part of the program."""


@dataclass(frozen=True)
class Seen:
    """What can be seen afterwards: pieces of each product, and sets of what is written about orders."""

    stock: dict[int, int]
    orders: frozenset[tuple[int, str]] = frozenset()
    lines: frozenset[tuple[int, int, int, int]] = frozenset()
    payments: tuple[tuple[int, int, str], ...] = ()
    messages: tuple[tuple[int, str], ...] = ()


def run(steps: Steps[Any]) -> Any:
    """Run a piece of work without a simulation: what it waits for is its answer. Return what it returns."""
    answer = None
    try:
        while True:
            answer = steps.send(answer)
    except StopIteration as end:
        return end.value


class Provider:
    """A payment provider that says yes or no at once. It gives an order the same number when it is asked again."""

    def __init__(self, declines: bool) -> None:
        self.declines = declines
        self.held: list[int] = []
        self.taken: set[int] = set()

    def authorise(self, order_id: int, amount_cents: int, key: str | None = None) -> Any:
        if order_id not in self.held:
            self.held.append(order_id)
        return None if self.declines else self.held.index(order_id) + 1

    def capture(self, authorisations: Sequence[int]) -> None:
        self.taken |= set(authorisations)


class Door(ABC):
    """A place to ask at. What it cannot ask raises `CannotAskError`."""

    def order(self, order_id: int, basket: Basket) -> Answer:
        """Place an order."""
        try:
            order = self.answered(self.order_steps(order_id, basket))
        except Refusal as refusal:
            return refusal.reason, 0
        return order.state.value, order.total_cents

    def answered(self, steps: Steps[Any]) -> Any:
        """Run a piece of work to its end."""
        return run(steps)

    @abstractmethod
    def order_steps(self, order_id: int, basket: Basket) -> Steps[Any]:
        """The work of placing an order."""

    @abstractmethod
    def reprice(self, product: int, cents: int) -> None:
        """Give a product another price. Raises `ValueError` where the price is refused at once."""

    @abstractmethod
    def seen(self) -> Seen:
        """Return what is there now."""

    def money(self) -> tuple[int, int]:
        """Return how many sums the provider holds or has taken, and how many of them are taken."""
        raise CannotAskError

    def together(self, orders: Sequence[int], basket: Basket) -> list[str]:
        """Place orders at the same time: all of them wait for their money while none is written. Return states."""
        raise CannotAskError

    def page(self, product: int) -> Answer:
        """Look at a product: "found" or a reason, its price and pieces in one number (cents * 1000 + pieces)."""
        raise CannotAskError

    def status(self, order_id: int) -> Answer:
        """Ask for an order: its state and its payment's, or a reason."""
        raise CannotAskError

    def settle(self) -> None:
        """Take the money that is held."""
        raise CannotAskError


class FunctionsDoor(Door):
    """The functions of the domain alone, with dictionaries. The door itself writes and pays."""

    def __init__(self, declines: bool = False) -> None:
        if declines:
            raise CannotAskError
        self.catalogue = {product.id: product for product in CATALOGUE}
        self.now = Seen(dict.fromkeys(self.catalogue, PIECES))

    def order_steps(self, order_id: int, basket: Basket) -> Steps[Any]:
        yield from ()
        products = [self.catalogue[product] for product in basket if product in self.catalogue]
        order = price_order(order_id, basket, products)
        left = reserve(order, self.now.stock)
        lines = {(order.id, line.product, line.quantity, line.unit_price_cents) for line in order.lines}
        self.now = Seen(
            self.now.stock | left,
            self.now.orders | {(order.id, order.state.value)},
            self.now.lines | lines,
            (*self.now.payments, (order.id, order.total_cents, "authorised")),
            (*self.now.messages, (order.id, confirmation(order).text)),
        )
        return order

    def reprice(self, product: int, cents: int) -> None:
        self.catalogue[product] = Product(product, "", cents)

    def seen(self) -> Seen:
        return self.now


class OnMemory(Door):
    """What doors to parts on objects in memory share."""

    def __init__(self, declines: bool = False) -> None:
        self.provider = Provider(declines)
        self.data = MemoryData()
        self.data.fill(CATALOGUE, PIECES)

    def reprice(self, product: int, cents: int) -> None:
        self.data.catalogue[product] = Product(product, "", cents)

    def seen(self) -> Seen:
        orders = self.data.orders.values()
        return Seen(
            dict(self.data.stock),
            frozenset((order.id, order.state.value) for order in orders),
            frozenset(
                (order.id, line.product, line.quantity, line.unit_price_cents)
                for order in orders
                for line in order.lines
            ),
            tuple((one.order_id, one.amount_cents, one.state.value) for one in self.data.payments),
            tuple((one.order_id, one.text) for one in self.data.notifications),
        )

    def money(self) -> tuple[int, int]:
        return len(self.provider.held), len(self.provider.taken)

    def page(self, product: int) -> Answer:
        return page_in_short(self, self.page_steps(product))

    def status(self, order_id: int) -> Answer:
        return status_in_short(self, self.status_steps(order_id))

    @abstractmethod
    def page_steps(self, product: int) -> Steps[Any]: ...

    @abstractmethod
    def status_steps(self, order_id: int) -> Steps[Any]: ...


def page_in_short(door: Door, steps: Steps[Any]) -> Answer:
    """Run a look at a product and say what came of it."""
    try:
        page = door.answered(steps)
    except Refusal as refusal:
        return refusal.reason, 0
    return "found", page.product.price_cents * 1000 + page.on_hand


def status_in_short(door: Door, steps: Steps[Any]) -> Answer:
    """Run a question for an order and say what came of it."""
    try:
        status = door.answered(steps)
    except Refusal as refusal:
        return refusal.reason, 0
    return f"{status.state.value} {status.payment and status.payment.value}", status.total_cents


class RulesDoor(OnMemory):
    """The business layer, on objects in memory."""

    def __init__(self, declines: bool = False) -> None:
        super().__init__(declines)
        self.rules = Rules(self.data)

    def order_steps(self, order_id: int, basket: Basket) -> Steps[Any]:
        order = yield from self.rules.draft(order_id, basket)
        payment = self.rules.paid(order, self.provider.authorise(order.id, order.total_cents))
        changes = yield from self.rules.place(order, payment)
        yield from changes.commit()
        return order

    def page_steps(self, product: int) -> Steps[Any]:
        return self.rules.page(product)

    def status_steps(self, order_id: int) -> Steps[Any]:
        return self.rules.status(order_id)

    def settle(self) -> None:
        run(self.rules.taken(run(self.rules.held())))


class UseCasesDoor(OnMemory):
    """The application layer, on objects in memory."""

    def __init__(self, declines: bool = False) -> None:
        super().__init__(declines)
        self.application = Application(Rules(self.data), self.provider)  # type: ignore[arg-type]

    def order_steps(self, order_id: int, basket: Basket) -> Steps[Any]:
        return self.application.place_order(order_id, basket)

    def together(self, orders: Sequence[int], basket: Basket) -> list[str]:
        return in_turns([self.order_steps(order, basket) for order in orders])

    def page_steps(self, product: int) -> Steps[Any]:
        return self.application.browse(product)

    def status_steps(self, order_id: int) -> Steps[Any]:
        return self.application.track_order(order_id)

    def settle(self) -> None:
        run(self.application.settle())


def in_turns(all_steps: Sequence[Steps[Any]]) -> list[str]:
    """Run pieces of work up to their first wait, each, and then each to its end. Return states or reasons."""
    waiting = [(steps, next(steps)) for steps in all_steps]
    return [_ended(steps, answer) for steps, answer in waiting]


def _ended(steps: Steps[Any], answer: Any) -> str:
    try:
        while True:
            answer = steps.send(answer)
    except StopIteration as end:
        return str(end.value.state.value)
    except Refusal as refusal:
        return refusal.reason
