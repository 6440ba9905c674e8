"""What it takes to keep every change: rows and bytes an order, of events and of tables of states, on real SQLite.

The same orders are written in the four ways of `ways_to_keep`. Bytes are those in use in the pages of the database,
with indexes, as SQLite's table `dbstat` counts them: after many orders the pages are full to a few per cent. What an
order takes is the difference of two sizes, so what an empty database takes does not count.

What this leaves out: replicas, backups and the log before it is cut, which multiply all four. A row of PostgreSQL has a
header of 23 bytes, where SQLite's has a few: there the many rows of events cost more than here. And nothing is
compressed, which errs against events: they repeat the names of their facts, and a hundred of them packed together take
less than a fifth (a test packs them). Brokers can pack batches so; PostgreSQL packs long values alone, and not
rows like these.

>>> table = footprints(orders=60, seeds=[1]).set_index("design")
>>> int(table.rows_an_order["events"]), bool(table.bytes_an_order["events"] > table.bytes_an_order["states"])
(5, True)
"""

from collections.abc import Iterable, Sequence
from typing import Any

import joblib
import pandas as pd

from archlab.chapters.event_driven.ways_to_keep import (
    DESIGNS,
    FIRST_ORDER,
    ORDERS_PER_S,
    ORDERS_PER_YEAR,
    Orders,
    Placing,
    opened,
    written,
)
from archlab.course.claims.limit import Limit
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.course.quantity import number
from archlab.data import load
from archlab.shop.architecture import HOURS_PER_MONTH
from archlab.shop.monolithic.config import MONOLITH
from archlab.sim.parallel import in_parallel

STORAGE = "database storage GB"
"""Its name in data/prices.csv. It is the storage of a managed database; an archive is cheaper, and slower to replay."""

MACHINES_PERCENT = 100.0
"""From there on a shop pays more for what it was than for what it does. Logs of programs are kept for days, and orders
for years, so shops stand on both sides."""


def footprint(design: str, halves: Sequence[Sequence[Placing]]) -> dict[str, Any]:
    """Write both halves of some orders, and return what an order of the second took, in bytes and in rows."""
    connection = opened(design)
    before, after = (written(design, half, connection) for half in halves)
    more = [(late - early) / len(halves[1]) for early, late in zip(before, after, strict=True)]
    return {"design": design, "bytes_an_order": more[0], "rows_an_order": more[1]}


def footprints(
    orders: int = 100, seeds: Iterable[int] = range(10), first_order: int = FIRST_ORDER
) -> pd.DataFrame:
    """Return `footprint` for each design and `seed`; all designs have the same customers.

    Twice `orders` are written, with ids from `first_order` on.
    """
    tables = in_parallel(joblib.delayed(_footprints)(orders, seed, first_order) for seed in seeds)
    return pd.DataFrame([row for rows in tables for row in rows])


def _footprints(orders: int, seed: int, first_order: int) -> list[dict[str, Any]]:
    coming = Orders(seed)
    halves = [[coming.next(first_order + half * orders + n) for n in range(orders)] for half in (0, 1)]
    return [{"seed": seed, **footprint(design, halves)} for design in DESIGNS]


def a_year(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row a design of a frame of `footprints`: what a year of `ORDERS_PER_YEAR` takes.

    Columns: design, bytes_an_order and rows_an_order (means of the seeds), times_the_states, million_rows_a_year,
    gigabytes_a_year.
    """
    means = table.groupby("design", sort=False)[["bytes_an_order", "rows_an_order"]].mean().reset_index()
    states = means.bytes_an_order[means.design == "states"].item()
    return means.assign(
        times_the_states=means.bytes_an_order / states,
        million_rows_a_year=means.rows_an_order * ORDERS_PER_YEAR / 1e6,
        gigabytes_a_year=means.bytes_an_order * ORDERS_PER_YEAR / 1e9,
    )


def machines_usd_per_month() -> float:
    """Return the bill for the machines alone."""
    usd = load("prices").set_index("item").price_usd
    rented = {item: count for item, count in MONOLITH.rented().items() if item != STORAGE}
    return float(HOURS_PER_MONTH * sum(usd[item] * count for item, count in rented.items()))


def months_kept(table: pd.DataFrame, design: str) -> Limit:
    """Return after how many months a month's storage of all that this design keeps more than the states costs
    `MACHINES_PERCENT` of what the machines do, seed by seed.
    """
    by_seed = table.pivot(index="seed", columns="design", values="bytes_an_order")
    more_gb = (by_seed[design] - by_seed["states"]) / 1e9
    usd_more_each_month = (
        more_gb * (ORDERS_PER_YEAR / 12) * load("prices").set_index("item").price_usd[STORAGE]
    )
    return Limit("up to", MACHINES_PERCENT / 100 * machines_usd_per_month() / usd_more_each_month)


@settles(
    "event-sourcing.store-all-changes-as-events",
    evidence=Evidence.MEASURED,
    says={
        "changes_let_through": "ways to alter an event by SQL that the store let through",
        "pieces_sold_twice": "pieces that buyers at the same time sold twice",
        "alterations_not_found": "read tables altered by hand, and not found",
        "months_of_history": "months to keep the same changes as rows of history",
        "months_of_events": "months to keep events",
    },
)
def store_all_changes(
    changes_let_through: float,
    pieces_sold_twice: float,
    alterations_not_found: float,
    months_of_history: float,
    months_of_events: float,
) -> Verdict:
    """Holds when no change gets past the store: SQL that alters an event is refused, nobody appends what was decided on
    an old state, and a read table altered by hand differs from one made again. It holds up to the age of the shop at
    which a month's storage of what is kept more than states costs {MACHINES_PERCENT} % of what the machines cost, with
    {ORDERS_PER_S} orders a second.
    """
    if changes_let_through or pieces_sold_twice or alterations_not_found:
        return holds_if(False)
    history = number(float(months_of_history))
    beside = f"{number(ORDERS_PER_S)} orders a second, not compressed; as rows of history: {history}"
    unit = f"months of changes; from then on their storage costs more than the machines ({beside})"
    return holds_up_to(months_of_events, unit)
