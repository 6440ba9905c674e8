"""Priorities of a queue, and the hand-over from one active consumer to another.

Two examples by the makers of RabbitMQ (*Quorum queues in 4.0*, 2024; `data/rabbitmq.csv`):

- `two_priorities`: 100,000 normal messages are published, then 100,000 high ones; one consumer does 4,500 a second.
  They show 3,000 high and 1,500 normal ones a second, until the high ones are gone. By hand: that is after 33.3 s, with
  50,000 normal ones done and 50,000 left, and the end at 200,000 / 4,500 = 44.4 s. With a strict order the normal ones
  would wait for 22.2 s. Published in the other order, nothing is overtaken.
- `hand_over`: a single active consumer with a prefetch of 1,000 does 10 messages a second. When a consumer of a higher
  priority comes, it waits until the other has acknowledged all it has: 100 s.

>>> figures = two_priorities(messages=900)  # of each; all times in proportion
>>> round(figures["high_per_normal"], 2), round(figures["high_done_s"] / figures["end_s"], 2)
(2.0, 0.75)
>>> round(hand_over(prefetch=1000)["waits_s"], 1), round(hand_over(prefetch=10)["waits_s"], 1)
(100.0, 1.0)
"""

from __future__ import annotations

from collections.abc import Generator

import pandas as pd
from simpy.events import Event

from archlab.sim.messaging.message import Message
from archlab.sim.messaging.message_queue import MessageQueue
from archlab.sim.messaging.ready_line import Order
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_flag, require_positive, require_whole

HIGH, NORMAL = 9, 0
PER_S = 4500.0
"""What the consumer of the example does."""


def deliveries(
    order: Order = "two to one", messages: int = 10_000, high_first: bool = False, per_s: float = PER_S
) -> pd.DataFrame:
    """Publish `messages` of each priority, the high ones last, to one consumer that then begins to work.

    Returns a row a message, in the order of delivery: done_s, when the work on it ended, and is_high.
    Raises `ValueError` when an argument is not allowed.
    """
    require_whole("messages", messages, at_least=1)
    require_flag("high_first", high_first)
    require_positive("per_s", per_s)
    sim = Simulation(seed=1)
    jobs = MessageQueue(sim, "jobs", store_s=0.0, order=order)
    rows: list[tuple[float, bool]] = []

    def work(message: Message) -> Generator[Event, None, None]:
        yield sim.timeout(1 / per_s)
        rows.append((sim.now, message.priority == HIGH))

    for priority in (HIGH, NORMAL) if high_first else (NORMAL, HIGH):
        for _ in range(messages):
            jobs.publish(None, priority)
    sim.run()
    jobs.consume(work, prefetch=1)
    sim.run()
    return pd.DataFrame(rows, columns=["done_s", "is_high"])


def two_priorities(
    order: Order = "two to one", messages: int = 10_000, high_first: bool = False, per_s: float = PER_S
) -> dict[str, float]:
    """As `deliveries`.

    Returns `high_done_s` and `end_s`; `high_per_normal`, of what was delivered until the high ones were gone (inf: no
    normal one); `first_normal_s`; `normal_done`, how many by then.
    """
    rows = deliveries(order, messages, high_first, per_s)
    high = rows[rows.is_high]
    until_then = rows[rows.done_s <= high.done_s.max()]
    normal = int((~until_then.is_high).sum())
    return {
        "high_done_s": float(high.done_s.max()),
        "end_s": float(rows.done_s.max()),
        "high_per_normal": len(high) / normal if normal else float("inf"),
        "first_normal_s": float(rows[~rows.is_high].done_s.min()),
        "normal_done": float(normal),
    }


def hand_over(prefetch: int = 1000, per_s: float = 10.0) -> dict[str, float]:
    """Let a consumer of a higher priority come when the single active one has just been sent all it may have.

    Returns `waits_s`, how long it waits for its first message. Raises `ValueError` when an argument is not allowed.
    """
    require_positive("per_s", per_s)
    sim = Simulation(seed=1)
    jobs = MessageQueue(sim, "jobs", store_s=0.0, single_active=True)
    first_s: list[float] = []

    def work(message: Message) -> Generator[Event, None, None]:
        yield sim.timeout(1 / per_s)

    def new_work(message: Message) -> Generator[Event, None, None]:
        first_s.append(sim.now)
        yield sim.timeout(1 / per_s)

    jobs.consume(work, prefetch=prefetch)
    confirms = [jobs.publish(number) for number in range(2 * prefetch)]
    sim.run(until=confirms[-1])
    came_s = sim.now
    jobs.consume(new_work, prefetch=prefetch, priority=1)
    sim.run()
    return {"waits_s": first_s[0] - came_s}
