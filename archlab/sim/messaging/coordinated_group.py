"""A consumer group held together by a coordinator: its members may die, stand still, leave and join at run time.

Partitions of a member that is gone go to the others, as `archlab.sim.messaging.coordinator` says, and are read on from
the group's last commit. A member commits before it gives up
partitions and before it leaves; one that was killed or thought dead could not, so others do its last work again.

What this leaves out, beside what the coordinator leaves out: when the process of a member stands still (`pause`), the
record at work is not made longer; the stillness begins after it. So it errs by one record, on the quick side.

>>> from archlab.sim import Crash, EventLog, Simulation
>>> from archlab.sim.messaging import CoordinatedGroup, Coordination
>>> sim = Simulation(seed=1)
>>> payments = EventLog(sim, "payments", append_s=0.0, partitions=4)
>>> def book(record):
...     yield sim.timeout(0.1)
>>> group = CoordinatedGroup(payments, "books", book, Coordination(), members=2)
>>> sim.inject(Crash("books-1", at_s=100, restart_after_s=None))
>>> sim.run(until=200)
>>> group.rebalances.round(1).values.tolist()
[[144.7, 147.6, 'thought dead']]
>>> [member.partitions for member in group.members]
[[], [0, 1, 2, 3]]
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

import pandas as pd
from simpy.events import Event

from archlab.sim.core.active_faults import going_down
from archlab.sim.core.level import Level
from archlab.sim.core.repeating import Repeating
from archlab.sim.failure import Crashed
from archlab.sim.messaging.consumer_group import (
    COMMIT_EVERY_S,
    MAX_POLL_RECORDS,
    ConsumerGroup,
    Member,
    Reset,
)
from archlab.sim.messaging.coordinator import Coordination, Coordinator, Membership
from archlab.sim.messaging.event_log import EventLog, Handler, Record
from archlab.sim.validation import refuse, require_instance, require_positive


class CoordinatedGroup(ConsumerGroup):
    """The members that read `log` together, and their `coordinator`. It reads from the moment it is made.

    The arguments are those of `EventLog.subscribe`, and `coordination`. Raises `ValueError` when the name is taken or
    an argument is not allowed.
    """

    members: list[GroupMember]  # type: ignore[assignment]

    def __init__(
        self,
        log: EventLog,
        group: str,
        handler: Handler,
        coordination: Coordination,
        members: int = 1,
        reset: Reset = "latest",
        commit_every_s: float = COMMIT_EVERY_S,
        max_poll_records: int = MAX_POLL_RECORDS,
        fetch_s: float = 0.0,
        retry_s: float = 1.0,
    ) -> None:
        require_instance("log", log, EventLog, "an EventLog")
        log.require_new(group)
        require_instance("coordination", coordination, Coordination, "a Coordination(...)")
        topics = coordination.topics
        if topics is not None and sum(topics) != log.partitions:
            refuse(ValueError, "topics", topics, f"the log's {log.partitions} partitions in all")
        self.coordinator = Coordinator(log.sim, coordination, log.partitions)
        self._unread = Level(log.sim)
        super().__init__(
            log, group, handler, members, reset, commit_every_s, max_poll_records, fetch_s, retry_s
        )
        log.groups[group] = self

    def _make_members(self, count: int) -> list[Member]:
        shares = self.coordinator.settings.shares(self.log.partitions, [[]] * count)
        names = [f"{self.name}-{number}" for number in range(1, count + 1)]
        return [GroupMember(self, name, share) for name, share in zip(names, shares, strict=True)]

    def add_member(self) -> GroupMember:
        """Start one more member, called by the next number. It joins at once, and the group rebalances."""
        member = GroupMember(self, f"{self.name}-{len(self.members) + 1}", None)
        self.members.append(member)
        return member

    @property
    def rebalances(self) -> pd.DataFrame:
        """A row a rebalance that is over: `began_s`, `ended_s`, `cause`."""
        return self.coordinator.frame()

    # Partitions without a reader -------------------------------------------------------------------------

    def tell(self, partition: int) -> None:
        member = self._member_of.get(partition)
        if member is not None:
            member.tell()
        elif partition < self.coordinator.partitions:
            self._unread.add(1)

    def take_over(self, partition: int) -> None:
        """A partition that was added is noticed: the group rebalances."""
        self.committed[partition] = offset = self.first_offset(partition)
        self.missed += offset
        self._unread.add(self.log.partition(partition).end - offset)
        self.coordinator.partitions += 1
        self.coordinator.rebalance("new partitions")

    def is_read(self, partition: int) -> bool:
        """Whether a member reads this partition now that is up and does not stand still."""
        member = self._member_of.get(partition)
        return isinstance(member, GroupMember) and member.is_running

    def hand_over(self, partition: int, to: GroupMember | None) -> None:
        """Note who reads a partition from now on; None: nobody. Members call this."""
        unread = self.log.partition(partition).end - self.committed[partition]
        if to is None:
            del self._member_of[partition]
            self._unread.add(unread)
        else:
            self._member_of[partition] = to
            self._unread.add(-unread)

    @property
    def lag(self) -> int:
        return super().lag + self.unread

    @property
    def unread(self) -> int:
        return self._unread.value

    @property
    def unread_s(self) -> float:
        return self._unread.area


class GroupMember(Member):
    """One consumer of a coordinated group. `partitions` None: it is new, and joins."""

    group: CoordinatedGroup

    def __init__(self, group: CoordinatedGroup, name: str, partitions: list[int] | None) -> None:
        super().__init__(group, name, [] if partitions is None else partitions)
        self._coordinator = group.coordinator
        self.membership = Membership(self)
        if partitions is not None:
            self._coordinator.enter(self.membership)
        self._is_leaving = self._is_watching = False
        self._paused_until_s = self._polled_s = self.sim.now
        Repeating.at_random_phase(
            self.sim, self._coordinator.settings.heartbeat_s, self._beat, f"{name} heartbeat"
        )

    # Heartbeats ------------------------------------------------------------------------------------------

    def _beat(self, _: object = None) -> None:
        """Send a heartbeat, if the process is there and runs. Whoever must join again is woken."""
        if not self.is_running:
            return
        if self.membership.is_member:
            self._coordinator.heartbeat(self.membership)
        if self.membership.must_join or not self.membership.is_member:
            self.wake()

    def pause(self, for_s: float) -> None:
        """The whole process stands still for so long, heartbeats too: a garbage collection, a frozen machine.

        Raises `ValueError` when `for_s` is not positive.
        """
        require_positive("for_s", for_s)
        if self.is_up:
            self._paused_until_s = max(self._paused_until_s, self.sim.now + for_s)
            self.sim.call_at(self._paused_until_s, self._beat)

    @property
    def is_running(self) -> bool:
        """Whether it is up and does not stand still."""
        return self.is_up and self.sim.now >= self._paused_until_s

    def _stand_still(self) -> Generator[Event, Any, None]:
        while self.sim.now < self._paused_until_s:
            yield self.sim.timeout(self._paused_until_s - self.sim.now)

    # Reading ---------------------------------------------------------------------------------------------

    def _before_poll(self) -> Generator[Event, Any, None]:
        """Between two batches: begin to read what was granted, and join when that is due."""
        yield from self._stand_still()
        self._take_up()
        if not self.membership.is_member:
            self._join(Membership(self))
        elif self.membership.must_join:
            self._join(self.membership)
        self._take_up()

    def _join(self, membership: Membership) -> None:
        """Join, as whom the coordinator knows or as a stranger. Eager: give up all partitions first."""
        self.membership = membership
        self._commit()
        if self._coordinator.settings.is_eager:
            self._lose(list(self.partitions))
        self._coordinator.join(membership)

    def _take_up(self) -> None:
        """Read what was granted from now on. Who had to give some up says so, that others may get them."""
        granted, self.membership.granted = self.membership.granted, None
        if granted is None or not self.membership.is_member:
            return
        lost = [number for number in self.partitions if number not in granted]
        if lost:
            self._commit()
            self._lose(lost)
        self._gain([number for number in granted if number not in self.partitions])
        if lost:
            self._coordinator.join(self.membership, "gave up")

    def _poll(self) -> list[Record]:
        batch = super()._poll()
        if batch:
            self._polled_s = self.sim.now
            self._watch()
        return batch

    def _deal_with(self, record: Record, life: int) -> Generator[Event, Any, None]:
        yield from self._stand_still()
        yield from super()._deal_with(record, life)

    def _advance(self, record: Record) -> None:
        """Only where it still reads: others do again what was at work when the partition was lost."""
        if self._position.get(record.partition) == record.offset:
            super()._advance(record)
        else:
            self.handled += 1
        if self._is_leaving:
            self._leave()

    # A batch that takes too long -------------------------------------------------------------------------

    def _watch(self) -> None:
        """Look again when this batch would have taken too long: one entry on the calendar at a time."""
        if not self._is_watching:
            self._is_watching = True
            due_s = max(self._late_s, self._paused_until_s)
            self.sim.call_at(due_s, self._check_poll, self._life)

    @property
    def _late_s(self) -> float:
        """When the batch at work will have taken too long."""
        return self._polled_s + self._coordinator.settings.max_poll_interval_s

    def _check_poll(self, life: int) -> None:
        if life != self._life:
            return
        self._is_watching = False
        if self._is_waiting:
            return
        if self.sim.now < max(self._late_s, self._paused_until_s):
            self._watch()
        elif self.membership.is_member:
            self._coordinator.leave(self.membership)

    # Partitions ------------------------------------------------------------------------------------------

    def _commit(self) -> None:
        """Commit what was dealt with, before partitions go."""
        if self.group.log.is_up:
            for number in self.partitions:
                self.group.committed[number] = self._position[number]

    def lose_all(self, membership: Membership) -> None:
        """The coordinator has ended this membership: its partitions are free. What was not committed is lost."""
        if membership is self.membership:
            self._lose(list(self.partitions))

    def _lose(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            end = self.group.log.partition(number).end
            self._lag_level.add(self._position.pop(number) - end)
            self.partitions.remove(number)
            self.group.hand_over(number, to=None)
        self._first = 0

    def _gain(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.partitions.append(number)
            self.group.hand_over(number, to=self)
            self._skip_to(number, self.group.committed[number], missed=False)

    # Going and coming back -------------------------------------------------------------------------------

    def leave(self) -> None:
        """Stop when the record at work is dealt with: commit, and say goodbye. It is down until `restart`.

        A static member says no goodbye: it may be back soon.
        """
        if self.is_up and self.busy:
            self._is_leaving = True
        elif self.is_up:
            if self._task is not None:
                self._task.throw(Crashed(self.name))
            self._leave()

    @going_down
    def _leave(self) -> None:
        self._commit()
        self.is_up = self._is_waiting = self._commit_is_due = self._is_leaving = False
        self._life += 1
        if not self._coordinator.settings.static_members and self.membership.is_member:
            self._coordinator.leave(self.membership)

    def _come_back(self) -> None:
        """A static member that is back in time has what it had. Any other is a stranger."""
        self._is_leaving = self._is_watching = False
        self._paused_until_s = self.sim.now
        if self._coordinator.settings.static_members and self.membership.is_member:
            self._coordinator.heartbeat(self.membership)
        else:
            self._lose(list(self.partitions))
            self.membership = Membership(self)
        super()._come_back()
