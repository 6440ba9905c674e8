"""Hedged requests in batches: ask a second replica for each key that has not answered after a while.

J. Dean and L. A. Barroso, *The Tail at Scale* (2013): a read of 1,000 keys of a BigTable took 1,800 ms at the 99.9th
percentile. With a second request after 10 ms, for 2 % more requests, it took 74 ms.

**This is a calibration, not a prediction.** The three figures fix three points of the survival curve of one key: 2 %
take longer than 10 ms, 1 in 1,000 longer than 69 ms, 1 in a million longer than 1,800 ms (`KEY_S`). A model that is
fitted to three figures gives back three figures; that proves nothing. What it is good for is what nobody published:
the other percentiles, and what happens when the replicas are *not* independent. Of the percentiles, trust the 99th
more than the median: a hedged median hangs on how fast the fast keys are, which is a guess.

`correlation` is for that: with this probability the second replica is exactly as slow as the first, because the cause
is in the key or in something both share. It is the rank correlation of the two.

Keys do not wait for one another here, and hedges cost the servers nothing. So the gain is an upper bound: a busy
system that answers its own hedges late gains less, or loses.

>>> figures = model(seed=1, batches=2000)
>>> round(figures["plain_p999_s_formula"], 2), round(figures["hedged_p999_s_formula"], 3)
(1.8, 0.073)
>>> round(figures["extra_requests"], 3)
0.02
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.published.survival_curve import SurvivalCurve
from archlab.sim.core.streams import Streams
from archlab.sim.distributions import Values
from archlab.sim.resilience.hedging import Hedge
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_fraction, require_non_negative, require_percent, require_whole

KEYS = 1000
HEDGE_AFTER_S = 0.010
KEY_S = SurvivalCurve(((0.0008, 1.0), (0.010, 0.02), (0.069, 1e-3), (1.800, 1e-6)))
"""How long a key takes. The last three points are fitted; the first goes on from them, with the same steepness."""
PERCENTILES = {"p50_s": 50.0, "p99_s": 99.0, "p999_s": 99.9}
AT_ONCE = 1000
"""How many batches are drawn at a time, to keep the memory small."""


def model(
    seed: int,
    batches: int = 30_000,
    keys: int = KEYS,
    hedge_after_s: float = HEDGE_AFTER_S,
    correlation: float = 0.0,
) -> dict[str, float]:
    """Read `batches` batches of `keys` keys, plain and hedged, with the same luck.

    Returns `plain_` and `hedged_` `p50_s`, `p99_s` and `p999_s` (the 99.9th percentile), the latency of a batch, each
    with the formula's `..._formula` beside it, and `extra_requests`: hedges for each key.
    Raises `ValueError` when an argument is not allowed.
    """
    require_whole("batches", batches, at_least=1)
    streams = Streams(seed)
    plain_s, hedged_s, hedges = [], [], 0
    for start in range(0, batches, AT_ONCE):
        rows = min(AT_ONCE, batches - start)
        first_s, second_s = draw(streams, rows, keys, hedge_after_s, correlation)
        plain_s.append(first_s.max(axis=1))
        hedged_s.append(batch_s(first_s, second_s, hedge_after_s))
        hedges += int((first_s > hedge_after_s).sum())
    figures = _percentiles("plain", np.concatenate(plain_s), keys, KEY_S.survival)
    survival = hedged_survival(hedge_after_s, correlation)
    figures |= _percentiles("hedged", np.concatenate(hedged_s), keys, survival)
    return figures | {"extra_requests": hedges / (batches * keys)}


def draw(
    streams: Streams, batches: int, keys: int, hedge_after_s: float, correlation: float
) -> tuple[Values, Values]:
    """Draw how long the first and the second replica take for each key, two arrays of shape (batches, keys).

    The second is drawn only for keys that will ask it; for the others it stands as infinite.
    """
    require_whole("keys", keys, at_least=1)
    require_non_negative("hedge_after_s", hedge_after_s)
    require_fraction("correlation", correlation)
    first_s = KEY_S.sample(streams.stream("first replica"), batches * keys)
    hedged = np.flatnonzero(first_s > hedge_after_s)
    fresh_s = KEY_S.sample(streams.stream("second replica"), hedged.size)
    tied = streams.stream("what both share").random(hedged.size) < correlation
    second_s = np.full(first_s.size, np.inf)
    second_s[hedged] = np.where(tied, first_s[hedged], fresh_s)
    return first_s.reshape(batches, keys), second_s.reshape(batches, keys)


def batch_s(first_s: Values, second_s: Values, hedge_after_s: float) -> Values:
    """Return how long each batch takes until for every key one of its replicas has answered, shape (batches,)."""
    slowest: Values = np.minimum(first_s, hedge_after_s + second_s).max(axis=1)
    return slowest


def simulate(first_s: Values, second_s: Values, hedge_after_s: float) -> tuple[Values, int]:
    """The same, event by event, with the kit's `Hedge`: the time of each batch, and the number of hedges."""
    sim = Simulation(seed=0)  # all luck is in the arguments
    hedge = Hedge(sim, hedge_after_s)
    took_s = np.empty(len(first_s))

    def read_all() -> Generator[Event, Any, None]:
        for number, replicas in enumerate(zip(first_s.tolist(), second_s.tolist(), strict=True)):
            began_s = sim.now
            pairs = zip(*replicas, strict=True)
            yield sim.all_of(
                [hedge.call_each([_answer(sim, one), _answer(sim, other)]) for one, other in pairs]
            )
            took_s[number] = sim.now - began_s

    sim.run(until=sim.start(read_all()))
    return took_s, hedge.hedges


def _answer(sim: Simulation, after_s: float) -> Callable[[], Event]:
    return lambda: sim.timeout(after_s)


def hedged_survival(hedge_after_s: float, correlation: float) -> Callable[[float], float]:
    """Return the probability, as a function of the time, that a hedged key takes longer.

    Tied replicas: that of one. Independent ones: both must be late, the second by what is left after its start.
    """
    require_non_negative("hedge_after_s", hedge_after_s)
    require_fraction("correlation", correlation)

    def survival(time_s: float) -> float:
        second = KEY_S.survival(time_s - hedge_after_s)
        return KEY_S.survival(time_s) * (correlation + (1 - correlation) * second)

    return survival


def batch_percentile(survival: Callable[[float], float], keys: int, q: float) -> float:
    """Return the time that `q` percent of batches do not exceed: that at which a key has 1 - (q/100)^(1/keys) left."""
    from scipy.optimize import brentq  # SciPy is loaded when it is used: that takes a while

    require_whole("keys", keys, at_least=1)
    require_percent("q", q)
    left = -np.expm1(np.log(q / 100) / keys)
    return float(np.exp(brentq(lambda log_s: survival(np.exp(log_s)) - left, np.log(1e-4), np.log(1e4))))


def _percentiles(
    name: str, took_s: Values, keys: int, survival: Callable[[float], float]
) -> dict[str, float]:
    figures = {}
    for which, q in PERCENTILES.items():
        figures[f"{name}_{which}"] = float(np.percentile(took_s, q))
        figures[f"{name}_{which}_formula"] = batch_percentile(survival, keys, q)
    return figures
