"""A bulkhead: a part gets only so many of our workers, so that its trouble does not sink the rest.

Without one, calls to a slow part pile up until every worker waits for it, and requests that do not need it wait, too.
A bulkhead lets `concurrent` attempts run at a time. A few more may wait; the others are refused at once.

What this leaves out: an attempt whose caller has stopped waiting keeps its place, in the queue and inside, until it
ends. A thread pool behaves like this as well. So give the attempt itself a timeout, inside the bulkhead. And a bulkhead
of threads costs memory and switching, which one of semaphores (and this one) does not.

>>> from archlab.sim import Simulation, Station
>>> sim = Simulation(seed=1)
>>> reviews = Station(sim, "reviews", capacity=50)
>>> to_reviews = Bulkhead(sim, "to reviews", concurrent=2)
>>> calls = [to_reviews.call(lambda: reviews.serve(1.0)) for _ in range(3)]
>>> sim.run(until=0.5)
>>> reviews.busy, str(calls[2].value)
(2, 'to reviews: the bulkhead is full, nothing was tried')
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from archlab.sim.core.calendar import require_sim
from archlab.sim.failure import Failure, Refused
from archlab.sim.resilience.attempt import Attempt
from archlab.sim.servers.pool import Pool
from archlab.sim.servers.visit import Hold
from archlab.sim.validation import require_function, require_whole

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation


class BulkheadFull(Failure):
    """Too many attempts were under way, and no place to wait was free: nothing was done."""

    outcome = "bulkhead_full"
    what = "the bulkhead is full, nothing was tried"


class Bulkhead:
    """At most `concurrent` attempts at a time; at most `queue_limit` wait for their turn, first come first served.

    In the simulation it is a station of that name, with a server for each place: its samples and totals say how many
    places are taken, how many attempts wait, and how many were `refused`. An attempt that failed counts as `completed`
    there: it has left its place.

    Raises `ValueError` when an argument is not allowed or the name is taken.
    """

    def __init__(self, sim: Simulation, name: str, concurrent: int, queue_limit: int = 0) -> None:
        require_sim(sim)
        require_whole("concurrent", concurrent, at_least=1)
        require_whole("queue_limit", queue_limit, at_least=0)
        self.sim = sim
        self.name = name
        self.places = Pool(sim, name, capacity=concurrent, queue_limit=queue_limit)

    def call(self, attempt: Attempt) -> Event:
        """Start `attempt` when a place is free, and return the event of its outcome.

        The event fails with `BulkheadFull`, at once, when there is no place to wait either.
        """
        require_function("attempt", attempt)
        return self.sim.start(self._run(attempt))

    def _run(self, attempt: Attempt) -> Generator[Event, Any, Any]:
        with self.places.hold() as place:
            yield from self._enter(place)
            return (yield attempt())

    def _enter(self, place: Hold) -> Generator[Event, Any, None]:
        try:
            yield place
        except Refused:
            raise BulkheadFull(self.name) from None
