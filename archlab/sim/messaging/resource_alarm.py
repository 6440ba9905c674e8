"""The alarm of a broker that is about to run out of memory or disk: publishers are blocked, consumers are not.

After RabbitMQ. A blocked publisher hears nothing: the broker no longer reads what it sends, and the message waits on
the publisher's side. It is stored, and confirmed, when consumers have made room. So nothing that was confirmed is lost,
and whoever waits for the confirm waits. Messages that publishers gave up on meanwhile are stored all the same.

RabbitMQ looks at its free disk every ten seconds, and up to ten times a second near the limit (`data/rabbitmq.csv`);
here it is ten times a second always. Between two looks a queue may grow beyond the limit.

What this leaves out: messages of different sizes, so that room is counted in messages; and that a real alarm blocks the
publishers of every queue of the cluster: let one alarm watch all its queues for that.

>>> from archlab.sim import MessageQueue, Simulation
>>> sim = Simulation(seed=1)
>>> alarm = ResourceAlarm(sim, limit=2)
>>> jobs = MessageQueue(sim, "jobs", store_s=0.0, alarm=alarm)
>>> for number in range(3):
...     _ = jobs.publish(number)
>>> sim.run(until=1.0)
>>> late = jobs.publish(3)
>>> sim.run(until=2.0)
>>> jobs.published, late.triggered, alarm.blocked
(3, False, 1)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from archlab.sim.core.calendar import require_sim
from archlab.sim.core.level import Level
from archlab.sim.core.repeating import Repeating
from archlab.sim.validation import require_positive, require_whole

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

CHECK_EVERY_S = 0.1
"""How often RabbitMQ looks at its disk when it is nearly full."""


class ResourceAlarm:
    """An alarm that is on while the queues it watches keep `limit` messages or more. Hand it to each of them.

    Args:
        limit: how many messages there is room for, those at consumers included.
        check_every_s: how often it looks.

    Raises `ValueError` when an argument is not allowed.
    """

    def __init__(self, sim: Simulation, limit: int, check_every_s: float = CHECK_EVERY_S) -> None:
        require_sim(sim)
        require_whole("limit", limit, at_least=1)
        require_positive("check_every_s", check_every_s)
        self.sim = sim
        self.limit = limit
        self.is_on = False
        self._kept: list[Callable[[], int]] = []
        self._blocked: deque[tuple[Callable[[Any], None], Any]] = deque()
        self._on = Level(sim)
        Repeating(sim, check_every_s, self._check, sim.now + check_every_s)

    @property
    def blocked(self) -> int:
        """How many messages wait at their publishers."""
        return len(self._blocked)

    @property
    def on_s(self) -> float:
        """How long it has been on, in all."""
        return self._on.area

    def watch(self, kept: Callable[[], int]) -> None:
        """Count what `kept()` says, too. Queues call this."""
        self._kept.append(kept)

    def hold(self, go_on: Callable[[Any], None], argument: Any) -> None:
        """Do `go_on(argument)` when the alarm is over. Queues call this while it is on."""
        self._blocked.append((go_on, argument))

    def _check(self) -> None:
        is_on = sum(kept() for kept in self._kept) >= self.limit
        self._on.add(is_on - self.is_on)
        self.is_on = is_on
        if not is_on:
            self._let_go()

    def _let_go(self) -> None:
        """All who were blocked go on, in the order in which they came."""
        released, self._blocked = self._blocked, deque()
        for go_on, argument in released:
            go_on(argument)
