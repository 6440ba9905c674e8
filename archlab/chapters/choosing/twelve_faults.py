"""Twelve faults, said in words that mean the same for all six architectures, and the parts of each shop that they hit.

A fault hits a role: what makes pages, what takes orders, the database that holds orders. Who plays the role differs:
in a monolith one program plays two of them, so two faults are one there. Where nobody plays it, the fault *does not
apply*. That is no victory: what cannot fail so may fail in another way, and `Cast.why_not` says what is there instead.

All faults begin at the same moment and last equally long (`Trial`). How slow "slow" is: a query takes 0.2 s, as one
that has lost its index, and the provider 4 s, twice as long as a customer waits. Both are as in the chapters before.

What this leaves out. Nobody fails over to a standby. No network between a program and its database, or between
functions, loses anything: the kit has networks between services and between components only. It errs in favour of the
others. A note to a customer is a row, not an e-mail; where the order's own transaction writes it, there is no program
that could be away.

>>> from archlab.chapters.choosing.forms import FORMS
>>> from archlab.sim.simulation import Simulation
>>> shop = FORMS["microservices"].build(Simulation(seed=1), config=FORMS["microservices"].smallest(2))
>>> [fault.where for fault in faults_in("orders' code: bad release", FORMS["microservices"], shop)]
['orders-1', 'orders-2']
>>> applies("queue or broker is away", FORMS["monolithic"])
False
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from archlab.chapters.choosing.forms import Form
from archlab.chapters.choosing.trial_terms import USUAL, Trial
from archlab.shop.architecture import Architecture
from archlab.shop.config import CORES_PER_MACHINE
from archlab.sim.faults import Crash, Fault, Partition, SlowDown
from archlab.sim.validation import require_one_of


@dataclass(frozen=True)
class Cast:
    """Who plays the roles in one form.

    Attributes:
        pages: the program that makes pages.
        orders: the program, or the function, that holds the code of ordering.
        orders_database: the server that holds the rows of orders.
        notifier: what tells customers of their orders, if it is something of its own.
        queue: what carries messages between programs, if anything does.
        front: the program that passes requests to `orders` over a network of the kit.
        why_not: a fault that does not apply -> what is there instead.
    """

    pages: str
    orders: str
    orders_database: str = "database"
    notifier: str = ""
    queue: str = ""
    front: str = ""
    why_not: Mapping[str, str] | None = None


PAGES_COPY = "pages: one copy dies"
MACHINE = "one machine dies"
RELEASE = "orders' code: bad release"
DATABASE_DOWN = "orders' database is down"
DATABASE_SLOW = "orders' database is slow"
PROVIDER_SLOW = "payment provider is slow"
PROVIDER_DOWN = "payment provider is down"
NOTIFIER_DOWN = "notifier is away"
QUEUE_DOWN = "queue or broker is away"
CUT = "network to orders is cut"
BURST = "four times the load"
TWICE = "every order is sent twice"

FAULTS: Mapping[str, str] = {
    PAGES_COPY: "one copy of the program that makes pages dies and comes back",
    MACHINE: "a machine with two cores dies, with the copies of programs that run on it",
    RELEASE: "all copies of what holds the code of ordering are down: a release that crashes and is taken back",
    DATABASE_DOWN: "the server that holds the rows of orders is down",
    DATABASE_SLOW: "each query on the server that holds the rows of orders takes 0.2 s",
    PROVIDER_SLOW: "the payment provider takes 4 s for an answer",
    PROVIDER_DOWN: "the payment provider refuses all calls",
    NOTIFIER_DOWN: "what tells customers of their orders is down",
    QUEUE_DOWN: "what carries messages between programs is down",
    CUT: "no message passes between the front door and the program that takes orders",
    BURST: "four times as many requests come",
    TWICE: "answers to orders get lost, so customers send each order again, under the same number, after a second",
}
"""A fault -> what it means, whatever the architecture."""

ONE_TRANSACTION = "the order's own transaction writes the note"
NO_QUEUE = "programs send one another no messages"
NO_NETWORK = "no network is between the door and the code of orders"
NO_COPIES = "the platform replaces what dies, and its machines are not ours"
IN_ONE = {NOTIFIER_DOWN: ONE_TRANSACTION, QUEUE_DOWN: NO_QUEUE, CUT: NO_NETWORK}

CASTS: Mapping[str, Cast] = {
    "monolithic": Cast("shop", "shop", why_not=IN_ONE),
    "microservices": Cast(
        "catalogue",
        "orders",
        "orders database",
        notifier="notifications",
        front="gateway",
        why_not={QUEUE_DOWN: NO_QUEUE},
    ),
    "event-driven": Cast(
        "catalogue", "orders", "orders database", notifier="notifications", queue="shop events", front="web"
    ),
    "layered, one process": Cast("shop", "shop", why_not=IN_ONE),
    "layered, three tiers": Cast(
        "web", "app", why_not={**IN_ONE, CUT: "the kit's network between tiers loses nothing"}
    ),
    "serverless": Cast(
        "",
        "place_order",
        notifier="notify",
        queue="notifications",
        why_not={
            PAGES_COPY: NO_COPIES,
            MACHINE: NO_COPIES,
            CUT: "the kit's network between gateway and functions loses nothing",
        },
    ),
    "cqrs, same database": Cast("queries", "commands", why_not=IN_ONE),
    "cqrs, separate": Cast(
        "queries",
        "commands",
        why_not={**IN_ONE, QUEUE_DOWN: "projectors read the events from the write model's own database"},
    ),
}
CASTS = {**CASTS, "serverless, pool": CASTS["serverless"], "monolithic, pays later": CASTS["monolithic"]}
"""A form -> its cast."""


def cast_of(form: Form) -> Cast:
    """Return who plays the roles in a form. Raises `ValueError` when nobody has said so."""
    require_one_of("form", form.key, CASTS)
    return CASTS[form.key]


def why_not(fault: str, form: Form) -> str:
    """Return why a fault cannot happen to a form; empty when it can. Raises `ValueError` for an unknown one."""
    require_one_of("fault", fault, FAULTS)
    return (cast_of(form).why_not or {}).get(fault, "")


def applies(fault: str, form: Form) -> bool:
    """Return whether a fault can happen to a form. Raises `ValueError` for an unknown one."""
    return not why_not(fault, form)


def faults_in(fault: str, form: Form, shop: Architecture, trial: Trial = USUAL) -> list[Fault]:
    """Return the faults of the kit that one of `FAULTS` means in this shop.

    A burst and orders that are sent twice are none: customers do these, see `archlab.chapters.choosing.trials`.

    Raises `ValueError` when the fault is unknown or does not apply.
    """
    if reason := why_not(fault, form):
        raise ValueError(f"fault is {fault!r}, which does not apply to {form.key}: {reason}")
    return _EFFECTS[fault](cast_of(form), shop, trial) if fault in _EFFECTS else []


# What each does -------------------------------------------------------------------------------------------------


def copies_of(program: str, shop: Architecture) -> list[str]:
    """Return the names of the copies of a program, or the one part of this name."""
    if program in shop.parts:
        return [program]
    config: Any = shop.config  # type: ignore[attr-defined]
    count = config.clones if hasattr(config, "clones") else config.count(program)
    return [f"{program}-{number}" for number in range(1, count + 1)]


def on_one_machine(cast: Cast, shop: Architecture) -> list[str]:
    """Return the copies that a machine with two cores has: one of pages and one of orders, or as many of the one
    program as it has room for. Never all of a program's copies, where there are two or more: nobody deploys so.
    """
    cores = shop.config.cores  # type: ignore[attr-defined]
    pages, orders = copies_of(cast.pages, shop), copies_of(cast.orders, shop)
    room = max(1, CORES_PER_MACHINE // cores)
    if cast.pages != cast.orders:
        return [pages[0], orders[0]][:room]
    return pages[: max(1, min(room, len(pages) - 1))]


def _crash(parts: list[str], trial: Trial) -> list[Fault]:
    return [Crash(part, trial.at_s, trial.lasts_s) for part in parts]


def _slow(part: str, trial: Trial, times: float) -> list[Fault]:
    return [SlowDown(part, trial.at_s, trial.lasts_s, times)]


def _cut(cast: Cast, shop: Architecture, trial: Trial) -> list[Fault]:
    platform: Any = shop
    doors, behind = tuple(copies_of(cast.front, shop)), tuple(copies_of(cast.orders, shop))
    platform.network.nodes(*doors, *behind)
    return [Partition(platform.network, doors, behind, trial.at_s, trial.lasts_s)]


_EFFECTS: Mapping[str, Callable[[Cast, Architecture, Trial], list[Fault]]] = {
    PAGES_COPY: lambda cast, shop, trial: _crash(copies_of(cast.pages, shop)[:1], trial),
    MACHINE: lambda cast, shop, trial: _crash(on_one_machine(cast, shop), trial),
    RELEASE: lambda cast, shop, trial: _crash(copies_of(cast.orders, shop), trial),
    DATABASE_DOWN: lambda cast, _, trial: _crash([cast.orders_database], trial),
    DATABASE_SLOW: lambda cast, _, trial: _slow(cast.orders_database, trial, trial.slow_query_times),
    PROVIDER_SLOW: lambda _, __, trial: _slow("payment provider", trial, trial.slow_provider_times),
    PROVIDER_DOWN: lambda _, __, trial: _crash(["payment provider"], trial),
    NOTIFIER_DOWN: lambda cast, shop, trial: _crash(copies_of(cast.notifier, shop), trial),
    QUEUE_DOWN: lambda cast, _, trial: _crash([cast.queue], trial),
    CUT: _cut,
}
