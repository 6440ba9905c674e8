"""Forms: the ways to build each of the six architectures that compete here, each in its strongest shape.

All do the same work for the same customers at the same prices. All begin with as little as there can be (a program with
one core, a database with one core), can grow at every station that money can make larger, have as many workers as they
want, and are guarded with what their chapter has found to help:

- monolithic: orders have workers of their own, and wait for the provider for a second at most.
- microservices: sagas with a log and idempotency keys; a breaker and a time-out before the provider.
- event-driven: the log of the database is tailed, components know what they have handled, many partitions.
- layered: in one process, or on three tiers whose changes of an order travel in one call.
- serverless: idempotency keys; with or without a pool of connections before the database.
- cqrs: read models of what this shop is asked, in the same database or in databases of their own.

An architecture with two forms competes with the one that is better for the case at hand, and the tables say which.

>>> [form.name for form in forms_of("layered")]
['one process', 'three tiers']
>>> FORMS["monolithic"].grow(FORMS["monolithic"].smallest(copies=1), "cpu", 16).cores
2
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from archlab.shop.architecture import Architecture
from archlab.shop.config import ShopConfig
from archlab.shop.cqrs import Cqrs, CqrsConfig, Question
from archlab.shop.cqrs.config import PROGRAMS as SIDES
from archlab.shop.cqrs.config import Models
from archlab.shop.event_driven import COMPONENTS, EventDriven, EventDrivenConfig
from archlab.shop.event_driven import PROGRAMS as WEB_AND_COMPONENTS
from archlab.shop.layered import Layered, LayeredConfig
from archlab.shop.layered.config import PROGRAMS as PROGRAMS_OF_TIERS
from archlab.shop.layered.config import Tiers
from archlab.shop.microservices import PROGRAMS, Guards, Microservices, MicroservicesConfig
from archlab.shop.monolithic import Monolith, MonolithConfig
from archlab.shop.serverless import Serverless, ServerlessConfig
from archlab.sim.validation import require_one_of

ARCHITECTURES = ("monolithic", "microservices", "event-driven", "layered", "serverless", "cqrs")
WORKERS = 64
"""Of each copy of a program: so many that cores and databases are the limit. Threads that wait cost memory, which
nobody is charged for here: it errs in favour of those with many programs."""
GATEWAY_WORKERS = 600
ORDER_WORKERS = 32
"""Of a monolith's workers, for orders alone: a slow provider cannot take those that pages need."""
PROVIDER_TIMEOUT_S = 1.0
"""Two and a half times the provider's p99."""
PARTITIONS = 256
ASKED = (Question.PRODUCT, Question.ORDER)
"""What this workload asks, and so the read models that are worth having here."""
MORE_ENVIRONMENTS = 1000
"""By so many an account's limit is raised at a time. It is a quota that is raised on request, and costs nothing."""

Grow = Callable[[ShopConfig, str, int], ShopConfig | None]
"""(shop, the station that is scarce, cores of the largest database) -> the shop one step larger, or None."""


@dataclass(frozen=True)
class Form:
    """One way to build an architecture.

    Attributes:
        architecture: one of `ARCHITECTURES`, as colours and claims name it.
        name: of the form inside its architecture; empty when there is one only.
        build: makes the shop in a simulation: `build(sim, config=...)`.
        smallest: how many copies of each program there are at least -> the smallest shop of the form.
        grow: see `Grow`.
    """

    architecture: str
    name: str
    build: Callable[..., Architecture]
    smallest: Callable[[int], ShopConfig]
    grow: Grow

    @property
    def key(self) -> str:
        """Its name in `FORMS`: "layered, three tiers"."""
        return f"{self.architecture}, {self.name}" if self.name else self.architecture


# How each grows ----------------------------------------------------------------------------------------------


def _grow_monolith(config: ShopConfig, scarce: str, largest: int) -> ShopConfig | None:
    assert isinstance(config, MonolithConfig)
    if scarce in ("cpu", "workers"):
        return replace(config, cores=2) if config.cores == 1 else replace(config, clones=config.clones + 1)
    if scarce == "database" and config.database_cores < largest:
        return replace(config, database_cores=config.database_cores + 1)
    return None


def _grow_programs(config: ShopConfig, scarce: str, largest: int) -> ShopConfig | None:
    """Services, components, tiers and sides: each program, and each database, grows by itself."""
    assert isinstance(config, MicroservicesConfig | EventDrivenConfig | LayeredConfig | CqrsConfig)
    name, _, what = scarce.rpartition(" ")
    if what in ("cpu", "workers"):
        return replace(config, instances={**config.instances, name: config.count(name) + 1})
    return _grow_database(config, name, what, largest) if what == "database" else None


def _grow_database(
    config: MicroservicesConfig | EventDrivenConfig | LayeredConfig | CqrsConfig,
    name: str,
    what: str,
    largest: int,
) -> ShopConfig | None:
    if isinstance(config, MicroservicesConfig | EventDrivenConfig):
        cores = config.database_cores_of(name)
        assert isinstance(config.database_cores, Mapping)
        grown = {**config.database_cores, name: cores + 1}
        return replace(config, database_cores=grown) if cores < largest else None
    if name:  # one of the read models' databases: all of them have as many cores
        assert isinstance(config, CqrsConfig)
        return replace(config, read_cores=config.read_cores + 1) if config.read_cores < largest else None
    if config.database_cores == largest:
        return None
    return replace(config, database_cores=config.database_cores + 1)


def _grow_serverless(config: ShopConfig, scarce: str, largest: int) -> ShopConfig | None:
    assert isinstance(config, ServerlessConfig)
    if scarce == "environments":
        return replace(config, concurrency=config.concurrency + MORE_ENVIRONMENTS)
    if scarce == "database" and config.database_cores < largest:
        cores = config.database_cores + 1
        return replace(config, database_cores=cores, pool_sessions=SESSIONS_A_CORE * cores)
    return None


# How small each begins -----------------------------------------------------------------------------------------

SESSIONS_A_CORE = 8
"""Of the pool before the functions' database, as the shop's own default has it: 16 for two cores."""


def _monolith(copies: int) -> ShopConfig:
    return MonolithConfig(
        clones=copies,
        cores=1,
        workers=WORKERS,
        database_cores=1,
        bulkheads={"place_order": ORDER_WORKERS},
        payment_timeout_s=PROVIDER_TIMEOUT_S,
    )


def _services(copies: int) -> ShopConfig:
    return MicroservicesConfig(
        instances=dict.fromkeys(PROGRAMS, copies),
        database_cores=dict.fromkeys(COMPONENTS, 1),
        workers=WORKERS,
        gateway_workers=GATEWAY_WORKERS,
        ordering="saga_with_log",
        idempotency_keys=True,
        guards={"payment provider": Guards(timeout_s=PROVIDER_TIMEOUT_S, breaker=True)},
    )


def _event_driven(copies: int) -> ShopConfig:
    return EventDrivenConfig(
        instances=dict.fromkeys(WEB_AND_COMPONENTS, copies),
        database_cores=dict.fromkeys(COMPONENTS, 1),
        workers=WORKERS,
        web_workers=GATEWAY_WORKERS,
        partitions=PARTITIONS,
        readers=dict.fromkeys(COMPONENTS, PARTITIONS),
        way_out="log_tailing",
    )


def _layered(tiers: Tiers, copies: int) -> ShopConfig:
    return LayeredConfig(
        tiers=tiers,
        instances=dict.fromkeys(PROGRAMS_OF_TIERS[tiers], copies),
        cores=1,
        workers=WORKERS,
        database_cores=1,
        chatty=False,
        limit_s=LIMIT_S,
    )


LIMIT_S = 2.0
"""Of a layered request, what it waits for included: as long as a customer waits."""


def _serverless(pool: bool, copies: int) -> ShopConfig:
    return ServerlessConfig(
        database_cores=1,
        idempotency_keys=True,
        connection_pool=pool,
        pool_sessions=SESSIONS_A_CORE,
        coherency=ShopConfig.coherency,
    )


def _cqrs(models: Models, copies: int) -> ShopConfig:
    return CqrsConfig(
        models=models,
        read_models=ASKED,
        instances=dict.fromkeys(SIDES, copies),
        cores=1,
        workers=WORKERS,
        database_cores=1,
    )


FORMS: Mapping[str, Form] = {
    form.key: form
    for form in (
        Form("monolithic", "", Monolith, _monolith, _grow_monolith),
        Form("microservices", "", Microservices, _services, _grow_programs),
        Form("event-driven", "", EventDriven, _event_driven, _grow_programs),
        Form("layered", "one process", Layered, partial(_layered, "one process"), _grow_programs),
        Form("layered", "three tiers", Layered, partial(_layered, "three tiers"), _grow_programs),
        Form("serverless", "", Serverless, partial(_serverless, False), _grow_serverless),
        Form("serverless", "pool", Serverless, partial(_serverless, True), _grow_serverless),
        Form("cqrs", "same database", Cqrs, partial(_cqrs, "same database"), _grow_programs),
        Form("cqrs", "separate", Cqrs, partial(_cqrs, "separate"), _grow_programs),
    )
}
"""Key -> form."""


def forms_of(architecture: str) -> list[Form]:
    """Return the forms of an architecture. Raises `ValueError` when there is no such one."""
    require_one_of("architecture", architecture, ARCHITECTURES)
    return [form for form in FORMS.values() if form.architecture == architecture]
