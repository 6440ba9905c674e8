"""The parameters of the serverless shop: how its functions are set, and what stands behind them.

What all architectures share, the work above all, is in `archlab.shop.config`. Its `workers`, `queue_limit`,
`cores_share` and `health_check_s` are not used: there are no machines of ours. Everything without a source is an
assumption, and is called one here or there.

>>> config = ServerlessConfig(memory_mb={"browse": 512}, provisioned={"browse": 2})
>>> config.memory_mb_of("browse"), config.memory_mb_of("place_order"), config.provisioned_of("browse")
(512, 1769, 2)
>>> capacity = ServerlessConfig().capacity_per_s({"browse": 0.8, "place_order": 0.12, "track_order": 0.08})
>>> capacity.idxmin()
'database'
>>> ServerlessConfig(provisioned={"dance": 2})
Traceback (most recent call last):
ValueError: provisioned names 'dance'; it must be one of browse, place_order, track_order, reserve_stock, \
take_payment, notify, settle, finish_orders, picture, report
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import pandas as pd

from archlab.shop.config import CORES_PER_MACHINE, DATABASE_STORAGE_GB, ShopConfig
from archlab.shop.customers import mean_lines
from archlab.shop.serverless.steps import FUNCTIONS, USE_CASES, WITH_KEYS, Step, UseCase
from archlab.sim.distributions import Distribution, Uniform, as_distribution
from archlab.sim.functions.account import CONCURRENCY
from archlab.sim.functions.memory import computing_s
from archlab.sim.functions.runtimes import Package, initialisation_s
from archlab.sim.functions.scaling import TODAY, ScalingRate
from archlab.sim.validation import (
    require_flag,
    require_instance,
    require_lasting,
    require_non_negative,
    require_positive,
    require_whole,
)

KEEP_ALIVE_S = Uniform(300.0, 420.0)
"""AWS Lambda in January 2021: from 5 to 7 minutes (`archlab.sim.functions.runtimes`)."""
MEMORY_MB = 1769
"""One whole virtual processor: as fast as a core of the other architectures."""
TIME_LIMITS_S: Mapping[str, float] = {
    "place_order": 20.0,
    **dict.fromkeys(("settle", "finish_orders", "picture", "report"), 60.0),
}
CHILD_TIME_LIMIT_S = 5.0
"""Of all other functions: they are asked by somebody who waits. Assumptions."""


@dataclass(frozen=True, kw_only=True)
class ServerlessConfig(ShopConfig):
    """How the shop is built of functions. Parameters that all share: `archlab.shop.config.ShopConfig`.

    Its functions (a mapping names functions; those not named have the default):
        memory_mb: of all, or function -> of its own. Decides how fast they compute, and what a second costs.
        runtime, package: what a new environment must start, as in `archlab.sim.functions.runtimes`. A function that
            imports nothing: with libraries it takes longer.
        init_s: seconds that a new environment needs, or a distribution of them. None: what was measured of the runtime.
        keep_alive_s: for how long an idle environment is kept, or a distribution of that.
        time_limits_s: function -> after how long it is ended where it stands. See `TIME_LIMITS_S`.
        provisioned: function -> how many environments are kept ready.
        reserved: function -> so much of the account's concurrency is for it alone, and all that it gets.
        concurrency, scaling: of the account, see `archlab.sim.functions`. None: no limit on new environments.

    What stands behind:
        database_cores: of the one database, which is the monolith's.
        connections: that the database takes at the same time. Each environment holds one. An assumption.
        connect_s: to open one. An assumption.
        connection_pool: True: a proxy in front has `pool_sessions` with the database, and environments wait for one.
        pool_sessions: how many. An assumption: some more than the database has cores.
        gateway_timeout_s: the gateway answers the customer without the function after so long. None: never.
        proxy_s: of a request at the gateway or of a query at the pool: 50 us (napkin-math).
        picture_cpu_s: to make a small picture of a large one. An assumption.
        publish_s: to send a message to the queue or the stream: 0.8 ms, a flushed write and the way (napkin-math).

    How it is built:
        idempotency_keys: True: an order is written down first, and each step notes in its own transaction that it
            was done; so asking again does nothing twice, and what a crash left over is finished. False: each step is
            done as often as it is asked.

    Raises:
        ValueError: when a parameter is out of range.
    """

    memory_mb: float | Mapping[str, float] = MEMORY_MB
    runtime: str = "Python 3.12"
    package: Package = "zip"
    init_s: float | Distribution | None = None
    keep_alive_s: float | Distribution = KEEP_ALIVE_S
    time_limits_s: Mapping[str, float] = field(default_factory=dict)
    provisioned: Mapping[str, int] = field(default_factory=dict)
    reserved: Mapping[str, int] = field(default_factory=dict)
    concurrency: int = CONCURRENCY
    scaling: ScalingRate | None = TODAY
    database_cores: int = 2
    connections: int = 500
    connect_s: float = 0.005
    connection_pool: bool = False
    pool_sessions: int = 16
    gateway_timeout_s: float | None = None
    picture_cpu_s: float | Distribution = 0.2
    proxy_s: float = 0.00005
    publish_s: float | Distribution = 0.0008
    idempotency_keys: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("concurrency", "database_cores", "connections", "pool_sessions"):
            require_whole(name, getattr(self, name), at_least=1)
        for name in ("connect_s", "proxy_s"):
            require_non_negative(name, getattr(self, name))
        for name in ("connection_pool", "idempotency_keys"):
            require_flag(name, getattr(self, name))
        _measured_s(self.runtime, self.package)
        require_instance("scaling", self.scaling, (ScalingRate, type(None)), "a ScalingRate or None")
        require_lasting("gateway_timeout_s", self.gateway_timeout_s)
        memory = self.memory_mb if isinstance(self.memory_mb, Mapping) else {"browse": self.memory_mb}
        for what, mapping in (("memory_mb", memory), ("time_limits_s", self.time_limits_s)):
            self._require_functions(what, mapping)
            for name, value in mapping.items():
                require_positive(f"{what}[{name!r}]", value)
        for what, counts in (("provisioned", self.provisioned), ("reserved", self.reserved)):
            self._require_functions(what, counts)
            for name, count in counts.items():
                require_whole(f"{what}[{name!r}]", count, at_least=0)

    def _require_functions(self, what: str, mapping: Mapping[str, float]) -> None:
        for name in mapping:
            if name not in FUNCTIONS:
                raise ValueError(f"{what} names {name!r}; it must be one of {', '.join(FUNCTIONS)}")

    def memory_mb_of(self, function: str) -> float:
        """Return the memory of a function."""
        memory = self.memory_mb
        return memory.get(function, MEMORY_MB) if isinstance(memory, Mapping) else memory

    def time_limit_s_of(self, function: str) -> float:
        """Return after how long a function is ended."""
        return self.time_limits_s.get(function, TIME_LIMITS_S.get(function, CHILD_TIME_LIMIT_S))

    def provisioned_of(self, function: str) -> int:
        """Return how many environments of a function are kept ready."""
        return self.provisioned.get(function, 0)

    @property
    def environment_init_s(self) -> float | Distribution:
        """How long a new environment takes to be ready, or a distribution of that."""
        return _measured_s(self.runtime, self.package) if self.init_s is None else self.init_s

    @property
    def use_cases(self) -> Mapping[UseCase, tuple[Step, ...]]:
        """A use case -> its steps."""
        return WITH_KEYS if self.idempotency_keys else USE_CASES

    def rented(self) -> dict[str, float]:
        """What it costs when nobody comes: the database's machine and storage; with a pool, a t3.medium for it.

        The machine is rented by the core, as the monolith's is. What is provisioned is on the functions' bill.
        """
        items: dict[str, float] = {
            "m5.large": self.database_cores / CORES_PER_MACHINE,
            "database storage GB": DATABASE_STORAGE_GB,
        }
        return items | {"t3.medium": 1} if self.connection_pool else items

    def demands_s(self) -> pd.DataFrame:
        """Columns `functions` (computing, at their memory), `database`, `log`, `provider`, and `hops` on the way.

        What happens after the answer is counted, too; cold starts, the report and the settlement are not.
        """
        kinds = {kind: self._sums(kind, steps) for kind, steps in self.use_cases.items()}
        return pd.DataFrame.from_dict(kinds, orient="index")

    def _sums(self, kind: UseCase, steps: tuple[Step, ...]) -> pd.Series:
        return pd.DataFrame([self._work_s(kind, step) for step in steps]).sum()

    def held_s(self) -> pd.DataFrame:
        """One column, `environments`: for how long a request keeps environments at work, those that wait included."""
        kinds = {kind: self._held_s(kind, steps) for kind, steps in self.use_cases.items()}
        return pd.Series(kinds).to_frame("environments")

    def _held_s(self, kind: UseCase, steps: tuple[Step, ...]) -> float:
        return sum(run_s for _, run_s in self._runs_s(kind, steps))

    def runs_s(self, kind: UseCase) -> list[tuple[str, float]]:
        """Return the functions that a request of a kind runs, each with the seconds that one run takes when it is warm.

        A function runs while it waits, for a database, the provider, or the functions it calls.
        """
        return self._runs_s(kind, self.use_cases[kind])

    def _runs_s(self, kind: UseCase, steps: tuple[Step, ...]) -> list[tuple[str, float]]:
        """The first function waits for those that it calls, so their time counts twice."""
        times = [sum(self._work_s(kind, step).values()) for step in steps]
        times[0] += sum(time for time, step in zip(times[1:], steps[1:], strict=True) if step.asked)
        return [(step.function, time) for step, time in zip(steps, times, strict=True)]

    def servers(self) -> Mapping[str, int]:
        return {"database": self.database_cores, "log": 1, "environments": self.concurrency}

    def _work_s(self, kind: UseCase, step: Step) -> dict[str, float]:
        """What one step asks of each station."""
        lines = mean_lines(self.assortment.products, self.assortment.popularity_exponent)
        cpu_s = step.cpu_share * as_distribution(self.cpu_s[kind]).mean + self.message_cpu_s
        queries = step.queries + step.queries_per_line * lines
        return {
            "functions": computing_s(cpu_s, self.memory_mb_of(step.function)),
            "database": queries * as_distribution(self.query_s).mean,
            "log": step.commits * as_distribution(self.commit_s).mean,
            "provider": as_distribution(self.provider_s).mean if step.provider else 0.0,
            "hops": 2 * as_distribution(self.hop_s).mean if step.asked else 0.0,
        }


@cache
def _measured_s(runtime: str, package: Package) -> Distribution:
    """The same, as it was measured; kept, since shops are built by the hundred."""
    return initialisation_s(runtime, package)


SERVERLESS = ServerlessConfig()
"""The smallest shop: functions with one processor each, and one database with two cores."""
