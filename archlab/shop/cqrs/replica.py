"""A read replica: the same tables once more, made by the same statements in the same order, some time later.

>>> from archlab.shop.cqrs import Cqrs, CqrsConfig
>>> from archlab.sim import Simulation
>>> shop = Cqrs(Simulation(seed=1), CqrsConfig(models="replicas", replicas=2))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> shop.sim.run(until=shop.sim.now + 0.1)
>>> [replica.model.order_page(7).total_cents == order.total_cents for replica in shop.replicas]
[True, True]
"""

import sqlite3

from archlab.shop.cqrs.commit_log import Commit
from archlab.shop.cqrs.follower import Follower
from archlab.shop.cqrs.normalised import Normalised
from archlab.shop.store import Statement


class Replica(Follower):
    """Applies the commits of the write model to its copy of the tables."""

    @property
    def connection(self) -> sqlite3.Connection:
        """To its copy of the database, with the schema `POSITIONS`."""
        return self.server.connection

    @property
    def model(self) -> Normalised:
        """What answers from its copy."""
        return Normalised(self.connection)

    @property
    def seen(self) -> int:
        row = self.connection.execute("SELECT position FROM positions WHERE name = 'replica'").fetchone()
        return 0 if row is None else int(row[0])

    @property
    def behind(self) -> int:
        return self.log.head - self.seen

    def next_batch(self) -> list[Commit]:
        return self.log.commits[self.seen : min(self.heard, self.seen + self.config.batch)]

    def writes(self, item: Commit) -> list[Statement]:
        return list(item.statements)

    def place(self, last: Commit) -> Statement:
        sql = """INSERT INTO positions VALUES ('replica', ?)
                 ON CONFLICT DO UPDATE SET position = excluded.position"""
        return Statement(sql, (last.number,))
