"""What the business layer may ask of the data access layer, whatever keeps the rows.

Every call is a piece of work that may have to wait, and returns objects of the domain. Nobody above this layer knows a
table, a document or a key.

>>> [name for name in vars(Changes) if not name.startswith("_")]
['reserve', 'record_payment', 'insert_order', 'notify', 'commit']
"""

from collections.abc import Sequence
from typing import Protocol

from archlab.shop.domain import Notification, Order, Payment, Product
from archlab.shop.instance import Steps
from archlab.shop.store import OrderStatus, ProductPage


class Changes(Protocol):
    """What an order changes: all of it together at the commit, or none. Nobody sees it before."""

    def reserve(self, product: int, quantity: int) -> Steps[None]:
        """Take pieces from the stock. The commit raises `OutOfStock` when too few are there by then."""

    def record_payment(self, payment: Payment) -> Steps[None]:
        """Write down that the provider holds money."""

    def insert_order(self, order: Order) -> Steps[None]:
        """Write an order and its lines. The commit raises `AlreadyPlaced` when there is one with its id."""

    def notify(self, notification: Notification) -> Steps[None]:
        """Write a message to the customer."""

    def commit(self) -> Steps[None]:
        """Make it all durable, or raise the `Refusal` of the first that is not possible, and change nothing."""


class DataAccess(Protocol):
    """The rows of the shop."""

    def page(self, product: int) -> Steps[ProductPage]:
        """Return one product and its stock. Raises `NotFound`."""

    def products(self, ids: Sequence[int]) -> Steps[list[Product]]:
        """Return the products with these ids; ids that do not exist are left out."""

    def on_hand(self, ids: Sequence[int]) -> Steps[dict[int, int]]:
        """Return product -> pieces that are there."""

    def order(self, order_id: int) -> Steps[Order]:
        """Return one order with its lines. Raises `NotFound`."""

    def status(self, order_id: int) -> Steps[OrderStatus]:
        """Return the state of an order and of its payment. Raises `NotFound`."""

    def authorised(self) -> Steps[list[int]]:
        """Return the authorisations whose money is held and not yet taken, oldest first."""

    def captured(self, authorisations: Sequence[int]) -> Steps[None]:
        """Note that the provider has taken this money."""

    def begin(self) -> Changes:
        """Begin to change something."""
