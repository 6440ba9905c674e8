"""The mean-field limit of the power of two choices: what few servers say about many.

Each of n servers has a queue. Customers come at rate n times `utilisation`, service takes 1 s on average, both at
random, and a customer joins the shortest of `choices` queues drawn at random. All servers are alike, so it is enough to
count: let s(k) be the share of servers with k customers or more. With endlessly many servers luck cancels, and what is
left is a differential equation (N. Vvedenskaya, R. Dobrushin, F. Karpelevich, *Queueing System with Selection of the
Shortest of Two Queues*, 1996; M. Mitzenmacher, *The Power of Two Choices in Randomized Load Balancing*, 2001):

    ds(k)/dt = utilisation (s(k-1)^choices - s(k)^choices) - (s(k) - s(k+1)),    s(0) = 1

The first part are customers who join a server with k - 1 of them, the second those who leave one with exactly k. Its
fixed point is `archlab.published.power_of_two.limit`. How far n servers are from it on average falls as 1/n (N. Gast,
*Expected Values Estimated via Mean-Field Approximation are 1/N-Accurate*, 2017): so a run of a hundred servers, and one
of two hundred, say what a million do. The longer after the start, the larger the error: chance adds up.

`crowd` runs the same chain for a finite number of servers, by uniformization: at rate n (1 + utilisation) something may
happen, an arrival with probability utilisation / (1 + utilisation), else the end of a service at a random server, if it
has one. It keeps the counts of servers and not the servers, for many runs side by side.

It leaves out what is not alike: a server that is slow, a network, a database that all share. There more servers make
another system, and no limit of this kind says which.

>>> equation = in_the_limit(until_s=200.0)
>>> from archlab.published.power_of_two import limit
>>> abs(equation - 0.9 * limit(0.9, choices=2)) < 1e-6
True
>>> mean, half = expected(crowd(seed=1, servers=10, runs=500))
>>> mean - half > in_the_limit()
True
"""

from __future__ import annotations

from collections.abc import Iterable

import joblib
import numpy as np
import pandas as pd

from archlab.sim.parallel import in_parallel
from archlab.sim.validation import require_positive, require_whole

LONGEST = 60
"""Longer queues are not counted: with two choices and less than 0.99 of the load no one ever sees them."""
UNTIL_S = 10.0
SERVERS = (10, 30, 100, 300, 1000)
RUNS = 2500
MEMORIES_S = (3.0, 30.0)
"""How long it matters that more came than usual: two guesses. They change how wide an interval is, and no mean."""


def in_the_limit(utilisation: float = 0.9, choices: int = 2, until_s: float = UNTIL_S) -> float:
    """Return how many customers a server has on average, `until_s` seconds after all were empty, with endlessly many.

    It is the sum of s(k), k from 1, of the differential equation above. Raises `ValueError` when an argument is not
    allowed.
    """
    _require(utilisation, choices, until_s)

    from scipy.integrate import solve_ivp  # loaded when used: it takes time

    def change(_: float, shares: np.ndarray) -> np.ndarray:
        before = np.concatenate(([1.0], shares[:-1]))
        after = np.concatenate((shares[1:], [0.0]))
        return np.asarray(utilisation * (before**choices - shares**choices) - (shares - after))

    solved = solve_ivp(change, (0.0, until_s), np.zeros(LONGEST), method="LSODA", rtol=1e-9, atol=1e-12)
    return float(solved.y[:, -1].sum())


def crowd(
    seed: int,
    servers: int,
    utilisation: float = 0.9,
    choices: int = 2,
    until_s: float = UNTIL_S,
    runs: int = RUNS,
) -> pd.DataFrame:
    """Run a finite number of servers, all empty at 0, many times: a row a run; the runs do not depend on one another.

    Columns: `mean`, how many customers a server has on average at `until_s`; and one of luck for each of `MEMORIES_S`,
    how many more than usual have come since, those of long ago counting less, for `expected` to take out. Their true
    mean is 0. Raises `ValueError` when an argument is not allowed.
    """
    _require(utilisation, choices, until_s)
    require_whole("servers", servers, at_least=1)
    require_whole("runs", runs, at_least=1)
    rng = np.random.default_rng([seed, servers])
    rate_per_s = servers * (1 + utilisation)
    steps = np.sort(rng.poisson(rate_per_s * until_s, runs))[
        ::-1
    ]  # the longest first: who is at work comes first
    at_least = np.zeros((runs, LONGEST + 1), dtype=np.int32)  # [run, k]: servers with more than k customers
    luck = np.zeros((len(MEMORIES_S), runs))
    usual = (utilisation - 1) / (1 + utilisation)
    longest = 0  # no queue has been longer so far
    for step in range(steps.max()):
        here = int(np.searchsorted(-steps, -step))  # runs with more steps than this
        comes, longest = _step(at_least[:here], longest, rng, servers, utilisation, choices)
        more = np.where(comes, 1.0, -1.0) - usual
        left_s = (steps[:here] - step) / rate_per_s
        for memory_s, sum_ in zip(MEMORIES_S, luck, strict=True):
            sum_[:here] += more * np.exp(-left_s / memory_s)
    frame = {f"luck_{memory_s:g}_s": sum_ / servers for memory_s, sum_ in zip(MEMORIES_S, luck, strict=True)}
    frame["luck_steps"] = (steps - rate_per_s * until_s) / servers
    return pd.DataFrame({"mean": at_least.sum(axis=1) / servers, **frame})


def _step(
    at_least: np.ndarray,
    longest: int,
    rng: np.random.Generator,
    servers: int,
    utilisation: float,
    choices: int,
) -> tuple[np.ndarray, int]:
    """Let one thing happen in each run: a customer comes to the shortest of some queues, or may leave one.

    `longest`: no queue is longer. Returns in which runs one comes, and what no queue is longer than now.
    """
    comes = rng.random(len(at_least)) < utilisation / (1 + utilisation)
    drawn = servers * rng.random(len(at_least)) ** np.where(comes, 1 / choices, 1.0)
    length = (drawn[:, None] < at_least[:, :longest]).sum(axis=1)  # of the queue that is joined, or left
    rows = np.flatnonzero(comes | (length > 0))
    at_least[rows, length[rows] - ~comes[rows]] += np.where(comes[rows], 1, -1)
    return comes, max(longest, int(length.max()) + 1)


def expected(frame: pd.DataFrame) -> tuple[float, float]:
    """Return what `mean` of `crowd` is on average, and half of its 95 % confidence interval.

    A run to which more than usual have come is fuller. The luck of each run is known, and its true mean is 0: what
    follows linearly from it is taken out (control variates). That leaves about a third of the interval.
    """
    from scipy.special import stdtrit

    means = frame["mean"].to_numpy()
    luck = np.column_stack([np.ones(len(frame)), frame.filter(like="luck").to_numpy()])
    found, *_ = np.linalg.lstsq(luck, means, rcond=None)
    free = len(means) - luck.shape[1]
    spread = float(np.sqrt(((means - luck @ found) ** 2).sum() / free))
    return float(found[0]), float(stdtrit(free, 0.975)) * spread / float(np.sqrt(len(means)))


def errors(
    servers: Iterable[int] = SERVERS,
    utilisation: float = 0.9,
    until_s: float = UNTIL_S,
    seed: int = 1,
    runs: int = RUNS,
) -> pd.DataFrame:
    """Return how far runs of some servers are from the limit, on average: a row a number of servers.

    Columns: `servers`, `until_s`, `mean` customers a server, `limit`, `error_percent` of the limit, and the ends of
    its 95 % confidence interval, `low_percent` and `high_percent`. Raises `ValueError` when an argument is not allowed.
    """
    return pd.DataFrame(
        in_parallel(joblib.delayed(error)(count, utilisation, until_s, seed, runs) for count in servers)
    )


def error(
    servers: int, utilisation: float = 0.9, until_s: float = UNTIL_S, seed: int = 1, runs: int = RUNS
) -> dict[str, float]:
    """Return one row of `errors`."""
    require_whole("runs", runs, at_least=10)
    limit = in_the_limit(utilisation, 2, until_s)
    mean, half = expected(crowd(seed, servers, utilisation, 2, until_s, runs))
    names = ("error_percent", "low_percent", "high_percent")
    ends = {
        name: 100 * (mean + side - limit) / limit
        for name, side in zip(names, (0.0, -half, half), strict=True)
    }
    return {"servers": servers, "until_s": until_s, "mean": mean, "limit": limit, **ends}


def _require(utilisation: float, choices: int, until_s: float) -> None:
    if not 0 < utilisation < 1:
        raise ValueError(f"utilisation is {utilisation!r}; it must be between 0 and 1, both excluded")
    require_whole("choices", choices, at_least=1)
    require_positive("until_s", until_s)
