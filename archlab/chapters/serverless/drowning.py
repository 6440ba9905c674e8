"""The database behind does not scale with you: the shop of functions under more load than its database bears.

Functions start as many environments as there are requests inside, and each holds a connection. When the database is
slow, requests stay longer, so there are more of them, more connections, and the sessions slow one another: until no
connection is left. Two remedies: a *pool* in front of the database, in which environments wait for one of few sessions;
and a *brake*, reserved concurrency, with which what is too much is told 429 at once. Beside them stands a monolith in
two copies, whose workers are few by nature, on the same database.

Queries take 20 ms here, forty times as long as usual, so that a small load is much. The first ten seconds are not
counted: a queue needs time to show that it grows, and by then it has.

In the end the database idles and hardly anybody is served: an environment without a connection fails at once, is idle
again, and gets the next request, since a platform takes the newest idle one; those that hold the connections get none.
A platform that takes the oldest one would serve some, so this errs against functions without a pool or a brake.

What this leaves out: clients that try again, which makes it worse in all four. A load a little above what the database
can do drowns it later than is seen here, so the limits are somewhat too high.

>>> in_time("functions", seed=1, rate_per_s=25.0) > 0.9, in_time("functions", seed=1, rate_per_s=75.0) < 0.3
(True, True)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import joblib
import pandas as pd

from archlab.course.claims import (
    Assumption,
    Evidence,
    Limit,
    OverSeeds,
    Verdict,
    bisect,
    holds_up_to,
    settles,
)
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import about, number, percent
from archlab.course.style import LAB, Size, look_of, variants
from archlab.shop.architecture import Architecture
from archlab.shop.monolithic import Monolith, MonolithConfig
from archlab.shop.serverless import Serverless, ServerlessConfig
from archlab.sim.distributions import Exponential
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.result import Result
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive
from archlab.sim.workload import Mix, Poisson

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

QUERY_MS, CONNECTIONS = 20.0, 100
QUERY_S = QUERY_MS / 1000
BRAKE = {"browse": 20, "place_order": 10}
MIX = Mix(browse=0.9, place_order=0.1)
PROMISE_S, ENOUGH = 1.0, 0.95
SECONDS, COUNTED_FROM_S = 20.0, 10.0
"""How long a run takes, and from when on requests are counted."""
LOADS_PER_S = (25.0, 40.0, 50.0, 60.0, 75.0)
USUAL_PER_S = 25.0
"""The load at which the query that flips the verdict is looked for. Assumptions, all of these."""
SEEDS = range(10)


def _functions(sim: Simulation, query_s: float, **settings: Any) -> Architecture:
    return Serverless(
        sim, ServerlessConfig(query_s=Exponential(query_s), connections=CONNECTIONS, **settings)
    )


def _monolith(sim: Simulation, query_s: float) -> Architecture:
    return Monolith(sim, MonolithConfig(query_s=Exponential(query_s), clones=2))


WAYS: Mapping[str, Callable[[Simulation, float], Architecture]] = {
    "functions": _functions,
    "with a pool": partial(_functions, connection_pool=True),
    "with a brake": partial(_functions, reserved=BRAKE),
    "a monolith": _monolith,
}
"""A name -> how its shop is built."""


def run(
    way: str, seed: int, rate_per_s: float, query_s: float = QUERY_S, seconds: float = SECONDS
) -> tuple[Result, nx.DiGraph]:
    """Let a load come to a shop suddenly. Returns the run and the shop's picture.

    Raises `ValueError` when an argument is not allowed.
    """
    result, shop = _run(way, seed, rate_per_s, query_s, seconds)
    return result, shop.topology()


def _run(
    way: str, seed: int, rate_per_s: float, query_s: float, seconds: float = SECONDS
) -> tuple[Result, Architecture]:
    require_one_of("way", way, tuple(WAYS))
    require_positive("rate_per_s", rate_per_s)
    sim = Simulation(seed)
    shop = WAYS[way](sim, query_s)
    sim.open_load(Poisson(rate_per_s), shop.handle, mix=MIX)
    return sim.measure(seconds, sample_every_s=seconds / 60), shop


def in_time(way: str, seed: int, rate_per_s: float, query_s: float = QUERY_S) -> float:
    """Return the share of requests that are answered well within `PROMISE_S`, of those that are counted and came early
    enough.
    """
    rows = _run(way, seed, rate_per_s, query_s)[0].requests
    known = rows[rows.arrived_s.between(COUNTED_FROM_S, SECONDS - PROMISE_S)]
    return float(((known.outcome == OK) & (known.latency_s <= PROMISE_S)).mean())


def by_load(loads: Sequence[float] = LOADS_PER_S, seed: int = 1) -> pd.DataFrame:
    """Return a row for each way and load: `way`, `rate_per_s`, `in_time`."""
    cases = [(way, load) for way in WAYS for load in loads]
    shares = in_parallel(joblib.delayed(in_time)(way, seed, load) for way, load in cases)
    return pd.DataFrame(cases, columns=["way", "rate_per_s"]).assign(in_time=shares)


# The claim ---------------------------------------------------------------------------------------------------


def _kept(seed: int, rate_per_s: float, way: str) -> float:
    return in_time(way, seed, rate_per_s) - ENOUGH


def _kept_with(seed: int, query_ms: float) -> float:
    return in_time("functions", seed, USUAL_PER_S, query_ms / 1000) - ENOUGH


def figures(seeds: Iterable[int] = SEEDS) -> dict[str, float]:
    """Return the figures of `what_is_behind`, by their names."""
    chosen = list(seeds)
    beyond = {way: _beyond(way, chosen) for way in WAYS}
    return {
        "bears_up_to_per_s": bears_up_to("functions", chosen),
        "monolith_up_to_per_s": bears_up_to("a monolith", chosen),
        "up_to_query_ms": bisect(_kept_with, (20.0, 60.0), "up to", chosen, tolerance=10.0),
        "functions_beyond": beyond["functions"],
        "pool_beyond": beyond["with a pool"],
        "brake_beyond": beyond["with a brake"],
        "monolith_beyond": beyond["a monolith"],
    }


def bears_up_to(way: str, seeds: Iterable[int] = SEEDS) -> Limit:
    """Return up to how many requests a second the database behind one of `WAYS` bears."""
    return bisect(partial(_kept, way=way), (25.0, 65.0), "up to", seeds, tolerance=10.0)


def _beyond(way: str, seeds: Sequence[int]) -> OverSeeds:
    return OverSeeds(in_parallel(joblib.delayed(in_time)(way, seed, LOADS_PER_S[-1]) for seed in seeds))


SAYS = {
    "bears_up_to_per_s": "requests a second up to which 95 of 100 are answered in time",
    "monolith_up_to_per_s": "the same for the monolith",
    "up_to_query_ms": "ms that a query may take for that at 25 a second",
    "functions_beyond": "answered in time at 75 a second",
    "pool_beyond": "the same with a pool in front of the database",
    "brake_beyond": "the same with reserved concurrency",
    "monolith_beyond": "the same on a monolith in two copies",
}


@settles("pros.auto-scaling", evidence=Evidence.SIMULATED, says=SAYS)
def what_is_behind(
    bears_up_to_per_s: float,
    monolith_up_to_per_s: float,
    up_to_query_ms: float,
    functions_beyond: float,
    pool_beyond: float,
    brake_beyond: float,
    monolith_beyond: float,
) -> Verdict:
    """Holds up to the load that the database behind the functions bears: {ENOUGH} of the requests answered within
    {PROMISE_S} s, with queries of {QUERY_MS} ms; the query that flips it is looked for at {USUAL_PER_S} a second. Above
    it the scaling harms, and what is left of it stands there beside a pool, a brake and a monolith.
    """
    query = Assumption(
        "a query",
        QUERY_MS,
        up_to_query_ms,
        "ms",
        when=f"a query takes at most {{flips_at}} at {number(USUAL_PER_S)} requests a second",
    )
    beyond = (
        f"{percent(float(functions_beyond))} are in time, with a pool {percent(float(pool_beyond))}, with a brake "
        f"{percent(float(brake_beyond))}, on a monolith {percent(float(monolith_beyond))}"
    )
    alone = about(float(monolith_up_to_per_s))
    unit = (
        f"requests a second, which the database bears (behind a monolith {alone}; at {number(LOADS_PER_S[-1])} "
        f"{beyond})"
    )
    return holds_up_to(bears_up_to_per_s, unit, decided_by=query)


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the share that is answered in time against the load, for each way."""
    looks = dict(variants("serverless", [way for way in WAYS if way != "a monolith"]))
    monolith = look_of("monolithic")
    assert monolith is not None
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for way, rows in table.groupby("way", sort=False):
            line = draw_with_band(panel, rows, "rate_per_s", "in_time", looks.get(str(way), monolith))
            drawing.name_end(panel, line, str(way))
        scale(panel, log=False)
        panel.yaxis.set_major_formatter(lambda value, _: percent(value))
        panel.set_xlabel("Requests a second")
        panel.set_ylabel(f"Answered within {number(PROMISE_S)} s")
    alt = " ".join(in_words(str(way), rows.rate_per_s, rows.in_time) for way, rows in table.groupby("way"))
    return Picture(drawing.figure, f"{title}. {alt}")
