"""What may be chosen to meet a brief: an architecture, how much of it there is, and how it is built.

Tasks 2 to 4 of lab 07. The class of a configuration is the architecture. The shop, the work and the prices are those of
the course: all parameters that are not named here are facts of life.

>>> from archlab.chapters.choosing.lab_briefs import START_UP
>>> impossible(MonolithConfig(query_s=0.0, database_cores=40), START_UP)
['query_s cannot be chosen', 'database_cores is 40; there are 16 at most']
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from archlab.chapters.choosing.lab_briefs import Brief
from archlab.shop.architecture import Architecture, Assortment
from archlab.shop.config import ShopConfig
from archlab.shop.cqrs import Cqrs, CqrsConfig
from archlab.shop.event_driven import EventDriven, EventDrivenConfig
from archlab.shop.layered import Layered, LayeredConfig
from archlab.shop.microservices import Microservices, MicroservicesConfig
from archlab.shop.monolithic import Monolith, MonolithConfig
from archlab.shop.serverless import Serverless, ServerlessConfig

BUILDS: Mapping[type[ShopConfig], type[Architecture]] = MappingProxyType(
    {
        MonolithConfig: Monolith,
        MicroservicesConfig: Microservices,
        EventDrivenConfig: EventDriven,
        LayeredConfig: Layered,
        ServerlessConfig: Serverless,
        CqrsConfig: Cqrs,
    }
)
"""A configuration's class -> the architecture that it configures."""
TO_CHOOSE: Mapping[type[ShopConfig], tuple[str, ...]] = MappingProxyType(
    {
        MonolithConfig: (
            "clones",
            "cores",
            "connections",
            "bulkheads",
            "database_cores",
            "payment_timeout_s",
            "transactions",
        ),
        MicroservicesConfig: (
            "instances",
            "cores",
            "gateway_workers",
            "database_cores",
            "guards",
            "ordering",
            "idempotency_keys",
        ),
        EventDrivenConfig: (
            "instances",
            "cores",
            "web_workers",
            "database_cores",
            "way_out",
            "idempotent",
            "partitions",
            "readers",
            "broker_machines",
        ),
        LayeredConfig: ("tiers", "instances", "workers_of", "cores", "database_cores", "chatty", "limit_s"),
        ServerlessConfig: (
            "memory_mb",
            "time_limits_s",
            "provisioned",
            "concurrency",
            "database_cores",
            "connection_pool",
            "pool_sessions",
            "idempotency_keys",
        ),
        CqrsConfig: (
            "models",
            "read_models",
            "instances",
            "cores",
            "database_cores",
            "read_cores",
            "replicas",
        ),
    }
)
"""A configuration's class -> what of it may be chosen, besides `ALWAYS`."""
ALWAYS = ("workers", "queue_limit")
MOST: Mapping[str, int] = MappingProxyType(
    {
        "cores": 2,
        "workers": 64,
        "connections": 64,
        "gateway_workers": 600,
        "web_workers": 600,
        "database_cores": 16,
        "read_cores": 16,
        "partitions": 256,
        "pool_sessions": 256,
        "concurrency": 10_000,
    }
)
"""There is no more of it. Assumptions: threads take memory, and larger databases are another lab."""


def impossible(config: ShopConfig, brief: Brief) -> list[str]:
    """Return in words which facts of life were changed, and what there is not so much of; nothing when all is well."""
    facts, chosen = type(config)(), (*ALWAYS, *TO_CHOOSE[type(config)])
    fixed = [field.name for field in fields(config) if field.name not in (*chosen, "assortment")]
    words = [f"{name} cannot be chosen" for name in fixed if getattr(config, name) != getattr(facts, name)]
    if config.assortment not in (facts.assortment, assortment_of(brief)):
        words.append("assortment cannot be chosen")
    for name in [name for name in MOST if name in chosen]:
        largest, most = _largest(getattr(config, name)), MOST[name]
        if largest > most:
            words.append(f"{name} is {largest:g}; there are {most} at most")
    return words


def _largest(given: float | Mapping[str, float]) -> float:
    return max(given.values(), default=0) if isinstance(given, Mapping) else given


def decided(config: ShopConfig, brief: Brief) -> ShopConfig:
    """Return a shop with what was chosen in `config`, and with the facts of life and of a brief."""
    chosen = {name: _plain(getattr(config, name)) for name in (*ALWAYS, *TO_CHOOSE[type(config)])}
    return type(config)(**chosen, assortment=assortment_of(brief))


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def assortment_of(brief: Brief) -> Assortment:
    """Return what the shop of a brief sells."""
    return Assortment(stock=brief.stock)
