"""One bad message, met by three triggers: who waits for it, what is paid in vain, and where it ends.

The handler of a bad message always fails. A *stream* keeps the order, so what is behind it in its shard waits until
somebody gives up. A *queue* goes on, but hands over messages in batches, and a batch fails as a whole unless the
handler names what failed. An *asynchronous event* comes alone.

The same messages come in all `DESIGNS`. The stream as it is, with AWS's defaults, tries until the record expires. The
queue is set as AWS recommends: five receives, and a visibility timeout of six time limits and the window. A batch is
handled one message after the other; what is behind the bad one in it is not reached.

What this leaves out: somebody who is woken by an alarm; and a second bad message. How long a stream waits before it
tries again is not published; `RETRY_S` is ours, and decides how many calls are paid in vain, but not who waits.

>>> waits = day(seed=1, design="asynchronous, 3 tries", hours=0.2)
>>> len(waits), int(waits.tries.max()), int(waits.bad_tries.iloc[0])
(19, 1, 3)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import joblib
import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import require_columns
from archlab.course.figures.picture import Picture
from archlab.course.style import GREY, INK, LAB, Size, look_of
from archlab.sim import Failure, Function, MessageQueue, ShardStream, Simulation
from archlab.sim.functions import AsyncInvocations, Invocation, QueueTrigger, StreamTrigger
from archlab.sim.messaging import BatchPolicy, EnhancedFanOut
from archlab.sim.parallel import in_parallel
from archlab.sim.validation import require_one_of, require_positive

WORK_S = 0.1
INIT_S = 0.085
"""The median of a small function in Python 3.12 (lambda-perf, August 2026; `data/lambda.csv`)."""
KEEP_ALIVE_S = 300.0
TIME_LIMIT_S = 30.0
RECEIVES = 5
"""What AWS recommends at least before a message becomes a dead letter."""
WINDOW_S = 60.0
"""So long the queue's poller waits for more messages; so a batch has some."""
TRIES = 3
"""Of an asynchronous event by default; the stream that gives up is set to as many."""
RETRY_S = 60.0
LONG_S = 90.0
"""A good message that waits longer than this has not only waited for its window and an initialisation."""
EVERY_S = 30.0
HOURS = 26.0
"""Longer than a stream keeps a record by default."""
AFTER_S = 1800.0
"""Longer than any trigger but a stream as it is needs to be done with what it has."""
POISON_AT = 0.02
"""The share of the run after which the next message is bad."""


class Poisoned(Failure):
    """The message cannot be handled, whoever tries."""

    outcome = "poisoned"
    what = "the message cannot be handled"


@dataclass(eq=False)
class Notice:
    """A message: whether it is `bad`, when it was first done, and how often its work was tried."""

    key: str
    sent_s: float
    bad: bool
    done_s: float = np.nan
    tries: int = 0


@dataclass
class Desk:
    """What the handlers of all triggers do with a message, and all messages that were sent."""

    sim: Simulation
    notices: list[Notice] = field(default_factory=list)

    def handle(self, notice: Notice) -> Generator[Event, Any, None]:
        """Work on a message; fail on the bad one."""
        notice.tries += 1
        yield self.sim.timeout(WORK_S)
        if notice.bad:
            raise Poisoned("books")
        notice.done_s = self.sim.now if np.isnan(notice.done_s) else notice.done_s

    def one(self, invocation: Invocation) -> Generator[Event, Any, None]:
        """A handler of single events."""
        yield from self.handle(invocation.payload)

    def records(self, invocation: Invocation) -> Generator[Event, Any, None]:
        """A handler of a stream's batches."""
        for record in invocation.payload:
            yield from self.handle(record.value)

    def whole_batch(self, invocation: Invocation) -> Generator[Event, Any, None]:
        """A handler of a queue's batches that fails with the first bad message."""
        for message in invocation.payload:
            yield from self.handle(message.body)

    def named_failures(self, invocation: Invocation) -> Generator[Event, Any, list[int]]:
        """A handler of a queue's batches that goes on after a bad message, and returns the ids of those."""
        failed = []
        for message in invocation.payload:
            try:
                yield from self.handle(message.body)
            except Poisoned:
                failed.append(message.id)
        return failed


Handler = Callable[[Invocation], Generator[Event, Any, Any]]


@dataclass(frozen=True)
class Design:
    """A function with its trigger: how a message is sent, and who is where when it is given up."""

    function: Function
    send: Callable[[Notice], object]
    set_aside: Callable[[], int]


def _function(sim: Simulation, handler: Handler) -> Function:
    return Function(sim, "books", handler, INIT_S, KEEP_ALIVE_S, time_limit_s=TIME_LIMIT_S)


def _stream(sim: Simulation, desk: Desk, policy: BatchPolicy) -> Design:
    stream, function = ShardStream(sim, "notices", append_s=0.005), _function(sim, desk.records)
    trigger = StreamTrigger(function, stream, policy, EnhancedFanOut())
    return Design(function, lambda notice: stream.append(notice.key, notice), lambda: len(trigger.given_up))


def _queue(sim: Simulation, desk: Desk, named: bool) -> Design:
    queue = MessageQueue(sim, "notices", store_s=0.005, delivery_limit=RECEIVES - 1)
    function = _function(sim, desk.named_failures if named else desk.whole_batch)
    QueueTrigger(function, queue, window_s=WINDOW_S, partial_failures=named)
    return Design(function, queue.publish, lambda: len(queue.dead_letters))


def _events(sim: Simulation, desk: Desk) -> Design:
    events = AsyncInvocations(_function(sim, desk.one))
    return Design(events.function, events.send, lambda: len(events.dead_letters))


UNTIL_EXPIRY = BatchPolicy(retry_s=RETRY_S)
HALVED = BatchPolicy(bisect=True, max_retries=TRIES - 1, retry_s=RETRY_S)

DESIGNS: Mapping[str, Callable[[Simulation, Desk], Design]] = {
    "stream, as it is": lambda sim, desk: _stream(sim, desk, UNTIL_EXPIRY),
    f"stream, halved, {TRIES} tries": lambda sim, desk: _stream(sim, desk, HALVED),
    f"queue, {RECEIVES} receives": lambda sim, desk: _queue(sim, desk, named=False),
    "queue, failures named": lambda sim, desk: _queue(sim, desk, named=True),
    f"asynchronous, {TRIES} tries": _events,
}
"""A design -> what builds it."""


def day(seed: int, design: str, hours: float = HOURS, every_s: float = EVERY_S) -> pd.DataFrame:
    """Run a design with one bad message. Return a row for each good message.

    Columns: design, sent_s, wait_s (from sending to the end of its work; until the end of the run when it never came),
    done, tries (of its work); and the same in each row: calls of the function, bad_tries, the calls that were paid for
    the bad message, and kept, whether it was set aside where somebody can look at it.

    Args:
        hours: how long messages come. After that there are `AFTER_S` for what has been sent.
        every_s: the mean time from one message to the next, at random.

    Raises `ValueError` when there is no such design, or a time is not above 0.
    """
    require_one_of("design", design, tuple(DESIGNS))
    require_positive("hours", hours)
    require_positive("every_s", every_s)
    sim = Simulation(seed)
    desk = Desk(sim)
    built = DESIGNS[design](sim, desk)
    desk.notices = _notices(sim, 3600 * hours, every_s)
    for notice in desk.notices:
        sim.call_at(notice.sent_s, built.send, notice)
    sim.run(until=3600 * hours + AFTER_S)
    return _rows(design, desk, built)


def _notices(sim: Simulation, until_s: float, every_s: float) -> list[Notice]:
    """Messages at random moments, of which one is bad."""
    gaps_s = sim.stream("messages").exponential(every_s, size=int(2 * until_s / every_s) + 100)
    moments_s = [float(at_s) for at_s in np.cumsum(gaps_s) if at_s < until_s]
    bad = next((n for n, at_s in enumerate(moments_s) if at_s >= POISON_AT * until_s), -1)
    return [Notice(f"message {n}", at_s, n == bad) for n, at_s in enumerate(moments_s)]


def _rows(design: str, desk: Desk, built: Design) -> pd.DataFrame:
    good = [notice for notice in desk.notices if not notice.bad]
    rows = [(design, n.sent_s, n.done_s - n.sent_s, not np.isnan(n.done_s), n.tries) for n in good]
    table = pd.DataFrame(rows, columns=["design", "sent_s", "wait_s", "done", "tries"])
    table.wait_s = table.wait_s.fillna(desk.sim.now - table.sent_s)
    bad_tries = sum(notice.tries for notice in desk.notices if notice.bad)
    kept = built.set_aside() > 0
    return table.assign(calls=built.function.invocations, bad_tries=bad_tries, kept=kept)


def days(
    designs: Iterable[str] = tuple(DESIGNS), seed: int = 1, hours: float = HOURS, every_s: float = EVERY_S
) -> pd.DataFrame:
    """Run `day` for each design with the same messages, one below the other."""
    runs = in_parallel(joblib.delayed(day)(seed, design, hours, every_s) for design in designs)
    return pd.concat(runs, ignore_index=True)


def told(table: pd.DataFrame) -> pd.DataFrame:
    """Return for each design of a frame of `days` what one bad message did, in that order.

    Columns: waiting, good messages that waited longer than `LONG_S` and were done; longest_h, the longest wait of one
    that was done; lost, good ones that were never done; again, good ones whose work was done more than once;
    bad_tries, the calls paid for the bad one; kept, whether it was set aside.
    """
    done = table[table.done]
    by = done.groupby("design")
    return pd.DataFrame(
        {
            "waiting": (done.wait_s > LONG_S).groupby(done.design).sum(),
            "longest_h": by.wait_s.max() / 3600,
            "lost": (~table.done).groupby(table.design).sum(),
            "again": (done.tries > 1).groupby(done.design).sum(),
            "bad_tries": by.bad_tries.first(),
            "kept": by.kept.first(),
        }
    ).reindex(table.design.unique())


# Figure ------------------------------------------------------------------------------------------------------

TICKS = {0.1: "0.1 s", 1.0: "1 s", 60.0: "1 min", 3600.0: "1 h", 86_400.0: "1 day"}


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the wait of each good message that was done as a point, one row a design, on a logarithmic axis.

    Beside each row stand how many waited long and were lost, and how many calls were paid in vain.

    Args:
        table: as `days` returns it.
        title: your conclusion.

    Raises `ValueError` when the table lacks rows or columns.
    """
    require_columns("table", table, "design", "wait_s", "done")
    rows, done = told(table), table[table.done]
    own = look_of("serverless")
    colour = INK if own is None else own.colour
    scatter = np.random.default_rng(0).uniform(-0.3, 0.3, len(done))
    with canvas(title, size) as drawing:
        panel = drawing.panels[0]
        places = done.design.map({name: place for place, name in enumerate(rows.index)}) + scatter
        panel.scatter(done.wait_s, places, s=5, color=colour, alpha=0.5, linewidth=0)
        panel.axvline(LONG_S, color=GREY, linestyle=":", linewidth=1.5)
        for place, row in enumerate(rows.itertuples()):
            panel.annotate(_said(row, "\n"), (1.01, place), xycoords=("axes fraction", "data"), va="center")
        name_rows(panel, list(rows.index))
        panel.set(xscale="log", xlim=(0.05, 3e5), xlabel="Wait of a good message until it is done")
        panel.set_xticks(list(TICKS), list(TICKS.values()))
        panel.minorticks_off()
    words = "; ".join(f"{row.Index}: {_said(row, ', ')}" for row in rows.itertuples())
    return Picture(drawing.figure, f"{title.rstrip('.')}. Waits of good messages. {words}.")


def _said(row: Any, between: str) -> str:
    """What happened to the good ones, and what was paid in vain."""
    longest = f"{row.longest_h:.0f} h" if row.longest_h > 1 else f"{60 * row.longest_h:.0f} min"
    waited = f"{row.waiting:,} wait, up to {longest}" if row.waiting else "none waits"
    lost = f", {row.lost} never done" if row.lost else ""
    return (
        f"{waited}{lost}{between}bad one: {row.bad_tries:,} calls, {'set aside' if row.kept else 'expired'}"
    )
