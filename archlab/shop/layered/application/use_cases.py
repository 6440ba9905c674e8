"""The application layer: use cases, their steps and their transactions. No rule is written here, and no SQL.

>>> from archlab.shop.domain import Product
>>> from archlab.shop.layered.business import Rules
>>> from archlab.shop.layered.data_access import MemoryData
>>> from archlab.shop.provider import PaymentProvider
>>> from archlab.sim import Simulation
>>> sim, data = Simulation(seed=1), MemoryData()
>>> data.fill([Product(1, "tea", 450)], stock=5)
>>> shop = Application(Rules(data), PaymentProvider(sim, latency_s=0.1))
>>> sim.run(until=sim.start(shop.place_order(order_id=7, basket={1: 2}))).total_cents, data.stock
(900, {1: 3})
"""

from typing import Any

from archlab.shop.domain import Basket, Order, Refusal
from archlab.shop.instance import Steps
from archlab.shop.provider import PaymentProvider
from archlab.shop.store import OrderStatus, ProductPage


class Application:
    """The use cases.

    Args:
        rules: the layer beneath, or what stands for it on another machine.
        provider: of payments, a company outside.
    """

    def __init__(self, rules: Any, provider: PaymentProvider) -> None:
        self.rules, self.provider = rules, provider

    def browse(self, product: int) -> Steps[ProductPage]:
        """Look at a product. Raises `NotFound`."""
        return (yield from self.rules.page(product))

    def track_order(self, order_id: int) -> Steps[OrderStatus]:
        """Ask where an order is. Raises `NotFound`."""
        return (yield from self.rules.status(order_id))

    def place_order(self, order_id: int, basket: Basket) -> Steps[Order]:
        """Place an order. One that was sent before, and is there, is returned as it was placed. Raises a `Refusal`."""
        try:
            return (yield from self._place_new(order_id, basket))
        except Refusal as refusal:
            try:
                return (yield from self.rules.placed(order_id))
            except Refusal:
                raise refusal from None

    def settle(self) -> Steps[None]:
        """Take the money that is held, in one batch. A crash on the way does no harm: it is repeated."""
        authorisations = yield from self.rules.held()
        if authorisations:
            yield self.provider.capture(authorisations)
            yield from self.rules.taken(authorisations)

    def _place_new(self, order_id: int, basket: Basket) -> Steps[Order]:
        order = yield from self.rules.draft(order_id, basket)
        asked = self.provider.authorise(order.id, order.total_cents, key=f"order {order.id}")
        payment = self.rules.paid(order, (yield asked))
        changes = yield from self.rules.place(order, payment)
        yield from changes.commit()
        return order
