"""Something to play with first: one server, and a load that the reader turns while it works.

Candidates for requests come at the highest rate there is, and of each a lottery says whether it comes. So the same
seed meets the same candidates with the same work whatever the load: who turns it up only adds customers.

>>> calm, crowded = (ServerUnderHand(seed=1) for _ in range(2))
>>> calm.advance(load_percent=50, seconds=60)
>>> crowded.advance(load_percent=110, seconds=60)
>>> calm.moment(50).waiting < crowded.moment(110).waiting
True
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import Any

from simpy.events import Event

from archlab.course.toy import Moment, Toy
from archlab.sim.distributions import Exponential
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_positive

SERVICE_S = 0.2
"""Mean work for a request: long enough to be watched."""
MOST_PERCENT = 120
LAST_ANSWERS = 20
"""The mean time of so many answers is shown."""


class ServerUnderHand:
    """One server that works on, with a load that may change at any time.

    Raises:
        ValueError: when the mean service time is not above 0.
    """

    def __init__(self, seed: int = 1, service_s: float = SERVICE_S) -> None:
        require_positive("service_s", service_s)
        self._sim = Simulation(seed)
        self._server = Station(self._sim, "server", capacity=1)
        self._gap_s = self._sim.draws("candidates", Exponential(100 * service_s / MOST_PERCENT))
        self._work_s = self._sim.draws("service time", Exponential(service_s))
        self._lottery = self._sim.stream("lottery")
        self._load_percent, self._came, self._came_before, self._answered = 0.0, 0, 0, 0
        self._spent_s: deque[float] = deque(maxlen=LAST_ANSWERS)
        self._sim.start(self._come())

    def advance(self, load_percent: float, seconds: float) -> None:
        """Go on for some simulated seconds at this load, in per cent of what the server can do.

        Raises:
            ValueError: when the load is not from 0 to 120, or the time is not above 0.
        """
        require_non_negative("load_percent", load_percent)
        if load_percent > MOST_PERCENT:
            raise ValueError(f"load_percent is {load_percent}; it must be at most {MOST_PERCENT}")
        require_positive("seconds", seconds)
        self._load_percent, self._came_before = load_percent, self._came
        self._sim.run(until=self._sim.now + seconds)

    def moment(self, load_percent: float) -> Moment:
        """Return what is to be seen now."""
        spent_s = list(self._spent_s)
        return Moment(
            time_s=float(self._sim.now),
            load_percent=load_percent,
            waiting=self._server.queue_length,
            came_now=self._came - self._came_before,
            is_busy=self._server.busy > 0,
            came=self._came,
            answered=self._answered,
            spent_s=sum(spent_s) / len(spent_s) if spent_s else None,
        )

    def _come(self) -> Generator[Event, Any, None]:
        while True:
            yield self._sim.timeout(self._gap_s())
            work_s, ticket = self._work_s(), self._lottery.random()
            if MOST_PERCENT * ticket < self._load_percent:
                self._came += 1
                self._sim.start(self._serve(work_s))

    def _serve(self, work_s: float) -> Generator[Event, Any, None]:
        arrived_s = self._sim.now
        yield self._server.serve(work_s)
        self._answered += 1
        self._spent_s.append(self._sim.now - arrived_s)


def queue_toy(seed: int = 1) -> Toy:
    """Return one server with a slider for its load. Make it the last line of a cell.

    The dots are requests. Raises `ValueError` for a negative seed.
    """
    return Toy(
        lambda: ServerUnderHand(seed),
        "One server, 0.2 s of work for a request. Turn up the load, and watch who waits",
        load_percent=(0, MOST_PERCENT, 60),
    )
