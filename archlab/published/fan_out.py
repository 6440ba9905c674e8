"""Fan-out: a request asks many leaves at the same time and waits for the slowest.

When one leaf in a hundred is slow, a request that asks a hundred of them is nearly always slow. That is the opening
example of J. Dean and L. A. Barroso, *The Tail at Scale* (2013): 100 servers that each take longer than 1 s for one
request in 100 make 63 % of the requests take longer than 1 s; 2,000 servers and one request in 10,000, "almost one in
five".

The leaves here are independent, and never queue. In real systems they are slow together (a busy network, a burst that
hits all) and wait for one another. Being slow together makes *fewer* requests slow than this says, since bad luck
comes in lumps; queues make more. See `archlab.published.leaf_latency` for what independence can and cannot explain.

>>> figures = model(seed=1, leaves=100, slow_share=0.01, requests=500)
>>> round(figures["slow_share_formula"], 3), abs(figures["slow_share"] - 0.634) < 0.06
(0.634, True)
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from simpy.events import Event

from archlab.sim.distributions import Distribution, Empirical, Values
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_fraction, require_percent, require_positive, require_whole

USUAL_S, SLOW_S = 0.010, 1.0
"""How long a leaf takes usually and when it is slow: the article's example."""
AT_ONCE = 2_000_000
"""How many leaves are drawn at a time, to keep the memory small."""


def model(
    seed: int,
    leaves: int = 100,
    slow_share: float = 0.01,
    requests: int = 2000,
    usual_s: float = USUAL_S,
    slow_s: float = SLOW_S,
) -> dict[str, float]:
    """Send `requests` one after the other to `leaves` leaves at a time and wait for all: SimPy's `AllOf`.

    Returns `slow_share` and `slow_share_formula`, the requests that met a slow leaf, and `p50_s`, `p99_s`
    with `p50_s_formula`, `p99_s_formula`, the latency of a request.
    Raises `ValueError` when an argument is not allowed.
    """
    leaf = leaf_s(slow_share, usual_s, slow_s)
    slowest_s = simulate(seed, leaf, leaves, requests)
    figures = {
        "slow_share": float(np.mean(slowest_s >= slow_s * (1 - 1e-9))),
        "slow_share_formula": slow_requests(slow_share, leaves),
    }
    for q in (50, 99):
        figures[f"p{q}_s"] = float(np.percentile(slowest_s, q, method="inverted_cdf"))
        figures[f"p{q}_s_formula"] = slowest_percentile(leaf, leaves, q)
    return figures


def leaf_s(slow_share: float, usual_s: float = USUAL_S, slow_s: float = SLOW_S) -> Distribution:
    """A leaf that takes `usual_s`, or `slow_s` with the probability `slow_share`."""
    require_fraction("slow_share", slow_share)
    require_positive("usual_s", usual_s)
    require_positive("slow_s", slow_s)
    if not slow_s > usual_s:
        raise ValueError(f"slow_s is {slow_s}; it must be above usual_s, which is {usual_s}")
    return Empirical([usual_s, slow_s], weights=[1 - slow_share, slow_share])


def simulate(seed: int, leaf: Distribution, leaves: int, requests: int) -> Values:
    """Return how long each request waited for the slowest of its leaves, in seconds, shape (requests,)."""
    require_whole("leaves", leaves, at_least=1)
    require_whole("requests", requests, at_least=1)
    sim = Simulation(seed)
    answer_s = sim.draws("leaf", leaf)
    took_s = np.empty(requests)

    def ask_all() -> Generator[Event, None, None]:
        for number in range(requests):
            asked_s = sim.now
            yield sim.all_of([sim.timeout(answer_s()) for _ in range(leaves)])
            took_s[number] = sim.now - asked_s

    sim.run(until=sim.start(ask_all()))
    return took_s


def slowest(rng: np.random.Generator, leaf: Distribution, leaves: int, requests: int) -> Values:
    """The same as `simulate` without a simulation, for thousands of leaves: the largest of each row of draws."""
    require_whole("leaves", leaves, at_least=1)
    require_whole("requests", requests, at_least=1)
    rows = max(1, AT_ONCE // leaves)
    sizes = [min(rows, requests - start) for start in range(0, requests, rows)]
    return np.concatenate([leaf.sample(rng, n * leaves).reshape(n, leaves).max(axis=1) for n in sizes])


def slow_requests(slow_share: float, leaves: int) -> float:
    """Return the share of requests with a slow leaf among `leaves` independent ones: 1 - (1 - slow_share)^leaves."""
    require_fraction("slow_share", slow_share)
    require_whole("leaves", leaves, at_least=1)
    return float(-np.expm1(leaves * np.log1p(-slow_share))) if slow_share < 1 else 1.0


def slowest_percentile(leaf: Distribution, leaves: int, q: float) -> float:
    """Return the `q`-th percentile of the slowest of independent leaves: that at which each has (q/100)^(1/leaves).

    The median over 100 leaves is thus the leaf's percentile 99.31: what users see is the tail of the leaf.
    """
    require_percent("q", q)
    require_whole("leaves", leaves, at_least=1)
    return leaf.percentile(100 * (q / 100) ** (1 / leaves))
