"""The line of messages that are ready at a broker: which one is next.

A message that comes back takes its old place, so each line is ordered by the number a message got when it was stored.

- "fifo": in the order of storing.
- "strict": the highest priority first. One below gets nothing while there is one above.
- "two to one": RabbitMQ's quorum queues from 4.0 on. Priorities above 4 are high, the others normal. Of three
  deliveries two are for high ones. The third is for a normal one, but only if that has waited longer than the next
  high one; so when the high ones were there first, nothing is overtaken. (`rabbit_fifo_q` in its source.)

>>> line = ready_line("two to one")
>>> for number, priority in enumerate([0, 0, 5, 5, 5]):
...     line.push(Message(number, None, 0.0, priority=priority))
>>> [line.pop().id for _ in range(5)]
[2, 3, 0, 4, 1]
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any, Literal, Protocol

from archlab.sim.messaging.message import Message
from archlab.sim.validation import require_one_of

Order = Literal["fifo", "strict", "two to one"]

NORMAL_UP_TO = 4
"""The highest priority that is still a normal one in RabbitMQ's quorum queues."""
HIGH_IN_A_ROW = 2
"""So many high ones are delivered before a normal one has its turn."""


class ReadyLine(Protocol):
    """A line of messages."""

    def push(self, message: Message) -> None:
        """Put a message at its place."""

    def pop(self) -> Message:
        """Take the next message out."""

    def clear(self) -> None:
        """Take all out."""

    def __len__(self) -> int: ...


def ready_line(order: Order) -> ReadyLine:
    """Return an empty line. Raises `ValueError` for an order that is none of the three."""
    lines: dict[str, Any] = {"fifo": Fifo, "strict": Strict, "two to one": TwoToOne}
    require_one_of("order", order, lines)
    made: ReadyLine = lines[order]()
    return made


class Fifo:
    """In the order of storing."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, Message]] = []

    def push(self, message: Message) -> None:
        heappush(self._heap, (message.id, message))

    def pop(self) -> Message:
        return heappop(self._heap)[1]

    def clear(self) -> None:
        self._heap.clear()

    @property
    def next_id(self) -> int:
        """The number of the message that is next. The line must not be empty."""
        return self._heap[0][0]

    def __len__(self) -> int:
        return len(self._heap)


class Strict:
    """The highest priority first."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Message]] = []

    def push(self, message: Message) -> None:
        heappush(self._heap, (-message.priority, message.id, message))

    def pop(self) -> Message:
        return heappop(self._heap)[2]

    def clear(self) -> None:
        self._heap.clear()

    def __len__(self) -> int:
        return len(self._heap)


class TwoToOne:
    """Two high ones, then a normal one that has waited longer than the next high one."""

    def __init__(self) -> None:
        self._high, self._normal = Fifo(), Fifo()
        self._turn = 0

    def push(self, message: Message) -> None:
        line = self._high if message.priority > NORMAL_UP_TO else self._normal
        line.push(message)

    def pop(self) -> Message:
        line = self._next()
        self._turn = (self._turn + 1) % (HIGH_IN_A_ROW + 1)
        return line.pop()

    def _next(self) -> Fifo:
        high, normal = self._high, self._normal
        if not (high and normal):
            return high or normal
        is_turn_of_normal = self._turn == HIGH_IN_A_ROW and normal.next_id < high.next_id
        return normal if is_turn_of_normal else high

    def clear(self) -> None:
        self._high.clear()
        self._normal.clear()

    def __len__(self) -> int:
        return len(self._high) + len(self._normal)
