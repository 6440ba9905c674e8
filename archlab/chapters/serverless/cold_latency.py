"""Does a cold start break a promise? A function that is seldom called, with a promise to 99 of 100 customers.

Requests come as a Poisson process, so that 99 of 100 are warm when enough of them come to keep an environment. A slower
initialisation breaks more promises, and an environment kept ready (`provisioned`) breaks none, as long as two requests
seldom meet. A server that is always on is never cold; the cheapest one and one environment kept ready have a price.

What this leaves out: requests that come in bursts are cold more often; and a deployment makes all of them cold.

>>> late_share(seed=1, per_hour=5.0) > 0.3, late_share(seed=1, per_hour=5.0, provisioned=1) < 0.01
(True, True)
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import joblib
import numpy as np
from simpy.events import Event

from archlab.course.claims import (
    Assumption,
    Evidence,
    Limit,
    OverSeeds,
    Verdict,
    bisect,
    holds_if,
    holds_up_to,
    settles,
)
from archlab.course.explorer import Curve, Panel, Reading
from archlab.course.quantity import about, number
from archlab.data import load
from archlab.shop.architecture import HOURS_PER_MONTH
from archlab.sim.billing import in_provisioned, provisioned, total_usd
from archlab.sim.distributions import Distribution, Lognormal
from archlab.sim.functions import Function, Invocation
from archlab.sim.functions.runtimes import keep_alive_s, with_libraries_s
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole
from archlab.sim.workload import Poisson

PROMISE_S = 1.0
"""Within so long 99 of 100 customers have their answer: one second is about what leaves a user's thought alone."""
LATE = 0.01
"""So many answers may come later. Who promises that one in a hundred may be slow is a usual shop."""
MEDIAN_RUN_S = 0.1
RUN_S = Lognormal.from_median_p99(median=MEDIAN_RUN_S, p99=0.4)
"""A warm request. An assumption, like the shop's payment provider."""
INIT_S = with_libraries_s("14 MB")
"""A package with libraries, measured in 2021 as the time of a cold request, so that its run counts twice, by about
0.1 s. Real systems stand on both sides: one that imports nothing takes 0.085 s (Python, 2026), one of 35 MB took 3.9
s."""
KEPT, KEPT_LONGER = keep_alive_s("January 2021"), keep_alive_s("August 2019")
MEMORY_MB = 512
SELDOM_PER_HOUR = 10.0
"""The load at which the initialisation that flips the verdict is looked for."""
REQUESTS = 2000
SEEDS = range(10)


def late_share(
    seed: int,
    per_hour: float,
    init_s: float | Distribution = INIT_S,
    kept_s: float | Distribution = KEPT,
    provisioned: int = 0,
    requests: int = REQUESTS,
) -> float:
    """Return the share of requests whose answer comes later than `PROMISE_S`.

    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("per_hour", per_hour)
    require_whole("requests", requests, at_least=1)
    taken_s, _ = _lived(seed, per_hour, init_s, kept_s, provisioned, requests)
    return float(np.mean(taken_s > PROMISE_S))


def _lived(
    seed: int,
    per_hour: float,
    init_s: float | Distribution,
    kept_s: float | Distribution,
    provisioned: int,
    requests: int,
) -> tuple[np.ndarray, Function]:
    """Run a function under Poisson arrivals; return how long each request took, in seconds, and the function."""
    sim = Simulation(seed)
    draw_s, taken_s = sim.durations("runs", "run_s", RUN_S), []

    def serve(_: Invocation) -> Generator[Event, None, None]:
        yield sim.timeout(draw_s())

    function = Function(sim, "page", serve, init_s, kept_s, MEMORY_MB, provisioned=provisioned)

    def handle(_: Request) -> Generator[Event, object, None]:
        asked_s = sim.now
        yield function.invoke()
        taken_s.append(sim.now - asked_s)

    sim.open_load(Poisson(per_hour / 3600), handle)
    sim.run(until=3600 * requests / per_hour)
    return np.array(taken_s), function


# The claim ---------------------------------------------------------------------------------------------------


def _broken(seed: int, per_hour: float) -> float:
    return late_share(seed, per_hour) - LATE


def _broken_by(seed: int, init_s: float) -> float:
    return late_share(seed, SELDOM_PER_HOUR, init_s, requests=600) - LATE


def broken_up_to(seeds: Iterable[int] = SEEDS) -> Limit:
    """Return up to how many requests an hour the promise is broken when nothing is provisioned."""
    return bisect(_broken, (10.0, 200.0), "up to", seeds, tolerance=0.04, log=True)


def _broken_longer(seed: int, per_hour: float) -> float:
    return late_share(seed, per_hour, kept_s=KEPT_LONGER) - LATE


def kept_longer_up_to(seeds: Iterable[int] = SEEDS) -> Limit:
    """Return the same with the keep-alive of August 2019."""
    return bisect(_broken_longer, (10.0, 200.0), "up to", seeds, tolerance=0.1, log=True)


def broken_from_init_s(seeds: Iterable[int] = SEEDS) -> Limit:
    """Return from which initialisation on the promise is broken at `SELDOM_PER_HOUR`."""
    return bisect(_broken_by, (0.1, 1.6), "from", seeds, tolerance=0.05)


def kept_ready_late(seeds: Iterable[int] = SEEDS) -> OverSeeds:
    """Return the share that comes late at `SELDOM_PER_HOUR` with one environment kept ready."""
    one = partial(late_share, per_hour=SELDOM_PER_HOUR, provisioned=1)
    return OverSeeds(in_parallel(joblib.delayed(one)(seed) for seed in seeds))


def ready_usd_per_month() -> float:
    """Return what a month with one environment kept ready costs, at `SELDOM_PER_HOUR`."""
    hour = provisioned(1, 3600, MEMORY_MB) + in_provisioned(SELDOM_PER_HOUR, RUN_S.mean, MEMORY_MB)
    return total_usd(hour) * HOURS_PER_MONTH


def cheapest_usd_per_month() -> float:
    """Return what a month of a t3.medium costs, the smallest machine of which we have a price; clouds have smaller."""
    prices = load("prices")
    return float(prices[prices.per == "hour"].price_usd.min() * HOURS_PER_MONTH)


def figures(seeds: Iterable[int] = SEEDS) -> dict[str, float]:
    """Return the figures of `cold_start_latency`, by their names."""
    return {
        "broken_up_to_per_hour": broken_up_to(seeds),
        "kept_longer_up_to_per_hour": kept_longer_up_to(seeds),
        "broken_from_init_s": broken_from_init_s(seeds),
        "kept_ready_late": kept_ready_late(seeds),
        "kept_ready_usd": ready_usd_per_month(),
        "server_usd": cheapest_usd_per_month(),
    }


SAYS = {
    "broken_up_to_per_hour": "requests an hour up to which the promise is broken",
    "kept_longer_up_to_per_hour": "the same where idle environments are kept 10 minutes",
    "broken_from_init_s": "the initialisation from which on it is, in seconds",
    "kept_ready_late": "late requests with one environment kept ready",
    "kept_ready_usd": "a month of that, in US dollars",
    "server_usd": "a month of a t3.medium, in US dollars",
}


@settles("cons.cold-start-latency", evidence=Evidence.SIMULATED, says=SAYS)
def cold_start_latency(
    broken_up_to_per_hour: float,
    kept_longer_up_to_per_hour: float,
    broken_from_init_s: float,
    kept_ready_late: float,
    kept_ready_usd: float,
    server_usd: float,
) -> Verdict:
    """Holds up to the load at which more than {LATE} of the answers come later than {PROMISE_S} s, if nothing is
    provisioned. Requests come at random and run for about {MEDIAN_RUN_S} s; an initialisation takes {INIT_S} s. What
    takes less breaks no promise at {SELDOM_PER_HOUR} requests an hour. Beside it stand one environment kept ready and a
    server.
    """
    init = Assumption(
        "an initialisation",
        INIT_S,
        broken_from_init_s,
        "s",
        when="an initialisation takes {flips_at} or more",
    )
    cure = "ends" if kept_ready_late <= LATE else "does not end"
    unit = (
        f"requests an hour, if nothing is provisioned (with the longer keep-alive of before "
        f"{about(float(kept_longer_up_to_per_hour))}; one environment kept ready {cure} it, for "
        f"{number(round(kept_ready_usd, 1))} USD a month; a t3.medium costs {number(round(server_usd))})"
    )
    if broken_from_init_s > INIT_S:
        return holds_if(False, decided_by=init)
    return holds_up_to(broken_up_to_per_hour, unit, decided_by=init)


# The explorer ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tried:
    """A run of the explorer: what each request took, in seconds, and the function."""

    taken_s: np.ndarray
    cold_share: float
    instances: float


def cold_starts(per_hour: float, keep_alive_min: float, init_s: float, seed: int = 1) -> Tried:
    """Run 2,000 requests of a function. Raises `ValueError` when an argument is not allowed."""
    taken_s, function = _lived(seed, per_hour, init_s, 60 * keep_alive_min, 0, requests=2000)
    return Tried(taken_s, function.cold / function.invocations, function.instance_s / function.sim.now)


@dataclass(frozen=True)
class TimesOfRequests:
    """How long requests take: the share of them that takes longer than each time."""

    panels: ClassVar = (Panel("Time [s]", "Share of requests that take longer", log_y=True),)

    def read(self, answer: Tried) -> Reading:
        times_s = np.sort(answer.taken_s)
        longer = 1 - np.arange(len(times_s)) / len(times_s)
        figures: dict[str, float | str] = {
            "cold": f"{answer.cold_share:.2%}",
            "median_ms": float(1000 * np.median(times_s)),
            "p99_ms": float(1000 * np.percentile(times_s, 99)),
            "environments": f"{answer.instances:.2f}",
        }
        return Reading((Curve(0, "requests", times_s, longer, steps=True),), figures)
