"""A shard: an ordered piece of a stream, with a limit on what is written to it and on what is read from it.

After Amazon Kinesis Data Streams. A shard holds the keys whose hash lies in its range. It takes 1,000 records and 1 MB
a second. All who poll it share 5 calls and 2 MB a second; a call returns 10,000 records or 10 MB at most. What is over
a limit is not queued: it fails with `ThroughputExceeded`, and who asked has to ask again. All figures are in
`data/kinesis.csv`.

What this leaves out: AWS does not say over which time it measures its rates. Here a shard that had rest takes a whole
second's worth at once. A call that takes more than is left of its second must be paid for in full before the next one;
that gives AWS's rule of 5 s without answers after 10 MB. A refused call costs nothing. AWS writes MB in some places and
MiB in others; here 1 MB is 1,000,000 bytes, the smaller one.

>>> from archlab.sim import Simulation
>>> shard = Shard(Simulation(seed=1), "clicks", number=0, hashes=range(2**128))
>>> sum(shard.admit(size_bytes=100) for _ in range(1500))
1000
>>> [shard.read(0) for _ in range(6)]
Traceback (most recent call last):
archlab.sim.messaging.shard.ThroughputExceeded: clicks: over the limit of the shard
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from hashlib import md5
from typing import TYPE_CHECKING, cast

from archlab.sim.failure import Failure
from archlab.sim.messaging.event_log import Partition, Record
from archlab.sim.resilience.token_bucket import ROUNDING, TokenBucket
from archlab.sim.validation import require_positive, require_whole

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

HASHES = 2**128
"""The hash of a key is one of so many numbers."""


class ThroughputExceeded(Failure):
    """A write or a read was over the limit of a shard: nothing was done. Kinesis: ProvisionedThroughputExceeded."""

    outcome = "throttled"
    what = "over the limit of the shard"


@dataclass(frozen=True, slots=True)
class ShardRecord(Record):
    """One record. `partition` is the number of its shard, `offset` counts from 0 in it."""

    size_bytes: int


@dataclass(frozen=True)
class ShardLimits:
    """What one shard takes and gives, by default in Kinesis. Raises `ValueError` for what is not above 0."""

    write_records_per_s: float = 1_000
    write_bytes_per_s: float = 1_000_000
    reads_per_s: float = 5
    read_bytes_per_s: float = 2_000_000
    records_per_read: int = 10_000
    bytes_per_read: float = 10_000_000

    def __post_init__(self) -> None:
        for field in fields(self):
            require_positive(field.name, getattr(self, field.name))
        require_whole("records_per_read", self.records_per_read, at_least=1)


def hash_of(key: str) -> int:
    """Return where a key lies among the `HASHES`: its MD5, as Kinesis takes it."""
    return int.from_bytes(md5(key.encode(), usedforsecurity=False).digest(), "big")


class Shard:
    """Shard `number` of the stream `name`, for the keys whose hash lies in `hashes`.

    `partition` keeps its records. `is_open` until it is split: then nothing is written to it any more, and `children`
    hold what comes later. `free_at_s` is when the last write before now will be stored.
    """

    def __init__(
        self, sim: Simulation, name: str, number: int, hashes: range, limits: ShardLimits | None = None
    ) -> None:
        self.limits = limits = ShardLimits() if limits is None else limits
        self.sim, self.name, self.number, self.hashes = sim, name, number, hashes
        self.partition = Partition()
        self.is_open = self.is_up = True
        self.children: list[Shard] = []
        self.free_at_s = 0.0
        self.throttled_writes = self.throttled_reads = 0
        self._records = TokenBucket(sim, limits.write_records_per_s, max(1.0, limits.write_records_per_s))
        self._bytes = TokenBucket(sim, limits.write_bytes_per_s, max(1.0, limits.write_bytes_per_s))
        self._reads = TokenBucket(sim, limits.reads_per_s, max(1.0, limits.reads_per_s))
        self._bytes_left, self._looked_at_s, self._may_read_at_s = limits.read_bytes_per_s, sim.now, 0.0

    def admit(self, size_bytes: int) -> bool:
        """Whether a record of this size may be written now. If so, it counts towards the limits."""
        fits = size_bytes <= self._bytes.tokens and self._records.take() and self._bytes.take(size_bytes)
        self.throttled_writes += not fits
        return fits

    def read(self, offset: int) -> list[ShardRecord]:
        """The records from `offset` on, as many as one call returns. `offset` must not be before the oldest.

        Raises `ThroughputExceeded` when there were too many calls or bytes before.
        """
        self._refill()
        if self.sim.now < self._may_read_at_s - ROUNDING or not self._reads.take():
            self.throttled_reads += 1
            raise ThroughputExceeded(self.name)
        records = self._fitting(self.records(offset, self.limits.records_per_read))
        self._pay(sum(record.size_bytes for record in records))
        return records

    def records(self, offset: int, limit: int) -> list[ShardRecord]:
        """At most `limit` stored records from `offset` on, whoever asks and whatever the limits of the shard."""
        return cast("list[ShardRecord]", self.partition.read(offset, limit))

    def _fitting(self, records: list[ShardRecord]) -> list[ShardRecord]:
        """The first of the records, until their bytes are as many as a call returns. One in any case."""
        left = self.limits.bytes_per_read
        for number, record in enumerate(records):
            left -= record.size_bytes
            if left < 0:
                return records[: max(1, number)]
        return records

    def _refill(self) -> None:
        rate = self.limits.read_bytes_per_s
        self._bytes_left = min(rate, self._bytes_left + rate * (self.sim.now - self._looked_at_s))
        self._looked_at_s = self.sim.now

    def _pay(self, size_bytes: int) -> None:
        """Take the bytes off this second's; if they are more, nobody reads before all are paid for."""
        self._bytes_left -= size_bytes
        if self._bytes_left < 0:
            rate = self.limits.read_bytes_per_s
            self._may_read_at_s = self.sim.now + (rate - self._bytes_left) / rate
