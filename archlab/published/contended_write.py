"""Many clients update one row at once, each with its own copy of it: what backoff and jitter are worth.

The row has a version. A client reads it, and writes with the version it has read; when somebody else was faster the
write fails and the client starts again (optimistic concurrency). With N clients only one of N can win each round, so
what counts is how many writes are in vain. This is the experiment of M. Brooker, *Exponential Backoff And Jitter*, AWS
Architecture Blog, 2015, with its parameters: messages take abs(Normal(10, 2)) ms one way, waits have a base of 5 ms
and a cap of 2 s. Only writes are counted as calls.

What this leaves out: the database answers in no time, however many ask. A real one slows down, so it errs in favour of
those who ask often.

>>> found = contended_write(seed=1, clients=10, strategy="full")
>>> found["calls"] >= 10, found["completed_s"] > 0.04
(True, True)
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import repeat
from typing import Any, Literal, get_args

from simpy.events import Event

from archlab.sim.resilience.backoff import Backoff, Jitter
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_whole

Strategy = Literal["none", "exponential", "full", "equal", "decorrelated"]
"""None: try again at once. Exponential: backoff without jitter. The others: backoff with that jitter."""

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
BASE_S, CAP_S = 0.005, 2.0
ONE_WAY_MEAN_S, ONE_WAY_SD_S = 0.010, 0.002


class Row:
    """A row of a database that is written only by those who have read it as it is."""

    def __init__(self) -> None:
        self.version = 0
        self.calls = 0

    def write(self, version_read: int) -> bool:
        """Write, and return whether it was accepted: whether nobody has written since it was read."""
        self.calls += 1
        accepted = version_read == self.version
        self.version += accepted
        return accepted


def contended_write(seed: int, clients: int, strategy: Strategy) -> dict[str, float]:
    """Let so many clients write one row, all from time 0, each until its write is accepted.

    Returns `calls`, the writes in all, and `completed_s`, when the last client has its answer.
    Raises `ValueError` for an unknown strategy, or when `clients` is not a whole number, 1 or more.
    """
    require_whole("clients", clients, at_least=1)
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy is {strategy!r}; it must be one of {', '.join(STRATEGIES)}")
    sim, row = Simulation(seed), Row()
    tasks = [sim.start(_update(sim, row, _delays(sim, number, strategy))) for number in range(clients)]
    sim.run(until=sim.all_of(tasks))
    return {"calls": float(row.calls), "completed_s": float(sim.now)}


def _update(sim: Simulation, row: Row, delays_s: Iterator[float]) -> Generator[Event, Any, None]:
    """Read, write, and start again until the write is accepted."""
    one_way = sim.stream("one way").normal
    accepted = False
    while not accepted:
        yield sim.timeout(abs(one_way(ONE_WAY_MEAN_S, ONE_WAY_SD_S)))
        version_read = row.version
        yield sim.timeout(
            abs(one_way(ONE_WAY_MEAN_S, ONE_WAY_SD_S)) + abs(one_way(ONE_WAY_MEAN_S, ONE_WAY_SD_S))
        )
        accepted = row.write(version_read)
        yield sim.timeout(abs(one_way(ONE_WAY_MEAN_S, ONE_WAY_SD_S)) + (0.0 if accepted else next(delays_s)))


def _delays(sim: Simulation, number: int, strategy: Strategy) -> Iterator[float]:
    """The waits of one client after writes in vain."""
    if strategy == "none":
        return repeat(0.0)
    jitter: Jitter = "none" if strategy == "exponential" else strategy
    first_s = BASE_S if strategy == "decorrelated" else 2 * BASE_S  # base * 2^n, with n from 1
    return Backoff(first_s, CAP_S, jitter).delays(sim.stream(f"client {number} backoff"))
