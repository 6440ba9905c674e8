"""A broker that is away, and one that is full: what a customer sees, and what is lost of what was promised.

A shop takes 50 orders a second. For each it publishes a message, and tells the customer "accepted" when the broker has
confirmed it; who hears nothing for three seconds gives up. A consumer does 60 a second. Then either the broker is down
for 20 s, or the consumer is away for 60 s; there is room for 1,000 messages, which are there after 20 s.

The ways to be full: grow without a limit; forget the head of the queue ("drop-head", the default of RabbitMQ for a
queue with a maximum length); refuse new messages ("reject-publish"); block the publishers by an alarm. What became of
an order is two things: what the customer was told, and whether its message was ever dealt with. An order that was
accepted and then dropped is a promise that nobody will keep. One that was given up and then done after all is one that
the customer may have ordered again.

What this leaves out: customers who try again, which makes the time after the fault worse; what a queue without a limit
costs in memory, until the machine is full, too; a dead-letter queue, where RabbitMQ puts what it drops if it is told
to, so that somebody can still keep the promise; and publishers who listen to the broker's notice that they are blocked
and refuse at once, as with "reject-publish".

>>> frame = orders(seed=1, way="drop-head", before_s=1, fault_s=5, after_s=5, room=100)
>>> 100 < int((frame.outcome == LOST).sum()) < 200  # 50 a second for 5 s, less the room
True
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, Literal

import joblib
import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.sim.faults import Crash
from archlab.sim.load import Request
from archlab.sim.messaging.message import Message
from archlab.sim.messaging.message_queue import MessageQueue
from archlab.sim.messaging.resource_alarm import ResourceAlarm
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive, require_whole
from archlab.sim.workload import Trace

Way = Literal["broker away", "no limit", "drop-head", "reject-publish", "alarm"]
WAYS: tuple[Way, ...] = ("broker away", "no limit", "drop-head", "reject-publish", "alarm")

RATE_PER_S, CAPACITY_PER_S = 50.0, 60.0
ROOM = 1000
PATIENCE_S = 3.0
BEFORE_S, FAULT_S, AFTER_S = 10.0, 60.0, 230.0
BROKER_AWAY_S = 20.0
STORE_S = 0.002
PREFETCH = 10
LOST, LATE = "accepted, then lost", "given up, then done"
"""The outcomes that no customer hears of."""
TIMED_OUT = "timed_out"


def orders(
    seed: int,
    way: Way,
    before_s: float = BEFORE_S,
    fault_s: float = FAULT_S,
    after_s: float = AFTER_S,
    room: int = ROOM,
) -> pd.DataFrame:
    """Take orders before, during and after a fault, and let the consumer deal with all that is left.

    `fault_s` is how long the consumer is away; the broker is away for a third of that.

    Returns a row an order: arrived_s; told, what the customer was told; is_done; and outcome, which is told, or `LOST`
    when that was "ok" and it was never done, or `LATE` when the customer gave up and it was done.
    Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("way", way, WAYS)
    for name, value in (("before_s", before_s), ("fault_s", fault_s), ("after_s", after_s)):
        require_positive(name, value)
    require_whole("room", room, at_least=1)
    sim = Simulation(seed)
    end_s = before_s + fault_s + after_s
    shop = Shop(sim, way, room)
    arrivals = Trace(_poisson(sim.stream("orders"), end_s))
    sim.open_load(arrivals, shop.place_order, timeout_s=PATIENCE_S)
    if way == "broker away":
        sim.inject(Crash(shop.queue.name, before_s, fault_s * BROKER_AWAY_S / FAULT_S))
    else:
        sim.inject(Crash("consumer", before_s, fault_s))
    result = sim.measure(duration_s=end_s + PATIENCE_S)
    sim.run(until=sim.now + 2 * end_s * CAPACITY_PER_S / (CAPACITY_PER_S - RATE_PER_S))
    return shop.told(result.requests)


def _poisson(rng: np.random.Generator, end_s: float) -> list[float]:
    """The times of Poisson arrivals until the end."""
    times_s = np.cumsum(rng.exponential(1 / RATE_PER_S, int(2 * RATE_PER_S * end_s) + 100))
    return [float(time_s) for time_s in times_s if time_s < end_s]


class Shop:
    """Takes orders by publishing a message for each; `done` holds the orders that the consumer has dealt with."""

    def __init__(self, sim: Simulation, way: Way, room: int) -> None:
        self.sim = sim
        self.done: set[int] = set()
        options: dict[str, Any] = {}
        if way in ("drop-head", "reject-publish"):
            options = {"max_length": room, "overflow": way}
        elif way == "alarm":
            options = {"alarm": ResourceAlarm(sim, room)}
        self.queue = MessageQueue(sim, "orders", STORE_S, **options)
        self.queue.consume(self._deal_with, prefetch=PREFETCH, name="consumer")

    def place_order(self, request: Request) -> Generator[Event, None, None]:
        """The customer hears "accepted" when the broker has confirmed the message."""
        yield self.queue.publish(request.id)

    def _deal_with(self, message: Message) -> Generator[Event, None, None]:
        yield self.sim.timeout(1 / CAPACITY_PER_S)
        self.done.add(message.body)

    def told(self, requests: pd.DataFrame) -> pd.DataFrame:
        """What became of each order; see `orders`."""
        rows = requests[["arrived_s", "outcome"]].rename(columns={"outcome": "told"})
        told, is_done = rows.told.astype(str), rows.index.isin(list(self.done))
        lost, late = (told == OK) & ~is_done, (told == TIMED_OUT) & is_done
        return rows.assign(told=told, is_done=is_done, outcome=told.mask(lost, LOST).mask(late, LATE))


def away_and_full(
    seed: int = 1, ways: Iterable[Way] = WAYS, room: int = ROOM, after_s: float = AFTER_S
) -> dict[str, pd.DataFrame]:
    """Run every way. Returns its name -> a row an order, as `orders`."""
    chosen = list(ways)
    one = joblib.delayed(orders)
    frames = in_parallel(one(seed, way, room=room, after_s=after_s) for way in chosen)
    return dict(zip(chosen, frames, strict=True))


def counted(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a row a way: orders, accepted, turned_away (told no, or given up, and not done), lost, done_unknown.

    `lost`: accepted and never done. `done_unknown`: given up by the customer and done. `ill_s`: how long after the
    fault the last customer was not told "accepted".
    """
    rows = []
    for way, frame in frames.items():
        is_ok = frame.told == OK
        last_s = frame.arrived_s[~is_ok].max() if (~is_ok).any() else -np.inf
        fault_ends_s = BEFORE_S + (BROKER_AWAY_S if way == "broker away" else FAULT_S)
        rows.append(
            {
                "design": way,
                "orders": len(frame),
                "accepted": int(is_ok.sum()),
                "turned_away": int((~is_ok & ~frame.is_done).sum()),
                "lost": int((frame.outcome == LOST).sum()),
                "done_unknown": int((frame.outcome == LATE).sum()),
                "ill_s": max(0.0, float(last_s) - fault_ends_s),
            }
        )
    return pd.DataFrame(rows)
