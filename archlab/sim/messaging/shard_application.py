"""An application that reads a stream of shards: one reader for each shard, and after a split one for each child.

A child is not read before its parent has been read to its end, so the order of each key is kept. Made by
`archlab.sim.messaging.shard_stream.ShardStream.subscribe`.

>>> from archlab.sim import Simulation
>>> from archlab.sim.messaging.shard_stream import EnhancedFanOut, ShardStream
>>> sim = Simulation(seed=1)
>>> clicks = ShardStream(sim, "clicks", append_s=0.0)
>>> def count(record):
...     yield sim.timeout(1.0)
>>> application = clicks.subscribe("counter", count, reading=EnhancedFanOut(0.0))
>>> _, _ = clicks.append("Ann", "click"), clicks.split(0)
>>> sorted(application.readers), application.lag
([0], 0)
>>> sim.run(until=5)
>>> sorted(application.readers), application.lag
([0, 1, 2], 0)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from archlab.sim.messaging.batches import BatchHandler, BatchPolicy
from archlab.sim.messaging.consumer_group import Reset
from archlab.sim.messaging.event_log import Handler
from archlab.sim.messaging.reader import Reader
from archlab.sim.messaging.shard import Shard, ShardRecord
from archlab.sim.messaging.shard_reader import EnhancedFanOut, Polling, PollingReader, PushedReader

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation


class Application:
    """All readers of one application, `readers` by the number of their shard. Made by `ShardStream.subscribe`."""

    def __init__(
        self,
        sim: Simulation,
        name: str,
        shards: Sequence[Shard],
        retention_s: float,
        handler: Handler | BatchHandler[ShardRecord],
        by_batch: bool,
        reading: Polling | EnhancedFanOut,
        policy: BatchPolicy,
        checkpoint_every_s: float,
    ) -> None:
        self.sim, self.name, self.reading, self.policy = sim, name, reading, policy
        self._shards, self._retention_s = shards, retention_s
        self._options = {
            "handler": handler,
            "by_batch": by_batch,
            "policy": policy,
            "retention_s": retention_s,
            "checkpoint_every_s": checkpoint_every_s,
            "ended": self._go_on_with_children,
        }
        self.readers: dict[int, Reader] = {}

    def start(self, reset: Reset) -> None:
        """Begin with all open shards; with "earliest", begin with parents whose records are still kept."""
        shards = self._shards
        for shard in shards:
            shard.partition.drop_before(self.sim.now - self._retention_s)
        children = {child.number for shard in shards for child in shard.children}
        first = [s for s in shards if (s.is_open if reset == "latest" else s.number not in children)]
        for shard in first:
            self._read(shard, shard.partition.end if reset == "latest" else shard.partition.start)

    def tell(self, shard: Shard) -> None:
        """A record has been stored in a shard."""
        if shard.number in self.readers:
            self.readers[shard.number].tell()

    def _read(self, shard: Shard, offset: int) -> None:
        name = reader_name(self.name, shard.number)
        options: dict[str, Any] = {"shard": shard, "offset": offset, **self._options}
        if isinstance(self.reading, Polling):
            self.readers[shard.number] = PollingReader(self.reading, self.sim, name, **options)
        else:
            self.readers[shard.number] = PushedReader(self.reading, self.sim, name, **options)

    def _go_on_with_children(self, parent: Shard) -> None:
        for child in parent.children:
            self._read(child, child.partition.start)

    @property
    def lag(self) -> int:
        """Records that are not dealt with, those at work included, and those of children whose parent is not read."""
        waiting = sum(shard.partition.end - shard.partition.start for shard in self._waiting())
        return sum(reader.lag for reader in self.readers.values()) + waiting

    def _waiting(self) -> Iterator[Shard]:
        """The shards that come after those that are read now."""
        for reader in self.readers.values():
            for child in reader.shard.children:
                if child.number not in self.readers:
                    yield from family(child)

    @property
    def iterator_age_s(self) -> float:
        """How old the oldest record is that is not dealt with, in seconds; 0 when there is none."""
        return max((reader.iterator_age_s for reader in self.readers.values()), default=0.0)

    @property
    def missed(self) -> int:
        """Records that retention took before they were read, or while they were tried."""
        return sum(reader.missed + reader.work.expired for reader in self.readers.values())

    @property
    def given_up(self) -> list[ShardRecord]:
        """Records at the policy's destination."""
        return [record for reader in self.readers.values() for record in reader.work.given_up]


def reader_name(application: str, shard: int) -> str:
    """How an application's reader of a shard is called."""
    return f"{application}-{shard + 1}"


def family(shard: Shard) -> Iterator[Shard]:
    """A shard and all that came of its splits."""
    yield shard
    for child in shard.children:
        yield from family(child)
