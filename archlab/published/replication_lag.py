"""How far copies are behind, and how often a reader notices: Facebook's TAO (2013) and what was found in it (2015).

Copies in other regions were less than a second behind for 85 % of the time, less than 3 s for 99 %, less than 10 s for
99.8 % (`data/tao.csv`). An exponential distribution through the first point says 3.3 s where 10 were measured: the tail
is heavier. A log-normal one misses no share of what is later by more than about a factor of two.

Two questions are asked of the same lag. *Anybody's read*: writes of a thing come at random (Poisson) at the rate w, and
each is seen L seconds later. A read at any moment is stale when some write is under way. Their number is that of an
M/G/infinity queue, so the probability is 1 - exp(-w E[L]): of the lag only its mean counts. *One's own read*, d seconds
after one's own write, is stale when that write takes longer: P(L > d). With this lag one in seven is, after a second.
So "four reads in a million were stale" and "I do not see my own change" are both true.

The four in a million follow when a thing is written once in a day and a half on average. That rate is not published;
it is what the two figures together ask for. It is our use of their figures.

What this leaves out: who writes, reads: a session that stays with one cache sees its own writes, which is how Facebook
did it. And writes that overtake one another.

>>> round(float(lag().percentile(99)), 1), round(1e6 * stale_share(1 / (1.5 * 86_400)), 1)
(4.2, 4.1)
"""

from __future__ import annotations

import numpy as np

from archlab.data import load
from archlab.sim.distributions import Distribution, Lognormal
from archlab.sim.validation import require_non_negative, require_positive, require_whole

DAY_S = 86_400


def published() -> dict[float, float]:
    """Return seconds -> the share of the time in which the lag was less, as published."""
    rows = load("tao").query("what == 'replication lag'")
    return {float(at): float(share) for at, share in zip(rows["at"], rows["value"], strict=True)}


def lag() -> Lognormal:
    """Return the log-normal lag through the published points, by least squares of their logarithms."""
    from scipy.special import ndtri  # SciPy is loaded when it is used: that takes a while

    seconds, shares = (np.array(values) for values in zip(*published().items(), strict=True))
    spread, middle = np.polyfit(ndtri(shares), np.log(seconds), 1)
    return Lognormal(median=float(np.exp(middle)), sigma=float(spread))


def exponential_s(share: float) -> float:
    """Return the quantile of the exponential lag that goes through the first published point."""
    seconds, first = next(iter(published().items()))
    return float(np.log1p(-share) * seconds / np.log1p(-first))


def stale_share(writes_per_s: float, lag_s: Distribution | None = None) -> float:
    """Return the probability that a read at any moment is stale. `lag_s`: None: the published one."""
    require_non_negative("writes_per_s", writes_per_s)
    return float(-np.expm1(-writes_per_s * (lag() if lag_s is None else lag_s).mean))


def writes_per_s_for(stale: float) -> float:
    """Return how often a thing is written about for this share of stale reads."""
    require_positive("stale", stale)
    return float(-np.log1p(-stale) / lag().mean)


def own_stale_share(after_s: float) -> float:
    """Return the probability that one does not see one's own write, so long after it."""
    from scipy.special import ndtr

    require_positive("after_s", after_s)
    return float(ndtr(-np.log(after_s / lag().median) / lag().sigma))


def simulated_stale_share(
    seed: int, writes_per_s: float, lag_s: Distribution, reads: int = 20_000, reads_per_s: float = 10.0
) -> float:
    """Return the share of random reads that are stale, from writes and reads one by one.

    It starts from nothing, which matters for the first of them alone.
    """
    require_whole("reads", reads, at_least=1)
    random = np.random.default_rng(seed)
    end_s = reads / reads_per_s
    written_s = np.sort(random.uniform(0, end_s, random.poisson(writes_per_s * end_s)))
    seen_s = written_s + lag_s.sample(random, len(written_s))
    read_s = random.uniform(0, end_s, reads)
    behind = np.searchsorted(written_s, read_s) - np.searchsorted(np.sort(seen_s), read_s)
    return float((behind > 0).mean())
