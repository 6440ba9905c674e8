"""A watched registry: a quorum of servers holds one catalogue, and clients hear of every change at once.

Clients ask once and then watch (etcd's watch, Consul's blocking query). A client that cannot be reached goes on with
what it knows, and hears the latest as soon as it can be reached again. Where no leader is in reach, nothing can be
registered and nothing asked for the first time: that is the price of one catalogue that is the same for all.

What this leaves out: that a change must be written to more than half of the members first, a few milliseconds, and
that a client needs up to seconds to find out that its connection is dead and to build a new one. Both make real
clients later. Reads that accept old answers are left out, too: with them a server without a leader answers from what
it knew. etcd and the HTTP interface of Consul give such answers on request. Consul's DNS gives them by default
(`allow_stale`, at most 10 years old), so whoever asks by DNS is answered on both sides of a cut, and may be told of
instances that cannot be reached. What is modelled here is Consul over HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archlab.sim.discovery.quorum import ELECTION_TIMEOUT_S, HEARTBEAT_S, Quorum
from archlab.sim.discovery.registry import ServiceRegistry, View
from archlab.sim.validation import require_positive

if TYPE_CHECKING:
    from archlab.sim.network import Network
    from archlab.sim.simulation import Simulation


class WatchedRegistry(ServiceRegistry):
    """The part that etcd and Consul have in common: `quorum`, and the news for clients.

    Raises `ValueError` when there is no server, one's name is taken or a time is not positive.
    """

    def __init__(
        self,
        sim: Simulation,
        network: Network,
        servers: Sequence[str],
        name: str,
        heartbeat_s: float = HEARTBEAT_S,
        election_timeout_s: float = ELECTION_TIMEOUT_S,
    ) -> None:
        require_positive("heartbeat_s", heartbeat_s)
        require_positive("election_timeout_s", election_timeout_s)
        super().__init__(sim, network, servers, name)
        self.quorum = Quorum(sim, network, self.servers, name, heartbeat_s, election_timeout_s)
        self.quorum.on_heartbeat(self._tell_those_behind)
        self._catalogue: View = {}
        self._version = 0
        self._heard_version: dict[str, int] = {}

    def server_for(self, node: str) -> str | None:
        """The server a node talks to: the first it reaches that has the leader's ear."""
        return self.quorum.serves(node)

    def _connect(self, client: str) -> View:
        if self.server_for(client) is None:
            raise self._unavailable()
        self._heard_version[client] = self._version
        return self._catalogue

    def _publish(self, catalogue: View) -> None:
        """The catalogue has changed: tell those who watch."""
        if catalogue == self._catalogue:
            return
        self._catalogue = catalogue
        self._version += 1
        self._tell_those_behind()

    def _tell_those_behind(self) -> None:
        """Send the catalogue to every client that has not got the latest: also one that was cut off."""
        for client, version in self._heard_version.items():
            if version < self._version:
                self._tell(client)

    def _tell(self, client: str) -> None:
        server = self.server_for(client)
        if server is not None:
            version, catalogue = self._version, self._catalogue
            self._send(server, client, lambda: self._hear(client, version, catalogue))

    def _hear(self, client: str, version: int, catalogue: View) -> None:
        if version > self._heard_version[client]:
            self._heard_version[client] = version
            self._learn(client, catalogue)
