"""The coordinator of a consumer group: who is a member, who is thought dead, and when partitions change hands.

After the classic protocol of Kafka's consumers. A member sends heartbeats. One that has not been heard of for
`session_timeout_s` is thought dead, whether it is or only stood still. Then, as when somebody joins or leaves, the
group *rebalances*: each member learns of it from the answer to its next heartbeat and joins again when it has dealt
with its batch; when all have joined, everybody is told its partitions. Until then a dead member's partitions are read
by nobody. A member that died and came back is a stranger to the coordinator, which waits for the old one until its
session is over. A *static* member is known by its name: back in time, it has what it had, and nobody notices.

Defaults are Kafka's, in `data/kafka.csv`.

What this leaves out: messages to and from the coordinator take no time, and the leader of the group works out the
assignment at once (Kafka: 0.1 to 0.3 ms, and in a cooperative rebalance the rest of the leader's batch), so a rebalance
is a little shorter here. The coordinator itself never dies. Kafka waits 3 s for more members when a group is new; here
the first members are there from the start. Kafka's new protocol (KIP-848) is not modelled: nobody waits for others
to join in it, but the dead are found by a session time-out, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, get_args

import pandas as pd

from archlab.sim.messaging.assignment import range_assignment, round_robin_assignment, sticky_assignment
from archlab.sim.validation import refuse, require_flag, require_instance, require_one_of, require_positive

if TYPE_CHECKING:
    from archlab.sim.core.calendar import Calendar

Assignor = Literal["range", "roundrobin", "sticky", "cooperative-sticky"]
"""How partitions are shared out. With all but the last everybody stops until a rebalance is over (*eager*)."""


@dataclass(frozen=True)
class Coordination:
    """How a group is held together.

    Args:
        session_timeout_s: a member that is not heard of for so long is thought dead.
        heartbeat_s: seconds from one heartbeat of a member to the next.
        max_poll_interval_s: a member that works on one batch for longer leaves the group by itself.
        assignor: who gets which partitions. Kafka's consumers are told "range", then "cooperative-sticky"; the first
            that all support is used, and "range" makes rebalances eager.
        static_members: whether members are known by their names. They do not say goodbye when they leave.
        topics: the partitions of each topic, for "range"; by default all are of one topic. Added ones are the last's.

    Raises `ValueError` when an argument is not allowed.
    """

    session_timeout_s: float = 45.0
    heartbeat_s: float = 3.0
    max_poll_interval_s: float = 300.0
    assignor: Assignor = "range"
    static_members: bool = False
    topics: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        require_positive("session_timeout_s", self.session_timeout_s)
        require_positive("heartbeat_s", self.heartbeat_s)
        require_positive("max_poll_interval_s", self.max_poll_interval_s)
        require_one_of("assignor", self.assignor, get_args(Assignor))
        require_flag("static_members", self.static_members)
        if self.heartbeat_s >= self.session_timeout_s:
            refuse(ValueError, "heartbeat_s", self.heartbeat_s, "less than session_timeout_s")
        if self.topics is not None:
            require_instance("topics", self.topics, tuple, "a tuple of numbers of partitions, or None")
            if not self.topics:
                refuse(ValueError, "topics", self.topics, "numbers of partitions of at least one topic")
            range_assignment(self.topics, members=1)

    @property
    def is_eager(self) -> bool:
        """Whether everybody gives up all partitions for a rebalance."""
        return self.assignor != "cooperative-sticky"

    def shares(self, partitions: int, owned: list[list[int]]) -> list[list[int]]:
        """Who gets what, when the members have `owned` now."""
        if self.assignor == "range":
            *others, _ = self.topics or (partitions,)
            return range_assignment((*others, partitions - sum(others)), len(owned))
        if self.assignor == "roundrobin":
            return round_robin_assignment(partitions, len(owned))
        return sticky_assignment(partitions, owned)


class Reader(Protocol):
    """Who can be a member."""

    partitions: list[int]

    def wake(self) -> None:
        """There is something to do."""

    def lose_all(self, membership: Membership) -> None:
        """This membership is over."""


@dataclass(eq=False)
class Membership:
    """One life of `member` in the group, as the coordinator knows it.

    `heard_s` is when it was heard of last. `had` is what it read when it joined last: what a sticky assignor lets it
    keep. `granted` is what it has been told to read and has not begun to.
    """

    member: Reader
    heard_s: float = 0.0
    had: list[int] = field(default_factory=list)
    granted: list[int] | None = None
    is_member: bool = False
    has_joined: bool = False
    must_join: bool = False


@dataclass(frozen=True)
class Rebalance:
    """A rebalance that is over. Its `cause`: "joined", "left", "thought dead", "gave up" or "new partitions"."""

    began_s: float
    ended_s: float
    cause: str


class Coordinator:
    """Keeps the memberships of a group, in the order in which they began, that reads so many `partitions`."""

    def __init__(self, sim: Calendar, settings: Coordination, partitions: int) -> None:
        self.sim = sim
        self.partitions = partitions
        self.settings = settings
        self.memberships: list[Membership] = []
        self.past: list[Rebalance] = []
        self._began: tuple[float, str] | None = None

    # What members say ------------------------------------------------------------------------------------

    def enter(self, membership: Membership) -> None:
        """Count it as a member, and watch whether it is heard of."""
        self.memberships.append(membership)
        membership.heard_s, membership.is_member = self.sim.now, True
        self._watch(membership)

    def heartbeat(self, membership: Membership) -> None:
        """A sign of life. The answer may be that the member must join again."""
        membership.heard_s = self.sim.now
        membership.must_join = self._began is not None and not membership.has_joined

    def join(self, membership: Membership, cause: str = "joined") -> None:
        """Take part in the rebalance that is on, or in a new one."""
        if not membership.is_member:
            self.enter(membership)
        self.rebalance(cause)
        membership.heard_s = self.sim.now
        membership.must_join, membership.has_joined = False, True
        membership.had = list(membership.member.partitions)
        self._end_when_all_have_joined()

    def leave(self, membership: Membership, cause: str = "left") -> None:
        """It is no member any more, and its partitions are free."""
        membership.is_member = False
        self.memberships.remove(membership)
        membership.member.lose_all(membership)
        self.rebalance(cause)
        self._end_when_all_have_joined()

    # Sessions --------------------------------------------------------------------------------------------

    def _watch(self, membership: Membership) -> None:
        self.sim.call_at(membership.heard_s + self.settings.session_timeout_s, self._check, membership)

    def _check(self, membership: Membership) -> None:
        """Nothing was heard for the whole time-out: it is thought dead. Otherwise look again when that may be so."""
        if not membership.is_member:
            return
        if self.sim.now >= membership.heard_s + self.settings.session_timeout_s:
            self.leave(membership, "thought dead")
        else:
            self._watch(membership)

    # Rebalances ------------------------------------------------------------------------------------------

    def rebalance(self, cause: str) -> None:
        """Let everybody join again, unless that is on already."""
        if self._began is None and self.memberships:
            self._begin(cause)

    def _begin(self, cause: str) -> None:
        self._began = (self.sim.now, cause)
        for membership in self.memberships:
            membership.has_joined = False

    def _end_when_all_have_joined(self) -> None:
        if self._began is None or not all(membership.has_joined for membership in self.memberships):
            return
        began_s, cause = self._began
        self._began = None
        self.past.append(Rebalance(began_s, self.sim.now, cause))
        if self.memberships:
            self._grant()

    def _grant(self) -> None:
        """Tell everybody what to read; a partition that somebody must give up first is told to nobody yet."""
        shares = self.settings.shares(self.partitions, [one.had for one in self.memberships])
        reader_of = {number: one for one in self.memberships for number in one.had}
        for membership, share in zip(self.memberships, shares, strict=True):
            membership.granted = list(self._free_for(membership, share, reader_of))
            membership.member.wake()

    def _free_for(
        self, membership: Membership, share: list[int], reader_of: dict[int, Membership]
    ) -> Iterable[int]:
        return (number for number in share if reader_of.get(number, membership) is membership)

    def frame(self) -> pd.DataFrame:
        """A row a rebalance that is over: `began_s`, `ended_s`, `cause`."""
        rows = [(one.began_s, one.ended_s, one.cause) for one in self.past]
        return pd.DataFrame(rows, columns=["began_s", "ended_s", "cause"])
