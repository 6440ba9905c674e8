"""Better ways to place an order over several databases: a saga, an outbox, messages."""

from archlab.shop.microservices.ordering.accepted import QueuedOrder, StreamedOrder
from archlab.shop.microservices.ordering.outbox import Outbox
from archlab.shop.microservices.ordering.saga import Saga

__all__ = ["Outbox", "QueuedOrder", "Saga", "StreamedOrder"]
