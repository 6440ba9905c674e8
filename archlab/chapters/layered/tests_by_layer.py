"""What the same test costs at each layer: statements run, SQL, rows written, what must be written for it, and time.

The tests are the promises of `archlab.chapters.layered.promises`. One of them is looked at closely: an order for more
than is there is refused and changes nothing. Lines and SQL are counted on the running program, and are the same on
every machine. The times in `data/layer_tests.csv` were measured once, on the machine that it names; `measure` does it
again on yours.

A *line* is one that Python runs, and counts as often as it runs. Of those of the shop's own source the columns with
"shop" tell; the others belong to the kit, which in a real shop would be a web framework and a driver. What C code does,
SQLite above all, is in no line. That errs in favour of tests of the whole. So does the split in two: *opening* is what
has to be there, a shop with its tables, and may be done once for many tests; *asking* is the test itself.

>>> costs = by_door().set_index("door")
>>> costs.sql_asked[["rules", "use cases"]].tolist(), bool(costs.sql_asked["whole"] > 0)
([0, 0], True)
>>> bool(costs.shop_lines_asked["rules"] < costs.shop_lines_asked["whole"])
True
"""

import inspect
import sqlite3
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pandas as pd

import archlab.shop
from archlab.chapters.layered import doors, monolith_on_fakes
from archlab.chapters.layered.doors import Door
from archlab.chapters.layered.promises import (
    DOORS,
    Open,
    Promise,
    a_refused_order_changes_nothing,
    suites,
)
from archlab.course.figures.dots import dots
from archlab.course.figures.picture import Picture
from archlab.course.style import LAB, Size
from archlab.data import load
from archlab.shop.code.testability import setup_statements, time_checks
from archlab.sim.core.garbage import none_collected
from archlab.sim.validation import require_one_of

SHOP = str(Path(archlab.shop.__file__).parent)
OF_THE_PROVIDER = "ledger"
"""The payment provider is a company outside. What it writes is not the shop's."""
SUPPORT: Mapping[str, tuple[type, ...]] = {
    "monolith on fakes": (
        monolith_on_fakes.FakeRows,
        monolith_on_fakes.FakeWork,
        monolith_on_fakes.FakeProgram,
        doors.Provider,
    ),
    "use cases": (doors.Provider,),
    "rules": (doors.Provider,),
}
"""Fakes that were written for a door. Objects in memory are not among them: the layered shop has them as one of its
three kinds of data access, and the monolith's door borrows them."""


@dataclass
class Effort:
    """What some work took: lines run in the shop's source, lines run at all, SQL statements, and rows written."""

    shop_lines: int = 0
    lines: int = 0
    sql: int = 0
    rows: int = 0
    _connections: dict[int, tuple[sqlite3.Connection, int]] = field(default_factory=dict, repr=False)

    def line(self, frame: FrameType, event: str, _: Any) -> Any:
        """Count a line, for `sys.settrace`."""
        if event == "line":
            self.lines += 1
            self.shop_lines += frame.f_code.co_filename.startswith(SHOP)
        return self.line

    def call(self, _: FrameType, event: str, called: Any) -> None:
        """Look at each connection that is used for the first time, for `sys.setprofile`."""
        connection = getattr(called, "__self__", None) if event == "c_call" else None
        if isinstance(connection, sqlite3.Connection) and id(connection) not in self._connections:
            self._connections[id(connection)] = (connection, connection.total_changes)
            if not _is_of_the_provider(connection):
                connection.set_trace_callback(self._statement)

    def _statement(self, sql: str) -> None:
        self.sql += not sql.startswith("--") and OF_THE_PROVIDER not in sql

    def close(self) -> None:
        """Count the rows, and let go of the connections."""
        for connection, before in self._connections.values():
            connection.set_trace_callback(None)
            if not _is_of_the_provider(connection):
                self.rows += connection.total_changes - before
        self._connections.clear()


def _is_of_the_provider(connection: sqlite3.Connection) -> bool:
    sql = "SELECT 1 FROM sqlite_master WHERE name = ?"
    return connection.cursor().execute(sql, (OF_THE_PROVIDER,)).fetchone() is not None


def effort(work: Callable[[], object]) -> Effort:
    """Do some work twice, once with the lines counted and once with the SQL, and return what one time takes."""
    counted = Effort()
    before = sys.gettrace(), sys.getprofile()
    try:
        with none_collected():
            sys.settrace(counted.line)
            work()
            sys.settrace(None)
            sys.setprofile(counted.call)
            work()
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
        counted.close()
    return counted


def asked(promise: Promise, door: str) -> tuple[Effort, Effort]:
    """Return what it takes to open a door for a promise, and what it takes to ask there.

    Raises:
        ValueError: when there is no such door, or the promise cannot be asked at it.
    """
    require_one_of("door", door, DOORS)
    require_one_of("promise", promise.__name__, [one.__name__ for one in suites()[door]])
    promise(DOORS[door])  # what is kept for the next time is kept now
    opened = effort(lambda: promise(DOORS[door])), effort(lambda: _open(promise, DOORS[door]))
    both, opening = opened
    names = ("shop_lines", "lines", "sql", "rows")
    rest = {name: getattr(both, name) - getattr(opening, name) for name in names}
    return opening, Effort(**rest)


def _open(promise: Promise, door_to: Open) -> None:
    """Open the doors that a promise opens, and ask nothing."""
    for declines in _opened(promise):
        door_to(declines)


def _opened(promise: Promise) -> list[bool]:
    wanted: list[bool] = []

    def note(declines: bool) -> Door:
        wanted.append(declines)
        raise _JustLookingError

    with suppress(_JustLookingError):
        promise(note)
    return wanted


class _JustLookingError(Exception):
    """Only which door a promise wants was asked."""


def by_door(promise: Promise = a_refused_order_changes_nothing) -> pd.DataFrame:
    """Return what one promise costs at each door where it can be asked, a row each.

    door, written (statements of the door and of the fakes written for it), and for each of "opened" and "asked":
    shop_lines, lines, sql, rows.
    """
    rows = []
    for door, suite in suites().items():
        if promise in suite:
            opening, asking = asked(promise, door)
            costs = {"door": door, "written": written(door)}
            for when, one in (("opened", opening), ("asked", asking)):
                costs |= {
                    f"{name}_{when}": getattr(one, name) for name in ("shop_lines", "lines", "sql", "rows")
                }
            rows.append(costs)
    return pd.DataFrame(rows)


def written(door: str) -> int:
    """Return how many statements a test needs around it: of its door, what the door inherits, and its fakes."""
    require_one_of("door", door, DOORS)
    opened = DOORS[door]
    assert isinstance(opened, type)
    classes = [one for one in opened.__mro__ if one.__module__.startswith("archlab.chapters")]
    return sum(_statements(one) for one in (*classes, *SUPPORT.get(door, ())))


def _statements(one: type) -> int:
    return sum(setup_statements(method) for method in vars(one).values() if inspect.isfunction(method))


# Time --------------------------------------------------------------------------------------------------------


def measure(repeats: int = 5, least_s: float = 0.02) -> pd.DataFrame:
    """Time the promise at each door on your machine: door, whole_us (opening and asking), asked_us (at an open door).

    The least of several, CPU time. The promise changes nothing, so it can be asked at the same door again and again.
    """
    promise = a_refused_order_changes_nothing
    opened = {name: door_to(False) for name, door_to in DOORS.items()}
    anew = {name: partial(promise, door_to) for name, door_to in DOORS.items()}
    again = {name: partial(promise, partial(_the_same, door)) for name, door in opened.items()}
    times = {
        name: 1e6 * time_checks(checks, repeats, least_s).best_s
        for name, checks in (("whole_us", anew), ("asked_us", again))
    }
    return pd.DataFrame({"door": list(DOORS), **times})


def _the_same(door: Door, _: bool) -> Door:
    return door


def dated(table: pd.DataFrame, machine: str) -> pd.DataFrame:
    """Return a table of times with today's date and the machine, as `data/layer_tests.csv` keeps it."""
    return table.round(1).assign(date=date.today().isoformat(), machine=machine)


def recorded() -> pd.DataFrame:
    """Return the recorded times: door, whole_us, asked_us."""
    return load("layer_tests")[["door", "whole_us", "asked_us"]]


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `by_door`: a row a door, a dot each for opening it and for asking."""
    columns = {"shop_lines_asked": "to ask", "shop_lines_opened": "to open, once or each time"}
    beside = [f"{sql} SQL" if sql else "no SQL" for sql in table.sql_asked]
    rows = table.assign(beside=beside).sort_values("shop_lines_asked")
    label = "Lines of the shop that one test runs"
    return dots(rows, title, columns, label, "door", "layered", beside="beside", size=size)
