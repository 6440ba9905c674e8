"""The parameters of the shop as microservices: what it runs on, how its parts talk, and what a request asks of them.

What all architectures share, the work above all, is in `archlab.shop.config`. Figures with a source are in
data/costs_of_operations.csv; everything else is an assumption, and is called one here or there.

What a request asks follows from the steps of the use cases: who calls whom, and what the called operation costs. Left
out are waiting, coherency, refusals, repeated calls, settlement, and with a protocol the time to encode messages. So
the capacity is what a shop can serve at most.

>>> config = MicroservicesConfig(instances={"catalogue": 2})
>>> config.count("catalogue"), config.count("orders"), config.cores_in_all
(2, 1, 12)
>>> capacity = MicroservicesConfig().capacity_per_s({"browse": 0.8, "place_order": 0.12, "track_order": 0.08})
>>> capacity.idxmin(), int(capacity.min())
('catalogue cpu', 305)
>>> MicroservicesConfig(instances={"shoes": 2})
Traceback (most recent call last):
ValueError: instances names 'shoes'; it must be one of gateway, catalogue, inventory, orders, payments, notifications
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import pandas as pd

from archlab.shop.config import CORES_PER_MACHINE, DATABASE_STORAGE_GB, ShopConfig
from archlab.shop.customers import mean_lines
from archlab.shop.microservices.guards import NO_GUARDS, Guards
from archlab.shop.microservices.hooks import Discovery, Mesh
from archlab.shop.microservices.steps import OFF_THE_PATH, PROGRAMS, SERVICES, USE_CASES, Step, UseCase
from archlab.shop.microservices.wire.protocol import Protocol, ProtocolName
from archlab.sim.distributions import as_distribution
from archlab.sim.validation import require_non_negative, require_whole

OrderingWord = Literal["naive", "saga_in_memory", "saga_with_log", "queue", "stream"]
SAGAS: tuple[OrderingWord, ...] = ("saga_in_memory", "saga_with_log")


@dataclass(frozen=True, kw_only=True)
class MicroservicesConfig(ShopConfig):
    """How the shop is built as microservices. What all architectures share: `archlab.shop.config.ShopConfig`.

    What it runs on:
        instances: program (the gateway or a service) -> how many copies of it. 1 of each that is not named.
        cores: of each instance, beside its `workers`. Assumptions.
        gateway_workers: requests that a gateway instance has under way at the same time. It is large because a
            proxy of today holds no thread for a request; set it to 16 for one that does. An assumption.
        database_cores: of each of the five databases; or service -> those of its database, 1 where none is named.

    How long things take:
        browse_cpu_s, order_cpu_s, track_cpu_s: each service does its share of a use case, see
            `archlab.shop.microservices.steps`.
        proxy_s: of a request in the gateway: 50 us (napkin-math).
        message_bytes: to encode and to decode. Not used with a `protocol`.

    How its parts find and guard one another:
        guards: service, or "payment provider" -> the `Guards` of all calls to it. None for those not named.
        balancing: how a caller chooses among the instances it believes to be up, a word of
            `archlab.sim.balancing.balancing_rule`.
        discovery: how callers find instances instead, see `archlab.shop.microservices.hooks`. None: those that
            passed their last health check. Customers find the gateway by health checks always.
        mesh: what carries the calls between services instead of the caller's own balancing. None: nothing.
        protocol: "rest" or "grpc", or a `Protocol` with settings of its own: every message is really encoded, crosses
            the network with its own size, over connections. None: messages of `message_bytes`, no connections.

    How it is built and run:
        ordering: "naive": the steps of an order one after the other, and what was done stays done. "saga_in_memory":
            what was done is undone when a step fails, as long as the process lives. "saga_with_log": a note in the
            rows says what is under way, and what was not done is done later. "queue" and "stream": an order is
            accepted at once, and paid by messages. Both sagas need `idempotency_keys`.
        redelivery_wait_s: how long payments keeps a message that it could not deal with before the queue may deliver
            it again. 0: not at all, as a RabbitMQ consumer that just rejects it.
        idempotency_keys: True: a request that is repeated for the same order is known as one, by the services and
            by the provider.

    Raises:
        ValueError: when a parameter is out of range.
    """

    instances: Mapping[str, int] = field(default_factory=dict)
    cores: int = 1
    gateway_workers: int = 512
    database_cores: int | Mapping[str, int] = 1
    proxy_s: float = 0.00005
    guards: Mapping[str, Guards] = field(default_factory=dict)
    balancing: str = "round robin"
    discovery: Discovery | None = None
    mesh: Mesh | None = None
    protocol: ProtocolName | Protocol | None = None
    ordering: OrderingWord = "naive"
    redelivery_wait_s: float = 0.0
    idempotency_keys: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("cores", "gateway_workers"):
            require_whole(name, getattr(self, name), at_least=1)
        for name in ("proxy_s", "redelivery_wait_s"):
            require_non_negative(name, getattr(self, name))
        for name in self.instances:
            _require_one_of("instances names", name, PROGRAMS)
            require_whole(f"instances[{name!r}]", self.instances[name], at_least=1)
        for name in self.database_cores if isinstance(self.database_cores, Mapping) else ():
            _require_one_of("database_cores names", name, SERVICES)
        for name in SERVICES:
            require_whole(f"database_cores of {name}", self.database_cores_of(name), at_least=1)
        for name in self.guards:
            _require_one_of("guards names", name, (*SERVICES, "payment provider"))
        _require_one_of("ordering is", self.ordering, get_args(OrderingWord))
        if self.ordering in SAGAS and not self.idempotency_keys:
            raise ValueError(f"idempotency_keys is False; it must be True with ordering={self.ordering!r}")

    # What there is ---------------------------------------------------------------------------------------

    @property
    def spoken(self) -> Protocol | None:
        """The protocol of the calls between services, None when messages are not encoded."""
        if self.protocol is None or isinstance(self.protocol, Protocol):
            return self.protocol
        return Protocol(self.protocol)

    def guards_of(self, callee: str) -> Guards:
        """Return the guards of the calls to a service, or to the "payment provider"."""
        return self.guards.get(callee, NO_GUARDS)

    def count(self, program: str) -> int:
        """Return how many instances of the gateway or of a service there are."""
        return self.instances.get(program, 1)

    def database_cores_of(self, service: str) -> int:
        """Return how many cores the database of a service has."""
        cores = self.database_cores
        return cores.get(service, 1) if isinstance(cores, Mapping) else cores

    @property
    def message_cpu_s(self) -> float:
        """Time on a core of one side of a call: to encode one message, and to decode the other.

        0 with a protocol, which knows each message: a few microseconds, that `demands_s` leaves out.
        """
        return 0.0 if self.protocol is not None else super().message_cpu_s

    @property
    def use_cases(self) -> Mapping[UseCase, Sequence[Step]]:
        """Use case -> the calls it makes, in order."""
        return USE_CASES

    def steps_at(self, service: str) -> list[tuple[UseCase, Step]]:
        """Return the operations of a service, each with the use case it is part of."""
        cases = [*self.use_cases.items(), ("place_order", OFF_THE_PATH)]
        return [(kind, step) for kind, steps in cases for step in steps if step.service == service]

    @property
    def cores_in_all(self) -> int:
        """Cores of all instances and all databases."""
        programs = sum(self.count(name) for name in PROGRAMS) * self.cores
        return programs + sum(self.database_cores_of(name) for name in SERVICES)

    def rented(self) -> dict[str, float]:
        """What it runs on, as items of data/prices.csv. Machines are rented by the core, which errs on the
        cheap side: really each database and each copy needs a machine, or a cluster that has a price of its own.

        The databases run on the same kind of machine; managed ones cost more.
        """
        return {
            "m5.large": self.cores_in_all / CORES_PER_MACHINE,
            "database storage GB": DATABASE_STORAGE_GB * len(SERVICES),
        }

    # What a request asks of it ---------------------------------------------------------------------------

    def servers(self) -> dict[str, int]:
        servers = {f"{name} cpu": self.count(name) * self.cores for name in PROGRAMS}
        servers |= {f"{name} workers": self.count(name) * self.workers for name in SERVICES}
        servers |= {"gateway workers": self.count("gateway") * self.gateway_workers}
        servers |= {f"{name} database": self.database_cores_of(name) for name in SERVICES}
        return servers | {f"{name} log": 1 for name in SERVICES}

    def demands_s(self) -> pd.DataFrame:
        """Columns: "<program> cpu", "<service> database", "<service> log", `provider`, and `hops`, the time of the
        request's messages on the way.
        """
        kinds = {kind: self._demands_of(kind) for kind in self.use_cases}
        columns = [f"{name} cpu" for name in PROGRAMS]
        columns += [f"{name} {what}" for name in SERVICES for what in ("database", "log")]
        frame = pd.DataFrame.from_dict(kinds, orient="index", columns=[*columns, "provider", "hops"])
        return frame.fillna(0.0)

    def held_s(self) -> pd.DataFrame:
        """Columns: "<program> workers". A worker is held while its program works and while those it calls do.

        So that of the gateway is the whole latency of a request that waits for no worker and no core.
        """
        kinds = {kind: dict.fromkeys(PROGRAMS, 0.0) for kind in self.use_cases}
        for kind, held in kinds.items():
            held["gateway"] = self.proxy_s + self._calls_s(kind, "gateway", held)
        return pd.DataFrame.from_dict(kinds, orient="index").add_suffix(" workers")

    def _demands_of(self, kind: UseCase) -> dict[str, float]:
        """What a request of this kind asks of each kind of station."""
        demands = defaultdict(float, {"gateway cpu": self.proxy_s})
        for step in self.use_cases[kind]:
            for station, work_s in self._work_s(kind, step).items():
                demands[station] += work_s
            demands[f"{step.caller} cpu"] += self._caller_cpu_s(step)
            demands["hops"] += 2 * as_distribution(self.hop_s).mean
        return demands

    def _work_s(self, kind: UseCase, step: Step) -> dict[str, float]:
        """What the called operation of one step asks of each station of its service."""
        lines = mean_lines(self.assortment.products, self.assortment.popularity_exponent)
        keys = step.commits if self.idempotency_keys else 0
        queries = step.queries + step.queries_per_line * lines + keys
        cpu_s = step.cpu_share * as_distribution(self.cpu_s[kind]).mean + self.message_cpu_s
        return {
            f"{step.service} cpu": cpu_s,
            f"{step.service} database": queries * as_distribution(self.query_s).mean,
            f"{step.service} log": step.commits * as_distribution(self.commit_s).mean,
            "provider": as_distribution(self.provider_s).mean if step.provider else 0.0,
        }

    def _caller_cpu_s(self, step: Step) -> float:
        """What a call costs its caller; that of the gateway is part of `proxy_s`."""
        return 0.0 if step.caller == "gateway" else self.message_cpu_s

    def _calls_s(self, kind: UseCase, caller: str, held: dict[str, float]) -> float:
        """How long the calls of one caller take, one after the other. Adds to `held` what the called programs hold."""
        total_s = 0.0
        for step in self.use_cases[kind]:
            if step.caller == caller:
                own_s = sum(self._work_s(kind, step).values()) + self._calls_s(kind, step.service, held)
                held[step.service] += own_s
                total_s += own_s + self._caller_cpu_s(step) + 2 * as_distribution(self.hop_s).mean
        return total_s


def _require_one_of(what: str, word: str, allowed: Sequence[str]) -> None:
    if word not in allowed:
        raise ValueError(f"{what} {word!r}; it must be one of {', '.join(allowed)}")


MICROSERVICES = MicroservicesConfig()
"""The smallest shop: one instance of everything with one core, and one core for each database."""
