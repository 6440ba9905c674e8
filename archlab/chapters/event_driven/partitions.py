"""Partitions, consumers and skew: how many readers of a log work at the same time.

A partition is read by one consumer of a group. So a group works as fast as its fullest consumer allows: with even keys
and P partitions over m consumers that one has ceil(P / m) partitions, and all together do P / ceil(P / m) times what
one does. More than P of them idle, and fewer may idle in part: over 8 partitions, 5 are worth 4. Competing consumers of
a queue have no such steps, and no order either (`archlab.chapters.event_driven.order`).

Before you choose a number, the usual rule is max(t / p, t / c) partitions: the target rate over what one partition
takes, and over what one consumer does (J. Rao, Confluent 2015). It assumes even keys. With uneven ones the hottest key
is the limit, see `archlab.published.hot_key`.

What this leaves out: consumers that work on several records of a partition at a time and keep the order by key
(Confluent's parallel consumer does). That is a finer partition inside a consumer, with the same limit at the hottest
key: it errs against logs with few partitions.

>>> by_law = even_law([4, 5, 8, 9], partitions=8)
>>> by_law.times_one.tolist()
[4.0, 4.0, 8.0, 8.0]
>>> partitions_wanted(target_per_s=150, produce_per_s=2000, consume_per_s=9)
17
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.explorer import Curve, Panel, Reading
from archlab.data import load as published
from archlab.published import hot_key
from archlab.published.hot_key import KEYS, YCSB_EXPONENT, popularity
from archlab.sim.distributions import Distribution, Values
from archlab.sim.messaging.event_log import EventLog
from archlab.sim.messaging.message_queue import MessageQueue
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive, require_whole

PARTITIONS = 8
WORK_S = 0.050
"""What a consumer does with a record, on average. An assumption; all figures are in times of one consumer."""
RECORDS = 480
DESIGNS = ("log", "queue")
PARTITIONS_TRIED = (4, 12, 25, 50, 75, 100)


def partitions_wanted(target_per_s: float, produce_per_s: float, consume_per_s: float) -> int:
    """Return max(t / p, t / c), rounded up: the partitions for a target rate, when keys are even.

    Raises `ValueError` when a rate is not above 0.
    """
    require_positive("target_per_s", target_per_s)
    require_positive("produce_per_s", produce_per_s)
    require_positive("consume_per_s", consume_per_s)
    return ceil(max(target_per_s / produce_per_s, target_per_s / consume_per_s))


def even_law(consumers: Sequence[int], partitions: int = PARTITIONS) -> pd.DataFrame:
    """Return what so many consumers do in times of one, with even keys: P / ceil(P / m).

    Columns: design ("log"), consumers, times_one.
    """
    for count in (partitions, *consumers):
        require_whole("partitions and consumers", count, at_least=1)
    times = [partitions / ceil(partitions / count) for count in consumers]
    return pd.DataFrame({"design": "log", "consumers": list(consumers), "times_one": times})


def keys_of_each(log: EventLog) -> list[str]:
    """Return one key for each partition of a log."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < log.partitions:
        found.setdefault(log.partition_of(f"key {number}"), f"key {number}")
        number += 1
    return [found[partition] for partition in range(log.partitions)]


def drawn_keys(sim: Simulation, records: int, exponent: float, keys: int = KEYS) -> list[str]:
    """Return the keys of so many records, each drawn by its popularity (Zipf's law)."""
    shares = popularity(keys, exponent)
    return [f"key {number}" for number in sim.stream("keys").choice(keys, size=records, p=shares)]


def worked_off(
    design: str,
    consumers: int,
    partitions: int = PARTITIONS,
    records: int = RECORDS,
    work_s: float | Distribution = WORK_S,
    seed: int = 1,
) -> float:
    """Let consumers work off `records` records that wait, as many in each partition of a "log", or in a "queue".

    Return how many consumers that never idle would have been as fast. Luck is in it only when `work_s` is drawn.
    Raises `ValueError` for another design.
    """
    require_one_of("design", design, DESIGNS)
    require_whole("consumers", consumers, at_least=1)
    require_whole("records", records, at_least=1)
    sim = Simulation(seed)
    do_s = sim.draws("work", work_s) if isinstance(work_s, Distribution) else lambda: work_s
    ends_s, spent_s = [], []

    def handle(_: object) -> Generator[Event, Any, None]:
        spent_s.append(do_s())
        yield sim.timeout(spent_s[-1])
        ends_s.append(sim.now)

    if design == "log":
        _read_log(sim, handle, consumers, partitions, records)
    else:
        _read_queue(sim, handle, consumers, records)
    sim.run(until=10 * records * WORK_S)
    assert len(ends_s) == records
    return sum(spent_s) / max(ends_s)


Handler = Callable[[object], Generator[Event, Any, None]]


def _read_log(sim: Simulation, handle: Handler, consumers: int, partitions: int, records: int) -> None:
    log = EventLog(sim, "log", append_s=0.0, partitions=partitions)
    each = keys_of_each(log)
    for number in range(records):
        log.append(each[number % partitions], None)
    log.subscribe("readers", handle, consumers, reset="earliest")


def _read_queue(sim: Simulation, handle: Handler, consumers: int, records: int) -> None:
    queue = MessageQueue(sim, "queue", store_s=0.0)
    for number in range(records):
        queue.publish(number)
    for _ in range(consumers):
        queue.consume(handle, prefetch=1)


def against_consumers(consumers: Sequence[int] = range(1, 17), partitions: int = PARTITIONS) -> pd.DataFrame:
    """Run `worked_off` for each design and number of consumers. Columns: design, consumers, times_one."""
    rows = [
        (design, count, worked_off(design, count, partitions)) for design in DESIGNS for count in consumers
    ]
    return pd.DataFrame(rows, columns=["design", "consumers", "times_one"])


def against_partitions(
    partitions: Sequence[int] = PARTITIONS_TRIED, seeds: Iterable[int] = hot_key.SEEDS, salts: int = 8
) -> pd.DataFrame:
    """Return how many of so many partitions are usable, by the kit's hash.

    The designs: "even keys"; "hot keys" by Zipf's law; and these with each key cut into `salts` finer ones.
    Columns: design, partitions, times_one, and times_one_low and times_one_high, where 9 of 10 sets of keys are.
    """
    kinds = {
        "even keys": (0.0, 1),
        "hot keys": (YCSB_EXPONENT, 1),
        f"hot keys cut in {salts}": (YCSB_EXPONENT, salts),
    }
    frames = [
        hot_key.table(partitions, [exponent], seeds, salts=cut).assign(design=name)
        for name, (exponent, cut) in kinds.items()
    ]
    table = pd.concat(frames, ignore_index=True).drop(columns="exponent")
    return table.rename(columns=lambda name: name.replace("usable", "times_one"))


def derived() -> pd.DataFrame:
    """Return the figures of `data/hot_keys.csv`, a row a point. Columns: design, partitions, times_one."""
    table = published("hot_keys").sort_values(["exponent", "partitions"])
    names = ["hot keys" if exponent else "even keys" for exponent in table.exponent]
    return pd.DataFrame({"design": names, "partitions": table.partitions, "times_one": table.usable})


# Explorer -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Explored:
    """What came of a run: the share of the records in each partition, and the lag of each consumer over time."""

    shares: Values
    by_consumer: Values
    lag: pd.DataFrame
    load_per_s: float


def explored(
    partitions: int,
    consumers: int,
    skew: float,
    rate_per_s: float,
    seed: int = 1,
    duration_s: float = 30.0,
) -> Explored:
    """Let records with skewed keys come to a log, and consumers read them, `1 / WORK_S` a second each."""
    require_whole("consumers", consumers, at_least=1)
    require_positive("rate_per_s", rate_per_s)
    require_positive("duration_s", duration_s)
    sim = Simulation(seed)
    log = EventLog(sim, "log", append_s=0.0, partitions=partitions)
    count = max(1, int(rate_per_s * duration_s))
    keys = drawn_keys(sim, count, skew)

    def handle(_: object) -> Generator[Event, Any, None]:
        yield sim.timeout(WORK_S)

    group = log.subscribe("consumer", handle, consumers)

    def publish() -> Generator[Event, Any, None]:
        for key in keys:
            log.append(key, None)
            yield sim.timeout(1 / rate_per_s)

    sim.start(publish())
    samples = sim.measure(duration_s).samples
    lag = samples[samples.part.str.startswith("consumer-")].pivot(
        index="time_s", columns="part", values="queue_length"
    )
    shares = np.bincount([log.partition_of(key) for key in keys], minlength=partitions) / count
    by_consumer = np.array([shares[member.partitions].sum() for member in group.members])
    return Explored(shares, by_consumer, lag, rate_per_s)


@dataclass(frozen=True)
class SharesAndLag:
    """The share of each consumer, the busiest first, and the lag over time: all of it, and that of the busiest."""

    panels: ClassVar = (
        Panel("Consumer, the busiest first", "Share of the records [%]"),
        Panel("Time [s]", "Lag [records]"),
    )

    def read(self, answer: Explored) -> Reading:
        order = np.sort(100 * answer.by_consumer)[::-1]
        busiest = f"consumer-{int(np.argmax(answer.by_consumer)) + 1}"
        total = answer.lag.sum(axis="columns")
        curves = (
            Curve(0, "", np.arange(1, len(order) + 1), order),
            Curve(1, "all", total.index.to_numpy(), total.to_numpy()),
            Curve(1, "busiest", answer.lag.index.to_numpy(), answer.lag[busiest].to_numpy()),
        )
        figures: dict[str, float | str] = {
            "bearable_records_per_s": 1 / WORK_S / float(answer.by_consumer.max()),
            "as_good_as_consumers": 1 / float(answer.by_consumer.max()),
            "idle_consumers": float((answer.by_consumer == 0).sum()),
            "lag_at_the_end_records": float(total.iloc[-1]),
        }
        return Reading(curves, figures)
