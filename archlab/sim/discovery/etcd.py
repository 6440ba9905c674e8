"""etcd as a registry: an instance's entry hangs on a lease, which it must keep alive. A minority gets no answer.

The instance chooses how long its lease lasts, `ttl_s`; there is no default, and the 10 s here are an assumption. The
client library renews a lease after a third of that time. So a dead instance stays visible for two thirds of the TTL
to the whole of it, and up to half a second more, for leases are swept every 500 ms. A TTL below one and a half election
timeouts, rounded up to a whole second, is raised to that: 2 s by default (etcd, `server/lease/lessor.go`,
`client/v3/lease.go`). A new leader gives every lease its full time again and one election timeout more: after an
election the dead stay visible longer.

On the side of a cut with fewer than half of the servers, nothing is answered. Clients there keep what they knew; their
instances lose their leases on the other side, and are back after the cut.

See `archlab.sim.discovery.quorum` and `archlab.sim.discovery.watched_registry` for what is left out. The 1.6 ms that
one write takes (etcd documentation, *Performance*) are left out as well.

>>> from archlab.sim import Network, Simulation, Station
>>> sim = Simulation(seed=1)
>>> etcd = Etcd(sim, Network(sim, latency_s=0.00025), ttl_s=10, servers=["etcd-1", "etcd-2", "etcd-3"])
>>> other = Simulation(seed=1)
>>> etcd.ttl_s, Etcd(other, Network(other, 0.001), ttl_s=1).ttl_s
(10, 2)
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

from archlab.sim.discovery.quorum import ELECTION_TIMEOUT_S, HEARTBEAT_S
from archlab.sim.discovery.registry import Key, Registration, by_service
from archlab.sim.discovery.watched_registry import WatchedRegistry
from archlab.sim.validation import require_positive

if TYPE_CHECKING:
    from archlab.sim.network import Network
    from archlab.sim.simulation import Simulation

TTL_S = 10.0
"""An assumption: etcd leaves the choice to its clients."""
KEEP_ALIVES_A_TTL = 3
SWEEP_S = 0.5


class Etcd(WatchedRegistry):
    """A registry of leases on a quorum of servers. Use an odd number of them: 3 or 5.

    Raises `ValueError` when an argument is not allowed or a server's name is taken.
    """

    def __init__(
        self,
        sim: Simulation,
        network: Network,
        servers: Sequence[str] = ("etcd-1", "etcd-2", "etcd-3"),
        ttl_s: float = TTL_S,
        name: str = "etcd",
        heartbeat_s: float = HEARTBEAT_S,
        election_timeout_s: float = ELECTION_TIMEOUT_S,
    ) -> None:
        require_positive("ttl_s", ttl_s)
        super().__init__(sim, network, servers, name, heartbeat_s, election_timeout_s)
        self.ttl_s = max(ttl_s, ceil(1.5 * election_timeout_s))
        self._ends_at_s: dict[Key, float] = {}
        self._swept: dict[Key, None] = {}  # the leases that a sweep on the calendar will look at
        self._sweep_phase_s = float(sim.stream(f"{name} phase of the sweep").uniform(0, SWEEP_S))
        self.quorum.on_election(self._prolong_all)

    @property
    def _beat_every_s(self) -> float:
        return self.ttl_s / KEEP_ALIVES_A_TTL

    def _join(self, registration: Registration) -> None:
        if registration.instance.is_up and self.server_for(registration.node) is not None:
            self._keep_alive(registration)

    def _beat(self, registration: Registration) -> None:
        server = self.server_for(registration.node)
        if server is not None and registration.instance.is_up:
            self._send(registration.node, server, lambda: self._keep_alive(registration))

    def _leave(self, registration: Registration) -> None:
        server = self.server_for(registration.node)
        if server is not None:
            self._send(registration.node, server, lambda: self._revoke(registration.key))

    def _keep_alive(self, registration: Registration) -> None:
        """Prolong a lease, or give a new one. One that has ended, but is not swept away yet, is lost."""
        key = registration.key
        if self.registered.get(key) is not registration or not self.quorum.is_served:
            return
        self.heard_at_s[key] = self.sim.now
        if key not in self._ends_at_s:
            self._ends_at_s[key] = self.sim.now + self.ttl_s
            if key not in self._swept:
                self._sweep_later(key)
            self._publish(by_service(self._ends_at_s))
        elif self._ends_at_s[key] > self.sim.now:
            self._ends_at_s[key] = self.sim.now + self.ttl_s

    def _prolong_all(self) -> None:
        """A new leader does not know when the old one last heard of whom, and gives everybody the full time."""
        until_s = self.sim.now + self.ttl_s + self.quorum.election_timeout_s
        self._ends_at_s = dict.fromkeys(self._ends_at_s, until_s)

    def _sweep_later(self, key: Key) -> None:
        """Look at a lease in the first sweep after its end."""
        self._swept[key] = None
        sweeps = ceil((self._ends_at_s[key] - self._sweep_phase_s) / SWEEP_S)
        self.sim.call_at(self._sweep_phase_s + sweeps * SWEEP_S, self._sweep, key)

    def _sweep(self, key: Key) -> None:
        """Revoke a lease that has ended. Without a leader leases do not end."""
        if key not in self._ends_at_s:
            self._swept.pop(key, None)
            return
        if not self.quorum.is_served:
            self.sim.call_at(self.sim.now + SWEEP_S, self._sweep, key)
        elif self._ends_at_s[key] > self.sim.now:
            self._sweep_later(key)
        else:
            del self._swept[key]
            self._revoke(key)

    def _revoke(self, key: Key) -> None:
        if self._ends_at_s.pop(key, None) is not None:
            self._publish(by_service(self._ends_at_s))
