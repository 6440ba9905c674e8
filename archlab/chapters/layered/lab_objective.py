"""Three tiers that must answer in time, for so much money: briefs, and what a shop is measured by.

Task 5 of lab 04. A brief says how many requests a second come and what they ask for, how long a message from tier to
tier takes, within which time 99 % of all requests must be answered, and what an hour may cost. Three tiers are wanted
because auditors want the rows behind a machine that customers cannot reach, and the rules behind another one. A shop is
simulated, and priced by data/prices.csv.

What this leaves out: traffic is free, and machines never fail. Both err on the cheap side.

>>> mix = {"browse": 0.8, "place_order": 0.12, "track_order": 0.08}
>>> brief = Brief(load_per_s=300, mix=mix, hop_s=0.00025, p99_s=0.3, budget_usd_per_h=1.0, largest_cores=4)
>>> broken(replace(smallest(brief), cores=2, database_cores=1), brief, seed=1)
[]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache, partial

import pandas as pd

from archlab.data import load
from archlab.shop.architecture import HOURS_PER_MONTH
from archlab.shop.config import ShopConfig
from archlab.shop.day import run_shop
from archlab.shop.layered import PROGRAMS, Layered, LayeredConfig
from archlab.sim.validation import require_non_negative, require_positive, require_whole
from archlab.sim.workload import Poisson

TO_DECIDE = ("instances", "cores", "database_cores", "workers", "chatty")
"""What you can choose. All other parameters are facts of life."""
TIERS = PROGRAMS["three tiers"]
MOST_WORKERS = 64
"""Of each copy. An assumption: each worker takes memory."""
PROVIDER_S = 0.1
"""The payment provider takes this time, always. An assumption: nobody here can choose how long others take, and a time
that varies would hide what can be chosen."""
QUANTILE = 99
REQUESTS = 3000
"""A run has so many, after the first `WARMUP_S`."""
WARMUP_S = 1.0


@dataclass(frozen=True)
class Brief:
    """What is asked for.

    Attributes:
        load_per_s: requests a second.
        mix: kind of request -> its share.
        hop_s: a message from tier to tier, one way.
        p99_s: 99 % of all requests must be answered within this.
        budget_usd_per_h: what an hour may cost.
        largest_cores: of the largest machine, for a copy or for the database.

    Raises:
        ValueError: when a figure is out of range.
    """

    load_per_s: float
    mix: Mapping[str, float]
    hop_s: float
    p99_s: float
    budget_usd_per_h: float
    largest_cores: int

    def __post_init__(self) -> None:
        for name in ("load_per_s", "p99_s", "budget_usd_per_h"):
            require_positive(name, getattr(self, name))
        require_non_negative("hop_s", self.hop_s)
        require_whole("largest_cores", self.largest_cores, at_least=1)


def smallest(brief: Brief) -> LayeredConfig:
    """Return the smallest shop on three tiers, with the facts of a brief."""
    return LayeredConfig(
        tiers="three tiers", hop_s=brief.hop_s, provider_s=PROVIDER_S, cores=1, database_cores=1
    )


def usd_per_h(config: ShopConfig) -> float:
    """Return what a shop costs an hour, by data/prices.csv."""
    usd = _usd_per_h_of_one()
    return float(sum(usd[item] * count for item, count in config.rented().items()))


@lru_cache(maxsize=1)
def _usd_per_h_of_one() -> Mapping[str, float]:
    prices = load("prices").set_index("item")
    hours = prices.per.map({"hour": 1, "month": HOURS_PER_MONTH})
    return dict((prices.price_usd / hours).dropna())


def capacity_per_s(config: LayeredConfig, brief: Brief) -> pd.Series:
    """Return how many requests a second each station can serve at most, the scarce one first."""
    return config.capacity_per_s(brief.mix).sort_values()


def p99_s(
    config: LayeredConfig,
    brief: Brief,
    seed: int = 1,
    load_per_s: float | None = None,
    requests: int = REQUESTS,
) -> float:
    """Return within which time 99 % of the requests are answered, in a simulated run.

    `load_per_s`: another load than the brief's. `requests`: how many there are, about. Infinite when the shop is over
    its capacity: the queue grows for ever.
    """
    rate_per_s = brief.load_per_s if load_per_s is None else load_per_s
    if capacity_per_s(config, brief).iloc[0] <= rate_per_s:
        return float("inf")
    day = run_shop(
        partial(Layered, config=config),
        Poisson(rate_per_s),
        seed=seed,
        duration_s=requests / rate_per_s,
        warmup_s=WARMUP_S,
        mix=brief.mix,
    )
    return float(day.result.latency_s(QUANTILE))


def broken(config: LayeredConfig, brief: Brief, seed: int = 1) -> list[str]:
    """Return in words what of a brief a shop does not meet; nothing when it meets all of it."""
    words, price = list[str](), usd_per_h(config)
    if price > brief.budget_usd_per_h:
        words.append(f"it costs {price:.2f} US dollars an hour; {brief.budget_usd_per_h:.2f} are there")
    capacity = capacity_per_s(config, brief)
    if capacity.iloc[0] <= brief.load_per_s:
        most = (
            f'{capacity.iloc[0]:.0f} requests a second are served at most, because of "{capacity.index[0]}"'
        )
        return [*words, f"{most}; {brief.load_per_s:.0f} are wanted"]
    took_s = p99_s(config, brief, seed)
    if took_s > brief.p99_s:
        words.append(f"99 % are answered within {1000 * took_s:.0f} ms; {1000 * brief.p99_s:.0f} are wanted")
    return words


def impossible(config: LayeredConfig, brief: Brief) -> list[str]:
    """Return in words which facts of life were changed, and which machine there is not."""
    facts = smallest(brief)
    fixed = [f.name for f in fields(config) if f.name not in TO_DECIDE]
    words = [f"{name} cannot be chosen" for name in fixed if getattr(config, name) != getattr(facts, name)]
    for name, most in (
        ("cores", brief.largest_cores),
        ("database_cores", brief.largest_cores),
        ("workers", MOST_WORKERS),
    ):
        if getattr(config, name) > most:
            words.append(f"{name} is {getattr(config, name)}; there are {most} at most")
    return words


def decided(config: LayeredConfig, brief: Brief) -> LayeredConfig:
    """Return a shop with what is decided in `config`, in plain values, and the facts of a brief."""
    return replace(
        smallest(brief),
        instances={str(name): int(count) for name, count in config.instances.items()},
        cores=int(config.cores),
        database_cores=int(config.database_cores),
        workers=int(config.workers),
        chatty=bool(config.chatty),
    )
