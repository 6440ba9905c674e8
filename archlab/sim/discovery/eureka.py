"""Eureka: instances renew leases, servers copy to one another, clients poll. It answers always, and often late.

A dead instance stays visible until its lease has run out (180 s after its last renewal), the next round of eviction
(every 60 s), the next copy for clients (every 30 s) and the client's next poll (every 30 s): at most 300 s after the
last renewal, 240 s on average. Where fewer than seven instances are registered it stays for good. See
`archlab.sim.discovery.eureka_server` for self-preservation and the settings, and `LEASE_IN_EFFECT_S` there for why a
lease lasts twice as long as documented.

No server is the leader. Each part of a cut network goes on with the servers it has, and takes new instances; the
parts learn of one another again by the next heartbeats after the cut.

What this leaves out: changes that are sent as differences, zones, and the copy that a client's load balancer may keep
in addition, which makes clients later still. An instance that restarts is back with its next heartbeat, up to 30 s
later than a real one, which registers when it starts.

>>> from archlab.sim import Network, Simulation, Station
>>> sim = Simulation(seed=1)
>>> eureka = Eureka(sim, Network(sim, latency_s=0.00025), servers=["eureka-1", "eureka-2"])
>>> orders = [Station(sim, f"orders-{number}") for number in range(10)]
>>> for station in orders:
...     eureka.register("orders", station)
>>> len(eureka.instances("orders", client="web"))
10
>>> sim.call_at(300, lambda _: orders[0].crash())
>>> sim.run(until=300 + 50)
>>> len(eureka.instances("orders", client="web"))  # 50 s after the death
10
>>> sim.run(until=300 + 300)
>>> len(eureka.instances("orders", client="web"))
9
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archlab.sim.core.repeating import Repeating
from archlab.sim.discovery.eureka_server import EurekaServer, EurekaSettings
from archlab.sim.discovery.registry import Registration, ServiceRegistry, View
from archlab.sim.validation import require_instance

if TYPE_CHECKING:
    from archlab.sim.network import Network
    from archlab.sim.simulation import Simulation

DEFAULTS = EurekaSettings()


class Eureka(ServiceRegistry):
    """A registry of equal servers, with the defaults of Netflix's Eureka.

    Raises `ValueError` when there is no server or one's name is taken.
    """

    def __init__(
        self,
        sim: Simulation,
        network: Network,
        servers: Sequence[str] = ("eureka",),
        settings: EurekaSettings = DEFAULTS,
        name: str = "eureka",
    ) -> None:
        require_instance("settings", settings, EurekaSettings, "EurekaSettings")
        super().__init__(sim, network, servers, name)
        self.settings = settings
        self.peers = {server: EurekaServer(sim, server, settings) for server in servers}

    @property
    def _beat_every_s(self) -> float:
        return self.settings.heartbeat_s

    def _join(self, registration: Registration) -> None:
        server = self.server_for(registration.node)
        if server is None or not registration.instance.is_up:
            return
        self._renew(server, registration)
        for peer in self._peers_of(server):
            if self.reaches(server, peer):
                self._renew(peer, registration)

    def _beat(self, registration: Registration) -> None:
        """A renewal goes to one server, which passes it on to the others."""
        server = self.server_for(registration.node)
        if server is not None and registration.instance.is_up:
            self._send(registration.node, server, lambda: self._renew_everywhere(server, registration))

    def _leave(self, registration: Registration) -> None:
        server = self.server_for(registration.node)
        if server is not None:
            self._send(registration.node, server, lambda: self._cancel_everywhere(server, registration))

    def _renew_everywhere(self, server: str, registration: Registration) -> None:
        self._renew(server, registration)
        for peer in self._peers_of(server):
            self._copy_to(server, peer, registration)

    def _copy_to(self, server: str, peer: str, registration: Registration) -> None:
        self._send(server, peer, lambda: self._renew(peer, registration))

    def _renew(self, server: str, registration: Registration) -> None:
        """A renewal that was under way when its instance said goodbye comes too late, and counts for nothing."""
        if self.registered.get(registration.key) is registration:
            self.peers[server].renew(registration.key)
            self.heard_at_s[registration.key] = self.sim.now

    def _cancel_everywhere(self, server: str, registration: Registration) -> None:
        self.peers[server].cancel(registration.key)
        for peer in self._peers_of(server):
            self._send(server, peer, lambda name=peer: self.peers[name].cancel(registration.key))  # type: ignore[misc]

    def _connect(self, client: str) -> View:
        """A client reads the whole registry when it starts, and polls from then on."""
        server = self.server_for(client)
        if server is None:
            raise self._unavailable()
        Repeating.at_random_phase(
            self.sim,
            self.settings.fetch_every_s,
            lambda: self._fetch(client),
            f"{self.name} fetch of {client}",
        )
        return self.peers[server].view()

    def _fetch(self, client: str) -> None:
        server = self.server_for(client)
        if server is not None:
            self._send(client, server, lambda: self._answer(server, client))

    def _answer(self, server: str, client: str) -> None:
        copy = self.peers[server].copy()
        self._send(server, client, lambda: self._learn(client, copy))

    def _peers_of(self, server: str) -> list[str]:
        return [peer for peer in self.peers if peer != server]
