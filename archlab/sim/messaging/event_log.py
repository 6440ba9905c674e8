"""An event log: records are appended to partitions and stay; groups of consumers read them at their own pace.

After Apache Kafka. Records with the same key go to the same partition and are read in the order of their appending;
between partitions there is no order. Reading removes nothing, so any number of groups read the same records, and a
group remembers only how far it has come (`archlab.sim.messaging.consumer_group`). Records older than `retention_s`
are dropped, read or not.

Partitions can be added while it runs (`EventLog.add_partitions`). Then keys move, and the order within a key is lost
where old records are still unread.

What this leaves out: replication, batching by the producer, and, without a `broker`, the broker's own capacity: an
append takes time but never queues, so the log is never the bottleneck then. Kafka drops whole segments, so it keeps
records longer. A record is confirmed in order within its partition and never twice; a producer who repeats a failed
append may write it twice.
Keys are hashed by CRC-32, not by Kafka's murmur2: other keys share a partition, in the same way.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> orders = EventLog(sim, "orders", append_s=0.002)
>>> def send_email(record):
...     yield sim.timeout(0.5)
...     print(record.value, "at", sim.now)
>>> emails = orders.subscribe("emails", send_email)
>>> _ = orders.append("Ann", "order 1"), orders.append("Bo", "order 2")
>>> sim.run(until=2)
order 1 at 0.502
order 2 at 1.002
>>> orders.appended, emails.lag
(2, 0)
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from zlib import crc32

from simpy.events import Event

from archlab.sim.core.active_faults import coming_back, going_down
from archlab.sim.core.calendar import require_sim
from archlab.sim.core.events import LeanEvent, fail_next, fail_now, process_event, when
from archlab.sim.distributions import Distribution
from archlab.sim.failure import Crashed, Unavailable
from archlab.sim.messaging.broker import Broker
from archlab.sim.messaging.consumer_group import COMMIT_EVERY_S, MAX_POLL_RECORDS, ConsumerGroup, Reset
from archlab.sim.validation import (
    refuse,
    require_instance,
    require_non_negative,
    require_positive,
    require_text,
    require_whole,
)

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

METADATA_MAX_AGE_S = 300.0
"""After how long Kafka's clients look for new partitions by default."""

_time = attrgetter("appended_s")


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `offset` counts from 0 in its partition, `appended_s` is when it was stored."""

    partition: int
    offset: int
    key: str
    value: Any
    appended_s: float


Handler = Callable[[Record], Generator[Event, Any, Any]]
"""What a group does with a record: a function that takes it and yields what it waits for."""


class Append(LeanEvent):
    """The event of a record being stored. Its value is the `Record`."""

    def __init__(self, sim: Simulation, name: str, partition: int, key: str, value: Any) -> None:
        self.env = sim
        self.waiter = None
        self.name = name
        self.partition, self.key, self.record_value = partition, key, value


class Partition:
    """Records in order. `start` is the offset of the oldest that is kept, `end` that of the next to come."""

    def __init__(self) -> None:
        self.start = 0
        self.free_at_s = 0.0
        self._records: list[Record] = []

    @property
    def end(self) -> int:
        return self.start + len(self._records)

    def add(self, record: Record) -> None:
        self._records.append(record)

    def read(self, offset: int, limit: int) -> list[Record]:
        """At most `limit` records from `offset` on, which must not be before `start`."""
        first = offset - self.start
        return self._records[first : first + limit]

    def drop_before(self, time_s: float) -> None:
        """Drop records stored before `time_s`."""
        dropped = bisect_left(self._records, time_s, key=_time)
        if dropped:
            del self._records[:dropped]
            self.start += dropped


class EventLog:
    """A log of `partitions`, known to the simulation by `name`.

    Args:
        append_s: seconds from `append` to the confirm, or a distribution of them.
        partitions: how many. Kafka's default is 1.
        retention_s: records older than this are dropped. None: they stay for ever.
        broker: whose time appends and fetches take. None: they take no more than `append_s` and `fetch_s`.

    In samples the queue length is the lag, summed over the groups; `busy` are members at work, `capacity` all members
    (at least 1 is shown). Raises `ValueError` when an argument is not allowed or the name is taken.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        append_s: float | Distribution,
        partitions: int = 1,
        retention_s: float | None = None,
        broker: Broker | None = None,
    ) -> None:
        require_sim(sim)
        require_whole("partitions", partitions, at_least=1)
        if retention_s is not None:
            require_positive("retention_s", retention_s)
        if broker is not None:
            require_instance("broker", broker, Broker, "a Broker or None")
        self.sim = sim
        self.name = name
        self.retention_s = retention_s
        self.broker = broker
        self.is_up = True
        self.appended = self.refused = 0
        self.groups: dict[str, ConsumerGroup] = {}
        self._partitions = [Partition() for _ in range(partitions)]
        self._draw_append_s = sim.durations(f"{name} append", "append_s", append_s)
        self._storing: dict[Append, None] = {}
        sim.add(self)

    # Appending -------------------------------------------------------------------------------------------

    def append(self, key: str, value: Any) -> Event:
        """Send a record; yield the event to wait for the confirm that it is stored. Its value is the `Record`.

        It fails with `Unavailable` when the log is down and `Crashed` when it goes down meanwhile: not stored.
        """
        number = self.partition_of(key)
        append = Append(self.sim, self.name, number, key, value)
        if not self.is_up:
            self.refused += 1
            fail_now(append, Unavailable(self.name))
            return append
        self._storing[append] = None
        visit = None if self.broker is None else self.broker.store()
        if visit is None:
            self._write(append)
        elif visit.processed:  # turned away
            self._served(append, visit)
        else:
            when(visit, partial(self._served, append))
        return append

    def _served(self, append: Append, visit: Event) -> None:
        """The broker has had time for this append, or was down."""
        failure = None if visit.ok else visit.value
        if failure is None:
            self._write(append)
        elif append in self._storing:
            del self._storing[append]
            self.refused += 1
            fail_next(append, failure)

    def _write(self, append: Append) -> None:
        """Put the end of an append on the calendar, behind those before it in its partition."""
        partition = self._partitions[append.partition]
        partition.free_at_s = max(partition.free_at_s, self.sim.now + self._draw_append_s())
        self.sim.call_at(partition.free_at_s, self._store, append)

    def partition_of(self, key: str) -> int:
        """The partition of all records with this key. Raises `ValueError` when it is no text."""
        if not isinstance(key, str):
            refuse(ValueError, "key", key, "a text")
        return crc32(key.encode()) % len(self._partitions)

    def _store(self, append: Append) -> None:
        if append not in self._storing:
            return
        del self._storing[append]
        number = append.partition
        partition = self._partitions[number]
        record = Record(number, partition.end, append.key, append.record_value, self.sim.now)
        partition.add(record)
        self.appended += 1
        for group in self.groups.values():
            group.tell(number)
        append._value = record
        process_event(append)

    # Partitions ------------------------------------------------------------------------------------------

    def add_partitions(self, count: int, noticed_after_s: float = 0.0) -> None:
        """Add empty partitions. Many keys move to another one; records that are there already stay where they are.

        Args:
            count: how many more.
            noticed_after_s: until then the groups do not read them. Kafka's clients look for new partitions every
                `METADATA_MAX_AGE_S` by default. A group with reset "latest" then skips what was appended meanwhile, as
                Kafka's documentation of `auto.offset.reset` warns.

        Raises `ValueError` when an argument is not allowed.
        """
        require_whole("count", count, at_least=1)
        require_non_negative("noticed_after_s", noticed_after_s)
        added = range(self.partitions, self.partitions + count)
        self._partitions += [Partition() for _ in added]
        groups = list(self.groups.values())
        for group in groups:
            group.committed += [0] * count
        if noticed_after_s:
            self.sim.call_at(self.sim.now + noticed_after_s, self._notice, (groups, added))
        else:
            self._notice((groups, added))

    def _notice(self, news: tuple[list[ConsumerGroup], range]) -> None:
        groups, added = news
        for group in groups:
            for number in added:
                group.take_over(number)

    # Reading ---------------------------------------------------------------------------------------------

    @property
    def partitions(self) -> int:
        """How many partitions there are."""
        return len(self._partitions)

    def partition(self, number: int) -> Partition:
        """A partition, without the records whose time is over."""
        partition = self._partitions[number]
        if self.retention_s is not None:
            partition.drop_before(self.sim.now - self.retention_s)
        return partition

    def subscribe(
        self,
        group: str,
        handler: Handler,
        members: int = 1,
        reset: Reset = "latest",
        commit_every_s: float = COMMIT_EVERY_S,
        max_poll_records: int = MAX_POLL_RECORDS,
        fetch_s: float = 0.0,
        retry_s: float = 1.0,
    ) -> ConsumerGroup:
        """Let a new group of consumers read the log.

        Args:
            group: its name; members are called group-1, group-2 ...
            handler: what each record is given to.
            members: how many consumers share the partitions. More members than partitions: some have nothing to do.
            reset: where to read without a valid offset: "latest" (Kafka's default) or "earliest".

        The others are explained at `ConsumerGroup`. For a group whose members may die, leave and join see
        `archlab.sim.messaging.CoordinatedGroup`.

        Raises `ValueError` when the name is taken or an argument is not allowed.
        """
        self.require_new(group)
        self.groups[group] = made = ConsumerGroup(
            self, group, handler, members, reset, commit_every_s, max_poll_records, fetch_s, retry_s
        )
        return made

    def require_new(self, group: str) -> None:
        """Raise `ValueError` unless this is a text that is not the name of a group yet."""
        require_text("group", group)
        if group in self.groups:
            raise ValueError(f"group={group!r} is already the name of a group; each group needs its own")

    # Faults ----------------------------------------------------------------------------------------------

    @going_down
    def crash(self) -> None:
        """Go down. Stored records and committed offsets stay; what is being stored fails."""
        if not self.is_up:
            return
        self.is_up = False
        for append in self._storing:
            fail_next(append, Crashed(self.name))
        self.refused += len(self._storing)
        self._storing.clear()

    @coming_back
    def restart(self) -> None:
        """Come back; the members go on reading."""
        self.is_up = True
        for group in self.groups.values():
            for member in group.members:
                member.wake()

    # Measurement -----------------------------------------------------------------------------------------

    def sample(self) -> tuple[int, int, int, bool]:
        """Lag summed over the groups, members at work, members (at least 1 is shown), and whether the log is up."""
        members = [member for group in self.groups.values() for member in group.members]
        lag = sum(group.lag for group in self.groups.values())
        return lag, sum(member.busy for member in members), max(1, len(members)), self.is_up

    def totals(self) -> dict[str, float]:
        """Sums of all members. `refused`: appends that failed. `failed`: handlers that failed."""
        each = [member.totals() for group in self.groups.values() for member in group.members]
        keys = ("busy_s", "waiting_s", "completed", "failed")
        sums = {key: sum(totals[key] for totals in each) for key in keys}
        sums["waiting_s"] += sum(group.unread_s for group in self.groups.values())
        return {**sums, "refused": self.refused}
