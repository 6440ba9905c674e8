"""The parameters of the shop as microservices: what it runs on, how long its steps take, and how its parts talk.

Processors, queries, commits and the provider are those of `archlab.shop.monolith_config`, so that both shops do the
same work. What is new is a network between the parts. Figures with a source are in data/costs_of_operations.csv;
everything else is an assumption, and is called one here or there.

>>> config = MicroservicesConfig(instances={"catalogue": 2})
>>> config.count("catalogue"), config.count("orders"), config.cores_in_all
(2, 1, 12)
>>> MicroservicesConfig(instances={"shoes": 2})
Traceback (most recent call last):
ValueError: instances names 'shoes'; it must be one of gateway, catalogue, inventory, orders, payments, notifications
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import pandas as pd

from archlab.shop.architecture import Assortment
from archlab.shop.microservices_demands import capacity_per_s, demands_s, held_s
from archlab.shop.monolith_config import (
    ASSORTMENT,
    BROWSE_CPU_S,
    COMMIT_S,
    CORES_PER_MACHINE,
    DATABASE_STORAGE_GB,
    ORDER_CPU_S,
    PROVIDER_S,
    QUERY_S,
    TRACK_CPU_S,
)
from archlab.shop.protocol import Protocol, ProtocolName
from archlab.shop.services.guards import NO_GUARDS, Guards
from archlab.shop.services.hooks import Discovery, Mesh
from archlab.shop.services.steps import OFF_THE_PATH, PROGRAMS, SERVICES, USE_CASES, Step, UseCase
from archlab.sim.distributions import Distribution
from archlab.sim.validation import require_fraction, require_non_negative, require_positive, require_whole

__all__ = ["PROGRAMS", "SERVICES", "MicroservicesConfig"]

OrderingWord = Literal["naive", "saga", "outbox", "queue", "stream"]
NotificationsWord = Literal["call"]


@dataclass(frozen=True)
class MicroservicesConfig:
    """How the shop is built as microservices.

    What it runs on:
        instances: program (the gateway or a service) -> how many copies of it. 1 of each that is not named.
        workers, cores: of each instance. A worker is held for the whole of a call. Assumptions.
        gateway_workers: requests that a gateway instance has under way at the same time. It is large because a
            proxy of today holds no thread for a request; set it to 16 for one that does. An assumption.
        queue_limit: calls that may wait for a worker of an instance. None: no limit.
        database_cores: of each of the five databases; or service -> those of its database, 1 where none is named.

    How long things take:
        browse_cpu_s, order_cpu_s, track_cpu_s, query_s, commit_s, coherency, provider_s, declined: as in
            `MonolithConfig`. Each service does its share of a use case, see `archlab.shop.services.steps`.
        proxy_s: of a request in the gateway: 50 us (napkin-math).
        hop_s: a message between two parts, one way: 0.25 ms inside a region (napkin-math).
        message_bytes: of every request and answer: to encode and to decode at 100 MiB/s (JSON-class, napkin-math).
            The size is an assumption. Not used with a `protocol`.

    How its parts find and guard one another:
        guards: service, or "payment provider" -> the `Guards` of all calls to it. None for those not named.
        balancing: how a caller chooses among the instances it believes to be up, a word of
            `archlab.sim.balancing.balancing_rule`.
        health_check_s: between two checks of the instances of a program that has two or more. An assumption.
        discovery: how callers find instances instead, see `archlab.shop.services.hooks`. None: those that passed
            their last health check. Customers find the gateway by health checks always.
        mesh: what carries the calls between services instead of the caller's own balancing. None: nothing.
        protocol: "rest" or "grpc", or a `Protocol` with settings of its own: every message is really encoded, crosses
            the network with its own size, over connections. None: messages of `message_bytes`, no connections.

    How it is built and run:
        ordering: "naive": the steps of an order one after the other, and what was done stays done. "saga": what was
            done is undone when a step fails. "outbox": what was not done is done later. "queue" and "stream": an order
            is accepted at once, and paid by messages. Saga and outbox need `idempotency_keys`.
        notifications: "call": the orders service calls the notifications service, and waits.
        idempotency_keys: True: a request that is repeated for the same order is known as one, by the services and
            by the provider.
        settle_every_s: between two batches in which held money is taken. As in `MonolithConfig`.

    Raises:
        ValueError: when a parameter is out of range.
    """

    instances: Mapping[str, int] = field(default_factory=dict)
    workers: int = 16
    cores: int = 1
    gateway_workers: int = 512
    queue_limit: int | None = None
    database_cores: int | Mapping[str, int] = 1
    browse_cpu_s: float | Distribution = BROWSE_CPU_S
    order_cpu_s: float | Distribution = ORDER_CPU_S
    track_cpu_s: float | Distribution = TRACK_CPU_S
    query_s: float | Distribution = QUERY_S
    commit_s: float | Distribution = COMMIT_S
    coherency: float = 0.005
    provider_s: float | Distribution = PROVIDER_S
    declined: float = 0.0
    proxy_s: float = 0.00005
    hop_s: float | Distribution = 0.00025
    message_bytes: int = 1024
    guards: Mapping[str, Guards] = field(default_factory=dict)
    balancing: str = "round robin"
    health_check_s: float = 5.0
    discovery: Discovery | None = None
    mesh: Mesh | None = None
    protocol: ProtocolName | Protocol | None = None
    ordering: OrderingWord = "naive"
    notifications: NotificationsWord = "call"
    idempotency_keys: bool = False
    settle_every_s: float = 5.0
    assortment: Assortment = ASSORTMENT

    def __post_init__(self) -> None:
        for name in ("workers", "cores", "gateway_workers"):
            require_whole(name, getattr(self, name), at_least=1)
        for name in ("settle_every_s", "health_check_s"):
            require_positive(name, getattr(self, name))
        for name in ("coherency", "message_bytes", "proxy_s"):
            require_non_negative(name, getattr(self, name))
        require_fraction("declined", self.declined)
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
        if self.ordering in ("saga", "outbox") and not self.idempotency_keys:
            raise ValueError(f"idempotency_keys is False; it must be True with ordering={self.ordering!r}")
        _require_one_of("notifications is", self.notifications, get_args(NotificationsWord))

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
    def cpu_s(self) -> Mapping[UseCase, float | Distribution]:
        """Use case -> its time on cores in all services together, messages and gateway not counted."""
        return {"browse": self.browse_cpu_s, "place_order": self.order_cpu_s, "track_order": self.track_cpu_s}

    @property
    def message_cpu_s(self) -> float:
        """Time on a core of one side of a call: to encode one message, and to decode the other.

        0 with a protocol, which knows each message: a few microseconds, that `demands_s` leaves out.
        """
        return 0.0 if self.protocol is not None else 2 * self.message_bytes / (100 * 2**20)

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

    def demands_s(self) -> pd.DataFrame:
        """Return the mean service time that a request of each kind asks of each kind of station, in seconds.

        See `archlab.shop.microservices_demands.demands_s`.
        """
        return demands_s(self)

    def held_s(self) -> pd.DataFrame:
        """Return for how long a request of each kind holds workers of each program, in seconds.

        See `archlab.shop.microservices_demands.held_s`.
        """
        return held_s(self)

    def capacity_per_s(self, mix: Mapping[str, float]) -> pd.Series:
        """Return how many requests a second each kind of station can serve. The least is the shop's capacity.

        See `archlab.shop.microservices_demands.capacity_per_s`.
        """
        return capacity_per_s(self, mix)


def _require_one_of(what: str, word: str, allowed: Sequence[str]) -> None:
    if word not in allowed:
        raise ValueError(f"{what} {word!r}; it must be one of {', '.join(allowed)}")
