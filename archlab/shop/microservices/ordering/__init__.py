"""Better ways to place an order over several databases: sagas that remember in memory or in a log, and messages."""

from archlab.shop.microservices.ordering.accepted import QueuedOrder, StreamedOrder
from archlab.shop.microservices.ordering.saga_in_memory import SagaInMemory
from archlab.shop.microservices.ordering.saga_with_log import SagaWithLog

__all__ = ["QueuedOrder", "SagaInMemory", "SagaWithLog", "StreamedOrder"]
