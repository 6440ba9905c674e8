"""A timer that fires twice or not at all: what the rows show, by four ways to write the nightly settlement.

Each night a function charges the day's orders, one call to the payment provider after the other. A month goes by in
which one night's firing comes twice, one does not come, and in one the function dies at work and is invoked again. The
rows are real (SQLite), and so is what happens to them:

- *all of the night*: every order of the night that is due. Nothing guards it.
- *a mark for the night*: the same, unless a row says that this night has begun.
- *what is open*: every order that no row says is charged, of whatever night.
- *what is open, with keys*: the same, and each call carries the order's number as its key, so that the provider does
  not charge it again.

A call that was sent is carried out, also when the one who sent it has died. How often a timer of a cloud does what it
should not is not published; once each in a month is ours, so that it can be counted.

>>> month("what is open, with keys")
{'twice': 0, 'never': 0, 'late': 40}
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from simpy.events import Event

from archlab.course.figures.bars import BAR, name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import require_columns
from archlab.course.figures.picture import Picture
from archlab.course.style import GREY, INK, LAB, Size, look_of
from archlab.sim import Crash, Function, Simulation
from archlab.sim.core import Task
from archlab.sim.functions import Firing, Invocation, ScheduleTrigger
from archlab.sim.validation import require_one_of, require_whole

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

DAY_S = 86_400.0
NIGHTS, ORDERS = 30, 40
"""Nights of the month, and orders of each day."""
CALL_S = 0.1
"""A call to the provider."""
TWICE, MISSED, DIES = 9, 19, 14
"""In which night, counted from 0, the firing comes twice, does not come, and the function dies at work."""
APART_S = 1.0
"""From a firing to its second coming: the first one is still at work."""
DIES_AFTER_S, DOWN_S = 2.05, 10.0
LATE_S = DAY_S / 2
"""An order that is charged later than this after its night was not charged that night."""

TABLES = """
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, night INTEGER NOT NULL, due_s REAL NOT NULL, open INTEGER DEFAULT 1);
CREATE TABLE nights (night INTEGER PRIMARY KEY);
CREATE TABLE charges (order_id INTEGER NOT NULL, charged_s REAL NOT NULL, key TEXT UNIQUE);
"""


class Books:
    """The shop's rows and those of the provider."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.rows = sqlite3.connect(":memory:", isolation_level=None)
        self.rows.executescript(TABLES)

    def take_orders(self, night: int) -> None:
        """A day's orders have come, to be charged in the night after it."""
        due_s = DAY_S * (night + 1)
        self.rows.executemany("INSERT INTO orders (night, due_s) VALUES (?, ?)", [(night, due_s)] * ORDERS)

    def of_night(self, night: int) -> list[int]:
        """All orders of a night."""
        return self._numbers("SELECT order_id FROM orders WHERE night = ? ORDER BY order_id", night)

    def open(self) -> list[int]:
        """All orders that no row says are charged."""
        return self._numbers("SELECT order_id FROM orders WHERE open ORDER BY order_id")

    def _numbers(self, sql: str, *values: Any) -> list[int]:
        return [number for (number,) in self.rows.execute(sql, values)]

    def mark(self, night: int) -> bool:
        """Note that a night has begun. Returns whether it had not."""
        return self.rows.execute("INSERT OR IGNORE INTO nights VALUES (?)", (night,)).rowcount == 1

    def charge(self, order_id: int, key: str | None = None) -> Task:
        """Call the provider, which goes on whatever becomes of the caller. It knows a key that it has seen."""
        return self.sim.start(self._charge(order_id, key))

    def _charge(self, order_id: int, key: str | None) -> Generator[Event, Any, None]:
        yield self.sim.timeout(CALL_S)
        sql = "INSERT OR IGNORE INTO charges VALUES (?, ?, ?)"
        self.rows.execute(sql, (order_id, float(self.sim.now), key))

    def close(self, order_id: int) -> None:
        """Note that an order is charged."""
        self.rows.execute("UPDATE orders SET open = 0 WHERE order_id = ?", (order_id,))

    def found(self) -> dict[str, int]:
        """How many orders were charged more than once, never, and later than `LATE_S` after their night."""
        sql = "SELECT due_s, charged_s, order_id FROM orders LEFT JOIN charges USING (order_id)"
        table = pd.DataFrame(self.rows.execute(sql), columns=["due_s", "charged_s", "order_id"])
        late = table.charged_s - table.due_s > LATE_S
        return {
            "twice": int(table.order_id.duplicated().sum()),
            "never": int(table.charged_s.isna().sum()),
            "late": int(late.sum()),
        }


Steps = Generator[Event, Any, None]
Work = Callable[[Books, Firing], Steps]


def all_of_the_night(books: Books, firing: Firing) -> Steps:
    """Charge the orders of the night that is due."""
    for order_id in books.of_night(firing.number):
        yield books.charge(order_id)
        books.close(order_id)


def with_a_mark(books: Books, firing: Firing) -> Steps:
    """The same, unless this night has begun."""
    if books.mark(firing.number):
        yield from all_of_the_night(books, firing)


def what_is_open(books: Books, firing: Firing) -> Steps:
    """Charge all orders that are open."""
    for order_id in books.open():
        yield books.charge(order_id)
        books.close(order_id)


def with_keys(books: Books, firing: Firing) -> Steps:
    """The same, with the order's number as the key of the call."""
    for order_id in books.open():
        yield books.charge(order_id, key=str(order_id))
        books.close(order_id)


WAYS: Mapping[str, Work] = {
    "all of the night": all_of_the_night,
    "a mark for the night": with_a_mark,
    "what is open": what_is_open,
    "what is open, with keys": with_keys,
}
"""A way -> how the settlement works."""


def month(
    way: str,
    nights: int = NIGHTS,
    twice: Collection[int] = (TWICE,),
    missed: Collection[int] = (MISSED,),
    dies: int | None = DIES,
) -> dict[str, int]:
    """Let a month go by. Return how many orders were charged `twice`, `never`, and `late`.

    Args:
        way: one of `WAYS`.
        nights: how many.
        twice, missed: the nights, counted from 0, whose firing comes twice or not at all.
        dies: the night in which the function dies at work. None: in none.

    Raises `ValueError` when there is no such way, or a number is not allowed.
    """
    require_one_of("way", way, tuple(WAYS))
    require_whole("nights", nights, at_least=1)
    sim = Simulation(seed=1)
    books = Books(sim)

    def settle(invocation: Invocation) -> Steps:
        yield from WAYS[way](books, invocation.payload)

    function = Function(sim, "settle", settle, init_s=0.0, keep_alive_s=300.0)
    ScheduleTrigger(function, DAY_S, twice=twice, missed=missed, apart_s=APART_S)
    for night in range(nights):
        sim.call_at(DAY_S * (night + 0.5), books.take_orders, night)
    if dies is not None:
        sim.inject(Crash("settle", at_s=DAY_S * (dies + 1) + DIES_AFTER_S, restart_after_s=DOWN_S))
    sim.run(until=DAY_S * nights + LATE_S)
    return books.found()


def months(ways: Iterable[str] = tuple(WAYS), **settings: Any) -> pd.DataFrame:
    """Return `month` for each way. Columns: design, twice, never, late."""
    return pd.DataFrame([{"design": way, **month(way, **settings)} for way in ways])


# Figure ------------------------------------------------------------------------------------------------------


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw what the rows show, a row a way: orders never charged to the left, charged twice to the right.

    Args:
        table: as `months` returns it.
        title: your conclusion.

    Raises `ValueError` when the table lacks rows or columns.
    """
    require_columns("table", table, "design", "twice", "never", "late")
    own = look_of("serverless")
    colour = INK if own is None else own.colour
    widest = 1.2 * max(1, table[["twice", "never"]].max().max())
    with canvas(title, size) as drawing:
        panel = drawing.panels[0]
        for place, row in enumerate(table.itertuples()):
            panel.barh([place, place], [-row.never, row.twice], height=BAR, color=[GREY, colour])
            for value, side in ((row.never, -1), (row.twice, 1)):
                _write(panel, place, value, side)
            if row.late:
                panel.annotate(f"{row.late} a day late", (1.01, place), xycoords=BESIDE, va="center")
        panel.axvline(0, color=INK, linewidth=1)
        name_rows(panel, list(table.design))
        panel.set(
            xlim=(-widest, widest), xticks=[], xlabel="← orders never charged        orders charged twice →"
        )
    words = "; ".join(
        f"{row.design}: {row.twice} twice, {row.never} never, {row.late} late" for row in table.itertuples()
    )
    return Picture(drawing.figure, f"{title.rstrip('.')}. Orders charged. {words}.")


BESIDE = ("axes fraction", "data")


def _write(panel: Axes, place: int, value: int, side: int) -> None:
    """Write a number at the end of its bar."""
    to = "left" if side > 0 else "right"
    end = (side * value, place)
    panel.annotate(f"{value}", end, (6 * side, 0), textcoords="offset points", ha=to, va="center")
