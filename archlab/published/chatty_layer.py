"""A chatty layer: what 100,000 rows cost when each is a call, and when 1,000 travel in one (SQLAlchemy, 2023).

The makers of SQLAlchemy, a layer between objects and tables, inserted 100,000 rows whose keys the database makes
(`data/layered_published.csv`). Version 1.4 asked for each row's key by itself; version 2.0 sends 1,000 rows in a call.
The databases were reached over a local network, but for SQLite, which runs inside the program.

The model has two numbers for the work, both from SQLite, and one *round trip* a database, there and back, fitted to the
column of version 1.4. What is predicted is the column of version 2.0, and three tests that the fit has not seen: two
other drivers of PostgreSQL, and MySQL, which cannot send rows together and so gets no faster.

That SQLite gains a factor of 1.7 only is an input here, not a result: the work of the layer itself has become less.

What this leaves out: the databases' own work, which is SQLite's here. So the predictions with few calls are low, by
11 to 25 %. And what a call costs besides distance (encoding, the driver, the server's parsing) is in the round trip.

>>> table = compare().set_index("driver")
>>> round(float(table.round_trip_ms["asyncpg"]), 2), bool(table.error_percent.between(-26, 2).all())
(0.82, True)
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

import pandas as pd
from simpy.events import Event

from archlab.data import load
from archlab.sim.distributions import Distribution, Exponential
from archlab.sim.network import Network
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_whole

ROWS, ROWS_A_CALL = 100_000, 1000
IN_PROCESS = "pysqlite2"
"""The driver of the database that runs inside the program."""
FITTED_FOR = {"PostgreSQL": "asyncpg"}
"""A database with several drivers -> the one whose round trip the others get."""
COLUMNS = [
    "database",
    "driver",
    "calls",
    "round_trip_ms",
    "measured_s",
    "predicted_s",
    "times_faster",
    "predicted_times_faster",
]
WAYS = {"a row a call": 1, "1,000 rows a call": ROWS_A_CALL}
"""Way -> rows in a call."""


def published() -> pd.DataFrame:
    """Return the published seconds: a row a driver, by `database` and `driver`; columns by version, `way` and `s`."""
    rows = load("layered_published")
    inserts = rows[rows.what.str.startswith("100,000 rows inserted")]
    versions = inserts.assign(version=inserts.what.str[-3:], s=inserts["value"])
    return versions.pivot(index=["database", "driver"], columns="version", values=["way", "s"])


def work_s(rows_a_call: int) -> float:
    """Return the work on all rows in a program that has its database inside, with so many rows in a call.

    Raises `ValueError` for other numbers of rows than were measured.
    """
    if rows_a_call not in WAYS.values():
        raise ValueError(
            f"rows_a_call is {rows_a_call!r}; it must be one of {', '.join(map(str, WAYS.values()))}"
        )
    seconds = published()["s"].xs(IN_PROCESS, level="driver").iloc[0]
    return float(seconds["1.4" if rows_a_call == 1 else "2.0"])


def round_trip_s(database: str) -> float:
    """Return the round trip a call that the time of version 1.4 leaves for one database.

    Raises `ValueError` for a database that was not measured with a row a call.
    """
    table = published()
    single = table[table["way", "1.4"] == "a row a call"]["s"]["1.4"].drop(IN_PROCESS, level="driver")
    if database not in single.index.get_level_values("database"):
        known = ", ".join(single.index.get_level_values("database"))
        raise ValueError(f"database is {database!r}; it must be one of {known}")
    return (float(single.xs(database, level="database").iloc[0]) - work_s(1)) / ROWS


def simulated_s(
    rows_a_call: int,
    round_trip_s: float | Distribution,
    seed: int = 1,
    rows: int = ROWS // 10,
    connections: int = 1,
) -> float:
    """Insert `rows` rows in a simulation, and return what all `ROWS` would take.

    Each connection waits for the answer to a call before it sends the next; all share one core of the program, whose
    work is `work_s`. `round_trip_s`: there and back; half of it each way. 0: the database is in the program.
    Raises `ValueError` when an argument is not allowed.
    """
    for name, value in (("rows", rows), ("connections", connections)):
        require_whole(name, value, at_least=1)
    sim = Simulation(seed)
    core, calls = Station(sim, "program cpu"), iter(range(rows // rows_a_call))
    network, work = Network(sim, _half(round_trip_s)), work_s(rows_a_call) / ROWS * rows_a_call

    def database() -> Generator[Event, Any, None]:
        yield from ()

    def connection() -> Generator[Event, Any, None]:
        for _ in calls:
            yield core.serve(work)
            if round_trip_s:
                yield network.call("program", "database", database())

    sim.run(until=sim.all_of([sim.start(connection()) for _ in range(connections)]))
    return float(sim.now) * ROWS / (rows // rows_a_call * rows_a_call)


def _half(round_trip_s: float | Distribution) -> float | Distribution:
    if isinstance(round_trip_s, Distribution):
        return Exponential(round_trip_s.mean / 2)
    return round_trip_s / 2


def compare(seed: int = 1) -> pd.DataFrame:
    """Return a row for each driver of version 2.0: what was measured, and what one round trip a call says.

    Columns: `database`, `driver`, `calls`, `round_trip_ms` (fitted to version 1.4), `measured_s`, `predicted_s`;
    `times_faster`, `predicted_times_faster` than with version 1.4 (NaN where that was not measured; what sends as many
    calls as before should be as fast); and `error_percent` of the measured time. In the simulation each hop has a time
    of its own, exponential around its mean.
    """
    rows = []
    for (database, driver), row in published().iterrows():
        if driver == IN_PROCESS:
            continue
        trip_s, rows_a_call = round_trip_s(database), WAYS[str(row["way", "2.0"])]
        simulated = ROWS if rows_a_call > 1 else ROWS // 10  # calls enough for a steady mean
        predicted_s = simulated_s(rows_a_call, Exponential(trip_s), seed, simulated)
        before_s = row["s", "1.4"]
        fitted_s = predicted_s if row["way", "1.4"] == row["way", "2.0"] else before_s
        ratios = before_s / row["s", "2.0"], fitted_s / predicted_s
        rows.append(
            (database, driver, ROWS // rows_a_call, 1000 * trip_s, row["s", "2.0"], predicted_s, *ratios)
        )
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(error_percent=100 * (table.predicted_s / table.measured_s - 1))


def against_round_trip(
    round_trips_ms: Iterable[float] = (0.0, 0.05, 0.25, 0.5, 1.0, 5.0, 25.0),
) -> pd.DataFrame:
    """Return a row a way and round trip: `way`, `round_trip_ms`, `seconds` for all rows, simulated, without luck."""
    trips = list(round_trips_ms)
    for trip_ms in trips:
        require_non_negative("round_trips_ms", trip_ms)
    rows = [
        (way, trip_ms, simulated_s(rows_a_call, trip_ms / 1000, rows=max(1000, rows_a_call)))
        for way, rows_a_call in WAYS.items()
        for trip_ms in trips
    ]
    return pd.DataFrame(rows, columns=["way", "round_trip_ms", "seconds"])
