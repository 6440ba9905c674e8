"""The parameters of the event-driven shop: what it runs on, how its components talk, and what a request asks of them.

What all architectures share, the work above all, is in `archlab.shop.config`. Everything without a source is an
assumption, and is called one here or there.

What a request asks follows from the steps of the use cases. Left out are waiting, coherency, refusals, events that are
delivered twice, settlement, and what a relay asks of the databases when it looks for events. So the capacity is what a
shop can serve at most.

>>> config = EventDrivenConfig(instances={"catalogue": 2}, way_out="log_tailing")
>>> config.count("catalogue"), config.count("orders"), config.cores_in_all
(2, 1, 18)
>>> capacity = EventDrivenConfig().capacity_per_s({"browse": 0.8, "place_order": 0.12, "track_order": 0.08})
>>> capacity.idxmin(), int(capacity.min())
('catalogue cpu', 259)
>>> EventDrivenConfig(topic="pigeon")
Traceback (most recent call last):
ValueError: topic is 'pigeon'; it must be one of 'log', 'queue', 'shards'
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import pandas as pd

from archlab.shop.config import CORES_PER_MACHINE, DATABASE_STORAGE_GB, ShopConfig
from archlab.shop.customers import mean_lines
from archlab.shop.event_driven.steps import COMPONENTS, OFF_THE_PATH, PROGRAMS, USE_CASES, Step, UseCase
from archlab.sim.distributions import Distribution, as_distribution
from archlab.sim.messaging.shard_reader import POLL_EVERY_S
from archlab.sim.validation import (
    require_flag,
    require_lasting,
    require_non_negative,
    require_one_of,
    require_positive,
    require_whole,
)

TopicWord = Literal["log", "queue", "shards"]
WayOutWord = Literal["dual_write", "outbox", "log_tailing"]

PUBLISH_S = 0.0008
"""To publish an event: to the broker, a write that is flushed to the disk, and back (napkin-math)."""

READERS: Mapping[str, int] = {"payments": 16}
"""Component -> its readers. Payments waits 0.1 s for each event, so it needs many. An assumption."""
FEW = 2
"""Readers of a component that is not in `READERS`. An assumption."""


@dataclass(frozen=True, kw_only=True)
class EventDrivenConfig(ShopConfig):
    """How the shop is built of components that share no call. What all share: `archlab.shop.config.ShopConfig`.

    What it runs on:
        instances: program ("web" or a component) -> how many copies of it. 1 of each that is not named.
        cores: of each instance, beside its `workers`. Assumptions.
        web_workers: requests that an instance of the door has under way at the same time. It is large because a
            proxy of today holds no thread for a request. An assumption.
        database_cores: of each of the five databases, or component -> of its own. 1 of each that is not named.
        broker_machines: 3, because a broker keeps each event on three machines. An assumption.

    How events travel:
        topic: "log" (after Kafka), "queue" (after RabbitMQ, one queue a component) or "shards" (after Kinesis).
        way_out: how an event gets from the component's database to the topic. "dual_write": it is stored, then
            published. "outbox": a note is stored with it, and a relay looks for notes. "log_tailing": a tailer reads
            what the database has written.
        idempotent: True: a component notes in an inbox which events it has handled, in the transaction of what they
            make it write, and gives the provider a key. False: it does what an event asks each time it comes.
        partitions: of the log; shards of the stream.
        retention_s: how long log or stream keep an event. None: for ever; a stream keeps it a day (data/kinesis.csv).
        commit_every_s: how often readers of log or stream keep their offsets: 5 s (Kafka, data/brokers.csv).
        shard_poll_s: how often a component asks a shard for news: 1 s (Kinesis, data/kinesis.csv). None: it is sent
            them (enhanced fan-out).
        readers: component -> events it works on at the same time, see `READERS`. Of a stream: one for each shard.
        publish_s: see `PUBLISH_S`.
        poll_s: between two looks of the relay into the outbox. An assumption.
        tail_s: from a commit until the tailer has read it. An assumption; less than 10 ms is claimed for Debezium.
        keep_place_every_s: how often the tailer keeps its place. An assumption.
        retry_s: from a failure until an event is tried again. An assumption.

    How long things take:
        proxy_s: of a request at the door: 50 us (napkin-math).
        message_bytes: to encode and to decode, of requests, answers and events.

    Raises:
        ValueError: when a parameter is out of range.
    """

    instances: Mapping[str, int] = field(default_factory=dict)
    cores: int = 1
    web_workers: int = 512
    database_cores: int | Mapping[str, int] = 1
    broker_machines: int = 3
    topic: TopicWord = "log"
    way_out: WayOutWord = "outbox"
    idempotent: bool = True
    partitions: int = 16
    retention_s: float | None = None
    commit_every_s: float = 5.0
    shard_poll_s: float | None = POLL_EVERY_S
    readers: Mapping[str, int] = field(default_factory=dict)
    publish_s: float | Distribution = PUBLISH_S
    poll_s: float = 0.1
    tail_s: float = 0.005
    keep_place_every_s: float = 1.0
    retry_s: float = 1.0
    proxy_s: float = 0.00005

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("cores", "web_workers", "broker_machines", "partitions"):
            require_whole(name, getattr(self, name), at_least=1)
        for name in ("poll_s", "retry_s"):
            require_positive(name, getattr(self, name))
        for name in ("proxy_s", "tail_s", "keep_place_every_s", "commit_every_s"):
            require_non_negative(name, getattr(self, name))
        require_one_of("topic", self.topic, get_args(TopicWord))
        require_one_of("way_out", self.way_out, get_args(WayOutWord))
        require_flag("idempotent", self.idempotent)
        require_lasting("retention_s", self.retention_s)
        require_lasting("shard_poll_s", self.shard_poll_s)
        self._require_counts("instances", self.instances, PROGRAMS)
        self._require_counts("readers", self.readers, COMPONENTS)
        if isinstance(self.database_cores, Mapping):
            self._require_counts("database_cores", self.database_cores, COMPONENTS)
        else:
            require_whole("database_cores", self.database_cores, at_least=1)

    def _require_counts(self, what: str, counts: Mapping[str, int], allowed: tuple[str, ...]) -> None:
        for name, count in counts.items():
            if name not in allowed:
                raise ValueError(f"{what} names {name!r}; it must be one of {', '.join(allowed)}")
            require_whole(f"{what}[{name!r}]", count, at_least=1)

    def count(self, program: str) -> int:
        """Return how many instances of the door or of a component there are."""
        return self.instances.get(program, 1)

    def database_cores_of(self, component: str) -> int:
        """Return how many cores the database of a component has."""
        cores = self.database_cores
        return cores.get(component, 1) if isinstance(cores, Mapping) else cores

    def readers_of(self, component: str) -> int:
        """Return on how many events a component works at the same time, all its instances together."""
        if self.topic == "shards":
            return self.partitions
        return self.readers.get(component, READERS.get(component, FEW))

    @property
    def coding_s(self) -> float:
        """Time on a core to encode one message, or to decode one."""
        return self.message_cpu_s / 2

    @property
    def use_cases(self) -> Mapping[UseCase, tuple[Step, ...]]:
        """Use case -> the steps it takes."""
        return USE_CASES

    def steps_at(self, component: str) -> list[tuple[UseCase, Step]]:
        """Return what a component does, each with the use case it is part of."""
        cases = [*self.use_cases.items(), ("place_order", OFF_THE_PATH)]
        return [(kind, step) for kind, steps in cases for step in steps if step.component == component]

    @property
    def cores_in_all(self) -> int:
        """Cores of all instances, all databases and the broker."""
        programs = sum(self.count(name) for name in PROGRAMS) * self.cores
        databases = sum(self.database_cores_of(name) for name in COMPONENTS)
        return programs + databases + self.broker_machines * CORES_PER_MACHINE

    def rented(self) -> dict[str, float]:
        """What it runs on, as items of data/prices.csv. Machines are rented by the core, which errs on the cheap side.

        Databases and broker run on the same kind of machine; managed ones cost more. Relays and tailers cost nothing.
        """
        return {
            "m5.large": self.cores_in_all / CORES_PER_MACHINE,
            "database storage GB": DATABASE_STORAGE_GB * (len(COMPONENTS) + self.broker_machines),
        }

    # What a request asks of it ---------------------------------------------------------------------------

    def servers(self) -> dict[str, int]:
        servers = {f"{name} cpu": self.count(name) * self.cores for name in PROGRAMS}
        servers |= {f"{name} workers": self.count(name) * self.workers for name in COMPONENTS}
        servers |= {"web workers": self.count("web") * self.web_workers}
        servers |= {f"{name} readers": self.readers_of(name) for name in COMPONENTS}
        servers |= {f"{name} database": self.database_cores_of(name) for name in COMPONENTS}
        return servers | {f"{name} log": 1 for name in COMPONENTS}

    def demands_s(self) -> pd.DataFrame:
        """Columns: "<program> cpu", "<component> database", "<component> log", `provider`, and `hops`, the time of the
        request and its answer on the way. What happens after the answer is counted, too.
        """
        columns = [f"{name} cpu" for name in PROGRAMS]
        columns += [f"{name} {what}" for name in COMPONENTS for what in ("database", "log")]
        kinds = {kind: self._demands_of(kind) for kind in self.use_cases}
        frame = pd.DataFrame.from_dict(kinds, orient="index", columns=[*columns, "provider", "hops"])
        return frame.fillna(0.0)

    def held_s(self) -> pd.DataFrame:
        """Columns: "<program> workers" and "<component> readers". The door's is the latency of a request."""
        kinds = {kind: self._held_of(kind) for kind in self.use_cases}
        return pd.DataFrame.from_dict(kinds, orient="index").fillna(0.0)

    def _demands_of(self, kind: UseCase) -> dict[str, float]:
        """What a request of this kind asks of each kind of station."""
        hops_s = 2 * as_distribution(self.hop_s).mean
        demands = defaultdict(float, {"web cpu": self.proxy_s, "hops": hops_s})
        for step in self.use_cases[kind]:
            for station, work_s in self._work_s(kind, step).items():
                demands[station] += work_s
        return demands

    def _held_of(self, kind: UseCase) -> dict[str, float]:
        """For how long a request of this kind holds workers and readers of each program."""
        held = defaultdict(float, {"web workers": self.proxy_s + 2 * as_distribution(self.hop_s).mean})
        for step in self.use_cases[kind]:
            work_s = sum(self._work_s(kind, step).values()) + self._publishing_s(step)
            held[f"{step.component} workers"] += work_s
            held["web workers" if step.asked else f"{step.component} readers"] += work_s
        return held

    def _publishing_s(self, step: Step) -> float:
        """How long a step waits for the topic, because it publishes by itself."""
        if not step.events or self.way_out != "dual_write":
            return 0.0
        return as_distribution(self.hop_s).mean + as_distribution(self.publish_s).mean

    def _work_s(self, kind: UseCase, step: Step) -> dict[str, float]:
        """What one step asks of each station."""
        lines = mean_lines(self.assortment.products, self.assortment.popularity_exponent)
        notes = step.events * (2 if self.way_out == "outbox" else 1) + (self.idempotent and not step.asked)
        queries = step.queries + step.queries_per_line * lines + notes
        cpu_s = step.cpu_share * as_distribution(self.cpu_s[kind]).mean + self.coding_s_of(step)
        return {
            f"{step.component} cpu": cpu_s,
            f"{step.component} database": queries * as_distribution(self.query_s).mean,
            f"{step.component} log": step.commits * as_distribution(self.commit_s).mean,
            "provider": as_distribution(self.provider_s).mean if step.provider else 0.0,
        }

    def coding_s_of(self, step: Step) -> float:
        """Time on a core for what a step reads and sends: a request and its answer, or an event; and new events."""
        return self.coding_s * ((2 if step.asked else 1) + step.events)


EVENT_DRIVEN = EventDrivenConfig()
"""The smallest shop: one instance of everything with one core, and one core for each database."""
