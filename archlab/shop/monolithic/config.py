"""The parameters of the monolithic shop: what it runs on, and how it is built.

What all architectures share, the work above all, is in `archlab.shop.config`. Figures with a source are in
data/costs_of_operations.csv; everything else is an assumption, and is called one here or there.

>>> config = MonolithConfig(clones=2, workers=32)
>>> config.clone_names, round(float(config.demands_s().cpu["place_order"]), 4)
(['shop-1', 'shop-2'], 0.0096)
>>> MonolithConfig(workers=0)
Traceback (most recent call last):
ValueError: workers is 0; it must be a whole number, 1 or more
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from archlab.shop.config import CORES_PER_MACHINE, DATABASE_STORAGE_GB, ShopConfig
from archlab.shop.customers import mean_lines
from archlab.sim.distributions import as_distribution
from archlab.sim.validation import require_non_negative, require_positive, require_whole

Calls = Literal["in-process", "network"]

CALLS_PER_ORDER = 6
"""Calls between modules for one order: catalogue, inventory (2), payments (2), notifications."""


@dataclass(frozen=True, kw_only=True)
class MonolithConfig(ShopConfig):
    """How one monolithic shop is built. Parameters that all architectures share: `archlab.shop.config.ShopConfig`.

    What it runs on:
        clones: copies of the program behind a balancer, which is only there when there are two or more.
        cores, connections: of each clone, beside its `workers`. 16 workers and 16 connections are assumptions;
            2 cores are those of the rented machine.
        bulkheads: kind of request -> how many of the `workers` serve only this kind. None: all share.
        database_cores: of the one database that all clones share.

    How it is built and run:
        payment_timeout_s: how long an order waits for the provider. None: for ever.
        transactions: True: an order is written in one transaction. False: each statement by itself.
        calls: "in-process", or "network": the same modules, but each call between two of them costs two
            messages of `hop_s` and `message_bytes` to encode and decode. They still crash together.
        leak_mb_per_order, memory_limit_mb, restart_s: what the orders module loses with each order, when the
            operating system kills the clone, and how long a start takes. A clone starts with 500 MB.
            Assumptions.

    Raises:
        ValueError: when a parameter is out of range.
    """

    clones: int = 1
    cores: int = 2
    connections: int = 16
    bulkheads: Mapping[str, int] | None = None
    database_cores: int = 2
    payment_timeout_s: float | None = None
    transactions: bool = True
    calls: Calls = "in-process"
    leak_mb_per_order: float = 0.0
    memory_limit_mb: float = 2000.0
    restart_s: float = 30.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("clones", "cores", "connections", "database_cores"):
            require_whole(name, getattr(self, name), at_least=1)
        for name in ("restart_s", "memory_limit_mb"):
            require_positive(name, getattr(self, name))
        require_non_negative("leak_mb_per_order", self.leak_mb_per_order)
        if self.payment_timeout_s is not None:
            require_positive("payment_timeout_s", self.payment_timeout_s)
        if self.calls not in get_args(Calls):
            raise ValueError(f"calls is {self.calls!r}; it must be one of {', '.join(get_args(Calls))}")
        for kind in self.bulkheads or {}:
            if kind not in self.cpu_s:
                raise ValueError(f"bulkheads names {kind!r}; it must be one of {', '.join(self.cpu_s)}")

    @property
    def clone_names(self) -> list[str]:
        return [f"shop-{number}" for number in range(1, self.clones + 1)]

    def rented(self) -> dict[str, float]:
        """What it runs on, as items of data/prices.csv. Machines are rented by the core, which errs on the
        cheap side.

        The database runs on the same kind of machine; a managed one costs more. The balancer is a t3.medium.
        """
        cores = self.clones * self.cores + self.database_cores
        items: dict[str, float] = {
            "m5.large": cores / CORES_PER_MACHINE,
            "database storage GB": DATABASE_STORAGE_GB,
        }
        return items if self.clones == 1 else items | {"t3.medium": 1}

    def demands_s(self) -> pd.DataFrame:
        """Columns `cpu` (of a clone), `database`, `log`, `provider`, and `hops`, the time of messages on the way."""
        lines = mean_lines(self.assortment.products, self.assortment.popularity_exponent)
        writes = 3 + 2 * lines
        queries = {"browse": 1.0, "place_order": 2 + writes, "track_order": 1.0}
        commits = {"place_order": 1.0 if self.transactions else writes}
        messages = {"place_order": 2.0 * CALLS_PER_ORDER if self.calls == "network" else 0.0}
        rows = {
            kind: {
                "cpu": as_distribution(cpu_s).mean + messages.get(kind, 0) * self.message_cpu_s,
                "database": queries[kind] * as_distribution(self.query_s).mean,
                "log": commits.get(kind, 0) * as_distribution(self.commit_s).mean,
                "provider": as_distribution(self.provider_s).mean if kind == "place_order" else 0.0,
                "hops": messages.get(kind, 0) * as_distribution(self.hop_s).mean,
            }
            for kind, cpu_s in self.cpu_s.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index")

    def held_s(self) -> pd.DataFrame:
        """One column, `workers`. Bulkheads are not considered."""
        return self.demands_s().sum(axis="columns").to_frame("workers")

    def servers(self) -> Mapping[str, int]:
        return {
            "cpu": self.clones * self.cores,
            "database": self.database_cores,
            "log": 1,
            "workers": self.clones * self.workers,
        }


MONOLITH = MonolithConfig()
"""The smallest shop: one clone with two cores, one database with two cores."""
