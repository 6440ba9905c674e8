"""The parameters of the shop with separate models: what it runs on, which models it has, and how they are kept alike.

What all architectures share, the work above all, is in `archlab.shop.config`. Everything without a source is an
assumption, and is called one here or there.

>>> CqrsConfig(models="replicas", replicas=2).servers()["replica-2"]
1
>>> capacity = CqrsConfig().capacity_per_s({"browse": 0.8, "place_order": 0.12, "track_order": 0.08})
>>> capacity.idxmin(), int(capacity.min())
('queries cpu', 497)
>>> CqrsConfig(models="two")
Traceback (most recent call last):
ValueError: models is 'two'; it must be one of 'one', 'replicas', 'same database', 'separate'
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import pandas as pd

from archlab.shop.config import CORES_PER_MACHINE, DATABASE_STORAGE_GB, ShopConfig
from archlab.shop.cqrs.questions import Question
from archlab.shop.customers import mean_lines
from archlab.sim.distributions import Distribution, as_distribution
from archlab.sim.validation import require_non_negative, require_one_of, require_positive, require_whole

Models = Literal["one", "replicas", "same database", "separate"]
Place = Literal["with the rows", "after the rows"]

PROGRAMS = ("commands", "queries")
KINDS: Mapping[str, Question] = {
    "browse": Question.PRODUCT,
    "track_order": Question.ORDER,
    "history": Question.HISTORY,
    "best_sellers": Question.BEST_SELLERS,
    "stock_overview": Question.STOCK,
    "search": Question.SEARCH,
}
"""A kind of request that asks -> its question."""

JOINED_QUERIES: Mapping[Question, float] = {
    Question.PRODUCT: 1.0,
    Question.ORDER: 1.0,
    Question.HISTORY: 2.0,
    Question.BEST_SELLERS: 50.0,
    Question.STOCK: 1.0,
    Question.SEARCH: 1.0,
}
"""How many simple queries' time a question takes on the normalised tables, where its read model takes one. Assumptions,
for a small shop with all indexes that help, of words as well. Best sellers take more with more rows. What it takes to
keep the indexes is not charged, which errs in favour of the normalised tables."""

WRITTEN_ONCE, WRITTEN_PER_LINE = 4, 2
"""Statements of an order on the normalised tables: payment, order, notification, buyer; stock and line."""
READ_ROWS: Mapping[Question, tuple[int, int]] = {
    Question.PRODUCT: (0, 1),
    Question.ORDER: (1, 0),
    Question.HISTORY: (1, 0),
    Question.BEST_SELLERS: (0, 1),
    Question.STOCK: (0, 1),
    Question.SEARCH: (0, 0),
}
"""Statements of an order on each read model: once, and for each line."""
EVENTS_AN_ORDER = 2


@dataclass(frozen=True, kw_only=True)
class CqrsConfig(ShopConfig):
    """How the shop with separate models is built. What all share: `archlab.shop.config.ShopConfig`.

    What it runs on:
        instances: program ("commands" or "queries") -> how many copies. 1 of each that is not named.
        cores: of each instance, beside its `workers`.
        database_cores: of the database of the write model.
        read_cores: of each replica, or of the database of each read model.

    Which models it has:
        models: "one": questions are asked of the write model. "replicas": of read replicas of it. "same database":
            of read models beside the write model, which each command writes in its own transaction. "separate": of
            read models in databases of their own, which projectors make from events.
        read_models: the questions that have one, or that replicas answer. Others are asked of the write model.
        replicas: how many.
        joined_queries: question -> how many simple queries' time it takes on the normalised tables.

    How they are kept alike:
        tail_s: from a commit until a follower has heard of it.
        batch: the most commits or events that a follower applies in one transaction. An assumption.
        place: where a projector keeps its place, see `archlab.shop.cqrs.projector`.
        retry_s: between a failure of a follower's database and its next try. An assumption.

    `customers`: how many there are; order n is that of customer n modulo these. An assumption.

    Raises:
        ValueError: when a parameter is out of range.
    """

    instances: Mapping[str, int] = field(default_factory=dict)
    cores: int = 2
    database_cores: int = 2
    read_cores: int = 1
    models: Models = "separate"
    read_models: Sequence[Question] = tuple(Question)
    replicas: int = 1
    joined_queries: Mapping[Question, float] = field(default_factory=lambda: JOINED_QUERIES)
    tail_s: float | Distribution = 0.005
    batch: int = 100
    place: Place = "with the rows"
    retry_s: float = 1.0
    customers: int = 500

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("cores", "database_cores", "read_cores", "replicas", "batch", "customers"):
            require_whole(name, getattr(self, name), at_least=1)
        for program, count in self.instances.items():
            require_one_of("instances", program, PROGRAMS)
            require_whole(f"instances[{program!r}]", count, at_least=1)
        require_one_of("models", self.models, get_args(Models))
        require_one_of("place", self.place, get_args(Place))
        for question in self.read_models:
            require_one_of("read_models", question, tuple(Question))
        for question, times in self.joined_queries.items():
            require_positive(f"joined_queries[{question.value!r}]", times)
        require_positive("retry_s", self.retry_s)
        if isinstance(self.tail_s, int | float):
            require_non_negative("tail_s", self.tail_s)

    def count(self, program: str) -> int:
        """Return how many instances a program has."""
        return self.instances.get(program, 1)

    @property
    def kept(self) -> Sequence[Question]:
        """The read models that there are."""
        return tuple(self.read_models) if self.models in ("same database", "separate") else ()

    @property
    def read_servers(self) -> list[str]:
        """The names of the database servers beside that of the write model."""
        if self.models == "replicas":
            return [f"replica-{number}" for number in range(1, self.replicas + 1)]
        return [f"{question} database" for question in self.kept] if self.models == "separate" else []

    def queries_for(self, question: Question) -> float:
        """Return how many simple queries' time a question takes where it is asked."""
        return 1.0 if question in self.kept else self.joined_queries[question]

    @property
    def cpu_s(self) -> Mapping[str, float | Distribution]:
        return {**dict.fromkeys(KINDS, self.browse_cpu_s), **super().cpu_s}

    def rented(self) -> dict[str, float]:
        """What it runs on, as items of data/prices.csv. Machines are rented by the core, which errs on the cheap side.

        Each database has its storage. A balancer is a t3.medium, and is there when a program has two copies or more.
        """
        programs = self.cores * sum(self.count(program) for program in PROGRAMS)
        cores = programs + self.database_cores + self.read_cores * len(self.read_servers)
        items: dict[str, float] = {
            "m5.large": cores / CORES_PER_MACHINE,
            "database storage GB": DATABASE_STORAGE_GB * (1 + len(self.read_servers)),
        }
        balancers = sum(self.count(program) > 1 for program in PROGRAMS)
        return items | ({"t3.medium": balancers} if balancers else {})

    # What a request asks ------------------------------------------------------------------------------------

    def demands_s(self) -> pd.DataFrame:
        """Columns: "<program> cpu", "database", "log", each of `read_servers` and its follower, and "provider".

        A follower applies one statement after the other: it is a station with one server. It is least loaded when all
        of its batches are full, and that is what stands here.
        """
        rows = {kind: self._asked_of(kind) for kind in KINDS} | {"place_order": self._order_s()}
        return pd.DataFrame.from_dict(rows, orient="index").reindex(list(self.cpu_s)).fillna(0.0)

    def held_s(self) -> pd.DataFrame:
        """Columns: "<program> workers"."""
        demands = self.demands_s()
        followed = [name for name in demands.columns if name.endswith((" projector", " follower"))]
        order = demands.loc["place_order"].drop([*followed, *self.read_servers], errors="ignore").sum()
        asking = demands.drop(columns=followed).sum(axis="columns")
        held = pd.DataFrame({"queries workers": asking, "commands workers": 0.0})
        held.loc["place_order"] = (0.0, order)
        return held

    def servers(self) -> Mapping[str, int]:
        programs = {f"{program} cpu": self.cores * self.count(program) for program in PROGRAMS}
        workers = {f"{program} workers": self.workers * self.count(program) for program in PROGRAMS}
        databases = dict.fromkeys(self.read_servers, self.read_cores) | {"database": self.database_cores}
        return (
            programs
            | workers
            | databases
            | dict.fromkeys(map(follower_of, self.read_servers), 1)
            | {"log": 1}
        )

    def _asked_of(self, kind: str) -> dict[str, float]:
        """What one question asks of each station; of the replicas each gets an equal part."""
        question, query_s = KINDS[kind], as_distribution(self.query_s).mean
        asked = defaultdict(float, {"queries cpu": as_distribution(self.cpu_s[kind]).mean})
        servers = [
            name
            for name in self.read_servers
            if name.startswith(question if self.models == "separate" else "replica")
            and question in self.read_models
        ]
        for server in servers or ["database"]:
            asked[server] += self.queries_for(question) * query_s / max(1, len(servers))
        return asked

    def _order_s(self) -> dict[str, float]:
        """What an order asks of each station, of the followers' as well."""
        query_s, commit_s = as_distribution(self.query_s).mean, as_distribution(self.commit_s).mean
        lines = mean_lines(self.assortment.products, self.assortment.popularity_exponent)
        own = WRITTEN_ONCE + WRITTEN_PER_LINE * lines
        read = {question: once + each * lines for question, (once, each) in READ_ROWS.items()}
        more = {"separate": EVENTS_AN_ORDER, "same database": sum(read[question] for question in self.kept)}
        asked = {
            "commands cpu": as_distribution(self.order_cpu_s).mean,
            "database": (2 + own + more.get(self.models, 0)) * query_s,
            "log": commit_s,
            "provider": as_distribution(self.provider_s).mean,
        }
        for server in self.read_servers:
            rows = own if self.models == "replicas" else read[Question(server.removesuffix(" database"))]
            asked[server] = rows * query_s
            commits = 1 if self.models == "replicas" else EVENTS_AN_ORDER
            asked[follower_of(server)] = rows * query_s + commits * commit_s / self.batch
        return asked


def follower_of(server: str) -> str:
    """Return the name of the process that keeps a database up to date.

    >>> follower_of("replica-1"), follower_of("search database")
    ('replica-1 follower', 'search projector')
    """
    return (
        f"{server} follower"
        if server.startswith("replica")
        else f"{server.removesuffix(' database')} projector"
    )
