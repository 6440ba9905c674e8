"""Credit: how many messages a sender may have under way, and when it gets more. Flow control, seen from the sender.

A receiver grants a sender so many messages. The sender stops when they are used up, so nothing can pile up behind the
receiver but what it has granted. It gets credit back not one by one but in pieces, which saves messages of the
protocol: a RabbitMQ link has 128 and gets more when half of them are used; its own processes start with 400 and get 200
more for 200 (`data/rabbitmq.csv`). A window of unconfirmed messages, which publishers keep themselves, is a
credit that comes back one by one.

What this leaves out: the time that the grant needs on its way to the sender. And RabbitMQ's link looks at what the
sender has left, and not only at what is dealt with: it fills up to 128 again when fewer than half are left and fewer
than 128 under way, so there may be 192. Here there are never more than was granted at first.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> credit = Credit(sim, initial=4, back_at=2)
>>> [credit.take().processed for _ in range(5)]  # the fifth must wait
[True, True, True, True, False]
>>> credit.settle()
>>> credit.waiting  # half of the credit comes back at once, not yet
1
>>> credit.settle()
>>> credit.waiting, credit.available
(0, 1)
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from simpy.events import Event

from archlab.sim.core.calendar import require_sim
from archlab.sim.core.events import process_event
from archlab.sim.validation import refuse, require_whole

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

LINK_CREDIT = 128
"""What RabbitMQ grants a publisher's link by default; half of it comes back at a time."""


class Credit:
    """The credit of one sender.

    Args:
        initial: how many it may send at first. At most so many are ever under way.
        back_at: how many must be settled until as many are granted, all at once. None: half of `initial`, rounded down,
            and at least one.

    Raises `ValueError` when an argument is not allowed: with `back_at` above `initial` the sender would stop for ever.
    """

    def __init__(self, sim: Simulation, initial: int = LINK_CREDIT, back_at: int | None = None) -> None:
        require_sim(sim)
        require_whole("initial", initial, at_least=1)
        if back_at is None:
            back_at = max(1, initial // 2)
        require_whole("back_at", back_at, at_least=1)
        if back_at > initial:
            refuse(ValueError, "back_at", back_at, f"at most initial, {initial}")
        self.sim = sim
        self.initial, self.back_at = initial, back_at
        self.available = initial
        self._settled = 0
        self._waiting: deque[Event] = deque()

    @property
    def waiting(self) -> int:
        """How many messages wait for credit."""
        return len(self._waiting)

    def take(self) -> Event:
        """Use the credit for one message. Yield the event to wait until there is some; who asks first gets it first."""
        taken = Event(self.sim)
        if self.available:
            self.available -= 1
            _give(taken)
        else:
            self._waiting.append(taken)
        return taken

    def settle(self) -> None:
        """The receiver has dealt with one message."""
        self._settled += 1
        if self._settled == self.back_at:
            self._settled = 0
            self._grant(self.back_at)

    def _grant(self, count: int) -> None:
        """Hand credit to those who wait, one after the other: each may send, and ask again, at once."""
        self.available += count
        while self._waiting and self.available:
            self.available -= 1
            _give(self._waiting.popleft())


def _give(taken: Event) -> None:
    taken._ok, taken._value = True, None
    process_event(taken)
