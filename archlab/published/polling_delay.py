"""How long a record of a Kinesis stream waits for the next poll: what AWS prints, and the half that is not explained.

All who poll a shard share five calls a second (`data/kinesis.csv`). So each of k consumers can ask every k/5 s, and a
record that comes at any moment waits half of that on average: 0.1 s with one, 0.5 s with five. AWS prints averages of
"around 200 ms" and "around 1000 ms". The ratio of five comes out, and each value is half of what AWS prints. What would
explain it is tried here, as `ASSUMPTIONS`: an overhead that is the same for all cannot, because it would have to be
0.1 s with one consumer and 0.5 s with five. The whole interval fits both; it is the longest wait and not the average.

What this leaves out: how long a call takes, unless it is given. AWS counts from the sending of a record to its being
read, and so includes the writing.

>>> [round(mean_s(k), 1) for k in (1, 5)]
[0.1, 0.5]
>>> float(ages_s(seed=1, consumers=5, seconds=50).max()) <= 1.0
True
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.data import load
from archlab.sim.distributions import Exponential, Values
from archlab.sim.load import Request
from archlab.sim.messaging.shard import ShardLimits, ShardRecord
from archlab.sim.messaging.shard_reader import PROPAGATION_S, EnhancedFanOut, Polling
from archlab.sim.messaging.shard_stream import ShardStream
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole
from archlab.sim.workload import Poisson

READS_PER_S = ShardLimits().reads_per_s
RATE_PER_S = 20.0
SECONDS = 100.0
RECORD_BYTES = 100
"""Small and few: the limits for bytes play no part here."""
CALL_S = Exponential(0.02)
"""How long a call takes where consumers disturb one another. Nobody published it; the result is above AWS's for any."""


def published_s() -> dict[int, float]:
    """Return AWS's averages for polling: consumers -> seconds."""
    value = load("kinesis").set_index("setting")["value"]
    return {
        consumers: float(value[f"propagation, polling, {consumers} consumer{'s' * (consumers > 1)}"])
        for consumers in (1, 5)
    }


def evenly(consumers: int, turn: int = 0) -> Polling:
    """Return how a consumer polls when all share the calls of a shard, one after the other: as it is kindest.

    `turn` is whose turn it is, from 0. Consumers at random would get in one another's way, and those who are late in
    every round would hardly ever get a call.
    """
    require_whole("consumers", consumers, at_least=1)
    require_whole("turn", turn, at_least=0)
    return Polling(every_s=consumers / READS_PER_S, first_s=turn / READS_PER_S)


def mean_s(consumers: int) -> float:
    """Return the mean wait for the next poll by theory: half of the interval."""
    return evenly(consumers).every_s / 2


def ages_s(
    seed: int,
    consumers: int,
    reading: Polling | EnhancedFanOut | None = None,
    seconds: float = SECONDS,
) -> Values:
    """Return how old each record is when a consumer gets it, for all consumers, shape (consumers * records,).

    One that is not read at the end counts with its age then. `reading` None: `evenly`, in turns.
    """
    require_whole("consumers", consumers, at_least=1)
    require_positive("seconds", seconds)
    sim = Simulation(seed)
    stream = ShardStream(sim, "stream", append_s=0.0)
    ages: list[float] = []

    def note(records: list[ShardRecord]) -> Generator[Event, Any, None]:
        ages.extend(sim.now - record.appended_s for record in records)
        yield from ()

    readings = [reading or evenly(consumers, turn) for turn in range(consumers)]
    readers = [
        stream.subscribe(f"consumer {turn}", note, one, by_batch=True).readers[0]
        for turn, one in enumerate(readings)
    ]

    def produce(request: Request) -> Generator[Event, Any, None]:
        yield stream.append("key", None, RECORD_BYTES)

    sim.open_load(Poisson(RATE_PER_S), produce)
    sim.measure(seconds, sample_every_s=seconds)
    (shard,) = stream.shards
    unread = [shard.records(reader.checkpoint, stream.appended) for reader in readers]
    return np.array(ages + [sim.now - record.appended_s for records in unread for record in records])


def _evenly(seed: int, consumers: int) -> float:
    return float(ages_s(seed, consumers).mean())


def _with_the_push(seed: int, consumers: int) -> float:
    return PROPAGATION_S + _evenly(seed, consumers)


def _longest(seed: int, consumers: int) -> float:
    return float(ages_s(seed, consumers).max())


def _each_at_full_rate(seed: int, consumers: int) -> float:
    return float(ages_s(seed, consumers, Polling(1 / READS_PER_S, read_s=CALL_S)).mean())


ASSUMPTIONS: Mapping[str, Callable[[int, int], float]] = {
    "mean, calls shared evenly": _evenly,
    "mean, and 70 ms besides, as a push takes": _with_the_push,
    "mean, each asks five times a second": _each_at_full_rate,
    "longest, calls shared evenly": _longest,
}
"""What AWS's figures may be: a function of the seed and the number of consumers, in seconds."""


def explained(seed: int) -> dict[str, dict[int, float]]:
    """Return for each of `ASSUMPTIONS` what it gives with one and with five consumers, in seconds."""
    return {
        name: {consumers: assume(seed, consumers) for consumers in published_s()}
        for name, assume in ASSUMPTIONS.items()
    }


def fitting(found: Mapping[str, Mapping[int, float]], within: float = 0.15) -> list[str]:
    """Return those of `explained` that give both of AWS's figures, to a share of `within`."""
    require_positive("within", within)
    published = published_s()
    return [
        name
        for name, mean in found.items()
        if all(abs(mean[consumers] / aws_s - 1) <= within for consumers, aws_s in published.items())
    ]
