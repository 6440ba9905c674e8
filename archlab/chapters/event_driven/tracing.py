"""Seeing what happens: the path of one order over five components, found in their logs with and without an id.

An order leaves six lines: accepted (orders), stock reserved (inventory), copy of the stock changed (catalogue), payment
authorised (payments), confirmed (orders), customer told (notifications). A line says when it was written and, where the
event tells of products, of which ones.

*Without an id* whoever follows an order takes each line of the next component that fits: written after the line before,
within the longest time that such a step took, and with the same products where both lines tell of some. The path is
found where one line alone fits at every step. This is kind: each step starts from the right line, and the longest time
is known. *With an id* the lines that carry it are the order's own.

The number of an order does as well as an id for these six lines: each event of them carries it, and it costs nothing
more. An id is for what has no such number: a browse, a request that fails before there is an order, another system. And
neither is for all: the line that money was taken is about many orders, and has an id of its own.

>>> found = paths(seed=1, rate_per_s=20.0, run_s=2.0)
>>> found["orders"] > 20, found["found_with_id_percent"]
(True, 100.0)
"""

from collections.abc import Iterable, Mapping, Sequence

import joblib
import numpy as np
import pandas as pd

from archlab.chapters.event_driven.watched import WatchedShop
from archlab.course.claims.over_seeds import OverSeeds
from archlab.shop.day import ORDERS_ONLY
from archlab.shop.events.event import Event
from archlab.shop.events.order import ORDER_CONFIRMED, ORDER_PLACED, PAYMENT_AUTHORISED, STOCK_RESERVED
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive
from archlab.sim.workload import Poisson

Products = frozenset[int] | None
ACCEPTED = "a request"
PATH = (
    ("orders", ACCEPTED),
    ("inventory", ORDER_PLACED),
    ("catalogue", STOCK_RESERVED),
    ("payments", STOCK_RESERVED),
    ("orders", PAYMENT_AUTHORISED),
    ("notifications", ORDER_CONFIRMED),
)
"""The lines of an order: the component, and the event that it dealt with, or a customer's request."""

STEPS = ((0, 1), (1, 2), (1, 3), (3, 4), (4, 5))
"""Which line of `PATH` follows on which."""

RATE_PER_S, RUN_S = 20.0, 6.0
"""Orders a second, about a sixth of what this shop can do, and for how long."""

SETTLED_S = 2.0
ID_BYTES = 36
"""A UUID as text (RFC 9562)."""


def paths(seed: int, rate_per_s: float = RATE_PER_S, run_s: float = RUN_S) -> dict[str, float]:
    """Let the shop work, and follow each of its orders through the logs.

    Returns orders (those with all six lines); found_percent, of these without an id; candidates, the median over the
    orders of the lines that fit at the hardest step; found_with_id_percent; and found_with_number_percent, with the
    order's number.

    Raises:
        ValueError: when `run_s` or `rate_per_s` is not above 0, or no order is done in that time.
    """
    require_positive("run_s", run_s)
    require_positive("rate_per_s", rate_per_s)
    sim = Simulation(seed)
    shop = WatchedShop(sim)
    sim.open_load(Poisson(rate_per_s), shop.handle, ORDERS_ONLY)
    sim.run(until=run_s)
    logs = _logs(shop)
    if logs[0].empty:
        raise ValueError(f"run_s is {run_s}; it must be long enough for an order at {rate_per_s} a second")
    fits = pd.DataFrame({step: _fitting(logs[step[0]], logs[step[1]]) for step in STEPS})
    return {
        "orders": float(len(fits)),
        "found_percent": float(100 * (fits == 1).all(axis=1).mean()),
        "candidates": float(fits.max(axis=1).median()),
        "found_with_id_percent": _found_percent(logs, "id"),
        "found_with_number_percent": _found_percent(logs, "number"),
    }


def _found_percent(logs: Mapping[int, pd.DataFrame], column: str) -> float:
    """The share of orders of which each place has one line, when lines are told apart by this column."""
    lines = pd.DataFrame({place: log.groupby(column).size() for place, log in logs.items()})
    return float(100 * (lines == 1).all(axis=1).mean())


def _logs(shop: WatchedShop) -> Mapping[int, pd.DataFrame]:
    """The lines at each place of `PATH`, of the orders that have all: columns id, number, at_s, products (or None)."""
    accepted = shop.components["orders"].store.read_all()
    written = [(("orders", ACCEPTED), event.at_s, event) for event in accepted if event.type == ORDER_PLACED]
    written += [((line.component, line.event.type), line.at_s, line.event) for line in shop.watch.lines]
    logs = {place: _frame([line for line in written if line[0] == kind]) for place, kind in enumerate(PATH)}
    whole = set.intersection(*(set(log.id) for log in logs.values()))
    return {place: log[log.id.isin(whole)] for place, log in logs.items()}


def _frame(lines: Sequence[tuple[tuple[str, str], float, Event]]) -> pd.DataFrame:
    rows = [
        (event.correlation_id, event.data.get("order_id"), at_s, _products(event)) for _, at_s, event in lines
    ]
    return pd.DataFrame(rows, columns=["id", "number", "at_s", "products"])


def _products(event: Event) -> Products:
    lines = event.data.get("lines")
    return None if lines is None else frozenset(line[0] for line in lines)


def _fitting(log: pd.DataFrame, following: pd.DataFrame) -> pd.Series:
    """For each line, how many of the following component fit, its own among them. Index: the id."""
    own_s = following.set_index("id").at_s.reindex(log.id).to_numpy()
    longest_s = (own_s - log.at_s.to_numpy()).max()
    first = np.searchsorted(following.at_s, log.at_s, side="left")
    last = np.searchsorted(following.at_s, log.at_s + longest_s, side="right")
    told = following.products.tolist()
    near = [told[start:end] for start, end in zip(first, last, strict=True)]
    return pd.Series(
        [_alike(*pair) for pair in zip(log.products, near, strict=True)], index=log.id.to_numpy()
    )


def _alike(products: Products, others: Sequence[Products]) -> int:
    return sum(products is None or other is None or products == other for other in others)


def over_rates(
    rates_per_s: Iterable[float] = (RATE_PER_S,), seeds: Iterable[int] = range(10)
) -> pd.DataFrame:
    """Return `paths` at each rate, with each seed: columns rate_per_s, seed, and those of `paths`."""
    jobs = [(rate, seed) for rate in rates_per_s for seed in seeds]
    found = in_parallel(joblib.delayed(paths)(seed, rate) for rate, seed in jobs)
    return pd.DataFrame(jobs, columns=["rate_per_s", "seed"]).join(pd.DataFrame(found))


def over_seeds(table: pd.DataFrame, column: str, rate_per_s: float = RATE_PER_S) -> OverSeeds:
    """Return one figure of `over_rates` at one rate."""
    return OverSeeds(table[table.rate_per_s == rate_per_s].sort_values("seed")[column])


def found_by_rate(table: pd.DataFrame) -> pd.DataFrame:
    """Return the paths found, against the rate: columns design, orders_per_s, found_percent, and its interval."""
    columns = {"by time and product": "found_percent", "by an id": "found_with_id_percent"}
    rows = []
    for design, column in columns.items():
        for rate in sorted(set(table.rate_per_s)):
            found = over_seeds(table, column, rate)
            rows.append((design, rate, float(found), found.low, found.high))
    ends = ["found_percent_low", "found_percent_high"]
    return pd.DataFrame(rows, columns=["design", "orders_per_s", "found_percent", *ends])


def id_costs_percent(orders: int = 50, seed: int = 1) -> float:
    """Return how much more text the rows of an event store hold with an id of `ID_BYTES` than without one.

    Measured on the rows of all components after some orders.
    """
    sim = Simulation(seed)
    shop = WatchedShop(sim)
    for order_id in range(orders):
        shop.answer(shop.place_order(order_id, shop.customers.basket()))
    sim.run(until=sim.now + SETTLED_S)
    sql = """SELECT count(*), sum(length(stream) + length(type) + length(data) + length(at_s)
             + length(coalesce(causation_id, ''))) FROM events"""
    found = [component.database.connection.execute(sql).fetchone() for component in shop.components.values()]
    rows = sum(count for count, text in found if text)
    return 100 * ID_BYTES * rows / sum(text for _, text in found if text)
