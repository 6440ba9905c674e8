"""The payments: the customers' money, with the help of a provider outside."""

from archlab.chapters.layered.cuts.modules.kernel import ask
from archlab.shop.database import Queries, Transaction
from archlab.shop.domain import Order, Payment, PaymentDeclined
from archlab.shop.instance import Steps
from archlab.shop.provider import PaymentProvider
from archlab.shop.store import PaymentRepository


class Payments:
    """The customers' money."""

    def __init__(self, rows: PaymentRepository, queries: Queries, provider: PaymentProvider) -> None:
        self.rows, self.queries, self.provider = rows, queries, provider

    def authorise(self, order: Order) -> Steps[Payment]:
        """An order is paid in full, or not placed. Raises `PaymentDeclined`."""
        authorisation = yield self.provider.authorise(order.id, order.total_cents, key=f"order {order.id}")
        if authorisation is None:
            raise PaymentDeclined(f"order {order.id}: {order.total_cents} cents declined")
        return Payment(order.id, order.total_cents, authorisation)

    def record(self, payment: Payment, work: Transaction) -> Steps[None]:
        """Write down that the provider holds money."""
        return work.write(self.queries, self.rows.insert(payment))

    def settle(self) -> Steps[None]:
        """Take the money that is held, in one batch. A crash on the way does no harm: it is repeated."""
        authorisations = yield from ask(self.queries, self.rows.authorised)
        if authorisations:
            yield self.provider.capture(authorisations)
            yield from self.queries.server.flush()
            yield from ask(self.queries, lambda: self.rows.capture(authorisations))
