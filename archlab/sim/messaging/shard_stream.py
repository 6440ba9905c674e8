"""A stream of shards: like an event log, but what it carries is rented by the shard. After Amazon Kinesis Data Streams.

Each key has a hash (MD5), each shard a range of hashes. Records of one key are read in the order of their storing. A
shard refuses what is over its limits (`archlab.sim.messaging.shard`); the producer gets `ThroughputExceeded` and has to
try again. A shard can be split in two: what comes later goes to its children, and each application reads the parent to
its end before it begins with a child, so the order of a key is kept. Applications read alone, each at its own place,
by polling or by enhanced fan-out (`archlab.sim.messaging.shard_reader`); what happens to a batch that fails is said by
a `BatchPolicy` (`archlab.sim.messaging.batches`). Records older than `retention_s` are dropped, read or not.

What this leaves out: merging shards, the time a split takes (there it is half a minute or so of "updating"), batches of
the producer, and on-demand mode. A write that is repeated after a retry may change places with a later one.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> clicks = ShardStream(sim, "clicks", append_s=0.01)
>>> def count(record):
...     yield sim.timeout(0.1)
...     print(record.value, "at", round(sim.now, 2))
>>> pushed = clicks.subscribe("counter", count, reading=EnhancedFanOut(propagation_s=0.07))
>>> _ = clicks.append("Ann", "click 1"), clicks.append("Bo", "click 2")
>>> sim.run(until=2)
click 1 at 0.18
click 2 at 0.28
>>> clicks.appended, pushed.lag, pushed.iterator_age_s
(2, 0, 0.0)
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from archlab.sim.core.active_faults import coming_back, going_down
from archlab.sim.core.calendar import require_sim
from archlab.sim.core.events import LeanEvent, fail_next, fail_now, process_event
from archlab.sim.distributions import Distribution
from archlab.sim.failure import Crashed, Unavailable
from archlab.sim.messaging.batches import BatchHandler, BatchPolicy
from archlab.sim.messaging.consumer_group import Reset
from archlab.sim.messaging.event_log import Handler
from archlab.sim.messaging.reader import Reader
from archlab.sim.messaging.shard import HASHES, Shard, ShardLimits, ShardRecord, ThroughputExceeded, hash_of
from archlab.sim.messaging.shard_application import Application, reader_name
from archlab.sim.messaging.shard_reader import EnhancedFanOut, Polling
from archlab.sim.validation import (
    refuse,
    require_flag,
    require_function,
    require_instance,
    require_non_negative,
    require_one_of,
    require_positive,
    require_text,
    require_whole,
)

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

RETENTION_S = 24 * 3600.0
"""How long Kinesis keeps a record by default."""
RECORD_BYTES = 1_000
"""The size of a record when nothing is said: at this size a shard's two limits for writing are the same."""
LARGEST_RECORD_BYTES = 1_000_000


class Put(LeanEvent):
    """The event of a record being stored. Its value is the `ShardRecord`."""

    def __init__(self, sim: Simulation, key: str, value: Any, size_bytes: int) -> None:
        self.env = sim
        self.waiter = None
        self.key, self.record_value, self.size_bytes = key, value, size_bytes
        self.hash = hash_of(key)


class ShardStream:
    """A stream of `shards`, known to the simulation by `name`.

    Args:
        append_s: seconds from `append` to the confirm, or a distribution of them.
        shards: how many at first, with equal ranges of hashes.
        retention_s: records older than this are dropped.
        limits: of each shard.

    In samples the queue length is the lag, summed over the applications; `busy` are readers at work, `capacity` all
    readers (at least 1 is shown). Raises `ValueError` when an argument is not allowed or the name is taken.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        append_s: float | Distribution,
        shards: int = 1,
        retention_s: float = RETENTION_S,
        limits: ShardLimits | None = None,
    ) -> None:
        require_sim(sim)
        require_whole("shards", shards, at_least=1)
        require_positive("retention_s", retention_s)
        require_instance("limits", limits, (ShardLimits, type(None)), "ShardLimits or None")
        self.sim, self.name, self.retention_s, self.limits = sim, name, retention_s, limits
        self.is_up = True
        self.appended = self.refused = 0
        self.applications: dict[str, Application] = {}
        edges = [number * HASHES // shards for number in range(shards + 1)]
        self.shards: list[Shard] = []
        for low, high in pairwise(edges):
            self._add_shard(range(low, high))
        self._draw_append_s = sim.durations(f"{name} append", "append_s", append_s)
        self._storing: dict[Put, None] = {}
        sim.add(self)

    # Appending -------------------------------------------------------------------------------------------

    def append(self, key: str, value: Any, size_bytes: int = RECORD_BYTES) -> Event:
        """Send a record; yield the event to wait for the confirm that it is stored. Its value is the `ShardRecord`.

        It fails with `ThroughputExceeded` when the key's shard is over its limits, `Unavailable` when the stream is
        down and `Crashed` when it goes down meanwhile: not stored. To try again is the producer's business:
        `archlab.sim.Retry` does it. Raises `ValueError` when the key is no text or the size not from 1 byte to 1 MB.
        """
        shard = self.shard_of(key)
        require_whole("size_bytes", size_bytes, at_least=1)
        if size_bytes > LARGEST_RECORD_BYTES:
            refuse(ValueError, "size_bytes", size_bytes, f"{LARGEST_RECORD_BYTES:,} at most")
        put = Put(self.sim, key, value, size_bytes)
        if self.is_up and shard.admit(size_bytes):
            shard.free_at_s = max(shard.free_at_s, self.sim.now + self._draw_append_s())
            self._storing[put] = None
            self.sim.call_at(shard.free_at_s, self._store, put)
        else:
            self.refused += 1
            fail_now(put, ThroughputExceeded(self.name) if self.is_up else Unavailable(self.name))
        return put

    def shard_of(self, key: str) -> Shard:
        """The open shard of all records with this key. Raises `ValueError` when it is no text."""
        if not isinstance(key, str):
            refuse(ValueError, "key", key, "a text")
        return self._open_shard(hash_of(key))

    def _open_shard(self, hashed: int) -> Shard:
        return next(shard for shard in self.shards if shard.is_open and hashed in shard.hashes)

    def _store(self, put: Put) -> None:
        if put not in self._storing:
            return
        del self._storing[put]
        shard = self._open_shard(put.hash)
        offset = shard.partition.end
        record = ShardRecord(
            shard.number, offset, put.key, put.record_value, float(self.sim.now), put.size_bytes
        )
        shard.partition.add(record)
        self.appended += 1
        for application in self.applications.values():
            application.tell(shard)
        put._value = record
        process_event(put)

    # Shards ----------------------------------------------------------------------------------------------

    def _add_shard(self, hashes: range) -> Shard:
        shard = Shard(self.sim, self.name, len(self.shards), hashes, self.limits)
        shard.is_up = self.is_up
        self.shards.append(shard)
        return shard

    def split(self, number: int, at_hash: int | None = None) -> tuple[Shard, Shard]:
        """Close shard `number`; its two children take the hashes below `at_hash` and from it on. None: half each.

        Raises `ValueError` when there is no such open shard, or a child would have no hashes.
        """
        require_whole("number", number, at_least=0)
        if number >= len(self.shards) or not self.shards[number].is_open:
            refuse(ValueError, "number", number, "the number of an open shard")
        parent = self.shards[number]
        low, high = parent.hashes.start, parent.hashes.stop
        middle = (low + high) // 2 if at_hash is None else at_hash
        require_whole("at_hash", middle, at_least=0)
        if not low < middle < high:
            refuse(ValueError, "at_hash", at_hash, f"above {low} and below {high}")
        self.sim.require_free("part", *self._readers_of(len(self.shards), 2))
        parent.is_open = False
        parent.children = [self._add_shard(range(low, middle)), self._add_shard(range(middle, high))]
        for child in parent.children:
            child.free_at_s = parent.free_at_s
        self.wake()
        return parent.children[0], parent.children[1]

    def _readers_of(self, first_number: int, count: int) -> Iterator[str]:
        numbers = range(first_number, first_number + count)
        return (reader_name(application, number) for application in self.applications for number in numbers)

    # Reading ---------------------------------------------------------------------------------------------

    def subscribe(
        self,
        application: str,
        handler: Handler | BatchHandler[ShardRecord],
        reading: Polling | EnhancedFanOut | None = None,
        policy: BatchPolicy | None = None,
        reset: Reset = "latest",
        checkpoint_every_s: float = 0.0,
        by_batch: bool = False,
    ) -> Application:
        """Let a new application read the stream, with one reader for each shard.

        Args:
            application: its name; readers are called application-1, application-2 ... after the shards 0, 1 ...
            handler: what each record is given to; with `by_batch`, what each list of records is given to.
            reading: how records get here. None: `Polling` once a second.
            policy: what happens to a batch that fails. None: tried again until its records are too old.
            reset: where to begin: "latest" or "earliest" (Kinesis says TRIM_HORIZON).
            checkpoint_every_s: seconds between two checkpoints at least. 0: after each batch.

        Raises `ValueError` when the name is taken or an argument is not allowed.
        """
        require_text("application", application)
        if application in self.applications:
            raise ValueError(
                f"application={application!r} is already the name of an application; each needs its own"
            )
        require_function("handler", handler)
        ways = (Polling, EnhancedFanOut, type(None))
        require_instance("reading", reading, ways, "a Polling, an EnhancedFanOut or None")
        require_instance("policy", policy, (BatchPolicy, type(None)), "a BatchPolicy or None")
        require_one_of("reset", reset, ("latest", "earliest"))
        require_non_negative("checkpoint_every_s", checkpoint_every_s)
        require_flag("by_batch", by_batch)
        names = (reader_name(application, shard.number) for shard in self.shards)
        self.sim.require_free("part", *names)
        self.applications[application] = made = Application(
            self.sim,
            application,
            self.shards,
            self.retention_s,
            handler,
            by_batch,
            Polling() if reading is None else reading,
            BatchPolicy() if policy is None else policy,
            checkpoint_every_s,
        )
        made.start(reset)
        return made

    def wake(self) -> None:
        """Let all readers look."""
        for application in self.applications.values():
            for reader in application.readers.values():
                reader.wake()

    # Faults ----------------------------------------------------------------------------------------------

    @going_down
    def crash(self) -> None:
        """Go down. Stored records and checkpoints stay; what is being stored fails."""
        if self.is_up:
            self._set_up(False)
            for put in self._storing:
                fail_next(put, Crashed(self.name))
            self.refused += len(self._storing)
            self._storing.clear()

    @coming_back
    def restart(self) -> None:
        """Come back; the readers go on reading."""
        self._set_up(True)
        self.wake()

    def _set_up(self, is_up: bool) -> None:
        self.is_up = is_up
        for shard in self.shards:
            shard.is_up = is_up

    # Measurement -----------------------------------------------------------------------------------------

    def sample(self) -> tuple[int, int, int, bool]:
        """Lag summed over the applications, readers at work, readers (at least 1 is shown), and whether it is up."""
        readers = self._all_readers()
        busy = sum(reader.busy for reader in readers)
        return sum(reader.lag for reader in readers), busy, max(1, len(readers)), self.is_up

    def totals(self) -> dict[str, float]:
        """Sums of all readers. `refused`: appends that failed. `failed`: calls of handlers that failed."""
        each = [reader.totals() for reader in self._all_readers()]
        keys = ("busy_s", "waiting_s", "completed", "failed")
        return {**{key: sum(totals[key] for totals in each) for key in keys}, "refused": self.refused}

    def _all_readers(self) -> list[Reader]:
        return [reader for one in self.applications.values() for reader in one.readers.values()]
