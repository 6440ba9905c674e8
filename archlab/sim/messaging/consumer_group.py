"""A consumer group: members share the partitions of an event log and remember how far they have come.

A member reads a batch, gives record after record to its handler, and now and then *commits* its offsets. After a crash
it goes on from the last commit, so what it had done since then it does again: at least once. As in Kafka with
`enable.auto.commit`, a commit happens between two batches when `commit_every_s` is over. Defaults: `data/brokers.csv`.

Members that die, leave or join and whose partitions go to others are in `archlab.sim.messaging.coordinated_group`. Here
the members are fixed, and a crashed member's partitions wait until it is back.

What this leaves out: a member works on one record at a time. A record whose handler fails is tried again every
`retry_s` until it succeeds, and what is behind it waits; programs often skip it instead. Fetching takes `fetch_s`,
whatever the size.

>>> from archlab.sim import Crash, Simulation
>>> from archlab.sim.messaging.event_log import EventLog
>>> sim = Simulation(seed=1)
>>> payments = EventLog(sim, "payments", append_s=0.0)
>>> done = []
>>> def book(record):
...     yield sim.timeout(1.0)
...     done.append(record.value)
>>> group = payments.subscribe("books", book)
>>> for number in range(3):
...     _ = payments.append("account", number)
>>> sim.inject(Crash("books-1", at_s=2.5, restart_after_s=1.0))
>>> sim.run(until=20)
>>> done, group.committed
([0, 1, 0, 1, 2], [3])
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from simpy.events import Event

from archlab.sim.core.active_faults import coming_back, going_down
from archlab.sim.core.level import Level
from archlab.sim.core.task import Task
from archlab.sim.failure import Crashed, Failure
from archlab.sim.validation import (
    require_function,
    require_non_negative,
    require_one_of,
    require_positive,
    require_whole,
)

if TYPE_CHECKING:
    from archlab.sim.messaging.event_log import EventLog, Handler, Record

Reset = Literal["latest", "earliest"]
COMMIT_EVERY_S = 5.0
"""How often a Kafka consumer commits by default."""
MAX_POLL_RECORDS = 500
"""How many records a Kafka consumer gets at one poll by default."""


class ConsumerGroup:
    """The members that read `log` together. Made by `EventLog.subscribe`.

    Args:
        commit_every_s: seconds from one commit to the next, at least.
        max_poll_records: the most records in a batch.
        fetch_s: seconds to fetch a batch.
        retry_s: seconds from a failure of the handler to the next try. The default is this model's, not Kafka's.

    `committed` holds, for each partition, the offset to go on from. `missed` counts records that retention dropped
    before the group read them, and with reset "latest" also those it then skipped.
    """

    def __init__(
        self,
        log: EventLog,
        name: str,
        handler: Handler,
        members: int = 1,
        reset: Reset = "latest",
        commit_every_s: float = COMMIT_EVERY_S,
        max_poll_records: int = MAX_POLL_RECORDS,
        fetch_s: float = 0.0,
        retry_s: float = 1.0,
    ) -> None:
        require_function("handler", handler)
        require_whole("members", members, at_least=1)
        require_one_of("reset", reset, ("latest", "earliest"))
        require_non_negative("commit_every_s", commit_every_s)
        require_whole("max_poll_records", max_poll_records, at_least=1)
        require_non_negative("fetch_s", fetch_s)
        require_positive("retry_s", retry_s)
        log.sim.require_free("part", *(f"{name}-{number}" for number in range(1, members + 1)))
        self.log = log
        self.name = name
        self.handler = handler
        self.reset = reset
        self.commit_every_s, self.max_poll_records = commit_every_s, max_poll_records
        self.fetch_s, self.retry_s = fetch_s, retry_s
        self.missed = 0
        self.committed = [self.first_offset(number) for number in range(log.partitions)]
        self.members = self._make_members(members)
        self._member_of = {partition: member for member in self.members for partition in member.partitions}

    def _make_members(self, count: int) -> list[Member]:
        shares = np.array_split(np.arange(self.log.partitions), count)
        return [
            Member(self, f"{self.name}-{number}", share.tolist())
            for number, share in enumerate(shares, start=1)
        ]

    def first_offset(self, number: int) -> int:
        """Where to read a partition without a valid offset."""
        partition = self.log.partition(number)
        return partition.end if self.reset == "latest" else partition.start

    def member_of(self, partition: int) -> Member:
        """Who reads this partition."""
        return self._member_of[partition]

    def tell(self, partition: int) -> None:
        """A record has been stored. Nobody is told while the group has not noticed a new partition."""
        if partition in self._member_of:
            self._member_of[partition].tell()

    def take_over(self, partition: int) -> None:
        """Begin to read a partition that was added: by the member with the fewest. No other partition moves."""
        member = min(self.members, key=lambda one: len(one.partitions))
        self._member_of[partition] = member
        self.committed[partition] = offset = self.first_offset(partition)
        self.missed += offset
        member.take_over(partition, offset)

    @property
    def lag(self) -> int:
        """Records in the log that this group has not dealt with, those at work included."""
        return sum(member.lag for member in self.members)

    @property
    def unread(self) -> int:
        """Those of them that are in partitions that nobody reads now."""
        return 0

    @property
    def unread_s(self) -> float:
        """The sum of `unread` over time, in records times seconds."""
        return 0.0


class Member:
    """One consumer of a group, a part of the simulation that faults can hit by its name."""

    def __init__(self, group: ConsumerGroup, name: str, partitions: list[int]) -> None:
        self.sim = group.log.sim
        self.group = group
        self.name = name
        self.partitions = partitions
        self.is_up = True
        self.handled = self.failed = 0
        self._life = 0
        self._first = 0
        self._position: dict[int, int] = {}
        self._committed_s = self.sim.now
        self._is_waiting = self._commit_is_due = False
        self._news = Event(self.sim)
        self._task: Task | None = None
        self._lag_level, self._busy_level = Level(self.sim), Level(self.sim)
        self._go_back()
        self.sim.add(self)
        self._begin()

    # Reading ---------------------------------------------------------------------------------------------

    def tell(self) -> None:
        """A record has been stored for this member."""
        self._lag_level.add(1)
        self.wake()

    def take_over(self, partition: int, offset: int) -> None:
        """Read one more partition, from `offset` on."""
        self.partitions.append(partition)
        self._skip_to(partition, offset, missed=False)
        self.wake()

    def wake(self) -> None:
        """There may be something to read."""
        if self._is_waiting:
            self._is_waiting = False
            self._news.succeed()

    def _begin(self) -> None:
        """Start reading, by way of the calendar: somebody else may be running now."""
        self._task = None
        self.sim.call_at(self.sim.now, self._start, self._life)

    def _start(self, life: int) -> None:
        if life == self._life:
            self._task = Task(self.sim, self._run(life))

    def _run(self, life: int) -> Generator[Event, Any, None]:
        """Read and work, batch after batch, until a crash ends this life."""
        while True:
            yield from self._before_poll()
            self._commit_if_due()
            batch = self._poll()
            if not batch:
                self._news, self._is_waiting = Event(self.sim), True
                yield self._news
                continue
            if self.group.fetch_s:
                yield self.sim.timeout(self.group.fetch_s)
            if self.group.log.broker is not None and not (yield from self._fetch(batch, life)):
                continue
            for record in batch:
                yield from self._deal_with(record, life)
                if life != self._life:
                    return

    def _before_poll(self) -> Iterable[Event]:
        """What comes between two batches: nothing."""
        return ()

    def _poll(self) -> list[Record]:
        """The next batch, from the partitions in turn."""
        if not self.group.log.is_up or not self.partitions:
            return []
        batch: list[Record] = []
        order = self.partitions[self._first :] + self.partitions[: self._first]
        self._first = (self._first + 1) % len(self.partitions)
        for number in order:
            partition = self.group.log.partition(number)
            if self._position[number] < partition.start:
                self._skip_to(number, self.group.first_offset(number))
            batch += partition.read(self._position[number], self.group.max_poll_records - len(batch))
        return batch

    def _fetch(self, batch: list[Record], life: int) -> Generator[Event, Any, bool]:
        """Let the broker send a batch; return whether it did. When it is down, ask again after `retry_s`."""
        broker = self.group.log.broker
        assert broker is not None
        try:
            yield broker.send(len(batch))
        except Failure:
            if life != self._life:
                raise
            yield self.sim.timeout(self.group.retry_s)
            return False
        return True

    def _deal_with(self, record: Record, life: int) -> Generator[Event, Any, None]:
        """Give a record to the handler until it succeeds."""
        while True:
            self._busy_level.add(1)
            try:
                yield from self.group.handler(record)
                succeeded = True
            except Failure:
                succeeded = False
            if life != self._life:
                return
            self._busy_level.add(-1)
            if succeeded:
                self._advance(record)
                return
            self.failed += 1
            yield self.sim.timeout(self.group.retry_s)

    def _advance(self, record: Record) -> None:
        """The record is dealt with."""
        self.handled += 1
        self._position[record.partition] = record.offset + 1
        self._lag_level.add(-1)

    # Offsets ---------------------------------------------------------------------------------------------

    def _commit_if_due(self) -> None:
        """Between two batches: commit when it is time, or come back when it will be."""
        if all(self.group.committed[number] == self._position[number] for number in self.partitions):
            return
        due_s = self._committed_s + self.group.commit_every_s
        if self.sim.now < due_s:
            if not self._commit_is_due:
                self._commit_is_due = True
                self.sim.call_at(due_s, self._commit_when_idle, self._life)
        elif self.group.log.is_up:
            self._committed_s = self.sim.now
            for number in self.partitions:
                self.group.committed[number] = self._position[number]

    def _commit_when_idle(self, life: int) -> None:
        if life == self._life:
            self._commit_is_due = False
            if self._is_waiting:
                self._commit_if_due()

    def _go_back(self) -> None:
        """Go on from the last commit."""
        for number in self.partitions:
            self._skip_to(number, self.group.committed[number], missed=False)

    def _skip_to(self, number: int, offset: int, missed: bool = True) -> None:
        """Read a partition from `offset` on."""
        before = self._position.get(number, self.group.log.partition(number).end)
        self._position[number] = offset
        self._lag_level.add(before - offset)
        self.group.missed += (offset - before) * missed

    # Faults ----------------------------------------------------------------------------------------------

    @going_down
    def crash(self) -> None:
        """Go down. `Crashed` is thrown into the handler at work."""
        if self.is_up:
            self.is_up = self._is_waiting = self._commit_is_due = False
            self._life += 1
            self._busy_level.add(-self.busy)
            if self._task is not None:
                self._task.throw(Crashed(self.name))

    @coming_back
    def restart(self) -> None:
        """Come back and read on from the last commit."""
        if not self.is_up:
            self.is_up = True
            self._come_back()

    def _come_back(self) -> None:
        self._committed_s = self.sim.now
        self._go_back()
        self._begin()

    # Measurement -----------------------------------------------------------------------------------------

    @property
    def lag(self) -> int:
        """Records in this member's partitions that it has not dealt with, the one at work included."""
        return self._lag_level.value

    @property
    def busy(self) -> int:
        """1 while the handler works, else 0."""
        return self._busy_level.value

    def sample(self) -> tuple[int, int, int, bool]:
        """Lag, 1 when at work, 1, and whether the member is up."""
        return self.lag, self.busy, 1, self.is_up

    def totals(self) -> dict[str, float]:
        """Sums since the start: seconds at work, lag times seconds, and counts of the handler's ends."""
        return {
            "busy_s": self._busy_level.area,
            "waiting_s": self._lag_level.area,
            "completed": self.handled,
            "refused": 0,
            "failed": self.failed,
        }
