"""Retries and dependencies, in general: the kit's models as frames for figures, each with its formula or publication.

>>> layers([1.0]).attempts_per_request.round(2).tolist()
[64.0, 1.03]
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from archlab.data import load
from archlab.published import availability_chain, retry_layers
from archlab.published.contended_write import STRATEGIES, contended_write
from archlab.sim.experiment import sweep

BUDGET = 0.1


def layers(
    failures: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0),
    seeds: Iterable[int] = range(4),
    requests: int = 500,
) -> pd.DataFrame:
    """Return the load that three layers with four attempts each put on a database, with and without a budget.

    Columns: design, failed_queries_percent, attempts_per_request with its interval and
    attempts_per_request_formula, NaN with a budget.
    """
    model, grid = partial(retry_layers.model, requests=requests), {"failure": failures}
    plain = sweep(model, grid, seeds).assign(design="4 attempts in each layer")
    budget = sweep(model, {**grid, "budget": [BUDGET]}, seeds).assign(design="with a budget of 10 %")
    both = pd.concat([plain, budget], ignore_index=True)
    return both.assign(failed_queries_percent=100 * both.failure).drop(columns=["failure", "budget"])


def jitter(clients: int = 100, seeds: Iterable[int] = range(20)) -> pd.DataFrame:
    """Let clients write one row, each strategy with many seeds.

    Columns: strategy, calls and completed_s with intervals, published_calls and published_s for 100 clients.
    """
    frame = sweep(contended_write, {"clients": [clients], "strategy": STRATEGIES}, seeds)
    cited = load("retries").query("experiment == 'jitter'").set_index("quantity").value
    return frame.assign(
        published_calls=[cited[f"calls, {name}"] for name in STRATEGIES],
        published_s=[cited[f"completion, {name}"] for name in STRATEGIES],
    )


CHAINS: Mapping[str, Mapping[str, Any]] = {
    "1 dependency": {"dependencies": 1},
    "30, independent": {},
    "30, half of their outages shared": {"shared_share": 0.5},
    "30, 20 of them with a fallback": {"fallbacks": 20},
}


def chains(seeds: Iterable[int] = range(4), years: float = 300.0) -> pd.DataFrame:
    """Return how long a service is down whose dependencies are each up 99.99 % of the time.

    Columns: design, availability with availability_formula and independent_formula, and down_per_month_hours with
    its interval.
    """
    models = (partial(availability_chain.model, **chain) for chain in CHAINS.values())
    frame = pd.concat([sweep(model, {"years": [years]}, seeds) for model in models], ignore_index=True)
    down = {f"hours_down_per_month{end}": f"down_per_month_hours{end}" for end in ("", "_low", "_high")}
    wanted = ["availability", "availability_formula", "independent_formula", *down]
    return frame[wanted].rename(columns=down).assign(design=list(CHAINS))
