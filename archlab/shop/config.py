"""What every architecture of the shop is configured with: the same work, the same provider, the same network.

The parameters here are those that all architectures share, so that all do the same work for the same customers. Each
architecture adds its own: what it runs on, and how it is built. Service times are distributions or plain numbers, in
seconds. Figures with a source are in data/costs_of_operations.csv; everything else is an assumption, and is called one.

>>> from archlab.shop.monolithic import MonolithConfig
>>> capacity = MonolithConfig(cores=4).capacity_per_s({"browse": 1.0})
>>> capacity.idxmin(), int(capacity["cpu"])
('cpu', 835)
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from archlab.shop.architecture import Assortment
from archlab.sim.distributions import Distribution, Exponential, Lognormal
from archlab.sim.validation import require_fraction, require_non_negative, require_positive, require_whole

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
"""Of each database. An assumption; it adds about a cent and a half to the hour."""

ENCODING_BYTES_PER_S = 100 * 2**20
"""To encode or to decode a message, JSON-class (napkin-math)."""


@dataclass(frozen=True, kw_only=True)
class ShopConfig(ABC):
    """The parameters that all architectures share.

    What it runs on:
        workers: of each copy of a program. A worker is held for the whole of a request or call. An assumption.
        queue_limit: requests or calls that may wait for a worker of a pool. None: no limit.
        cores_share: True: the cores of a program share their time among all that it works on, as operating systems have
            it. False: each core does one thing until it is done, first come, first served (see `archlab.shop.cores`).

    How long things take:
        browse_cpu_s: a page in the program. 4.79 ms is what a mean request of Stack Overflow spent in its
            process outside SQL, waits included, on 9 February 2016.
        order_cpu_s, track_cpu_s: twice and half as much. Assumptions.
        query_s: one query: 0.5 ms (napkin-math).
        commit_s: one commit: a write with fsync, 0.3 ms (napkin-math).
        coherency: how much each session in a database slows every other. An assumption.
        provider_s: one call of the payment provider, over the internet. An assumption: a round trip across
            North America alone takes 60 ms (napkin-math).
        declined: the share of payments that the provider declines.
        hop_s: a message between two parts, one way: 0.25 ms inside a region (napkin-math, taken as one way).
        message_bytes: of every request and answer between two parts. An assumption.
        The shapes (exponential, lognormal) are assumptions.

    How it is run:
        settle_every_s: between two batches in which held money is taken. An assumption; real shops take hours.
        health_check_s: between two checks of the copies of a program, where there are two or more. An assumption.
        assortment: what the shop sells.

    Raises:
        ValueError: when a parameter is out of range.
    """

    workers: int = 16
    queue_limit: int | None = None
    cores_share: bool = True
    browse_cpu_s: float | Distribution = BROWSE_CPU_S
    order_cpu_s: float | Distribution = ORDER_CPU_S
    track_cpu_s: float | Distribution = TRACK_CPU_S
    query_s: float | Distribution = QUERY_S
    commit_s: float | Distribution = COMMIT_S
    coherency: float = 0.005
    provider_s: float | Distribution = PROVIDER_S
    declined: float = 0.0
    hop_s: float | Distribution = 0.00025
    message_bytes: int = 1024
    settle_every_s: float = 5.0
    health_check_s: float = 5.0
    assortment: Assortment = ASSORTMENT

    def __post_init__(self) -> None:
        require_whole("workers", self.workers, at_least=1)
        for name in ("settle_every_s", "health_check_s"):
            require_positive(name, getattr(self, name))
        for name in ("coherency", "message_bytes"):
            require_non_negative(name, getattr(self, name))
        require_fraction("declined", self.declined)

    @property
    def cpu_s(self) -> Mapping[str, float | Distribution]:
        """Kind of request -> its time on cores in all programs together, messages not counted."""
        return {"browse": self.browse_cpu_s, "place_order": self.order_cpu_s, "track_order": self.track_cpu_s}

    @property
    def message_cpu_s(self) -> float:
        """Time on a core to encode one message of `message_bytes` and to decode one."""
        return 2 * self.message_bytes / ENCODING_BYTES_PER_S

    @abstractmethod
    def rented(self) -> dict[str, float]:
        """What it runs on: items of data/prices.csv -> how many of each."""

    @abstractmethod
    def demands_s(self) -> pd.DataFrame:
        """Return the mean service time that a request of each kind asks of each kind of station, in seconds.

        A row a kind, a column a kind of station. Not in it: waiting, coherency, refusals and settlement.
        """

    @abstractmethod
    def held_s(self) -> pd.DataFrame:
        """Return for how long a request of each kind holds workers, in seconds: a column a kind of program.

        That is as long as it takes when it waits for no worker and no core.
        """

    @abstractmethod
    def servers(self) -> Mapping[str, int]:
        """Column of `demands_s` or `held_s` -> how many servers of that kind there are in all."""

    def capacity_per_s(self, mix: Mapping[str, float]) -> pd.Series:
        """Return how many requests a second each kind of station can serve, by the bottleneck law: servers / demand.

        The least of them is the shop's capacity: what it can serve at most. Workers are held for the whole of a
        request or call; waiting inside comes on top and lowers what they really reach. Shares of `mix` as they are:
        they must add up to 1. Only stations with `servers` are in it: nobody rents the provider or the network.
        """
        shares = pd.Series(dict(mix)).reindex(list(self.cpu_s), fill_value=0.0)
        demands = self.demands_s().join(self.held_s()).mul(shares, axis=0).sum()
        servers = pd.Series(self.servers())
        asked = demands[demands.index.isin(servers.index) & (demands > 0)]
        return (servers[asked.index] / asked).rename("requests_per_s")
