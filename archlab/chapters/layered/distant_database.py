"""The shop whose database stands a hop away from the program that sends it SQL, as most databases do.

Each query and each commit takes a message there and one back. The beginning of a transaction travels with its first
query. All else is the shop of `archlab.shop.layered`, whose database stands beside the program that asks it: on tiers
that is the data tier.

What this leaves out: the work to encode and decode what is sent, and statements that travel together. The first is in
favour of a program that is far from its database, the second against it.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> shop = FarFromDatabase(sim, LayeredConfig(browse_cpu_s=0.004, query_s=0.001), hop_s=0.010)
>>> sim.run(until=sim.start(shop.browse(1))).on_hand > 0, round(sim.now, 3)
(True, 0.025)
"""

from __future__ import annotations

from archlab.shop.database import DatabaseServer, Steps
from archlab.shop.layered import Layered, LayeredConfig, SqliteData
from archlab.shop.store import SCHEMAS, open_database
from archlab.sim.distributions import as_distribution
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative

COMMITS = 1
"""Trips of an order beside its queries."""


class DistantServer(DatabaseServer):
    """A database server a hop of `hop_s` away from who asks it. On the way nothing is occupied."""

    hop_s = 0.0

    def work(self, station: Station, service_s: float) -> Steps:
        yield self.sim.timeout(self.hop_s)
        yield from super().work(station, service_s)
        yield self.sim.timeout(self.hop_s)


class FarFromDatabase(Layered):
    """The layered shop on SQL, with its database a hop of `hop_s` away. Raises `ValueError` when that is negative."""

    def __init__(self, sim: Simulation, config: LayeredConfig, hop_s: float) -> None:
        require_non_negative("hop_s", hop_s)
        self._database_hop_s = hop_s
        super().__init__(sim, config)

    def _data(self) -> SqliteData:
        config, rows = self.config, open_database(*SCHEMAS)
        times = config.query_s, config.commit_s, config.coherency
        server = DistantServer(self.sim, rows, config.database_cores, *times)
        server.hop_s = self._database_hop_s
        return SqliteData(server)


def trips(config: LayeredConfig, kind: str) -> float:
    """Return how often a request of a kind goes to the database and back, on average."""
    queries = float(config.demands_s().loc[kind, "database"]) / as_distribution(config.query_s).mean
    return queries + (COMMITS if kind == "place_order" else 0)
