"""A poison message in a log, a queue and a shard: how many good messages wait for it, and for how long.

A poison message is one whose handler always fails. What it does to the others depends on who keeps the order. In a log
and in a shard records are read one after the other, so what is behind the bad one waits until somebody gives up. A
queue hands out other messages meanwhile, and loses their order.

The same messages arrive in all `DESIGNS`, in as many partitions, shards or consumers. What is retried, and how often:
for ever in the log, as its group does here, or set aside by hand after three tries; the delivery limit of RabbitMQ's
quorum queues; and AWS Lambda's default on a stream, until the record expires, or halved and given up. With few messages
a batch is mostly the bad record alone; `archlab.published.halved_batches` has the calls for large ones.

What this leaves out: somebody who is woken by an alarm and removes the message, which is what ends it in practice; and
that whatever is behind a message that was set aside may need it.

>>> waits = day(seed=1, design="queue, 20 redeliveries", hours=0.2)
>>> len(waits) > 10, bool((waits.wait_s > LONG_S).any())
(True, False)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import require_columns
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, INK, LAB, Size, look_of
from archlab.sim.failure import Failure
from archlab.sim.load import Request
from archlab.sim.messaging.batches import BatchPolicy
from archlab.sim.messaging.event_log import EventLog
from archlab.sim.messaging.message_queue import DELIVERY_LIMIT, Message, MessageQueue
from archlab.sim.messaging.shard_reader import EnhancedFanOut
from archlab.sim.messaging.shard_stream import ShardStream
from archlab.sim.parallel import in_parallel
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_fraction, require_one_of, require_positive
from archlab.sim.workload import Poisson

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

PARTITIONS = 4
"""Partitions of the log, shards of the stream, consumers of the queue."""
CUSTOMERS = 200
WORK_S = 0.1
RETRY_S = 60.0
"""From a failure to the next try where somebody tries for ever. It changes how much work is in vain, not who waits. But
a shard learns only at the next try that the bad record has expired, and good ones that were sent less than this after
it have expired, too, by then: with two seeds of ten one or two of them are lost."""
TRIES = 3
"""After so many tries a program sets a message aside where it does so by hand."""
LONG_S = 60.0
"""A good message that waits longer than a minute has kept its customer waiting: the page is closed."""
EVERY_S = 30.0
HOURS = 26.0
"""Longer than a stream keeps a record by default."""
POISON_AT = 0.02
"""The share of the run after which the next message is bad."""


class Poisoned(Failure):
    """The message cannot be handled, whoever tries."""

    outcome = "poisoned"
    what = "the message cannot be handled"


@dataclass(eq=False)
class Order:
    """A message of a `customer`, whose messages keep their order; whether it is `bad`; and what became of it."""

    customer: str
    sent_s: float
    bad: bool
    done_s: float = np.nan
    tries: int = 0


@dataclass
class Desk:
    """Who handles messages: it works on one and notes when it is done, or fails on a bad one."""

    sim: Simulation
    orders: list[Order] = field(default_factory=list)
    aside: list[Order] = field(default_factory=list)
    has_bad: bool = False

    def handle(self, order: Order) -> Generator[Event, Any, None]:
        """Work on a message."""
        order.tries += 1
        yield self.sim.timeout(WORK_S)
        if order.bad:
            raise Poisoned("orders")
        order.done_s = self.sim.now if np.isnan(order.done_s) else order.done_s

    def handle_or_set_aside(self, order: Order) -> Generator[Event, Any, None]:
        """Work on a message up to `TRIES` times, a second apart, then set it aside and let the next one come."""
        for _ in range(TRIES):
            try:
                return (yield from self.handle(order))
            except Poisoned:
                yield self.sim.timeout(1.0)
        self.aside.append(order)


Send = Callable[[Order], Event]


def _log(sim: Simulation, desk: Desk, aside: bool) -> Send:
    log = EventLog(sim, "log", append_s=0.005, partitions=PARTITIONS)
    handle = desk.handle_or_set_aside if aside else desk.handle
    log.subscribe("reader", lambda record: handle(record.value), members=PARTITIONS, retry_s=RETRY_S)
    return lambda order: log.append(order.customer, order)


def _queue(sim: Simulation, desk: Desk) -> Send:
    queue = MessageQueue(sim, "queue", store_s=0.005, delivery_s=0.001)

    def handle(message: Message) -> Generator[Event, Any, None]:
        yield from desk.handle(message.body)

    for reader in range(1, PARTITIONS + 1):
        queue.consume(handle, name=f"reader-{reader}", prefetch=1)
    return queue.publish


def _shards(sim: Simulation, desk: Desk, policy: BatchPolicy) -> Send:
    stream = ShardStream(sim, "stream", append_s=0.005, shards=PARTITIONS)
    stream.subscribe("reader", lambda record: desk.handle(record.value), EnhancedFanOut(), policy)
    return lambda order: stream.append(order.customer, order)


UNTIL_EXPIRY = BatchPolicy(retry_s=RETRY_S)
HALVED = replace(UNTIL_EXPIRY, bisect=True, max_retries=TRIES - 1, retry_s=1.0)

DESIGNS: Mapping[str, Callable[[Simulation, Desk], Send]] = {
    "log, retried for ever": lambda sim, desk: _log(sim, desk, aside=False),
    "shard, retried until expiry": lambda sim, desk: _shards(sim, desk, UNTIL_EXPIRY),
    f"log, set aside after {TRIES} tries": lambda sim, desk: _log(sim, desk, aside=True),
    f"shard, halved, {TRIES} tries": lambda sim, desk: _shards(sim, desk, HALVED),
    f"queue, {DELIVERY_LIMIT} redeliveries": _queue,
}
"""A design -> what builds it and returns how a message is sent."""


def incident(
    seed: int, design: str, hours: float = HOURS, every_s: float = EVERY_S, poison_at: float = POISON_AT
) -> tuple[Result, Desk]:
    """Run a design; one message is bad. Returns the result and the desk, with all orders.

    Args:
        hours: how long.
        every_s: the mean time from one message to the next, at random.
        poison_at: the share of the run after which the next message is bad.

    Raises:
        ValueError: when there is no such design, or a time is not above 0.
    """
    require_one_of("design", design, tuple(DESIGNS))
    require_positive("hours", hours)
    require_positive("every_s", every_s)
    require_fraction("poison_at", poison_at)
    sim = Simulation(seed)
    desk = Desk(sim)
    send = DESIGNS[design](sim, desk)
    draw = sim.stream("customers").integers
    bad_from_s = poison_at * 3600 * hours

    def produce(request: Request) -> Generator[Event, Any, None]:
        bad = bool(sim.now >= bad_from_s) and not desk.has_bad
        order = Order(f"customer {draw(CUSTOMERS)}", float(sim.now), bad)
        desk.orders.append(order)
        desk.has_bad = desk.has_bad or bad
        yield send(order)

    sim.open_load(Poisson(1 / every_s), produce)
    return sim.measure(3600 * hours, sample_every_s=3600 * hours / 200), desk


def day(seed: int, design: str, hours: float = HOURS, every_s: float = EVERY_S) -> pd.DataFrame:
    """Return a row for each good message of `incident`.

    Columns: design, sent_s, wait_s (from sending to the end of its work; until the end of the run when it never came),
    done, tries.
    """
    return waits(design, *incident(seed, design, hours, every_s))


def waits(design: str, result: Result, desk: Desk) -> pd.DataFrame:
    """Return the rows of `day`, of an `incident` that was run."""
    good = [order for order in desk.orders if not order.bad]
    rows = [(design, o.sent_s, o.done_s - o.sent_s, not np.isnan(o.done_s), o.tries) for o in good]
    table = pd.DataFrame(rows, columns=["design", "sent_s", "wait_s", "done", "tries"])
    table.wait_s = table.wait_s.fillna(result.end_s - table.sent_s)
    return table


def days(
    designs: Iterable[str] = tuple(DESIGNS), seed: int = 1, hours: float = HOURS, every_s: float = EVERY_S
) -> pd.DataFrame:
    """Run `day` for each design with the same messages, one below the other."""
    runs = in_parallel(joblib.delayed(day)(seed, design, hours, every_s) for design in designs)
    return pd.concat(runs, ignore_index=True)


def who_waits(table: pd.DataFrame) -> pd.DataFrame:
    """Return for each design of a frame of `days` what the good messages bore, in that order.

    Columns: messages that waited longer than `LONG_S`; longest_h, the longest wait; never_done, those still waiting.
    """
    long = table[table.wait_s > LONG_S]
    return (
        pd.DataFrame(
            {
                "messages": long.groupby("design").size(),
                "longest_h": table.groupby("design").wait_s.max() / 3600,
                "never_done": (~long.done).groupby(long.design).sum(),
            }
        )
        .reindex(table.design.unique())
        .fillna(0.0)
    )


# Figure ------------------------------------------------------------------------------------------------------

TICKS = {0.1: "0.1 s", 1.0: "1 s", 60.0: "1 min", 3600.0: "1 h", 86_400.0: "1 day"}


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the wait of each good message as a point, one row a design, on a logarithmic axis.

    Args:
        table: as `days` returns it.
        title: your conclusion.

    Raises:
        ValueError: when the table lacks rows or columns.
    """
    require_columns("table", table, "design", "wait_s", "done")
    told = who_waits(table)
    own = look_of("event-driven")
    colour = INK if own is None else own.colour
    scatter = np.random.default_rng(0).uniform(-0.3, 0.3, len(table))
    with canvas(title, size) as drawing:
        panel = drawing.panels[0]
        places = table.design.map({name: place for place, name in enumerate(told.index)}) + scatter
        panel.scatter(table.wait_s, places, s=5, color=colour, alpha=0.5, linewidth=0)
        panel.axvline(LONG_S, color=GREY, linestyle=":", linewidth=1.5)
        for place, row in enumerate(told.itertuples()):
            panel.annotate(_said(row), (1.01, place), xycoords=("axes fraction", "data"), va="center")
        name_rows(panel, list(told.index))
        panel.set(xscale="log", xlim=(0.05, 3e5), xlabel="Wait of a good message")
        panel.set_xticks(list(TICKS), list(TICKS.values()))
        panel.minorticks_off()
    words = "; ".join(f"{row.Index}: {_said(row)}" for row in told.itertuples())
    return Picture(drawing.figure, f"{title.rstrip('.')}. Waits of good messages. {words}.")


def _said(row: Any) -> str:
    """How many waited long, and how long."""
    if not row.messages:
        return "none waits"
    if row.never_done:
        return f"{row.messages:.0f} still wait"
    return f"{row.messages:.0f} wait, up to {number(row.longest_h)} h"


# Replay ------------------------------------------------------------------------------------------------------


def topology(design: str) -> nx.DiGraph:
    """Return the producer, what keeps the messages, and the readers, each with its part; as a replay wants it."""
    import networkx as nx

    require_one_of("design", design, tuple(DESIGNS))
    middle, kind = MIDDLES[design.split(",")[0]]
    graph = nx.DiGraph(architecture="event-driven")
    graph.add_node("customers", kind="client", part=None)
    graph.add_node(middle, kind=kind, part=None)
    graph.add_edge("customers", middle, protocol="publish")
    for reader in range(1, PARTITIONS + 1):
        graph.add_node(f"reader {reader}", kind="process", part=f"reader-{reader}")
        graph.add_edge(middle, f"reader {reader}", protocol="read")
    return graph


MIDDLES = {"log": ("log", "broker"), "shard": ("stream", "broker"), "queue": ("queue", "queue")}
"""The first word of a design -> the name and the kind of what keeps its messages."""
