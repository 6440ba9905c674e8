"""A shop that grows: the station that is scarce is made larger, again and again, until it does what is wanted.

What cannot be bought is the write model's log and, beyond the largest machine, its database; and a follower, which
applies one statement after the other. Shops with read models have those of all that is asked, or only those that are
worth it (`worth_it`), whichever is better.

Rules of ours err against somebody. A follower takes the time of a query for each statement: real replicas apply several
at once, and cheaper. Each read model has a database of its own, with a core at least, and one copy of it: against
"separate", at the start and at the end.

>>> worth_it(reads_per_order=0.1), [question.value for question in worth_it(reads_per_order=3)]
((), ['best sellers'])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from archlab.data import load
from archlab.shop.architecture import HOURS_PER_MONTH
from archlab.shop.config import CORES_PER_MACHINE
from archlab.shop.cqrs import JOINED_QUERIES, KINDS, CqrsConfig, Question
from archlab.shop.cqrs.config import READ_ROWS
from archlab.shop.customers import mean_lines
from archlab.sim.validation import require_one_of, require_positive

MODELS = ("one", "replicas", "same database", "separate")
QUESTIONS: Mapping[str, float] = {
    "browse": 0.60,
    "search": 0.15,
    "history": 0.10,
    "track_order": 0.10,
    "best_sellers": 0.05,
}
"""What is asked, of all questions. An assumption."""
LARGEST_DATABASE_CORES = 16
"""Of the write model's database, of a replica, and of each read model's. An assumption; real ones have up to some
hundred."""


def mix_of(reads_per_order: float) -> dict[str, float]:
    """Return the shares of a load with so many questions for an order."""
    require_positive("reads_per_order", reads_per_order)
    asked = reads_per_order / (1 + reads_per_order)
    return {"place_order": 1 - asked} | {kind: share * asked for kind, share in QUESTIONS.items()}


@cache
def _usd_per_h_of_one() -> Mapping[str, float]:
    """Each item of data/prices.csv that is paid by time, in US dollars an hour."""
    prices = load("prices").set_index("item")
    hours = prices.per.map({"hour": 1, "month": HOURS_PER_MONTH})
    return dict((prices.price_usd / hours).dropna())


def usd_per_h(config: CqrsConfig) -> float:
    """Return what a shop costs an hour, by data/prices.csv."""
    usd = _usd_per_h_of_one()
    return float(sum(usd[item] * count for item, count in config.rented().items()))


def rows_an_order(question: Question) -> float:
    """Return how many statements the read model of a question takes from an order, on average."""
    once, each = READ_ROWS[question]
    assortment = CqrsConfig().assortment
    return once + each * mean_lines(assortment.products, assortment.popularity_exponent)


def worth_it(
    reads_per_order: float, joined: Mapping[Question, float] = JOINED_QUERIES
) -> tuple[Question, ...]:
    """Return the questions of the mix whose read models save more queries' time than they take.

    `joined`: how many simple queries' time each question takes on the normalised tables.
    """
    require_positive("reads_per_order", reads_per_order)
    saved = {
        KINDS[kind]: reads_per_order * share * (joined[KINDS[kind]] - 1) for kind, share in QUESTIONS.items()
    }
    return tuple(question for question in Question if saved.get(question, 0.0) > rows_an_order(question))


def smallest(models: str, read_models: Sequence[Question] | None = None) -> CqrsConfig:
    """Return the smallest shop of a kind. `read_models`: None: those of all that is asked."""
    require_one_of("models", models, MODELS)
    asked = [KINDS[kind] for kind in QUESTIONS]
    return CqrsConfig(
        models=models,  # type: ignore[arg-type]
        read_models=[one for one in Question if one in (asked if read_models is None else read_models)],
        cores=CORES_PER_MACHINE,
        database_cores=1,
        workers=1000,
        coherency=0.0,
    )


def smallest_of_each_kind(models: str, mix: Mapping[str, float]) -> list[CqrsConfig]:
    """Return the smallest shops of a kind: with the read models of all that is asked, and with those that are worth it.
    Replicas answer all.
    """
    every = smallest(models)
    if models not in ("same database", "separate"):
        return [every]
    worth = worth_it((1 - mix["place_order"]) / mix["place_order"])
    return [every, smallest(models, worth)] if worth else [every]


def best(
    models: str,
    mix: Mapping[str, float],
    budget_usd_per_h: float,
    largest_cores: int = LARGEST_DATABASE_CORES,
) -> CqrsConfig:
    """Return the shop of a kind that serves most for the money.

    Raises `ValueError` when there is no such kind or the budget does not pay for its smallest shop.
    """
    shops = smallest_of_each_kind(models, mix)
    least = min(map(usd_per_h, shops))
    if least > budget_usd_per_h:
        raise ValueError(
            f"budget_usd_per_h is {budget_usd_per_h!r}; it must pay for the smallest shop, {least:.2f}"
        )
    grown = [
        _grown(shop, mix, budget_usd_per_h, largest_cores)
        for shop in shops
        if usd_per_h(shop) <= budget_usd_per_h
    ]
    return max(grown, key=lambda shop: float(shop.capacity_per_s(mix).min()))


def _grown(
    config: CqrsConfig, mix: Mapping[str, float], budget_usd_per_h: float, largest_cores: int
) -> CqrsConfig:
    """The shop with more of what is scarce, again and again, for as long as the money lasts."""
    law = _Law(mix)
    while True:
        larger = _larger(config, law.scarce(config)[0], largest_cores)
        if larger is None or usd_per_h(larger) > budget_usd_per_h:
            return config
        config = larger


class _Law:
    """The bottleneck law for shops that grow: what a request asks of each station changes with their replicas alone."""

    def __init__(self, mix: Mapping[str, float]) -> None:
        self.mix = mix
        self.asked_s: dict[int, dict[str, float]] = {}

    def scarce(self, config: CqrsConfig) -> tuple[str, float]:
        """Return the station that is scarce, and how many requests a second it serves."""
        if config.replicas not in self.asked_s:
            servers = config.servers()
            per_s = config.capacity_per_s(self.mix)
            self.asked_s[config.replicas] = {name: servers[name] / per_s[name] for name in per_s.index}
        servers = config.servers()
        served = {name: servers[name] / asked_s for name, asked_s in self.asked_s[config.replicas].items()}
        scarce = min(served, key=lambda name: served[name])
        return scarce, served[scarce]


def _larger(config: CqrsConfig, scarce: str, largest_cores: int) -> CqrsConfig | None:
    """The shop with more of what is scarce; None when that cannot be had."""
    program = scarce.removesuffix(" cpu")
    if program in ("commands", "queries"):
        return replace(config, instances={**config.instances, program: config.count(program) + 1})
    if scarce == "database" and config.database_cores < largest_cores:
        return replace(config, database_cores=config.database_cores + 1)
    if scarce in config.read_servers and config.models == "replicas":
        more, other = (
            replace(config, read_cores=config.read_cores + 1),
            replace(config, replicas=config.replicas + 1),
        )
        return more if config.read_cores < config.replicas * 2 else other
    if scarce in config.read_servers and config.read_cores < largest_cores:
        return replace(config, read_cores=config.read_cores + 1)
    return None


def cheapest_usd_per_h(models: str, reads_per_s: float, orders_per_s: float) -> float:
    """Return what the shop of a kind costs that serves so many page views and orders; inf when none does.

    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("orders_per_s", orders_per_s)
    mix = mix_of(reads_per_s / orders_per_s)
    return min(_until(shop, mix, reads_per_s + orders_per_s) for shop in smallest_of_each_kind(models, mix))


def _until(config: CqrsConfig, mix: Mapping[str, float], wanted_per_s: float) -> float:
    """What a shop costs when it has grown until it serves so much."""
    law = _Law(mix)
    while True:
        scarce, served_per_s = law.scarce(config)
        if served_per_s >= wanted_per_s:
            return usd_per_h(config)
        larger = _larger(config, scarce, LARGEST_DATABASE_CORES)
        if larger is None:
            return float("inf")
        config = larger
