"""Orders that are accepted at once and paid later, by messages through a queue or records of a stream.

Placing an order sets the stock aside, writes the order as *pending*, and sends a message. The payments service takes
the message when it can, and sends another: paid, or declined. Then the orders service places the order or cancels it
and puts the stock back. Nobody waits for anybody: payments may be away, and orders are still accepted.

The order is written first and the message sent then, to another system: a crash of the orders service just between the
two leaves an order that nobody will ever pay, and pieces that nobody gets. An outbox would mend that: a note of the
message, written together with the order. When a step *fails* and the orders service lives, it undoes what it did, as
`archlab.shop.microservices.ordering.saga_in_memory`; for that it needs idempotency keys.

A queue brings a message back when its reader fails, at once unless the reader waits, and gives it up after
`DELIVERY_LIMIT` times. So while the payment provider refuses calls for a second, messages use up their deliveries
within that second and become dead letters, which nobody here reads: their orders are never paid. With a wait
(`redelivery_wait_s`) they last for `DELIVERY_LIMIT + 1` waits. A stream waits at the record that fails, and loses none.

What this leaves out: customers who ask again because "accepted" is not what they hoped to read.

>>> from archlab.shop.microservices.architecture import Microservices
>>> from archlab.shop.microservices.config import MicroservicesConfig
>>> from archlab.sim import Simulation
>>> shop = Microservices(Simulation(seed=1), MicroservicesConfig(ordering="queue"))
>>> shop.answer(shop.place_order(order_id=7, basket={1: 2})).state.value, len(shop.rows("payments"))
('pending', 0)
>>> shop.sim.run(until=1)
>>> shop.rows("orders").state.tolist(), shop.rows("payments").state.tolist()
(['placed'], ['authorised'])
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from simpy.events import Event

from archlab.shop.domain import Order, OrderState, Refusal
from archlab.shop.microservices.instance import Instance, Mortal, Steps
from archlab.shop.microservices.ordering.saga_in_memory import UNDO_AGAIN_S
from archlab.shop.microservices.services.orders import Ordering
from archlab.sim.failure import Failure, Unavailable
from archlab.sim.messaging.event_log import EventLog, Record
from archlab.sim.messaging.message import Message
from archlab.sim.messaging.message_queue import MessageQueue

STORE_S = 0.0008
"""To store a message: there, a write that is flushed to the disk, and back (napkin-math: 0.25, 0.3 and 0.25 ms)."""

AT_A_TIME = 16
"""Messages that a service works on at the same time, as many as it has workers."""

Handle = Callable[[Any], Steps[None]]


class AcceptedOrder(Ordering):
    """What queue and stream share. `finished_s` notes, for measurement, when each order was paid or cancelled."""

    def __init__(self, orders: Any) -> None:
        super().__init__(orders)
        self.finished_s: dict[int, float] = {}
        self.readers: dict[str, Sequence[Mortal]] = {}
        self.open_channels()
        sim = orders.platform.sim
        sim.call_at(sim.now, self._move_in)

    @abstractmethod
    def open_channels(self) -> None:
        """Make the channel to payments, and the one back."""

    @abstractmethod
    def send(self, channel: str, order: Order, value: Any) -> Event:
        """Send a value about an order to "payments" or to "orders"; the event is the confirm."""

    def _move_in(self, _: None) -> None:
        """What reads a service's messages runs inside its first instance: it dies and starts with it."""
        for name, readers in self.readers.items():
            self.orders.platform.services[name].instances[0].inside.extend(readers)

    def place(self, here: Instance, order: Order) -> Steps[Order]:
        pending, life = replace(order, state=OrderState.PENDING), here.life
        yield from here.call("inventory", "check", order)
        try:
            yield from here.call("inventory", "reserve", order)
            yield from self.orders.create(pending)
            yield self.send("payments", pending, pending)
        except Failure:
            if self.orders.platform.config.idempotency_keys:
                here.sim.call_at(here.sim.now, lambda _: here.sim.start(self._undo(here, life, pending)))
            raise
        return pending

    def _undo(self, here: Instance, life: int, order: Order) -> Steps[None]:
        """Cancel an order that was not accepted, until that has worked or this process has died."""
        while here.lives(life):
            try:
                yield from self.orders.cancel(here, order)
                return
            except Failure:
                yield here.sim.timeout(UNDO_AGAIN_S)

    def pay(self, order: Order) -> Steps[None]:
        """What the payments service does with a message: pay, and tell the orders service what came of it."""
        answer = yield from self._at("payments", "pay", order)
        yield self.send("orders", order, (order, not isinstance(answer, Refusal)))

    def finish(self, outcome: tuple[Order, bool]) -> Steps[None]:
        """What the orders service does with that."""
        order, paid = outcome
        yield from self._at("orders", "finish" if paid else "cancel", order)
        self.finished_s.setdefault(order.id, self.orders.platform.sim.now)

    def _at(self, name: str, operation: str, order: Order) -> Steps[object]:
        """Carry out an operation at an instance of a service that is up."""
        service = self.orders.platform.services[name]
        here = next((one for one in service.instances if one.is_up), None)
        if here is None:
            raise Unavailable(name)
        return (yield from service.serve(here, operation, (order,)))


class QueuedOrder(AcceptedOrder):
    """Through message queues: a message is gone when it was dealt with."""

    def open_channels(self) -> None:
        sim = self.orders.platform.sim
        self.queues = {name: MessageQueue(sim, f"{name} queue", STORE_S) for name in ("payments", "orders")}
        handlers: dict[str, Handle] = {"payments": self.pay, "orders": self.finish}
        for name, queue in self.queues.items():
            handler = partial(self._deal_with, handlers[name])
            self.readers[name] = [queue.consume(handler, AT_A_TIME, AT_A_TIME, name=f"{name} consumer")]

    def send(self, channel: str, order: Order, value: Any) -> Event:
        return self.queues[channel].publish(value)

    def _deal_with(self, handle: Handle, message: Message) -> Steps[None]:
        """Handle a message. One that could not be dealt with is kept for a while before it is given back."""
        try:
            yield from handle(message.body)
        except Failure:
            wait_s = self.orders.platform.config.redelivery_wait_s
            if wait_s:
                yield self.orders.platform.sim.timeout(wait_s)
            raise


class StreamedOrder(AcceptedOrder):
    """Through event logs: a record stays, and each group of readers remembers how far it has come."""

    def open_channels(self) -> None:
        sim = self.orders.platform.sim
        self.logs = {
            name: EventLog(sim, f"{name} log", STORE_S, AT_A_TIME) for name in ("payments", "orders")
        }
        handlers: dict[str, Handle] = {"payments": self.pay, "orders": self.finish}
        for name, log in self.logs.items():
            group = log.subscribe(f"{name} reader", partial(_value, handlers[name]), AT_A_TIME)
            self.readers[name] = group.members

    def send(self, channel: str, order: Order, value: Any) -> Event:
        return self.logs[channel].append(str(order.id), value)


def _value(handle: Handle, record: Record) -> Steps[None]:
    return handle(record.value)
