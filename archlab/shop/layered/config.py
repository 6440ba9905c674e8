"""The parameters of the layered shop: what it runs on, which layers sit together, and what keeps the rows.

What all architectures share, the work above all, is in `archlab.shop.config`. Everything without a source is an
assumption, and is called one here or there.

>>> LayeredConfig(tiers="three tiers").programs
('web', 'app', 'data')
>>> capacity = LayeredConfig().capacity_per_s({"browse": 0.8, "place_order": 0.12, "track_order": 0.08})
>>> capacity.idxmin(), int(capacity.min())
('shop cpu', 386)
>>> LayeredConfig(storage="memory", instances={"shop": 2})
Traceback (most recent call last):
ValueError: instances['shop'] is 2; it must be 1, as the rows are in its memory
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import pandas as pd

from archlab.shop.config import CORES_PER_MACHINE, DATABASE_STORAGE_GB, ShopConfig
from archlab.shop.customers import mean_lines
from archlab.sim.distributions import as_distribution
from archlab.sim.validation import require_fraction, require_one_of, require_positive, require_whole

Tiers = Literal["one process", "two tiers", "three tiers"]
Storage = Literal["sqlite", "key-value", "memory"]

PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "one process": ("shop",),
    "two tiers": ("web", "app"),
    "three tiers": ("web", "app", "data"),
}
"""How the layers are spread -> the programs, from the customers on. "web" is the presentation layer. "app" has the
application and the business layer; where there is no "data" it has data access, too."""


@dataclass(frozen=True, kw_only=True)
class LayeredConfig(ShopConfig):
    """How the layered shop is built. What all share: `archlab.shop.config.ShopConfig`.

    What it runs on:
        tiers: "one process": all layers in one program. "two tiers": presentation apart. "three tiers": data access
            apart, too.
        instances: program -> how many copies. 1 of each that is not named.
        workers_of: program -> workers of each copy, where they are not `workers`. Those of "data" are the pool of
            connections that all calls for rows share.
        cores: of each copy.
        database_cores: of the database server, if there is one.

    How it is built:
        storage: what the data access layer keeps the rows in. "memory": in its own process; then it has one copy.
        chatty: where data access is apart: whether each change of an order is a call, or all of them are one.
        presentation_share: of a request's time on cores. An assumption.
        border_timeout_s: program that is called, such as "data" -> how long its caller waits for an answer at most. A
            program that is not named is waited for for ever. The far side does not hear that nobody waits any more.
        limit_s: how long a request may take in all. What is left of it travels with every call: nobody begins work, or
            waits, beyond it. None: no limit, and nothing travels.

    Raises:
        ValueError: when a parameter is out of range.
    """

    tiers: Tiers = "one process"
    instances: Mapping[str, int] = field(default_factory=dict)
    workers_of: Mapping[str, int] = field(default_factory=dict)
    cores: int = 2
    database_cores: int = 2
    storage: Storage = "sqlite"
    chatty: bool = True
    presentation_share: float = 0.4
    border_timeout_s: Mapping[str, float] = field(default_factory=dict)
    limit_s: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require_one_of("tiers", self.tiers, get_args(Tiers))
        require_one_of("storage", self.storage, get_args(Storage))
        require_fraction("presentation_share", self.presentation_share)
        for name in ("cores", "database_cores"):
            require_whole(name, getattr(self, name), at_least=1)
        for program, count in self.instances.items():
            require_one_of("instances", program, self.programs)
            require_whole(f"instances[{program!r}]", count, at_least=1)
        for program, timeout_s in self.border_timeout_s.items():
            require_one_of("border_timeout_s", program, self.programs[1:])
            require_positive(f"border_timeout_s[{program!r}]", timeout_s)
        if self.limit_s is not None:
            require_positive("limit_s", self.limit_s)
        for program, workers in self.workers_of.items():
            require_one_of("workers_of", program, self.programs)
            require_whole(f"workers_of[{program!r}]", workers, at_least=1)
        keeper = self.programs[-1]
        if self.storage == "memory" and self.count(keeper) > 1:
            raise ValueError(
                f"instances[{keeper!r}] is {self.count(keeper)!r}; it must be 1, as the rows are in its memory"
            )

    @property
    def programs(self) -> tuple[str, ...]:
        """The programs, from the customers on."""
        return PROGRAMS[self.tiers]

    def count(self, program: str) -> int:
        """Return how many copies a program has."""
        return self.instances.get(program, 1)

    def workers_in(self, program: str) -> int:
        """Return how many workers each copy of a program has."""
        return self.workers_of.get(program, self.workers)

    @property
    def has_database(self) -> bool:
        """Whether there is a database server."""
        return self.storage != "memory"

    def rented(self) -> dict[str, float]:
        """What it runs on, as items of data/prices.csv. Machines are rented by the core, which errs on the cheap side.

        A balancer is a t3.medium, and is there when a program has two copies or more.
        """
        cores = self.cores * sum(self.count(program) for program in self.programs)
        items = {"m5.large": cores / CORES_PER_MACHINE}
        if self.has_database:
            items["m5.large"] += self.database_cores / CORES_PER_MACHINE
            items["database storage GB"] = DATABASE_STORAGE_GB
        balancers = sum(self.count(program) > 1 for program in self.programs)
        return items | ({"t3.medium": balancers} if balancers else {})

    # What a request asks ------------------------------------------------------------------------------------

    def demands_s(self) -> pd.DataFrame:
        """Columns: "<program> cpu", "database", "log", "provider", and "hops", the time of messages on the way."""
        rows = {kind: self._asked_s(kind) for kind in self.cpu_s}
        return pd.DataFrame.from_dict(rows, orient="index").fillna(0.0)

    def held_s(self) -> pd.DataFrame:
        """Columns: "<program> workers". A worker is held while the programs behind it work, and on the way to them."""
        demands = self.demands_s()
        hop_s = as_distribution(self.hop_s).mean
        rest = demands.drop(columns="hops").sum(axis="columns")
        held = {}
        for place, program in enumerate(self.programs):
            calls = pd.Series({kind: self._calls(kind)[place] for kind in self.cpu_s})
            behind = [sum(self._calls(kind)[place + 1 :]) for kind in self.cpu_s]
            if program == "data":
                rest = demands[["database", "log", "data cpu"]].sum(axis="columns")
            held[f"{program} workers"] = rest + 2 * hop_s * pd.Series(behind, index=calls.index)
            rest = rest - demands[f"{program} cpu"]
        return pd.DataFrame(held)

    def servers(self) -> Mapping[str, int]:
        cores = {f"{program} cpu": self.cores * self.count(program) for program in self.programs}
        workers = {
            f"{program} workers": self.workers_in(program) * self.count(program) for program in self.programs
        }
        return cores | workers | ({"database": self.database_cores, "log": 1} if self.has_database else {})

    def _asked_s(self, kind: str) -> dict[str, float]:
        """What a request of a kind asks of each station."""
        cpu_s = as_distribution(self.cpu_s[kind]).mean
        front = self.presentation_share if len(self.programs) > 1 else 1.0
        shares = (front, 1 - front, 0.0)
        calls = self._calls(kind)
        asked = {
            f"{program} cpu": shares[place] * cpu_s + 2 * calls[place] * self.message_cpu_s
            for place, program in enumerate(self.programs)
        }
        order = kind == "place_order"
        queries = self._queries(kind) if self.has_database else 0.0
        return asked | {
            "database": queries * as_distribution(self.query_s).mean,
            "log": as_distribution(self.commit_s).mean if order and self.has_database else 0.0,
            "provider": as_distribution(self.provider_s).mean if order else 0.0,
            "hops": 2 * sum(calls) * as_distribution(self.hop_s).mean,
        }

    def _lines(self) -> float:
        return mean_lines(self.assortment.products, self.assortment.popularity_exponent)

    def _queries(self, kind: str) -> float:
        """How many queries a request sends to the database server."""
        if self.storage == "sqlite":
            return 5 + 2 * self._lines() if kind == "place_order" else 1.0
        return {"place_order": 2 + 3 * self._lines(), "browse": 2.0, "track_order": 1.0}[kind]

    def _calls(self, kind: str) -> tuple[float, ...]:
        """How many calls over a border come to each program for a request. Customers' own are not counted."""
        order = 2 + (self._lines() + 4 if self.chatty else 1)
        return (0.0, 1.0, order if kind == "place_order" else 1.0)[: len(self.programs)]
