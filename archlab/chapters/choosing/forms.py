"""Forms: the ways to build each of the six architectures that compete here, each in its strongest shape.

All do the same work for the same customers at the same prices. All begin with as little as there can be (a program with
one core, a database with one core), can grow at every station that money can make larger, have as many workers as they
want, and are guarded with what their chapter has found to help:

- monolithic: orders have workers of their own, and wait for the provider for a second at most.
- microservices: sagas with a log and idempotency keys; a breaker and a time-out before the provider.
- event-driven: the log of the database is tailed, components know what they have handled, many partitions.
- layered: in one process, or on three tiers whose changes of an order travel in one call.
- serverless: idempotency keys; as little memory as the objective allows (`archlab.chapters.choosing.objective`);
  with or without a pool of connections before the database.
- cqrs: read models of what this shop is asked, in the same database or in databases of their own. This shop's customers
  ask nothing that the normalised tables answer slowly, so read models save nothing here
  (`archlab.chapters.cqrs.same_money` has customers who do).

What the forms leave out, and whom that favours: services, components and functions have nobody to balance their copies
whom they pay for; in all other shops a program with several copies pays for a balancer. All copies have one core, and
larger ones would share their work better: this errs against whoever has many copies, all alike.

An architecture with two forms competes with the one that is better for the case at hand, and the tables say which.

>>> [form.name for form in forms_of("layered")]
['one process', 'three tiers']
>>> FORMS["monolithic"].grow(FORMS["monolithic"].smallest(copies=1), "cpu", 16).cores
2
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from archlab.chapters.choosing import growing
from archlab.chapters.choosing.growing import SESSIONS_A_CORE, Grow
from archlab.chapters.choosing.objective import least_memory_mb
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
from archlab.sim.distributions import as_distribution
from archlab.sim.validation import require_one_of

ARCHITECTURES = ("monolithic", "microservices", "event-driven", "layered", "serverless", "cqrs")
WORKERS = 64
"""Of each copy of a program: so many that cores and databases are the limit. Threads that wait cost memory, which
nobody is charged for here: it errs in favour of those with many programs. Past their plan it errs against those whose
programs have no pool of connections, as CQRS here: each worker may hold a session, and sessions slow one another."""
GATEWAY_WORKERS = 600
ORDER_WORKERS = 32
"""Of a monolith's workers, for orders alone: a slow provider cannot take those that pages need."""
PROVIDER_TIMEOUT_S = 1.0
"""Two and a half times the provider's p99."""
PARTITIONS = 256
BROKERS_THAT_SURVIVE = 3
"""Broker machines of a shop that is to survive the death of any program. With one copy of each there is one broker: a
database has one machine, too, in all shops, and their rows are as safe as the broker's events."""
ASKED = (Question.PRODUCT, Question.ORDER)
"""What this workload asks, and so the read models that are worth having here."""


def _nothing(config: ShopConfig) -> Mapping[str, float]:
    return {}


SAGA_QUERIES, SAGA_COMMITS = 4, 1
"""What an order that is noted asks of the orders' database besides: the note; then a transaction that changes the
order's state, takes the note away, and notes that it has done so."""


def _saga_log(config: ShopConfig) -> Mapping[str, float]:
    query_s, commit_s = (as_distribution(time_s).mean for time_s in (config.query_s, config.commit_s))
    return {"orders database": SAGA_QUERIES * query_s, "orders log": SAGA_COMMITS * commit_s}


@dataclass(frozen=True)
class Form:
    """One way to build an architecture.

    Attributes:
        architecture: one of `ARCHITECTURES`, as colours and claims name it.
        name: of the form inside its architecture; empty when there is one only.
        build: makes the shop in a simulation: `build(sim, config=...)`.
        smallest: how many copies of each program there are at least -> the smallest shop of the form.
        grow: see `archlab.chapters.choosing.growing`.
        more_s: station -> seconds that an order asks of it beside what `ShopConfig.demands_s` counts.
    """

    architecture: str
    name: str
    build: Callable[..., Architecture]
    smallest: Callable[[int], ShopConfig]
    grow: Grow
    more_s: Callable[[ShopConfig], Mapping[str, float]] = _nothing

    @property
    def key(self) -> str:
        """Its name in `FORMS`: "layered, three tiers"."""
        return f"{self.architecture}, {self.name}" if self.name else self.architecture


# How small each begins -----------------------------------------------------------------------------------------


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
        broker_machines=1 if copies == 1 else BROKERS_THAT_SURVIVE,
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
        memory_mb=least_memory_mb(),
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
        Form("monolithic", "", Monolith, _monolith, growing.monolith),
        Form("microservices", "", Microservices, _services, growing.programs, _saga_log),
        Form("event-driven", "", EventDriven, _event_driven, growing.programs),
        Form("layered", "one process", Layered, partial(_layered, "one process"), growing.one_process),
        Form("layered", "three tiers", Layered, partial(_layered, "three tiers"), growing.programs),
        Form("serverless", "", Serverless, partial(_serverless, False), growing.serverless),
        Form("serverless", "pool", Serverless, partial(_serverless, True), growing.serverless),
        Form("cqrs", "same database", Cqrs, partial(_cqrs, "same database"), growing.programs),
        Form("cqrs", "separate", Cqrs, partial(_cqrs, "separate"), growing.programs),
    )
}
"""Key -> form."""


def forms_of(architecture: str) -> list[Form]:
    """Return the forms of an architecture. Raises `ValueError` when there is no such one."""
    require_one_of("architecture", architecture, ARCHITECTURES)
    return [form for form in FORMS.values() if form.architecture == architecture]
