"""Rate limits at the gateway: one greedy client among many usual ones, and what a limit does not see.

A bucket counts requests, not work: few clients that keep to the limit can fill a database. And it counts what comes
under one name: a client with many names has many buckets. So a limit that saves the usual clients from the greedy one
is judged by how many heavy clients they bear, and by how many names.

>>> aws_burst()
{'first_second': 15000.0, 'next_second': 10000.0}
>>> rate_limiting(20.0, 100.0, bears_up_to_heavy_clients=4.1, bears_up_to_names=45).words
'Holds when: up to 4.1 clients whose every order is heavy, beside a greedy one of at most 20,000 requests/s, with the \
names of one client at most 45 (here 1)'
"""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import cycle
from typing import Any

import joblib
import pandas as pd

from archlab.chapters.microservices.gateway import SERVED_PERCENT
from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_up_to
from archlab.course.quantity import number
from archlab.data import load as published
from archlab.shop.config import QUERY_S
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES
from archlab.shop.microservices.gateway_checks import RateLimit
from archlab.shop.microservices.instance import Steps
from archlab.sim.experiment import sweep
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.resilience.token_bucket import TokenBucket
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_whole
from archlab.sim.workload import Poisson

USUAL_CLIENTS = 20
USUAL_PER_S = 2.0
"""Pages a second of each usual client: together 40, a sixth of what the shop can serve."""

LIMIT_PER_S = 100.0
"""Of all clients together, or shared out equally, so that both limits let the same load pass at most. It is far
below what the shop can serve."""

CLIENTS_SHARE_PER_S = LIMIT_PER_S / (USUAL_CLIENTS + 1)
"""Of each client, when each has a bucket: the usual ones and one more."""

BURST_S = 1.0
"""A bucket holds the tokens of one second."""

HEAVY_PRODUCTS = 200
"""In an order of a heavy client: everything the shop has. The limit counts it as one request."""

PATIENCE_S = 2.0
RUN_S = 15.0
SHORT_RUN_S = 6.0
"""Where only matters whether usual pages come: by then the shop is full, or it never will be."""

HEAVY_RUN_S = 10.0
USUAL_ORDERS_PER_S = 5.0
"""One for each eight of their pages, about as usual in the shop."""

HEAVY_PER_S = 0.5 * CLIENTS_SHARE_PER_S
"""Of each heavy client: half of what its bucket lets pass, so that chance hardly ever empties it."""


def no_limit(sim: Simulation) -> None:
    """Everybody may ask as often as they like."""


def one_bucket(sim: Simulation) -> RateLimit:
    """One bucket for all clients."""
    return RateLimit(sim, LIMIT_PER_S, BURST_S * LIMIT_PER_S)


def a_bucket_each(sim: Simulation) -> RateLimit:
    """A bucket for each client, with an equal share of the same limit."""
    return RateLimit(sim, CLIENTS_SHARE_PER_S, BURST_S * CLIENTS_SHARE_PER_S, per_client=True)


LIMITS: dict[str, Callable[[Simulation], RateLimit | None]] = {
    "no limit": no_limit,
    "one bucket for all": one_bucket,
    "a bucket each": a_bucket_each,
}


GREEDY_PER_S = 400.0
"""More than the shop can serve, from one client."""


def greedy(
    seed: int,
    limit: str = "a bucket each",
    greedy_per_s: float = GREEDY_PER_S,
    names: int = 1,
    duration_s: float = RUN_S,
) -> dict[str, pd.DataFrame]:
    """Let one client ask for pages `greedy_per_s`, beside the usual ones. Returns the requests of "usual", "greedy".

    `limit` is a word of `LIMITS`. `names`: under so many names, in turn, the greedy one comes. Customers wait for
    `PATIENCE_S`, and nobody slows down after a 429: real clients may try again, which makes it worse for those who
    share a bucket.
    """
    require_whole("names", names, at_least=1)
    shop = _shop(seed, limit)
    _usual_load(shop)
    pages = _pages(shop, [f"greedy {number}" for number in range(names)])
    shop.sim.open_load(Poisson(greedy_per_s), pages, {"greedy": 1.0}, PATIENCE_S, name="greedy")
    return _by_kind(shop, duration_s)


def side_by_side(names: int, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Return of `greedy` the requests of the usual clients: with each of `LIMITS`, and with a bucket each while the
    greedy one has so many names.
    """
    cases = {word: (word, 1) for word in LIMITS}
    cases[f"a bucket each, {names} names"] = ("a bucket each", names)
    runs = in_parallel(joblib.delayed(_usual_requests)(seed, *case) for case in cases.values())
    return dict(zip(cases, runs, strict=True))


def _usual_requests(seed: int, limit: str, names: int) -> pd.DataFrame:
    return greedy(seed, limit, names=names)["usual"]


def usual_served(
    seed: int,
    limit: str = "a bucket each",
    greedy_per_s: float = GREEDY_PER_S,
    names: int = 1,
    duration_s: float = RUN_S,
) -> dict[str, float]:
    """Return of `greedy` the share of the usual clients' requests that came in time, and that got a 429."""
    usual = greedy(seed, limit, greedy_per_s, names, duration_s)["usual"]
    return {
        "served_percent": 100 * float((usual.outcome == OK).mean()),
        "turned_away_percent": 100 * float((usual.outcome == "429").mean()),
    }


def served_percent(limit: str, names: int = 1, seeds: Iterable[int] = range(10)) -> OverSeeds:
    """Return of `usual_served` the share that came in time, a value for each seed, over short runs."""
    ask = joblib.delayed(partial(usual_served, limit=limit, names=names, duration_s=SHORT_RUN_S))
    return OverSeeds(run["served_percent"] for run in in_parallel(ask(seed) for seed in seeds))


def bears_up_to_names() -> float:
    """Return how many names one greedy client may have before the shop is full, by the bottleneck law.

    Each name has a bucket, and each bucket lets its rate pass. inf when all that the greedy one asks fits.
    """
    room_per_s = _room_for_pages_per_s()
    return math.inf if math.isinf(room_per_s) else float(room_per_s // CLIENTS_SHARE_PER_S)


def _room_for_pages_per_s() -> float:
    """What the shop can serve beside the usual clients; inf when that is all that the greedy one asks."""
    room_per_s = float(MICROSERVICES.capacity_per_s({"browse": 1.0}).min()) - USUAL_CLIENTS * USUAL_PER_S
    return room_per_s if room_per_s < GREEDY_PER_S else math.inf


def heavy(
    seed: int, heavy_clients: int, products: int = HEAVY_PRODUCTS, limit: str = "a bucket each"
) -> dict[str, float]:
    """Let some further clients stay within their limits, and put so many products into each of their orders.

    Every product is a query more at two databases, one after the other, and a worker is held meanwhile. Some of the
    usual clients order, too. Returns the shares of usual pages and orders that came in time, `pages_percent` and
    `orders_percent`, and of the heavy clients `sent`, their orders, and `turned_away`, those that got a 429.
    """
    require_whole("heavy_clients", heavy_clients, at_least=0)
    require_whole("products", products, at_least=1)
    shop = _shop(seed, limit)
    basket = {product.id: 1 for product in shop.catalogue[:products]}
    _usual_load(shop)
    for one in range(heavy_clients):
        _order_load(shop, "heavy order", basket, HEAVY_PER_S, client=f"heavy {one}")
    _order_load(shop, "usual order", {1: 1}, USUAL_ORDERS_PER_S)
    kinds = _by_kind(shop, HEAVY_RUN_S)
    sent = kinds.get("heavy order", kinds["usual"].head(0))
    return {
        "pages_percent": 100 * float((kinds["usual"].outcome == OK).mean()),
        "orders_percent": 100 * float((kinds["usual order"].outcome == OK).mean()),
        "turned_away": float((sent.outcome == "429").sum()),
        "sent": float(len(sent)),
    }


def _order_load(
    shop: Microservices, kind: str, basket: dict[int, int], rate_per_s: float, client: str = ""
) -> None:
    """Let a client, or each time a new one, order at random moments."""

    def order(request: Request) -> Steps[Any]:
        who = client or f"client of {request.id}"
        return shop.gateway.serve("/orders", request.id, basket, client=who)

    shop.sim.open_load(Poisson(rate_per_s), order, {kind: 1.0}, PATIENCE_S, name=client or kind)


def bears_up_to_heavy_clients(products: int = HEAVY_PRODUCTS) -> float:
    """Return with how many heavy clients the inventory's database is full, by the bottleneck law.

    It has a query for each usual page; and for each order one to check, and one for each product to set aside. The
    orders' database has a little less to do.
    """
    require_whole("products", products, at_least=1)
    return _room_for_queries_per_s() / _queries_per_s(products)


def _room_for_queries_per_s() -> float:
    """What the inventory's database can do beside the usual pages, and the usual orders of one product."""
    per_s = MICROSERVICES.database_cores_of("inventory") / QUERY_S.mean
    return per_s - USUAL_CLIENTS * USUAL_PER_S - 2 * USUAL_ORDERS_PER_S


def _queries_per_s(products: int) -> float:
    """What a heavy client asks of it."""
    return HEAVY_PER_S * (1 + products)


def heavy_orders(
    heavy_clients: Sequence[int] = (3, 5),
    seeds: Iterable[int] = range(2),
    products: int = HEAVY_PRODUCTS,
    limit: str = "a bucket each",
) -> pd.DataFrame:
    """Sweep `heavy` over how many clients order much. Columns: heavy_clients, its figures, their intervals."""
    return sweep(partial(heavy, products=products, limit=limit), {"heavy_clients": heavy_clients}, seeds)


def aws_burst(asked_per_s: float = 20_000.0) -> dict[str, float]:
    """Ask an account of Amazon's API Gateway evenly, faster than its limit. Returns how many pass in two seconds.

    Its bucket holds 5,000 and refills with 10,000 a second (data/gateways.csv). So if 20,000 ask in the first second,
    the burst and a second's refill pass, and from then on the refill alone.
    """
    figures = published("gateways").set_index("figure").value
    sim = Simulation(seed=1)
    bucket = TokenBucket(sim, figures["steady rate"], figures["burst"])
    passed = [0, 0]
    for one in range(int(2 * asked_per_s) + 1):
        passed[sim.now > 1.0] += bucket.take()
        sim.run(until=(one + 1) / asked_per_s)
    return {"first_second": float(passed[0]), "next_second": float(passed[1])}


def _shop(seed: int, limit: str) -> Microservices:
    if limit not in LIMITS:
        raise ValueError(f"limit is {limit!r}; it must be one of {', '.join(LIMITS)}")
    shop = Microservices(Simulation(seed), MICROSERVICES)
    check = LIMITS[limit](shop.sim)
    if check is not None:
        shop.gateway.checks.append(check)
    return shop


def _usual_load(shop: Microservices) -> None:
    clients = [f"client {number}" for number in range(1, USUAL_CLIENTS + 1)]
    arrivals = Poisson(USUAL_CLIENTS * USUAL_PER_S)
    shop.sim.open_load(arrivals, _pages(shop, clients), {"usual": 1.0}, PATIENCE_S, name="usual")


def _pages(shop: Microservices, clients: Sequence[str]) -> Callable[[Request], Steps[Any]]:
    """Return a handler that asks for pages, for one client after the other."""
    turns = cycle(clients)
    return lambda request: shop.gateway.serve(f"/products/{shop.customers.product()}", client=next(turns))


def _by_kind(shop: Microservices, duration_s: float = RUN_S) -> dict[str, pd.DataFrame]:
    requests = shop.sim.measure(duration_s).requests
    ended = requests[requests.arrived_s < duration_s - PATIENCE_S]
    return {str(kind): rows for kind, rows in ended.groupby("kind", observed=True)}


def limit_figures(seeds: Iterable[int] = range(10)) -> dict[str, float]:
    """Return what the rule needs."""
    chosen = list(seeds)
    return {
        "served_without_percent": served_percent("no limit", seeds=chosen),
        "served_with_percent": served_percent("a bucket each", seeds=chosen),
        "bears_up_to_heavy_clients": bears_up_to_heavy_clients(),
        "bears_up_to_names": bears_up_to_names(),
    }


@settles(
    "api-gateway-pattern.rate-limiting",
    evidence=Evidence.SIMULATED,
    says={
        "served_without_percent": "usual requests served without a limit",
        "served_with_percent": "and with one",
        "bears_up_to_heavy_clients": "heavy clients that the database bears",
        "bears_up_to_names": "names of one client that the shop bears",
    },
)
def rate_limiting(
    served_without_percent: float,
    served_with_percent: float,
    bears_up_to_heavy_clients: float,
    bears_up_to_names: float,
) -> Verdict:
    """Holds up to the number of heavy clients, who keep to their limits, that fill a database, when each client has
    one name to ask under, with at most {CLIENTS_SHARE_PER_S} requests a second, and
    {SERVED_PERCENT} % of the usual requests come in time beside a greedy client with a limit, and fewer without.
    """
    saves = served_without_percent < SERVED_PERCENT <= served_with_percent
    most = Limit("up to", [bears_up_to_names])
    names = Assumption("the names of one client", usual=1, flips_at=most)
    heavy_clients = bears_up_to_heavy_clients if saves else -math.inf
    unit = f"clients whose every order is heavy, beside a greedy one of at most {number(gateway_per_s())} requests/s"
    return holds_up_to(heavy_clients, unit, names)


def gateway_per_s() -> float:
    """Return how many requests a second fill the gateway, though it turns them away: each costs it as much."""
    return MICROSERVICES.cores / MICROSERVICES.proxy_s
