"""The parameters of the monolithic shop: what it runs on, how long its steps take, and how it is built.

Service times are distributions or plain numbers, in seconds. Figures with a source are in
data/costs_of_operations.csv; everything else is an assumption, and is called one here.

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

from archlab.shop.architecture import Assortment
from archlab.shop.customers import mean_lines
from archlab.sim.distributions import Distribution, Exponential, Lognormal, as_distribution
from archlab.sim.validation import require_fraction, require_non_negative, require_positive, require_whole

Calls = Literal["in-process", "network"]

CALLS_PER_ORDER = 6
"""Calls between modules for one order: catalogue, inventory (2), payments (2), notifications."""

BROWSE_CPU_S = Exponential(0.00479)
ORDER_CPU_S = Exponential(0.00958)
TRACK_CPU_S = Exponential(0.0024)
QUERY_S = Exponential(0.0005)
COMMIT_S = Exponential(0.0003)
PROVIDER_S = Lognormal.from_median_p99(median=0.100, p99=0.400)
ASSORTMENT = Assortment()

CORES_PER_MACHINE = 2
"""Virtual cores of the rented machine, Amazon's m5.large."""

DATABASE_STORAGE_GB = 100
"""An assumption; it adds about a cent and a half to the hour."""


@dataclass(frozen=True)
class MonolithConfig:
    """How one monolithic shop is built.

    What it runs on:
        clones: copies of the program behind a balancer, which is only there when there are two or more.
        workers, cores, connections: of each clone. A worker is held for the whole of a request. 16 workers
            and 16 connections are assumptions; 2 cores are those of the rented machine.
        bulkheads: kind of request -> how many of the `workers` serve only this kind. None: all share.
        queue_limit: requests that may wait for a worker of a pool. None: no limit.
        database_cores: of the one database that all clones share.

    How long things take:
        browse_cpu_s: a page in the program. 4.79 ms is what a mean request of Stack Overflow spent in its
            process outside SQL, waits included, on 9 February 2016.
        order_cpu_s, track_cpu_s: twice and half as much. Assumptions.
        query_s: one query: 0.5 ms (napkin-math).
        commit_s: one commit: a write with fsync, 0.3 ms (napkin-math).
        coherency: how much each session in the database slows every other. An assumption.
        provider_s: one call of the payment provider, over the internet. An assumption: a round trip across
            North America alone takes 60 ms (napkin-math).
        declined: the share of payments that the provider declines.
        payment_timeout_s: how long an order waits for the provider. None: for ever.
        The shapes (exponential, lognormal) are assumptions.

    How it is built and run:
        transactions: True: an order is written in one transaction. False: each statement by itself.
        calls: "in-process", or "network": the same modules, but each call between two of them costs two
            messages of `hop_s` (0.25 ms inside a region by napkin-math, taken as one way) and
            `message_bytes` to encode and decode at 100 MiB/s each (JSON-class, napkin-math; the size is an
            assumption). They still crash together.
        settle_every_s: between two batches in which held money is taken. An assumption; real shops take hours.
        health_check_s: between two checks of the balancer. An assumption.
        leak_mb_per_order, memory_limit_mb, restart_s: what the orders module loses with each order, when the
            operating system kills the clone, and how long a start takes. A clone starts with 500 MB.
            Assumptions.

    Raises:
        ValueError: when a parameter is out of range.
    """

    clones: int = 1
    workers: int = 16
    cores: int = 2
    connections: int = 16
    bulkheads: Mapping[str, int] | None = None
    queue_limit: int | None = None
    database_cores: int = 2
    browse_cpu_s: float | Distribution = BROWSE_CPU_S
    order_cpu_s: float | Distribution = ORDER_CPU_S
    track_cpu_s: float | Distribution = TRACK_CPU_S
    query_s: float | Distribution = QUERY_S
    commit_s: float | Distribution = COMMIT_S
    coherency: float = 0.005
    provider_s: float | Distribution = PROVIDER_S
    declined: float = 0.0
    payment_timeout_s: float | None = None
    transactions: bool = True
    calls: Calls = "in-process"
    hop_s: float | Distribution = 0.00025
    message_bytes: int = 1024
    settle_every_s: float = 5.0
    health_check_s: float = 5.0
    leak_mb_per_order: float = 0.0
    memory_limit_mb: float = 2000.0
    restart_s: float = 30.0
    assortment: Assortment = ASSORTMENT

    def __post_init__(self) -> None:
        for name in ("clones", "workers", "cores", "connections", "database_cores"):
            require_whole(name, getattr(self, name), at_least=1)
        for name in ("settle_every_s", "health_check_s", "restart_s", "memory_limit_mb"):
            require_positive(name, getattr(self, name))
        for name in ("coherency", "leak_mb_per_order", "message_bytes"):
            require_non_negative(name, getattr(self, name))
        require_fraction("declined", self.declined)
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

    @property
    def cpu_s(self) -> Mapping[str, float | Distribution]:
        """Kind of request -> time on a core of the clone, messages not counted."""
        return {"browse": self.browse_cpu_s, "place_order": self.order_cpu_s, "track_order": self.track_cpu_s}

    @property
    def message_cpu_s(self) -> float:
        """Time on a core to encode one message and to decode it."""
        return 2 * self.message_bytes / (100 * 2**20)

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
        """Return the mean service time that a request of each kind asks of each kind of station, in seconds.

        A row a kind; columns `cpu` (of a clone), `database`, `log`, `provider`, and `hops`, the time of its
        messages on the way. Not in it: waiting, coherency, refusals and settlement.
        """
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

    def capacity_per_s(self, mix: Mapping[str, float]) -> pd.Series:
        """Return how many requests a second each kind of station can serve, by the bottleneck law: servers /
        demand.

        The least of them is the shop's capacity. `workers` are held for the whole of a request, so their
        demand is the whole of its time; waiting inside comes on top and lowers what they really reach. Shares
        of `mix` as they are: they must add up to 1. Bulkheads are not considered.
        """
        shares = pd.Series(dict(mix)).reindex(list(self.cpu_s), fill_value=0.0)
        demands = self.demands_s().mul(shares, axis=0).sum()
        servers = {"cpu": self.clones * self.cores, "database": self.database_cores, "log": 1}
        capacity = {
            station: count / demands[station] for station, count in servers.items() if demands[station] > 0
        }
        return pd.Series(
            capacity | {"workers": self.clones * self.workers / demands.sum()}, name="requests_per_s"
        )
