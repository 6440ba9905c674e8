"""A quorum: an odd number of members, of whom more than half must agree. One of them leads, and is replaced when lost.

As long as the leader reaches more than half of the members (itself included), they serve every node that can reach one
of them on that side. When the leader is lost, the others wait: each a time of its own, drawn evenly between one and two
election timeouts since the last heartbeat, so that they do not all stand for election at once. The first that reaches
more than half leads. With fewer than half in reach, nobody does, and nothing is served. That is the rule of Raft
(D. Ongaro and J. Ousterhout, *In Search of an Understandable Consensus Algorithm*, 2014); heartbeat 100 ms and election
timeout 1,000 ms are the defaults of etcd.

What this leaves out: the log itself and its disk, votes that split (a second round would cost another election
timeout), and clocks that differ. So an election takes a little longer in reality. The state of the members is looked
at once a heartbeat, so what happens between two is noticed up to 100 ms late.

>>> from archlab.sim import Network, Simulation, Station
>>> sim = Simulation(seed=1)
>>> network = Network(sim, latency_s=0.00025)
>>> quorum = Quorum(sim, network, {name: Station(sim, name) for name in ("etcd-1", "etcd-2", "etcd-3")}, "etcd")
>>> quorum.leader, quorum.serves("web")
('etcd-1', 'etcd-1')
>>> network.nodes("web", "shop")
>>> network.partition(["etcd-1", "web"], ["etcd-2", "etcd-3", "shop"])
>>> quorum.serves("web"), quorum.serves("shop")  # nobody leads for a moment
(None, None)
>>> sim.run(until=3)
>>> quorum.leader in ("etcd-2", "etcd-3"), quorum.serves("web"), quorum.serves("shop") is None
(True, None, False)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from archlab.sim.core.calendar import require_same_sim, require_sim
from archlab.sim.core.repeating import Repeating
from archlab.sim.network import Network
from archlab.sim.servers.station import Station
from archlab.sim.validation import refuse, require_instance, require_positive, require_text, require_texts

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

HEARTBEAT_S = 0.1
ELECTION_TIMEOUT_S = 1.0


class Quorum:
    """The members, and who leads them. `elections` counts how often that has changed.

    Raises `ValueError` when there is no member or a time is not positive.
    """

    def __init__(
        self,
        sim: Simulation,
        network: Network,
        members: Mapping[str, Station],
        name: str,
        heartbeat_s: float = HEARTBEAT_S,
        election_timeout_s: float = ELECTION_TIMEOUT_S,
    ) -> None:
        require_sim(sim)
        require_instance("network", network, Network, "a Network")
        require_same_sim(sim, "network", network)
        if not isinstance(members, Mapping) or not members:
            refuse(ValueError, "members", members, "stations by their names, at least one")
        require_texts("members", members, of="nodes")
        for name_of_member in members:
            require_same_sim(sim, "members", members[name_of_member])
        require_text("name", name)
        require_positive("heartbeat_s", heartbeat_s)
        require_positive("election_timeout_s", election_timeout_s)
        network.nodes(*members)
        self.sim, self.network, self.members = sim, network, dict(members)
        self.election_timeout_s = election_timeout_s
        self.leader = next(iter(self.members))
        self.elections = 0
        self._random = sim.stream(f"{name} elections")
        self._heard_at_s = sim.now
        self._patience_s: dict[str, float] = {}
        self._on_heartbeat: list[Callable[[], object]] = []
        self._on_election: list[Callable[[], object]] = []
        Repeating(sim, heartbeat_s, self._heartbeat, sim.now + heartbeat_s)

    def on_heartbeat(self, action: Callable[[], object]) -> None:
        """Call `action()` with every heartbeat of a leader that has more than half of the members behind it."""
        self._on_heartbeat.append(action)

    def on_election(self, action: Callable[[], object]) -> None:
        """Call `action()` when a new leader has been elected."""
        self._on_election.append(action)

    @property
    def is_served(self) -> bool:
        """Whether there is a leader with more than half of the members behind it at this moment."""
        return self._has_majority(self.leader)

    def serves(self, node: str) -> str | None:
        """The member that serves a node: the first it reaches that has the leader's ear. None: nobody does."""
        if not self.is_served:
            return None
        for member in self.members:
            if (
                self._is_up(member)
                and not self.network.is_cut(node, member)
                and self._talk(member, self.leader)
            ):
                return member
        return None

    def _heartbeat(self) -> None:
        if not self.is_served:
            self._elect()
            return
        self._heard_at_s = self.sim.now
        self._patience_s.clear()
        for action in self._on_heartbeat:
            action()

    def _elect(self) -> None:
        """Let the member lead whose patience ends first, if it has ended and more than half follow."""
        if not self._patience_s:
            timeout_s = self.election_timeout_s
            self._patience_s = {
                member: float(self._random.uniform(timeout_s, 2 * timeout_s)) for member in self.members
            }
        waited_s = self.sim.now - self._heard_at_s
        able = [member for member in self.members if self._has_majority(member)]
        first = min(able, key=self._patience_s.__getitem__, default=None)
        if first is not None and waited_s >= self._patience_s[first]:
            self.leader = first
            self.elections += 1
            for action in self._on_election:
                action()

    def _has_majority(self, member: str) -> bool:
        return 2 * sum(self._talk(member, other) for other in self.members) > len(self.members)

    def _talk(self, one: str, other: str) -> bool:
        return (
            self._is_up(one) and self._is_up(other) and (one == other or not self.network.is_cut(one, other))
        )

    def _is_up(self, member: str) -> bool:
        return self.members[member].is_up
