"""What a row costs as an object: a thousand rows of SQLite as tuples, dicts, dataclasses, and as objects that a mapper
watches.

An object-relational mapper (ORM) makes an object of each row. It keeps a map of the objects it has made, so that one
row is one object (an *identity map*), and it notes which attributes you change, so that it can write them. `Watched`
does these two things and nothing else. A real mapper does much more, so this errs in its favour: `published` has what
five of them lose, as the author of one measured it.

The times in `data/row_objects.csv` were measured once, on the machine that it names; `measure` does it again on yours.

>>> rows = read(FORMS["watched object"], database(rows=3))
>>> rows[0].total_cents = 7
>>> rows[0].changed, rows[0].total_cents
({'total_cents'}, 7)
>>> bool(lost_percent(recorded())["watched object"] > lost_percent(recorded())["dict"])
True
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from archlab.course.figures.bars import comparison
from archlab.course.figures.picture import Picture
from archlab.course.style import LAB, Size, variants
from archlab.data import load
from archlab.sim.validation import require_whole

ROWS = 1_000
TIMES = 100
"""Measurements of each form, of which the least counts."""
SQL = "SELECT id, state, total_cents, placed_day FROM orders ORDER BY id"
COLUMNS = ("id", "state", "total_cents", "placed_day")

Row = tuple[Any, ...]
Made = Callable[[Sequence[Row]], list[Any]]


@dataclass(frozen=True)
class OrderRow:
    """A row as an object without a past."""

    id: int
    state: str
    total_cents: int
    placed_day: int


class Watched:
    """A row as an object whose changes are noted."""

    changed: set[str]

    def __init__(self, row: Row) -> None:
        state = self.__dict__
        state["changed"] = set()
        state.update(zip(COLUMNS, row, strict=True))

    def __setattr__(self, name: str, value: object) -> None:
        self.changed.add(name)
        self.__dict__[name] = value


def as_watched(rows: Sequence[Row]) -> list[Watched]:
    """Return an object for each row: the one there is, when its key was seen before."""
    made: dict[Any, Watched] = {}
    objects = []
    for row in rows:
        one = made.get(row[0])
        if one is None:
            one = made[row[0]] = Watched(row)
        objects.append(one)
    return objects


FORMS: Mapping[str, Made] = {
    "tuple": list,
    "dict": lambda rows: [dict(zip(COLUMNS, row, strict=True)) for row in rows],
    "dataclass": lambda rows: [OrderRow(*row) for row in rows],
    "watched object": as_watched,
}
"""What is made of rows -> how."""


def database(rows: int = ROWS) -> sqlite3.Connection:
    """Return a database in memory with so many orders."""
    require_whole("rows", rows, at_least=1)
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT, total_cents INTEGER, placed_day INTEGER)"
    )
    connection.executemany(
        "INSERT INTO orders VALUES (?, ?, ?, ?)", [(id, "placed", 450 * id, id % 365) for id in range(rows)]
    )
    return connection


def read(made: Made, connection: sqlite3.Connection) -> list[Any]:
    """Read all orders and make something of each."""
    return made(connection.execute(SQL).fetchall())


def measure(rows: int = ROWS, times: int = TIMES) -> pd.DataFrame:
    """Time each form on this machine: form, and `us`, microseconds for all rows. The forms take turns."""
    connection = database(rows)
    least = dict.fromkeys(FORMS, float("inf"))
    for _ in range(times):
        for form, made in FORMS.items():
            start = time.perf_counter()
            read(made, connection)
            least[form] = min(least[form], 1e6 * (time.perf_counter() - start))
    return pd.DataFrame(least.items(), columns=["form", "us"])


@cache
def recorded() -> pd.DataFrame:
    """Return the recorded times: form, `us`."""
    return load("row_objects")[["form", "us"]]


def lost_percent(table: pd.DataFrame) -> pd.Series:
    """Return which part of the rows a second is lost beside tuples, by form."""
    us = table.set_index("form").us
    return (100 * (1 - us["tuple"] / us)).rename("lost_percent")


def published() -> pd.DataFrame:
    """Return what mappers lose, as published: orm, rows a second in thousands as objects and as tuples,
    `lost_percent`.
    """
    table = load("orm_reads")[["orm", "objects_thousand_per_s", "tuples_thousand_per_s"]]
    return table.assign(lost_percent=100 * (1 - table.objects_thousand_per_s / table.tuples_thousand_per_s))


def figure(title: str, size: Size = LAB) -> Picture:
    """Draw the rows a second that each form loses beside tuples: ours as recorded, then the published mappers."""
    ours = lost_percent(recorded()).drop("tuple")
    rows = [(f"here: {form}", lost, True) for form, lost in ours.items()]
    rows += [
        (one.orm, one.lost_percent, False) for one in published().sort_values("lost_percent").itertuples()
    ]
    frame = pd.DataFrame(rows, columns=["design", "lost_percent", "here"])
    looks = variants("layered", ["here", "published"])
    chosen = {row.design: looks["here" if row.here else "published"] for row in frame.itertuples()}
    label = "Fewer rows a second than as tuples [%]"
    return comparison(frame, title, value="lost_percent", bar_looks=chosen, label=label, size=size)
