"""The published retry storm (`archlab.published.retry_storm`) as frames for figures, and ways out of it.

>>> int(published_story(after_s=40).arrive_with_retry_per_s.iloc[-1])
560
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from archlab.data import load as load_published
from archlab.published import retry_storm
from archlab.published.retry_storm import OUTAGE_AT_S, Storm


def published_story(after_s: float = 150.0) -> pd.DataFrame:
    """Return the published example over time, with and without its one retry.

    Columns: time_s; of the queries, at the full rates, how many arrive each second and how many are answered in time:
    arrive_with_retry_per_s, in_time_with_retry_per_s, in_time_without_per_s.
    """
    once, twice = (
        retry_storm.simulate(seed=1, storm=Storm(retries=retries, after_s=after_s)).series
        for retries in (0, 1)
    )
    per_s = {
        "arrive_with_retry_per_s": twice.offered_per_s,
        "in_time_with_retry_per_s": twice.goodput_per_s,
        "in_time_without_per_s": once.goodput_per_s,
    }
    return pd.DataFrame(
        {"time_s": twice.time_s, **{name: rate / Storm().scale for name, rate in per_s.items()}}
    )


def outage() -> pd.DataFrame:
    """Return the outage of the published example, as a row of `Result.faults`."""
    end_s = Storm().end_of_outage_s
    return pd.DataFrame(
        {"fault": ["Outage"], "part": ["database"], "start_s": [OUTAGE_AT_S], "end_s": [end_s]}
    )


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
    "one retry, a budget that all clients share": {"budget": 0.1},
    "one retry, a budget for each of 1,000 clients": {"budget": 0.1, "buckets": 100, "after_s": 420.0},
    "one retry, work older than 1.0 s dropped": {"drop_older_than_s": 1.0},
    "the same, with random arrivals": {"drop_older_than_s": 1.0, **RANDOM},
    "one retry, work older than 0.9 s dropped": {"drop_older_than_s": 0.9},
}
"""Ways out of the published example -> what they change in it. Rates are a tenth, so 100 buckets stand for 1,000."""


def ways_out(after_s: float = 200.0, seeds: Iterable[int] = range(5)) -> pd.DataFrame:
    """Return how long the published example is ill with each of `WAYS_OUT`.

    Columns: design, shortest_s and longest_s: after the outage, over `seeds` where arrivals are random, else the
    same. NaN when it is ill to the end, for `after_s` or longer.
    """
    chosen = list(seeds)
    rows = [{"design": name, **_ill_s(changes, after_s, chosen)} for name, changes in WAYS_OUT.items()]
    return pd.DataFrame(rows).set_index("design")


def _ill_s(changes: Mapping[str, Any], after_s: float, seeds: Sequence[int]) -> dict[str, float]:
    chosen = seeds if changes.get("random_arrivals") else seeds[:1]
    settings = {"after_s": after_s, **changes}
    ill_s = [retry_storm.model(seed, **settings)["recovery_s"] for seed in chosen]
    return {"shortest_s": float(np.min(ill_s)), "longest_s": float(np.max(ill_s))}
