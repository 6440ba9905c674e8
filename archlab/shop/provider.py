"""The payment provider: a company outside the shop, reached over the internet, with a ledger of its own.

It works in two steps, as card payments do. To *authorise* is to hold an amount: no money moves, and a hold
that nobody captures lapses. To *capture* is to take it. Capturing the same authorisation again changes
nothing.

>>> from archlab.sim import Simulation
>>> sim = Simulation(seed=1)
>>> provider = PaymentProvider(sim, latency_s=0.1)
>>> sim.run(until=provider.authorise(order_id=7, amount_cents=450)), sim.now
(1, 0.1)
"""

import sqlite3
from collections.abc import Generator, Sequence
from typing import Any

from simpy.events import Event

from archlab.sim.core.task import Task
from archlab.sim.distributions import Distribution
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_fraction

LEDGER = """
CREATE TABLE ledger (authorisation INTEGER PRIMARY KEY, order_id INTEGER NOT NULL,
    amount_cents INTEGER NOT NULL, state TEXT NOT NULL)
"""


def open_ledger() -> sqlite3.Connection:
    """Return a connection to a new, empty ledger: what was really authorised and charged."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(LEDGER)
    return connection


class PaymentProvider:
    """A provider that answers after `latency_s`, the way there and back included.

    Args:
        latency_s: of one call. A slow-down of the part stretches it.
        capacity: calls it works on at the same time; large, because it serves many shops. An assumption.
        declined: the share of payments it declines, 0 to 1.

    The part is called "payment provider". Its work goes on when the caller has given up or died: the hold is
    written in the ledger all the same.
    """

    name = "payment provider"

    def __init__(
        self, sim: Simulation, latency_s: float | Distribution, capacity: int = 1000, declined: float = 0.0
    ) -> None:
        require_fraction("declined", declined)
        self.station = Station(sim, self.name, capacity)
        self.ledger = open_ledger()
        self.declined = declined
        self._answers: dict[str | None, int | None] = {}
        self._sim = sim
        self._latency_s = sim.draws("payment provider latency", latency_s)
        self._luck = sim.stream("payment provider declines").random

    def authorise(self, order_id: int, amount_cents: int, key: str | None = None) -> Task:
        """Hold an amount for an order.

        `key`: an idempotency key. A call with a key that was answered before gets the same answer, and holds
        nothing. Without one every call is a new hold.

        Yield the task to wait for the number of the authorisation, or None when the provider declines. It
        fails with a `Failure` when the provider is down.
        """
        declined = self._luck() < self.declined
        work = self.station.serve(self._latency_s())
        return self._sim.start(self._hold(work, order_id, amount_cents, declined, key))

    def capture(self, authorisations: Sequence[int]) -> Task:
        """Take the money of these authorisations, in one call. The task fails when the provider is down."""
        return self._sim.start(self._take(self.station.serve(self._latency_s()), authorisations))

    def void(self, authorisation: int) -> Task:
        """Give up a hold, or give the money back when it was taken. The task fails when the provider is down."""
        return self._sim.start(self._give_up(self.station.serve(self._latency_s()), authorisation))

    def _hold(
        self, work: Event, order_id: int, amount_cents: int, declined: bool, key: str | None
    ) -> Generator[Event, Any, int | None]:
        yield work
        if key in self._answers:
            return self._answers[key]
        answer = None if declined else self._write_hold(order_id, amount_cents)
        if key is not None:
            self._answers[key] = answer
        return answer

    def _write_hold(self, order_id: int, amount_cents: int) -> int | None:
        sql = "INSERT INTO ledger (order_id, amount_cents, state) VALUES (?, ?, 'authorised')"
        return self.ledger.execute(sql, (order_id, amount_cents)).lastrowid

    def _take(self, work: Event, authorisations: Sequence[int]) -> Generator[Event, Any, None]:
        yield work
        sql = "UPDATE ledger SET state = 'captured' WHERE authorisation = ? AND state = 'authorised'"
        self.ledger.executemany(sql, [(authorisation,) for authorisation in authorisations])

    def _give_up(self, work: Event, authorisation: int) -> Generator[Event, Any, None]:
        yield work
        self.ledger.execute("UPDATE ledger SET state = 'voided' WHERE authorisation = ?", (authorisation,))
