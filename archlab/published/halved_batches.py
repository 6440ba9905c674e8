"""One bad record in a batch: how many calls it takes to find it by halving, and what happens when nobody halves.

A function gets batches of n records from a stream. One record always fails, and the batch with it. When a failed batch
is halved, again and again, until the bad record is alone and given up, the function is called 7.8 / 14.4 / 21.0 times
on average for n = 10 / 100 / 1,000, wherever the bad record may lie; the good halves are done once and counted. Without
halving, and with AWS Lambda's default to retry until the records expire, the shard stands still for all its retention.
The three figures are an independent enumeration (`data/kinesis.csv`), by the rule of the AWS Lambda Developer Guide;
AWS prints none.

What this leaves out: a second bad record in the same batch, and retries of the bad record itself, which come on top.

>>> [round(mean_calls(n), 1) for n in (10, 100, 1000)]
[7.8, 14.4, 21.0]
>>> simulated_calls(batch=10, bad=3), calls(batch=10, bad=3)
(9, 9)
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import cache
from typing import Any

import pandas as pd
from simpy.events import Event

from archlab.sim.failure import Failure
from archlab.sim.messaging.batches import BatchPolicy, BatchWork
from archlab.sim.messaging.event_log import Record
from archlab.sim.messaging.shard_reader import Polling
from archlab.sim.messaging.shard_stream import RETENTION_S, ShardStream
from archlab.sim.simulation import Simulation
from archlab.sim.validation import refuse, require_positive, require_whole

HALVE = BatchPolicy(batch_size=1_000, bisect=True, max_retries=0)
WORK_S = 0.1
"""How long a call takes. It has no influence on how many there are."""


def calls(batch: int, bad: int) -> int:
    """Return how often the function is called for a batch whose record `bad`, counted from 0, always fails."""
    _require_place(batch, bad)
    if batch == 1:
        return 1
    left = batch // 2
    return 2 + (calls(left, bad) if bad < left else calls(batch - left, bad - left))


@cache
def mean_calls(batch: int) -> float:
    """Return the mean of `calls` over all places of the bad record."""
    require_whole("batch", batch, at_least=1)
    if batch == 1:
        return 1.0
    left = batch // 2
    return 2 + (left * mean_calls(left) + (batch - left) * mean_calls(batch - left)) / batch


def simulated_calls(batch: int, bad: int) -> int:
    """The same as `calls`, with the kit's batches."""
    _require_place(batch, bad)
    sim = Simulation(seed=0)  # there is no luck in it

    def work(records: Sequence[Record]) -> Generator[Event, Any, None]:
        yield sim.timeout(WORK_S)
        if records[0].offset <= bad <= records[-1].offset:
            raise Failure("function")

    batches = BatchWork(sim, work, HALVE)
    records = [Record(0, offset, "key", None, 0.0) for offset in range(batch)]
    sim.run(until=sim.start(batches.deal_with(records)))
    return batches.invocations


def iterator_age(
    policy: BatchPolicy,
    retention_s: float = RETENTION_S,
    every_s: float = 600.0,
    until_s: float = 1.25 * RETENTION_S,
) -> pd.DataFrame:
    """Run a shard whose first record always fails, and one good record every `every_s`.

    Returns a row for each `every_s`: `time_s` and `age_s`, the iterator age just before a record comes.
    """
    require_positive("every_s", every_s)
    require_positive("until_s", until_s)
    sim = Simulation(seed=0)
    stream = ShardStream(sim, "stream", append_s=0.0, retention_s=retention_s)

    def work(records: Sequence[Record]) -> Generator[Event, Any, None]:
        yield sim.timeout(WORK_S)
        if any(record.value == "bad" for record in records):
            raise Failure("function")

    reader = stream.subscribe("function", work, Polling(every_s=every_s / 10), policy, by_batch=True)
    rows = []
    stream.append("key", "bad")
    while sim.now + every_s <= until_s:
        sim.run(until=sim.now + every_s)
        rows.append((float(sim.now), reader.iterator_age_s))
        stream.append("key", "good")
    return pd.DataFrame(rows, columns=["time_s", "age_s"])


def _require_place(batch: int, bad: int) -> None:
    require_whole("batch", batch, at_least=1)
    require_whole("bad", bad, at_least=0)
    if bad >= batch:
        refuse(ValueError, "bad", bad, f"below batch, {batch}")
