"""The published retry storm (`archlab.published.retry_storm`): its thresholds, and ways out of it.

It is *ill* up to the last second in which more than a tenth of the queries failed.

>>> ill = ways_out(after_s=60.0, ways=["one retry", "drop what is older than 0.9 s"])
>>> as_bars(ill).design.tolist()
['one retry (to the end)', 'drop what is older than 0.9 s']
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import joblib
import numpy as np
import pandas as pd

from archlab.data import load as load_published
from archlab.published import retry_storm
from archlab.published.retry_storm import Storm
from archlab.sim.parallel import in_parallel


def beside_published() -> pd.DataFrame:
    """Return the published figures of the example beside simulated ones. Columns: quantity, published, simulated."""
    cited = load_published("retries").query("experiment == 'metastable failure'").set_index("quantity").value
    stuck = retry_storm.model(seed=1, after_s=100)
    ours = {
        "load after the outage": stuck["offered_share"] * Storm().load_per_s,
        "stable below": stable_below_per_s(),
    }
    rows = [{"quantity": name, "published": cited[name], "simulated": value} for name, value in ours.items()]
    return pd.DataFrame(rows).set_index("quantity")


def stable_below_per_s(tolerance_per_s: float = 4.0, **storm: Any) -> float:
    """Return the load up to which the published example recovers at all, by halving the interval."""
    low, high = 1.0, Storm().capacity_per_s
    while high - low > tolerance_per_s:
        middle = (low + high) / 2
        recovers = retry_storm.model(seed=1, load_per_s=middle, after_s=600, scale=0.05, **storm)["recovered"]
        low, high = (middle, high) if recovers else (low, middle)
    return (low + high) / 2


RANDOM: Mapping[str, Any] = {"random_arrivals": True, "scale": 0.3}
"""Random arrivals, at three tenths of the rates: at less the luck of single queries shows."""

WAYS_OUT: Mapping[str, Mapping[str, Any]] = {
    "one retry": {},
    "no retry": {"retries": 0},
    "a budget for all": {"budget": 0.1},
    "a budget for each of 1,000 clients": {"budget": 0.1, "buckets": 100, "after_s": 420.0},
    "drop what is older than 1.0 s": {"drop_older_than_s": 1.0},
    "the same, with random arrivals": {"drop_older_than_s": 1.0, **RANDOM},
    "drop what is older than 0.9 s": {"drop_older_than_s": 0.9},
}
"""Ways out of the published example -> what they change in it; all but the second keep the one retry. Rates are a
tenth, so 100 buckets stand for 1,000."""


def ways_out(
    after_s: float = 200.0, seeds: Iterable[int] = range(5), ways: Sequence[str] = tuple(WAYS_OUT)
) -> pd.DataFrame:
    """Return how long the published example is ill with each of `ways`, keys of `WAYS_OUT`.

    Columns: design, shortest_s and longest_s: after the outage, over `seeds` where arrivals are random, else the
    same; NaN when it is ill to the end; and watched_s, how long it was watched after the outage.
    """
    chosen = list(seeds)
    jobs = [
        (name, seed)
        for name in ways
        for seed in (chosen if WAYS_OUT[name].get("random_arrivals") else chosen[:1])
    ]
    settings = {name: {"after_s": after_s, **WAYS_OUT[name]} for name in ways}
    runs = in_parallel(joblib.delayed(retry_storm.model)(seed, **settings[name]) for name, seed in jobs)
    rows = []
    for name in ways:
        ill_s = [run["recovery_s"] for job, run in zip(jobs, runs, strict=True) if job[0] == name]
        ends = {"shortest_s": float(np.min(ill_s)), "longest_s": float(np.max(ill_s))}
        rows.append({"design": name, **ends, "watched_s": settings[name]["after_s"]})
    return pd.DataFrame(rows).set_index("design")


def as_bars(ways_out: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of `ways_out` as bars: the longest time of each, as long as it was watched if ill to the end.

    Columns: design, which says so of the latter, ill_s, and ill_s_low and ill_s_high, the shortest and the longest.
    """
    never = ways_out.longest_s.isna()
    names = ways_out.index + never.map({True: " (to the end)", False: ""}).to_numpy()
    longest_s = ways_out.longest_s.fillna(ways_out.watched_s).to_numpy()
    shortest_s = ways_out.shortest_s.fillna(ways_out.watched_s).to_numpy()
    ends = {"ill_s_low": shortest_s, "ill_s_high": longest_s}
    return pd.DataFrame({"design": names, "ill_s": longest_s} | ends)
