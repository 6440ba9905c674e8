"""The order that is lost: events of one product that are handled in another order than they happened.

Each event says how many pieces of a product are left, so the last one that is written wins. Whether that was also the
last one that happened depends on how events reach their consumers:

- A log keeps the order within a key. When partitions are added, many keys move: their old events still wait in the old
  partition, and the new ones overtake them.
- A queue with competing consumers gives neighbours to different consumers. Who is done first is luck. Queues that give
  all messages of a group to one consumer (Amazon SQS FIFO, sessions of Azure Service Bus) keep the order as a log does.
- A finer key, such as the product and the order, spreads a hot product over partitions. The order within it is gone.

Two cures are shown, at their price: to hold back new events until the old ones are read (`held_back_s`), and a version
in each event and row, so that an older event is not written (`checks_version`). The second works for values that
replace each other, not for every kind of event.

All rows are real ones, in SQLite. The consumers begin `AWAY_S` after the first event, as after a deployment: partitions
are added when there is a backlog, that is why.

What this leaves out: a consumer that its group takes for dead, and that still writes. Events that come twice, which a
log gives its readers after a crash: they step back and forward again, so the last row is right. And that Kafka's
clients look for new partitions every five minutes only: meanwhile the new ones fill, which makes more events late, and
not fewer.

>>> one = run(seed=1, design="log")
>>> one["out_of_order_percent"], one["wrong_rows_percent"]
(0.0, 0.0)
"""

import sqlite3
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from simpy.events import Event

from archlab.shop.customers import popularity
from archlab.sim.distributions import Exponential
from archlab.sim.experiment import sweep
from archlab.sim.messaging.coordinated_group import CoordinatedGroup
from archlab.sim.messaging.coordinator import Coordination
from archlab.sim.messaging.event_log import EventLog
from archlab.sim.messaging.message_queue import MessageQueue
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of

PRODUCTS, POPULARITY = 200, 1.0
"""As in the shop: 200 products, of which the first is sold in one of six lines."""
EVENTS_PER_S, EVENTS_S = 60.0, 20.0
WORK_S = 0.050
"""What a consumer does with an event before it writes, on average. An assumption."""
AWAY_S = 5.0
CONSUMERS = 4
ADDED = 4
SETTLED_S = 1000.0
"""Until then all events of any design are handled, also those that one consumer is late with."""


@dataclass(frozen=True)
class Design:
    """How events reach their consumers.

    Attributes:
        topic: "log" or "queue".
        consumers: how many work at the same time; the log has as many partitions.
        added: partitions that the log gets when the consumers begin, with a consumer for each.
        joining: consumers that join those of the log a second later. Then it has partitions for them, too.
        holds_back: whether new events wait until the old ones are read, before partitions are added.
        finer_key: whether the key is the product and the number of the event, instead of the product.
        checks_version: whether a consumer leaves a row alone that is newer than the event.
    """

    topic: str = "log"
    consumers: int = CONSUMERS
    added: int = 0
    joining: int = 0
    holds_back: bool = False
    finer_key: bool = False
    checks_version: bool = False


LOG, QUEUE = Design(), Design("queue")
DESIGNS: Mapping[str, Design] = {
    "log": LOG,
    "log, consumers added": replace(LOG, joining=ADDED),
    "log, partitions added": replace(LOG, added=ADDED),
    "log, held back, then added": replace(LOG, added=ADDED, holds_back=True),
    "log, finer key": replace(LOG, finer_key=True),
    "queue, 1 consumer": replace(QUEUE, consumers=1),
    "queue, 4 consumers": QUEUE,
    "queue, 4 consumers, versions": replace(QUEUE, checks_version=True),
    "log, partitions added, versions": replace(LOG, added=ADDED, checks_version=True),
}
NO_VERSIONS = tuple(name for name, design in DESIGNS.items() if not design.checks_version)


@dataclass(frozen=True)
class StockLevel:
    """An event: so many pieces of a product are left. `version` counts the events of the product."""

    product: int
    level: int
    version: int


class Stock:
    """The rows that consumers write, and a note of the order in which they handled events."""

    def __init__(self, checks_version: bool) -> None:
        self.rows = sqlite3.connect(":memory:")
        self.rows.execute("CREATE TABLE stock (product INTEGER PRIMARY KEY, level INTEGER, version INTEGER)")
        self._newer = " WHERE excluded.version > version" if checks_version else ""
        self._newest: dict[int, int] = {}
        self.handled = self.out_of_order = 0

    def write(self, event: StockLevel) -> None:
        """Write what an event says. It is out of order when a later one of its product was handled before."""
        newest = self._newest.get(event.product, 0)
        self.handled += 1
        self.out_of_order += event.version < newest
        self._newest[event.product] = max(newest, event.version)
        self.rows.execute(
            "INSERT INTO stock VALUES (?, ?, ?) ON CONFLICT (product) DO UPDATE "
            f"SET level = excluded.level, version = excluded.version{self._newer}",
            (event.product, event.level, event.version),
        )

    def wrong(self, truth: Mapping[int, int]) -> int:
        """Return how many products have another level in their row than in truth."""
        rows = dict(self.rows.execute("SELECT product, level FROM stock").fetchall())
        return sum(rows.get(product) != level for product, level in truth.items())


class Topic:
    """A log or a queue with its consumers, who begin late."""

    def __init__(self, sim: Simulation, design: Design, stock: Stock) -> None:
        self.sim, self.design, self.stock = sim, design, stock
        self._work_s = sim.draws("work", Exponential(WORK_S))
        self._log = EventLog(sim, "log", append_s=0.0, partitions=design.consumers + design.joining)
        self._queue = MessageQueue(sim, "queue", store_s=0.0)
        self.held_back_s = 0.0

    def publish(self, event: StockLevel) -> None:
        if self.design.topic == "queue":
            self._queue.publish(event)
            return
        finer = f"-{event.version}" if self.design.finer_key else ""
        self._log.append(f"product {event.product}{finer}", event)

    def begin(self) -> Generator[Event, Any, None]:
        """Let the consumers begin. Partitions are added before they have read anything, or when all is read."""
        if self.design.topic == "queue":
            for _ in range(self.design.consumers):
                self._queue.consume(lambda message: self._handle(message.body), prefetch=1)
            return
        members = self.design.consumers + self.design.added
        group = CoordinatedGroup(
            self._log,
            "stock",
            lambda record: self._handle(record.value),
            Coordination(),
            members,
            reset="earliest",
            max_poll_records=10,
        )
        began_s = self.sim.now
        while self.design.holds_back and group.lag:
            yield self.sim.timeout(0.01)
        self.held_back_s = self.sim.now - began_s
        if self.design.added:
            self._log.add_partitions(self.design.added)
        for _ in range(self.design.joining):
            yield self.sim.timeout(1.0)
            group.add_member()

    def _handle(self, event: StockLevel) -> Generator[Event, Any, None]:
        yield self.sim.timeout(self._work_s())
        self.stock.write(event)


def run(seed: int, design: str) -> dict[str, float]:
    """Publish events for `EVENTS_S` seconds, let consumers handle all, and compare their rows with what happened.

    Returns out_of_order_percent of the events, wrong_rows_percent of the products, and held_back_s, for how long no new
    event was published. Raises `ValueError` for an unknown design.
    """
    require_one_of("design", design, DESIGNS)
    sim = Simulation(seed)
    chosen = DESIGNS[design]
    stock = Stock(chosen.checks_version)
    topic = Topic(sim, chosen, stock)
    truth = _publish(sim, topic)
    sim.run(until=SETTLED_S)
    return {
        "out_of_order_percent": 100 * stock.out_of_order / stock.handled,
        "wrong_rows_percent": 100 * stock.wrong(truth) / len(truth),
        "held_back_s": topic.held_back_s,
    }


def _publish(sim: Simulation, topic: Topic) -> dict[int, int]:
    """Start to publish; return the levels of the stock, which change as it goes on."""
    levels = dict.fromkeys(range(1, PRODUCTS + 1), 1_000_000)
    versions = dict.fromkeys(levels, 0)
    truth: dict[int, int] = {}
    rng = sim.stream("events")
    shares = popularity(PRODUCTS, POPULARITY)
    begin = sim.start(_later(sim, topic))
    waits = topic.design.holds_back

    def publisher() -> Generator[Event, Any, None]:
        for product in rng.choice(PRODUCTS, size=int(EVENTS_PER_S * EVENTS_S), p=shares) + 1:
            yield sim.timeout(float(rng.exponential(1 / EVENTS_PER_S)))
            if waits and sim.now > AWAY_S and not begin.processed:
                yield begin
            key = int(product)
            levels[key] -= 1
            versions[key] += 1
            truth[key] = levels[key]
            topic.publish(StockLevel(key, levels[key], versions[key]))

    sim.start(publisher())
    return truth


def _later(sim: Simulation, topic: Topic) -> Generator[Event, Any, None]:
    yield sim.timeout(AWAY_S)
    yield from topic.begin()


def compare(designs: Sequence[str] = tuple(DESIGNS), seeds: Iterable[int] = range(5)) -> pd.DataFrame:
    """Sweep `run`. Columns: design, and its figures with their intervals over the seeds."""
    return sweep(run, {"design": designs}, seeds)
