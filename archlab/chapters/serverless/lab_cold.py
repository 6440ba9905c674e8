"""A trace of arrivals for a function, and how many of them a platform would start an environment for.

Task 1 of lab 05. Every request runs for the same time, and every initialisation takes the same time, so that the answer
is a matter of counting. Real ones vary, and a real keep-alive does, too: then the same trace gives another share on
another day.

>>> Trace((0.0, 0.5, 100.0), run_s=1.0, init_s=0.2, keep_alive_s=60.0).cold_share()
1.0
>>> Trace((0.0, 5.0, 60.0), run_s=1.0, init_s=0.2, keep_alive_s=60.0).cold_share()
0.3333333333333333
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from simpy.events import Event

from archlab.sim.functions import CloudAccount, Function, Invocation
from archlab.sim.simulation import Simulation
from archlab.sim.validation import refuse, require_non_negative, require_positive

REQUESTS = 800
REQUESTS_A_PHASE = 8
GAPS_S = (0.5, 40.0, 350.0)
"""Means of the times between requests of a drawn trace: in a burst, on a usual day, at night."""


@dataclass(frozen=True)
class Trace:
    """When requests come, and what the platform does with them.

    Args:
        arrivals_s: in ascending order, in seconds.
        run_s: how long each request runs.
        init_s: how long a new environment is initialised, before its first request runs.
        keep_alive_s: for how long an idle environment is kept.
    """

    arrivals_s: Sequence[float] = field(repr=False)
    run_s: float
    init_s: float
    keep_alive_s: float

    def __post_init__(self) -> None:
        for name in ("run_s", "init_s", "keep_alive_s"):
            require_positive(name, getattr(self, name))
        for arrival_s in self.arrivals_s:
            require_non_negative("arrivals_s", arrival_s)
        if not self.arrivals_s or any(later < earlier for earlier, later in pairwise(self.arrivals_s)):
            refuse(ValueError, "arrivals_s", self.arrivals_s, "one or more, in ascending order")

    def cold_share(self) -> float:
        """Return the share of requests that wait for an initialisation, on the simulated platform."""
        sim = Simulation(seed=1)

        def run(invocation: Invocation) -> Generator[Event, None, None]:
            yield sim.timeout(self.run_s)

        many = CloudAccount(sim, concurrency=len(self.arrivals_s), scaling=None)
        function = Function(sim, "function", run, self.init_s, self.keep_alive_s, account=many)
        for arrival_s in self.arrivals_s:
            sim.call_at(arrival_s, function.invoke, None)
        sim.run()
        return function.cold / len(self.arrivals_s)


def drawn(random: np.random.Generator) -> Trace:
    """Return a trace in which requests overlap, come in bursts, and stay away for longer than a keep-alive.

    Some come so late that an environment is there only because it idles from the end of a request on.
    """
    run_s, init_s = float(random.uniform(1.0, 3.0)), float(random.uniform(1.5, 3.0))
    keep_alive_s = float(random.uniform(240, 420))
    phases_s = random.choice(GAPS_S, size=REQUESTS // REQUESTS_A_PHASE, p=[0.3, 0.6, 0.1])
    gaps_s = random.exponential(np.repeat(phases_s, REQUESTS_A_PHASE))
    late = random.random(REQUESTS) < 0.03
    gaps_s[late] = keep_alive_s + run_s * random.uniform(0.1, 0.9, size=late.sum())
    arrivals_s = tuple(float(at_s) for at_s in np.cumsum(gaps_s))
    return Trace(arrivals_s, run_s, init_s, keep_alive_s)


def told_apart(random: np.random.Generator) -> Trace:
    """Return a trace in which the order decides in which environments take requests, and in which they end.

    Each part begins with two environments. They idle at different times, then a pair comes when only one is left.
    """
    run_s, init_s = float(random.uniform(1.0, 3.0)), float(random.uniform(1.5, 3.0))
    keep_alive_s = float(random.uniform(240, 420))
    arrivals_s, now_s = [], 0.0
    for part in random.permutation([0, 1, 2] * 4):
        apart_s = run_s * random.uniform(0.3, 0.6)
        again_s = now_s + init_s + 3 * run_s + random.uniform(1, 60)
        late_s = keep_alive_s + run_s + apart_s * random.uniform(0.1, 0.5)
        arrivals_s += [now_s, now_s + apart_s, again_s]
        if part == 2:  # the older one is not used again, and ends first
            late_s += now_s + init_s
        else:  # both are used again, the newest first
            late_s += again_s
            arrivals_s += [again_s + apart_s]
        if part == 0:  # and the newest once more, so that none has ended
            arrivals_s += [again_s + random.uniform(5, 30) * run_s]
        arrivals_s += [late_s, late_s + apart_s * random.uniform(0.1, 0.4)]
        now_s = late_s + 2 * keep_alive_s + random.uniform(10, 100)
    return Trace(tuple(map(float, arrivals_s)), run_s, init_s, keep_alive_s)


def lonely(random: np.random.Generator) -> Trace:
    """Return three requests that are all cold."""
    keep_alive_s = float(random.uniform(240, 420))
    return Trace((0.0, 2 * keep_alive_s, 4 * keep_alive_s), 1.0, 2.0, keep_alive_s)
