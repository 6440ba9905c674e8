"""The notifications: what customers are told."""

from archlab.shop.database import Queries, Transaction
from archlab.shop.domain import Order, confirmation
from archlab.shop.instance import Steps
from archlab.shop.store import NotificationRepository


class Notifications:
    """What customers are told."""

    def __init__(self, rows: NotificationRepository, queries: Queries) -> None:
        self.rows, self.queries = rows, queries

    def confirm(self, order: Order, work: Transaction) -> Steps[None]:
        """Write the message about an order."""
        return work.write(self.queries, self.rows.insert(confirmation(order)))
