"""Consul: an agent on each machine checks its instances, agents watch each other by gossip, a quorum holds the result.

A process that dies while its machine lives is found by the next health check: how often that runs is the user's
choice (there is no default; the 10 s here are an assumption). It answers nothing and fails at once, or it hangs, and
the check gives up after its timeout of 10 s. One failed check is enough. A machine that dies takes its agent with it:
no check reports anything, but the other agents notice (`archlab.sim.discovery.swim`). A cut does the same to a whole
side: who leads is on the side with more than half of the servers, and from there the machines of the other side look
dead. That side itself hears nothing new, and its clients keep what they knew.

Sources: HashiCorp, *Consul* documentation (health checks: HTTP, TCP, UDP and gRPC time out after 10 s,
`failures_before_critical` 0, first status critical), and *memberlist* for the gossip. The timing of elections is that
of etcd. Clients ask over HTTP: Consul's DNS answers stale by default, also where no leader is in reach (*DNS
parameters*, `allow_stale`). Left out, beside what `archlab.sim.discovery.watched_registry` says: the clean-up of
entries that nobody serves, and the seconds until a machine that comes back is taken up again by gossip.

>>> from archlab.sim import Network, Simulation, Station
>>> sim = Simulation(seed=1)
>>> consul = Consul(sim, Network(sim, latency_s=0.00025), check_every_s=10)
>>> orders = [Station(sim, f"orders-{number}") for number in range(3)]
>>> for station in orders:
...     consul.register("orders", station)
>>> consul.instances("orders", client="web")
['orders-0', 'orders-1', 'orders-2']
>>> sim.call_at(60, lambda _: orders[0].crash())
>>> sim.run(until=70.1)
>>> consul.instances("orders", client="web")
['orders-1', 'orders-2']
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

from archlab.sim.discovery.registry import Key, Registration, by_service
from archlab.sim.discovery.swim import Swim
from archlab.sim.discovery.watched_registry import WatchedRegistry
from archlab.sim.validation import require_instance, require_one_of, require_positive

if TYPE_CHECKING:
    from archlab.sim.network import Network
    from archlab.sim.simulation import Simulation

Death = Literal["refuses", "hangs", "machine"]
"""What is left of a dead instance: a machine that refuses connections, one that takes them in silence, or none."""

CHECK_EVERY_S = 10.0
"""An assumption: Consul demands a choice."""
CHECK_TIMEOUT_S = 10.0
LAN = Swim()


class Consul(WatchedRegistry):
    """A registry of health checks on a quorum of servers. `death` says what happens to an instance that is not up.

    Raises `ValueError` when an argument is not allowed or a server's name is taken.
    """

    def __init__(
        self,
        sim: Simulation,
        network: Network,
        servers: Sequence[str] = ("consul-1", "consul-2", "consul-3"),
        check_every_s: float = CHECK_EVERY_S,
        check_timeout_s: float = CHECK_TIMEOUT_S,
        death: Death = "refuses",
        gossip: Swim = LAN,
        name: str = "consul",
    ) -> None:
        require_positive("check_every_s", check_every_s)
        require_positive("check_timeout_s", check_timeout_s)
        require_one_of("death", death, get_args(Death))
        require_instance("gossip", gossip, Swim, "a Swim")
        super().__init__(sim, network, servers, name)
        self.check_every_s, self.check_timeout_s = check_every_s, check_timeout_s
        self.death, self.gossip = death, gossip
        self._passing: dict[Key, bool] = {}
        self._suspects: dict[Key, object] = {}
        self._lost: dict[Key, None] = {}
        self._random = sim.stream(f"{name} gossip")
        self.quorum.on_heartbeat(self._gossip)

    @property
    def members(self) -> int:
        """How many agents gossip: one a machine, the servers' own included."""
        return len({registration.node for registration in self.registered.values()} | set(self.servers))

    @property
    def _beat_every_s(self) -> float:
        return self.check_every_s

    # Health checks ---------------------------------------------------------------------------------------

    def _join(self, registration: Registration) -> None:
        if registration.instance.is_up and self.server_for(registration.node) is not None:
            self._report(registration, passing=True)

    def _beat(self, registration: Registration) -> None:
        """The agent checks its instance. A dead machine checks nothing."""
        if registration.instance.is_up:
            self._tell_servers(registration, passing=True)
        elif self.death == "refuses":
            self._tell_servers(registration, passing=False)
        elif self.death == "hangs":
            self.sim.call_at(self.sim.now + self.check_timeout_s, self._give_up, registration)

    def _give_up(self, registration: Registration) -> None:
        """The check has waited long enough. (One that was answered meanwhile has told the servers so.)"""
        if not registration.instance.is_up:
            self._tell_servers(registration, passing=False)

    def _tell_servers(self, registration: Registration, passing: bool) -> None:
        """Agents report what is new to the servers, and again with the next check as long as they reach none."""
        if passing and self._passing.get(registration.key) and registration.key not in self._lost:
            self.heard_at_s[registration.key] = self.sim.now
            return
        server = self.server_for(registration.node)
        if server is not None:
            self._send(registration.node, server, lambda: self._report(registration, passing))

    def _report(self, registration: Registration, passing: bool) -> None:
        key = registration.key
        if self.registered.get(key) is registration:
            self._passing[key] = passing
            if passing:
                self.heard_at_s[key] = self.sim.now
            self._publish_healthy()

    def _leave(self, registration: Registration) -> None:
        server = self.server_for(registration.node)
        if server is not None:
            self._send(registration.node, server, lambda: self._forget(registration.key))

    def _forget(self, key: Key) -> None:
        self._passing.pop(key, None)
        self._publish_healthy()

    def _publish_healthy(self) -> None:
        healthy = (key for key, passing in self._passing.items() if passing and key not in self._lost)
        self._publish(by_service(healthy))

    # Gossip ----------------------------------------------------------------------------------------------

    def _gossip(self) -> None:
        """See who has fallen silent and who is back, from where the leader is."""
        for key, registration in self.registered.items():
            if self._is_silent(registration):
                if key not in self._suspects and key not in self._lost:
                    self._suspect(key)
            else:
                self._suspects.pop(key, None)
                if key in self._lost:
                    del self._lost[key]
                    self._publish_healthy()

    def _is_silent(self, registration: Registration) -> bool:
        if self.death == "machine" and not registration.instance.is_up:
            return True
        return self.network.is_cut(self.quorum.leader, registration.node)

    def _suspect(self, key: Key) -> None:
        """Draw when the others will have found out. Who is back before is no suspect any more."""
        suspicion = self._suspects[key] = object()
        dead_at_s = self.sim.now + self.gossip.draw_s(self._random, self.members)
        self.sim.call_at(dead_at_s, lambda _: self._declare_dead(key, suspicion))

    def _declare_dead(self, key: Key, suspicion: object) -> None:
        if self._suspects.get(key) is not suspicion:
            return
        if not self.quorum.is_served:
            self.sim.call_at(
                self.sim.now + self.gossip.probe_every_s, lambda _: self._declare_dead(key, suspicion)
            )
            return
        del self._suspects[key]
        self._lost[key] = None
        self._publish_healthy()
