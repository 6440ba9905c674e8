"""A broker's job, beside a log: the same messages and ten workers, once through a queue and once through a log.

Most messages are 20 ms of work; one in fifty is 1 s, because the mail server it calls is slow. A broker is there to
give each message to a worker that is free, so that a slow one holds up nobody else. The measure is the p99 of the
*quick* messages, from publishing to the end of the work: who takes longer than half a slow message stood behind one.

- `queue`: ten consumers compete for one queue. The prefetch decides how many messages each may hold.
- `ordered queues`: ten queues with a single active consumer each; a message's key decides its queue. The order of each
  key is kept. It is how a broker competes with a log where order matters.
- `log`: ten partitions, and a group of ten members. Kafka's way to keep the order.
- `log, by key`: one client reads the same log and hands each record to a free one of ten workers, but for those whose
  key somebody works on. It is the log's strongest form (Confluent's Parallel Consumer works like this): as quick as the
  queue, and the order of each key is kept. So what a broker does can be done at the reader's side.

Records without a key, dealt out to the partitions in turn, wait as long as those of `log`. Kafka's newer share groups
let consumers compete as in a queue, and lose the order as a queue does. Storing takes 1 ms and the way to a worker
0.25 ms in all. What this leaves out: the capacity of the broker itself (see `archlab.published.group_commit`); how much
a client by key must do again after a crash, as its position is that of the oldest record at work; and that a queue
forgets: a reader who comes later finds nothing of the past there, and all of it in a log.

>>> frame = run(seed=1, way="queue", messages=500)
>>> held_up_s(frame) < HELD_UP_S < held_up_s(run(seed=1, way="log", messages=500))
True
>>> message_broker(0.03, log_p99_s=1.9, by_key_p99_s=0.03, in_time_up_to_prefetch=1, order_kept_up_to=0.8,
...     order_kept_strictly_up_to=0.05).words  # doctest: +NORMALIZE_WHITESPACE
'Holds when: up to 0.8 messages a second of one key, when 1 % of them may be overtaken (0.05 when 0.1 % may; a log
whose client hands them out by key is as quick, and keeps order), and with the prefetch at most 1 (here 1)'
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from functools import partial
from math import inf
from typing import Any, Literal
from zlib import crc32

import joblib
import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, all_of, holds_if, holds_up_to
from archlab.sim.messaging.event_log import EventLog, Record
from archlab.sim.messaging.message_queue import MessageQueue
from archlab.sim.parallel import in_parallel
from archlab.sim.servers.pool import Pool
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_fraction, require_one_of, require_positive, require_whole

Way = Literal["queue", "ordered queues", "log", "log, by key"]
WAYS: tuple[Way, ...] = ("queue", "ordered queues", "log", "log, by key")

SEEDS = range(10)
WORKERS = 10
QUICK_S, SLOW_S, SLOW_SHARE = 0.020, 1.0, 0.02
LOAD = 0.5
"""The share of the workers' time that the work takes."""
PREFETCH = 1
"""What suits work that is long beside the way to the worker. RabbitMQ's advice of 100 to 300 is for throughput."""
KEYS = 10_000
STORE_S, WAY_S = 0.001, 0.00025
MESSAGES = 1600
WARM_UP = 0.1
"""The first part of the messages, which is not measured."""

HELD_UP_S = SLOW_S / 2
"""Who takes longer than half a slow message has stood behind one: a quick one alone takes 25 times less."""
OVERTAKEN_PERCENT, STRICTLY_PERCENT = 1.0, 0.1
"""Of so many messages each is overtaken by a later one of its key. How many may be is the reader's to say, so there are
two limits, and they differ: here one message in fifty is slow, and hardly any other is overtaken, so where one in fifty
may be there is no limit, and where none may be no queue with competing consumers will do. A share on a stock exchange
with hundreds of prices a second is beyond both limits, a customer with one order a day far below both."""


def run(
    seed: int,
    way: Way = "queue",
    prefetch: int = PREFETCH,
    load: float = LOAD,
    messages: int = MESSAGES,
    slow_share: float = SLOW_SHARE,
) -> pd.DataFrame:
    """Send messages at random times to ten workers, and let them work until all is done.

    Returns a row a message, in the order of publishing: published_s, work_s, done_s. The times and the work are the
    same in all ways. `prefetch` counts for the queue alone.
    Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("way", way, WAYS)
    require_positive("load", load)
    require_whole("messages", messages, at_least=1)
    require_fraction("slow_share", slow_share)
    sim = Simulation(seed)
    work_s = np.where(sim.stream("work").random(messages) < slow_share, SLOW_S, QUICK_S)
    gap_s = (slow_share * SLOW_S + (1 - slow_share) * QUICK_S) / (load * WORKERS)
    published_s = np.cumsum(sim.stream("arrivals").exponential(gap_s, messages))
    keys = sim.stream("keys").integers(0, KEYS, messages)
    done_s = np.empty(messages)

    def handle(number: int) -> Generator[Event, None, None]:
        yield sim.timeout(work_s[number])
        done_s[number] = sim.now

    send = _topic(sim, way, prefetch, handle)
    for number, at_s in enumerate(published_s):
        sim.call_at(at_s, lambda number: send(f"customer {keys[number]}", number), number)
    sim.run()
    return pd.DataFrame({"published_s": published_s, "work_s": work_s, "done_s": done_s})


Handle = Callable[[int], Generator[Event, None, None]]


def _topic(sim: Simulation, way: Way, prefetch: int, handle: Handle) -> Callable[[str, int], object]:
    """Make what is between publishers and workers; return how to send something with a key."""
    if way in ("log", "log, by key"):
        log = EventLog(sim, "log", STORE_S, partitions=WORKERS)
        members, work = (WORKERS, partial(_in_order, handle)) if way == "log" else (1, _by_key(sim, handle))
        log.subscribe("workers", work, members=members, fetch_s=WAY_S)
        return log.append
    count = WORKERS if way == "ordered queues" else 1
    queues = [
        MessageQueue(sim, f"queue {n}", STORE_S, WAY_S, single_active=way == "ordered queues")
        for n in range(count)
    ]
    for worker in range(WORKERS):
        queues[worker % count].consume(lambda message: handle(message.body), prefetch=prefetch)
    return lambda key, number: queues[crc32(key.encode()) % count].publish(number)


def _in_order(handle: Handle, record: Record) -> Generator[Event, None, None]:
    return handle(record.value)


def _by_key(sim: Simulation, handle: Handle) -> Callable[[Record], Generator[Event, Any, None]]:
    """Let a free one of the workers take each record, after the one before it with the same key."""
    workers, last = Pool(sim, "by key", WORKERS), dict[str, Event]()

    def work(record: Record, before: Event | None) -> Generator[Event, Any, None]:
        if before is not None and not before.processed:
            yield before
        with workers.hold() as worker:
            yield worker
            yield from handle(record.value)

    def hand_out(record: Record) -> Generator[Event, Any, None]:
        last[record.key] = sim.start(work(record, last.get(record.key)))
        yield from ()

    return hand_out


def held_up_s(frame: pd.DataFrame) -> float:
    """Return the p99 of the quick messages, from publishing to the end of the work, without the warm-up.

    Raises `ValueError` when there are none.
    """
    rows = frame.iloc[int(WARM_UP * len(frame)) :]
    quick = rows[rows.work_s < HELD_UP_S]
    if quick.empty:
        raise ValueError("frame has no quick message after the warm-up; it must have some")
    return float(np.percentile(quick.done_s - quick.published_s, 99))


def overtaken(frame: pd.DataFrame) -> np.ndarray:
    """Return for each message after the warm-up how many that were published later were done before it."""
    done_s = frame.done_s.to_numpy()[int(WARM_UP * len(frame)) :]
    return np.array([int((done_s[number + 1 :] < own_s).sum()) for number, own_s in enumerate(done_s)])


def order_kept_up_to_per_s(frame: pd.DataFrame, percent: float = OVERTAKEN_PERCENT) -> float:
    """Return how many messages a second a key may have until so many per cent are overtaken by a later one of it.

    With r messages a second of each key among a in all, a later message has the same key with probability r/a. So one
    that m later ones overtake keeps its place with probability (1 - r/a)^m, and no key needs to be drawn. inf when no
    rate overtakes so many.
    """
    from scipy.optimize import brentq  # SciPy is loaded when it is used: that takes a while

    later, rate_per_s = overtaken(frame), 1 / float(np.diff(frame.published_s).mean())

    def too_many(share: float) -> float:
        return 100 * float(np.mean(1 - (1 - share) ** later)) - percent

    return inf if too_many(1.0) <= 0 else rate_per_s * float(brentq(too_many, 0.0, 1.0))


def against_prefetch(
    prefetch: Iterable[int] = (1, 2, 10, 100), seeds: Iterable[int] = SEEDS, messages: int = MESSAGES
) -> pd.DataFrame:
    """Run the queue with each prefetch, and the log.

    Returns a row a way and prefetch: design, prefetch (NaN for the log), p99_ms of the quick messages, the median of
    the seeds, with p99_ms_low and p99_ms_high, the ends of its interval.
    """
    chosen = list(seeds)
    cases: list[tuple[Way, float]] = [("queue", count) for count in prefetch]
    cases.append(("log", np.nan))
    one = joblib.delayed(_held_up_ms)
    times = in_parallel(one(seed, way, count, messages) for way, count in cases for seed in chosen)
    rows = []
    for case, (way, count) in enumerate(cases):
        p99_ms = OverSeeds(times[case * len(chosen) : (case + 1) * len(chosen)])
        row = {"design": way, "prefetch": count, "p99_ms": float(p99_ms)}
        rows.append({**row, "p99_ms_low": p99_ms.low, "p99_ms_high": p99_ms.high})
    return pd.DataFrame(rows)


def _held_up_ms(seed: int, way: Way, prefetch: float, messages: int) -> float:
    count = PREFETCH if np.isnan(prefetch) else int(prefetch)
    return 1000 * held_up_s(run(seed, way, count, messages=messages))


# The claim ---------------------------------------------------------------------------------------------------

PREFETCHES = (1, 3)


def broker_figures(seeds: Iterable[int] = SEEDS, slow_share: float = SLOW_SHARE) -> dict[str, OverSeeds]:
    """Return the figures of `message_broker`, by their names."""
    chosen = list(seeds)
    runs = in_parallel(joblib.delayed(_usual)(seed, slow_share) for seed in chosen)
    of_queue, of_log, by_key, rates, strict_rates = zip(*runs, strict=True)
    spare_s = partial(_spare_s, slow_share=slow_share)
    return {
        "queue_p99_s": OverSeeds(of_queue),
        "log_p99_s": OverSeeds(of_log),
        "by_key_p99_s": OverSeeds(by_key),
        "in_time_up_to_prefetch": bisect(spare_s, PREFETCHES, holds="up to", seeds=chosen, whole=True),
        "order_kept_up_to": Limit("up to", rates),
        "order_kept_strictly_up_to": Limit("up to", strict_rates),
    }


def _usual(seed: int, slow_share: float) -> tuple[float, ...]:
    """The p99 of the quick messages in the queue, the log, and the log by key; the rates at which a key keeps its order
    in the queue, for both percentages.
    """
    queue, log, by_key = (run(seed, way, slow_share=slow_share) for way in ("queue", "log", "log, by key"))
    rates = (order_kept_up_to_per_s(queue, percent) for percent in (OVERTAKEN_PERCENT, STRICTLY_PERCENT))
    return held_up_s(queue), held_up_s(log), held_up_s(by_key), *rates


def _spare_s(seed: int, prefetch: float, slow_share: float) -> float:
    return HELD_UP_S - held_up_s(run(seed, prefetch=int(prefetch), slow_share=slow_share))


@settles(
    "event-streaming.rabbitmq",
    evidence=Evidence.SIMULATED,
    says={
        "queue_p99_s": "p99 of a quick message through a queue",
        "log_p99_s": "through a log, with as many workers and partitions",
        "by_key_p99_s": "through a log whose client hands out records by key",
        "in_time_up_to_prefetch": "no quick message stands behind a slow one up to a prefetch of",
        "order_kept_up_to": f"messages a second of one key until {OVERTAKEN_PERCENT:g} % are overtaken",
        "order_kept_strictly_up_to": f"until {STRICTLY_PERCENT:g} % are",
    },
)
def message_broker(
    queue_p99_s: float,
    log_p99_s: float,
    by_key_p99_s: float,
    in_time_up_to_prefetch: float,
    order_kept_up_to: float,
    order_kept_strictly_up_to: float,
) -> Verdict:
    """Holds when p99 of the quick messages is at most {HELD_UP_S} s through a queue with a prefetch of {PREFETCH}, and
    longer through a log with as many workers and partitions; and up to so many messages a second of one key that
    {OVERTAKEN_PERCENT} per cent are overtaken by a later one; beside it, {STRICTLY_PERCENT} per cent. Quick is
    {QUICK_S} s of work; a share of {SLOW_SHARE} is slow, {SLOW_S} s. It says whether a log whose client hands out
    records by key is as quick: what a broker does, at the reader's side.
    """
    prefetch = Assumption("the prefetch", usual=PREFETCH, flips_at=in_time_up_to_prefetch)
    gives_work_to_who_is_free = holds_if(queue_p99_s <= HELD_UP_S < log_p99_s, decided_by=prefetch)
    strictly = f"{float(order_kept_strictly_up_to):.1g} when {STRICTLY_PERCENT:g} % may"
    client = "is as quick, and keeps order" if by_key_p99_s <= HELD_UP_S else "is slower"
    unit = (
        f"messages a second of one key, when {OVERTAKEN_PERCENT:g} % of them may be overtaken ({strictly}; "
    )
    unit += f"a log whose client hands them out by key {client})"
    return all_of(holds_up_to(order_kept_up_to, unit), gives_work_to_who_is_free)
