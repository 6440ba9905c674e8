"""N+1: a list of parents is asked for once, and their children once more for each parent. What does it cost?

The makers of SQLAlchemy printed it for 1,000 parents with 100 children each on PostgreSQL: 11.97 s with a query a
parent, 2.75 s with one join, 2.98 s with two queries (`data/layered_published.csv`). Objects were made of all rows; so
much of these times is work in the program.

Here the same rows stand in SQLite, inside the program, with an index on the parent, and objects are made of them as the
data access layer of a shop does. The work is counted in *steps* of SQLite's virtual machine, which are the same on each
machine, and timed. `data/n_plus_one.csv` has the times of one machine; `measure` takes them on yours. In the program a
query a parent is about as good as a join: nothing is far away. Then each query gets a round trip (`times_as_long`).
The round trip at which N+1 takes twice as long as the join follows from the three times, and is found again by
simulation, in which each trip has a time of its own.

What this leaves out: a layer that maps rows to objects in general, which does much more for each query and row than
here (that is why 4.3 times is no target); and how many bytes travel, which errs in favour of the join: it sends the
parent's columns with each child.

>>> times = recorded().set_index("way").us
>>> bool(0.6 < times["a query a parent"] / times["one join"] < 1.5)
True
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pandas as pd
from simpy.events import Event

from archlab.data import load
from archlab.sim.distributions import Distribution, Exponential
from archlab.sim.network import Network
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_one_of, require_positive, require_whole

PARENTS, CHILDREN = 1000, 100
TWICE = 2.0
"""So many times the join's time is too long. The published pair is at 4.3."""
TRIED_MS = (0.001, 10.0)
"""Round trips that are tried: from inside a machine to another region near by."""
MEASURED = 7
"""Times each way is measured; the least counts, which others on the machine disturbed least."""
SCHEMA = """
CREATE TABLE parents (parent INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE children (
    child INTEGER PRIMARY KEY, parent INTEGER NOT NULL, product INTEGER NOT NULL, quantity INTEGER NOT NULL
);
CREATE INDEX children_by_parent ON children (parent)
"""


@dataclass(frozen=True)
class Child:
    """A row of the children, as an object."""

    child: int
    product: int
    quantity: int


@dataclass(frozen=True)
class Parent:
    """A row of the parents, with its children."""

    parent: int
    name: str
    children: tuple[Child, ...]


@cache
def filled(parents: int = PARENTS, children: int = CHILDREN) -> sqlite3.Connection:
    """Return a database in memory with so many parents, and so many children of each. Leave it as it is."""
    for name, value in (("parents", parents), ("children", children)):
        require_whole(name, value, at_least=1)
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    ids = range(1, parents + 1)
    connection.executemany("INSERT INTO parents VALUES (?, ?)", ((one, f"parent {one}") for one in ids))
    rows = ((parent, number, 1 + number % 3) for parent in ids for number in range(children))
    connection.executemany("INSERT INTO children (parent, product, quantity) VALUES (?, ?, ?)", rows)
    connection.execute("ANALYZE")
    connection.commit()
    return connection


def query_a_parent(connection: sqlite3.Connection) -> list[Parent]:
    """Ask for the parents, and for each one's children: one query and one a parent."""
    sql = "SELECT child, product, quantity FROM children WHERE parent = ? ORDER BY child"
    found = connection.execute("SELECT parent, name FROM parents ORDER BY parent").fetchall()
    return [
        Parent(parent, name, tuple(Child(*row) for row in connection.execute(sql, (parent,))))
        for parent, name in found
    ]


def one_join(connection: sqlite3.Connection) -> list[Parent]:
    """Ask for all in one query, and put the rows of each parent together."""
    sql = """SELECT parents.parent, name, child, product, quantity FROM parents
             LEFT JOIN children ON children.parent = parents.parent ORDER BY parents.parent, child"""
    names, children = dict[int, str](), dict[int, list[Child]]()
    for parent, name, child, product, quantity in connection.execute(sql):
        names[parent] = name
        there = children.setdefault(parent, [])
        if child is not None:
            there.append(Child(child, product, quantity))
    return [Parent(parent, name, tuple(children[parent])) for parent, name in names.items()]


def two_queries(connection: sqlite3.Connection) -> list[Parent]:
    """Ask for the parents, then for the children of all of them at once."""
    names = dict(connection.execute("SELECT parent, name FROM parents ORDER BY parent").fetchall())
    sql = """SELECT parent, child, product, quantity FROM children
             WHERE parent IN (SELECT parent FROM parents) ORDER BY parent, child"""
    children: dict[int, list[Child]] = {parent: [] for parent in names}
    for parent, child, product, quantity in connection.execute(sql):
        children[parent].append(Child(child, product, quantity))
    return [Parent(parent, name, tuple(children[parent])) for parent, name in names.items()]


Reads = Callable[[sqlite3.Connection], list[Parent]]
WAYS: Mapping[str, Reads] = {
    "a query a parent": query_a_parent,
    "one join": one_join,
    "two queries": two_queries,
}


def queries(way: str, parents: int = PARENTS) -> int:
    """Return how many queries a way sends, counted by SQLite itself."""
    connection, sent = filled(parents, 1), list[str]()
    connection.set_trace_callback(sent.append)
    try:
        _reads(way)(connection)
    finally:
        connection.set_trace_callback(None)
    return len(sent)


def _reads(way: str) -> Reads:
    require_one_of("way", way, tuple(WAYS))
    return WAYS[way]


# What it costs in the program ------------------------------------------------------------------------------


def counted(parents: int = PARENTS, children: int = CHILDREN) -> pd.DataFrame:
    """Return the work of each way: `way`, `queries`, and `steps` of SQLite's virtual machine. No luck is in it."""
    connection = filled(parents, children)
    rows = [
        (way, queries(way, parents), _steps(connection, partial(reads, connection)))
        for way, reads in WAYS.items()
    ]
    return pd.DataFrame(rows, columns=["way", "queries", "steps"])


def _steps(connection: sqlite3.Connection, work: Callable[[], object]) -> int:
    count = [0]

    def step() -> int:
        count[0] += 1
        return 0

    connection.set_progress_handler(step, 1)
    try:
        work()
    finally:
        connection.set_progress_handler(None, 1)
    return count[0]


def measure(parents: int = PARENTS, children: int = CHILDREN) -> pd.DataFrame:
    """Time each way on this machine: `way`, and `us`, microseconds. The ways take turns, so that all meet the same."""
    connection = filled(parents, children)
    least = dict.fromkeys(WAYS, float("inf"))
    for _ in range(MEASURED):
        for way, reads in WAYS.items():
            began = time.perf_counter()
            reads(connection)
            least[way] = min(least[way], 1e6 * (time.perf_counter() - began))
    return pd.DataFrame(list(least.items()), columns=["way", "us"])


def recorded() -> pd.DataFrame:
    """Return the recorded work and times of all rows: `way`, `queries`, `steps`, `us`."""
    return load("n_plus_one")[["way", "queries", "steps", "us"]]


def published_s() -> dict[str, float]:
    """Return way -> the published seconds."""
    rows = load("layered_published").query("what.str.startswith('1,000 parents')")
    return {str(way): float(seconds) for way, seconds in zip(rows.way, rows["value"], strict=True)}


# What it costs far away ------------------------------------------------------------------------------------


def simulated_s(way: str, round_trip_s: float | Distribution, seed: int, times: pd.DataFrame) -> float:
    """Return how long a way takes when each of its queries makes a round trip; its work is spread over its queries.

    `times`: `recorded`, or `measure` with `queries`. Raises `ValueError` for an unknown way.
    """
    require_one_of("way", way, tuple(WAYS))
    row = times.set_index("way").loc[way]
    sim, work_s = Simulation(seed), float(row.us) / 1e6 / int(row.queries)
    there_s = (
        Exponential(round_trip_s.mean / 2) if isinstance(round_trip_s, Distribution) else round_trip_s / 2
    )
    network = Network(sim, there_s)

    def query() -> Generator[Event, Any, None]:
        yield sim.timeout(work_s)

    def program() -> Generator[Event, Any, None]:
        for _ in range(int(row.queries)):
            yield network.call("program", "database", query())

    sim.run(until=sim.start(program()))
    return float(sim.now)


def times_as_long(way: str, round_trip_ms: float, seed: int, times: pd.DataFrame) -> float:
    """Return how many times the join's time a way takes, in a simulation whose hops have times of their own.

    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("round_trip_ms", round_trip_ms)
    trip_s = Exponential(round_trip_ms / 1000)
    return simulated_s(way, trip_s, seed, times) / simulated_s("one join", trip_s, seed, times)


def against_round_trip(
    round_trips_ms: Iterable[float] = (0.0, 0.05, 0.25, 0.5, 1.0, 5.0), times: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return a row a way and round trip, without luck: `way`, `round_trip_ms`, `seconds`, `times_the_join`."""
    known, trips = recorded() if times is None else times, list(round_trips_ms)
    for trip_ms in trips:
        require_non_negative("round_trips_ms", trip_ms)
    cases = [(way, trip_ms, simulated_s(way, trip_ms / 1000, 1, known)) for way in WAYS for trip_ms in trips]
    table = pd.DataFrame(cases, columns=["way", "round_trip_ms", "seconds"])
    join = table[table.way == "one join"].set_index("round_trip_ms").seconds
    return table.assign(times_the_join=table.seconds / table.round_trip_ms.map(join))


def twice_from_ms(times: pd.DataFrame | None = None, ratio: float = TWICE) -> float:
    """Return the round trip from which N+1 takes `ratio` times as long as the join: the two straight lines cross.

    0 when it does so without any. Raises `ValueError` for a ratio of 1 or less.
    """
    if ratio <= 1:
        raise ValueError(f"ratio is {ratio!r}; it must be above 1")
    known = (recorded() if times is None else times).set_index("way")
    each, join = known.loc["a query a parent"], known.loc["one join"]
    spare_us = ratio * join.us - each.us
    return max(0.0, float(spare_us / (each.queries - ratio * join.queries)) / 1000)


def simulated_twice_from_ms(
    times: pd.DataFrame | None = None, seeds: Iterable[int] = range(10), ratio: float = TWICE
) -> list[float]:
    """Return the same by simulation, one for each seed: found by halving, between the ends of `TRIED_MS`.

    Raises `ValueError` when it takes so long, or not, at both ends.
    """
    from scipy.optimize import brentq  # SciPy is loaded when it is used: that takes a while

    known = recorded() if times is None else times
    found = []
    for seed in seeds:
        margin = partial(_too_long, seed=seed, times=known, ratio=ratio)
        found.append(float(brentq(margin, *TRIED_MS, xtol=1e-4)))
    return found


def _too_long(round_trip_ms: float, seed: int, times: pd.DataFrame, ratio: float) -> float:
    return times_as_long("a query a parent", round_trip_ms, seed, times) - ratio
