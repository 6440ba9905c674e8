"""How a reader of a shard gets its records: it polls, or they are pushed to it.

*Polling* asks the shard every `every_s` seconds; all who poll share its limits, and who is over them gets nothing and
asks again. *Enhanced fan-out* is a push: each reader has 2 MB/s of its own, and a record is there `propagation_s` after
it was stored. What a reader does then is in `archlab.sim.messaging.reader`.

What this leaves out: a push has no flow control.

>>> from archlab.sim import Simulation
>>> from archlab.sim.messaging.shard_stream import ShardStream
>>> sim = Simulation(seed=1)
>>> clicks = ShardStream(sim, "clicks", append_s=0.0)
>>> def count(record):
...     yield sim.timeout(0.0)
...     print(record.value, "is", round(sim.now - record.appended_s, 2), "s old")
>>> application = clicks.subscribe("counter", count, reading=Polling(every_s=10.0, first_s=0.6))
>>> _ = clicks.append("Ann", "click")
>>> sim.run(until=10)
click is 0.6 s old
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from archlab.sim.distributions import Distribution, as_distribution
from archlab.sim.messaging.reader import Reader
from archlab.sim.messaging.shard import ShardRecord, ThroughputExceeded
from archlab.sim.resilience.backoff import Backoff
from archlab.sim.validation import require_instance, require_non_negative, require_positive, require_seconds

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

POLL_EVERY_S = 1.0
"""How often the Kinesis Client Library polls a shard by default, when it polls: its version 2 takes the push."""
PROPAGATION_S = 0.070
"""How long a record takes to a reader with enhanced fan-out, typically and on average, as AWS says."""
FAN_OUT_BYTES_PER_S = 2_000_000
"""What each reader with enhanced fan-out gets from each shard."""


@dataclass(frozen=True)
class Polling:
    """Ask every `every_s` seconds, from call to call.

    Args:
        read_s: how long a call takes, or a distribution of it; the shard looks half-way. 0 by default: AWS says that
            records can be read immediately.
        backoff: the waits after calls that were over the limit. None: until the next poll.
        first_s: seconds until the first call. None: a random moment of the first interval.
    """

    every_s: float = POLL_EVERY_S
    read_s: float | Distribution = 0.0
    backoff: Backoff | None = None
    first_s: float | None = None

    def __post_init__(self) -> None:
        require_positive("every_s", self.every_s)
        if self.first_s is not None:
            require_seconds("first_s", self.first_s)
        as_distribution(self.read_s, "read_s")
        require_instance("backoff", self.backoff, (Backoff, type(None)), "a Backoff or None")


@dataclass(frozen=True)
class EnhancedFanOut:
    """Be pushed each record `propagation_s` after it was stored, at `bytes_per_s` at most."""

    propagation_s: float = PROPAGATION_S
    bytes_per_s: float = FAN_OUT_BYTES_PER_S

    def __post_init__(self) -> None:
        require_non_negative("propagation_s", self.propagation_s)
        require_positive("bytes_per_s", self.bytes_per_s)


class PollingReader(Reader):
    """A reader that asks. `throttled` counts calls that were over the limit."""

    def __init__(self, polling: Polling, sim: Simulation, name: str, **options: Any) -> None:
        self._every_s, self._backoff = polling.every_s, polling.backoff
        self._draw_read_s = sim.durations(f"{name} read", "read_s", polling.read_s)
        self._random = sim.stream(f"{name} poll")
        first_s = self._random.uniform(0, self._every_s) if polling.first_s is None else polling.first_s
        self._poll_at_s = float(sim.now + first_s)
        self._waits: Iterator[float] | None = None
        super().__init__(sim, name, **options)

    def _fetch(self) -> Generator[Event, Any, list[ShardRecord]]:
        yield self.sim.timeout(max(0.0, self._poll_at_s - self.sim.now))
        self._poll_at_s = self.sim.now + self._every_s
        half_s = self._draw_read_s() / 2
        if half_s:
            yield self.sim.timeout(half_s)
        records = self._read()
        if half_s:
            yield self.sim.timeout(half_s)
        return records

    def _read(self) -> list[ShardRecord]:
        if not self.shard.is_up:
            return []
        try:
            records = self.shard.read(self._next_offset())
        except ThroughputExceeded:
            self.throttled += 1
            self._wait_longer()
            return []
        self._waits = None
        return records

    def _wait_longer(self) -> None:
        if self._backoff is not None:
            self._waits = self._backoff.delays(self._random) if self._waits is None else self._waits
            self._poll_at_s = self.sim.now + next(self._waits)


class PushedReader(Reader):
    """A reader with enhanced fan-out."""

    def __init__(self, fan_out: EnhancedFanOut, sim: Simulation, name: str, **options: Any) -> None:
        self._fan_out = fan_out
        self._link_free_at_s = 0.0
        super().__init__(sim, name, **options)

    def _fetch(self) -> Generator[Event, Any, list[ShardRecord]]:
        """Wait for the next record, and take with it all that have arrived."""
        waiting = self.shard.records(self._next_offset(), 1) if self.shard.is_up else []
        if not waiting:
            self._news, self._is_waiting = Event(self.sim), True
            yield self._news
            return []
        yield self.sim.timeout(max(0.0, self._arrives_at_s(waiting[0]) - self.sim.now))
        return self._arrived()

    def _arrived(self) -> list[ShardRecord]:
        records: list[ShardRecord] = []
        for record in self.shard.records(self._next_offset(), self.shard.limits.records_per_read):
            arrives_at_s = self._arrives_at_s(record)
            if arrives_at_s > self.sim.now:
                break
            self._link_free_at_s = arrives_at_s + record.size_bytes / self._fan_out.bytes_per_s
            records.append(record)
        return records

    def _arrives_at_s(self, record: ShardRecord) -> float:
        return max(record.appended_s + self._fan_out.propagation_s, self._link_free_at_s)
