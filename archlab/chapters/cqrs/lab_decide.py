"""Should this shop have separate models? Briefs, and what it takes to meet one.

Task 6 of lab 06. A brief says how many questions there are for an order, how dear they are on the normalised tables,
how many requests a second must be served, how old a page may be, how late the log reaches a follower, and what an
hour may cost. The four ways are those of the chapter, from the one with the fewest parts to the one with the most.

What this leaves out: waiting before anything is full; and read models for some questions only. The age of a page is
worked out as if a follower took an exponential time for each order. That errs against followers, which take steadier
times, and put several orders into one commit.

>>> brief = Brief(
...     reads_per_order=10, joins_times=1.0, load_per_s=600, oldest_page_s=1.0, tail_s=0.1, budget_usd_per_h=2.0
... )
>>> config = smallest("one", brief)
>>> broken(config, brief)
['483 requests a second are served at most, because of "queries cpu"; 600 are wanted']
>>> broken(replace(config, database_cores=2, instances={"queries": 2}), brief)
[]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from math import inf, log
from typing import Any

import pandas as pd

from archlab.chapters.cqrs import growing
from archlab.chapters.cqrs.growing import LARGEST_DATABASE_CORES, mix_of, usd_per_h
from archlab.shop.cqrs import JOINED_QUERIES, CqrsConfig, Question
from archlab.shop.cqrs.config import follower_of
from archlab.sim.validation import require_non_negative, require_one_of, require_positive, require_whole

WAYS = ("one", "same database", "replicas", "separate")
"""From the fewest parts to the most."""
TO_DECIDE = ("models", "instances", "database_cores", "read_cores", "replicas")
"""What you can choose. All other parameters are facts of life."""
MOST_REPLICAS = 20
QUANTILE = 0.99
"""So many of the pages must not be older than is allowed."""


@dataclass(frozen=True)
class Brief:
    """What is asked for.

    Attributes:
        reads_per_order: questions for an order.
        joins_times: how dear questions are on the normalised tables: 1 as in this course's shop, 0 as on a read model.
        load_per_s: requests a second that must be served, questions and orders together.
        oldest_page_s: 99 % of the pages must not be older than this.
        tail_s: from a commit until a follower hears of it.
        budget_usd_per_h: what an hour may cost.
        largest_cores: of the largest machine for a database: of the write model's, a replica's or a read model's.

    Raises:
        ValueError: when a figure is out of range.
    """

    reads_per_order: float
    joins_times: float
    load_per_s: float
    oldest_page_s: float
    tail_s: float
    budget_usd_per_h: float
    largest_cores: int = LARGEST_DATABASE_CORES

    def __post_init__(self) -> None:
        for name in ("reads_per_order", "load_per_s", "budget_usd_per_h"):
            require_positive(name, getattr(self, name))
        for name in ("joins_times", "oldest_page_s", "tail_s"):
            require_non_negative(name, getattr(self, name))
        require_whole("largest_cores", self.largest_cores, at_least=1)

    @property
    def mix(self) -> dict[str, float]:
        """The shares of the kinds of requests."""
        return mix_of(self.reads_per_order)

    @property
    def joined_queries(self) -> dict[Question, float]:
        """How many simple queries' time each question takes on the normalised tables."""
        return {question: 1 + self.joins_times * (times - 1) for question, times in JOINED_QUERIES.items()}


def smallest(models: str, brief: Brief) -> CqrsConfig:
    """Return the smallest shop of a way, with the facts of a brief. Raises `ValueError` when there is no such way."""
    require_one_of("models", models, WAYS)
    return replace(growing.smallest(models), joined_queries=brief.joined_queries, tail_s=brief.tail_s)


def capacity_per_s(config: CqrsConfig, brief: Brief) -> pd.Series:
    """Return how many requests a second each station can serve at most. The least of them is what the shop can."""
    return config.capacity_per_s(brief.mix).sort_values()


def age_s(config: CqrsConfig, brief: Brief) -> float:
    """Return the age that 99 % of the pages do not exceed. 0 when questions are asked where orders are written.

    A follower hears of an order `tail_s` after it. Then it is a queue with one server: at a load of rho, 99 % of the
    orders are applied within s ln(100) / (1 - rho), where s is the time that one takes. Infinite from a load of 1 on.
    """
    if not config.read_servers:
        return 0.0
    orders_per_s = brief.load_per_s * brief.mix["place_order"]
    order_s = config.demands_s().loc["place_order"]
    busy_s = float(order_s[[follower_of(server) for server in config.read_servers]].max())
    load = orders_per_s * busy_s
    return inf if load >= 1 else brief.tail_s + busy_s * log(1 / (1 - QUANTILE)) / (1 - load)


def broken(config: CqrsConfig, brief: Brief) -> list[str]:
    """Return in words what of a brief a shop does not meet; nothing when it meets all of it."""
    words, capacity = list[str](), capacity_per_s(config, brief)
    if capacity.iloc[0] < brief.load_per_s:
        most = (
            f'{capacity.iloc[0]:.0f} requests a second are served at most, because of "{capacity.index[0]}"'
        )
        words.append(f"{most}; {brief.load_per_s:.0f} are wanted")
    if usd_per_h(config) > brief.budget_usd_per_h:
        words.append(
            f"it costs {usd_per_h(config):.2f} US dollars an hour; {brief.budget_usd_per_h:.2f} are there"
        )
    if age_s(config, brief) > brief.oldest_page_s:
        words.append(
            f"pages are up to {age_s(config, brief):.2f} s old; {brief.oldest_page_s:.2f} s are allowed"
        )
    return words


# What can be chosen ------------------------------------------------------------------------------------------


def decided(config: CqrsConfig, brief: Brief) -> CqrsConfig:
    """Return a shop with what is decided in `config`, in plain values, and the facts of a brief."""
    chosen: dict[str, Any] = {name: getattr(config, name) for name in TO_DECIDE}
    chosen["instances"] = {str(name): int(count) for name, count in chosen["instances"].items()}
    whole = {name: int(chosen[name]) for name in ("database_cores", "read_cores", "replicas")}
    return replace(smallest(config.models, brief), **(chosen | whole))


def impossible(config: CqrsConfig, brief: Brief) -> list[str]:
    """Return in words which facts of life were changed, and which machine there is not."""
    facts = smallest(config.models, brief)
    changed = [f.name for f in fields(config) if f.name not in TO_DECIDE and not _same(config, facts, f.name)]
    words = [f"{name} cannot be chosen" for name in changed]
    for name in ("database_cores", "read_cores"):
        if getattr(config, name) > brief.largest_cores:
            words.append(f"{name} is {getattr(config, name)}; the largest machine has {brief.largest_cores}")
    if config.replicas > MOST_REPLICAS:
        words.append(f"replicas is {config.replicas}; there are {MOST_REPLICAS} at most")
    return words


def _same(config: CqrsConfig, facts: CqrsConfig, name: str) -> bool:
    given, wanted = getattr(config, name), getattr(facts, name)
    if isinstance(wanted, Mapping):
        return isinstance(given, Mapping) and dict(given) == dict(wanted)
    return bool(given == wanted)
