"""State outside of the function: what it takes, and what goes wrong on the way there.

The same cart in a real table. A change that the store can make in one statement needs nothing else. Others are read,
changed and written back, and two requests of a customer may run at the same time (a double click, two tabs): each
reads the cart, adds its thing, and writes it back. Written without a condition, one thing is lost. With a condition,
"only if it is still the version that I have read", the later one is refused and begins again.

The opponent is a server with one process: it keeps carts in memory, where nothing comes between, and loses them when it
is deployed. Two copies of it need what the function needs.

What this leaves out: a store that is away or slow. It errs in favour of state outside.

>>> lost = {way: wrong_carts(way, seed=1, carts=100).wrong for way in WAYS}
>>> lost["in one statement"], lost["with a condition"], lost["without a condition"] > 0
(0, 0, True)
"""

import inspect
import json
import sqlite3
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import joblib
import pandas as pd
from simpy.events import Event

from archlab.chapters.serverless.kept_in_memory import ACCEPTABLE, THINGS, THINK_S, broken_on_servers
from archlab.course.claims import Assumption, Evidence, Limit, OverSeeds, Verdict, bisect, holds_if, settles
from archlab.course.quantity import about, number, percent
from archlab.sim.functions import Function, Invocation
from archlab.sim.functions.triggers.object_store import GET_S, PUT_S
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_whole

SCHEMA = "CREATE TABLE carts (customer INTEGER PRIMARY KEY, things TEXT NOT NULL, version INTEGER NOT NULL);"
READ = "SELECT things, version FROM carts WHERE customer = ?"
WRITE = "UPDATE carts SET things = ?, version = version + 1 WHERE customer = ?"
WRITE_IF = f"{WRITE} AND version = ?"
APPEND = "UPDATE carts SET things = json_insert(things, '$[#]', ?), version = version + 1 WHERE customer = ?"
QUERY_S = 0.0005
"""A query of a table or a cache (napkin-math)."""
APART_S = 0.02
"""Between the two requests of a double click that meets itself, at most. An assumption; people click more slowly."""
MEETING = 0.2
"""So many of the customers click twice at nearly the same time. An assumption, and a high one."""
WAYS = ("in memory", "in one statement", "with a condition", "without a condition")
Table = sqlite3.Connection
Steps = Generator[Event, Any, Any]


# The three programs ------------------------------------------------------------------------------------------


def add_in_memory(carts: dict[int, list[str]], customer: int, thing: str) -> None:
    carts.setdefault(customer, []).append(thing)


def add_without_condition(sim: Simulation, table: Table, customer: int, thing: str) -> Steps:
    things, _ = yield from query(sim, table, READ, customer)
    things = json.dumps([*json.loads(things), thing])
    yield from query(sim, table, WRITE, things, customer)


def add_with_condition(sim: Simulation, table: Table, customer: int, thing: str) -> Steps:
    while True:
        things, version = yield from query(sim, table, READ, customer)
        things = json.dumps([*json.loads(things), thing])
        if (yield from query(sim, table, WRITE_IF, things, customer, version)):
            return


def add_in_one_statement(sim: Simulation, table: Table, customer: int, thing: str) -> Steps:
    yield from query(sim, table, APPEND, thing, customer)


def query(sim: Simulation, table: Table, sql: str, *values: Any) -> Steps:
    """Run a statement and wait for it. Returns the row of a SELECT, or how many rows were changed."""
    yield sim.timeout(QUERY_S)
    cursor = table.execute(sql, values)
    return cursor.fetchone() if sql is READ else cursor.rowcount


PROGRAMS: Mapping[str, Callable[..., Any]] = {
    "in memory": add_in_memory,
    "in one statement": add_in_one_statement,
    "without a condition": add_without_condition,
    "with a condition": add_with_condition,
}


def lines_of(way: str) -> int:
    """Return the lines of the program of one of `WAYS`."""
    require_one_of("way", way, WAYS)
    return len(inspect.getsource(PROGRAMS[way]).splitlines())


# What comes of it --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Carts:
    """What came of it: carts that lack a thing, how long a request took on average, in ms, and its queries."""

    way: str
    wrong: int
    mean_ms: float
    queries: float


def wrong_carts(way: str, seed: int = 1, carts: int = 1000) -> Carts:
    """Let customers put `THINGS` into their carts, some of them twice at the same time, and look into the table.

    "in memory" stands for one process that never dies: nothing waits, so nothing comes between.
    Raises `ValueError` when an argument is not allowed.
    """
    require_one_of("way", way, WAYS)
    require_whole("carts", carts, at_least=1)
    if way == "in memory":
        memory: dict[int, list[str]] = {}
        for customer in range(carts):
            for thing in range(THINGS):
                add_in_memory(memory, customer, str(thing))
        return Carts(way, sum(len(things) != THINGS for things in memory.values()), 0.0, 0.0)
    sim = Simulation(seed)
    table = sqlite3.connect(":memory:", isolation_level=None)
    table.executescript(SCHEMA)
    table.executemany("INSERT INTO carts VALUES (?, '[]', 0)", [(number,) for number in range(carts)])
    taken_s: list[float] = []

    def serve(invocation: Invocation) -> Steps:
        began_s = sim.now
        customer, thing = invocation.payload
        yield from PROGRAMS[way](sim, table, customer, thing)
        taken_s.append(sim.now - began_s)

    function = Function(sim, "cart", serve, init_s=0.0, keep_alive_s=360.0)
    _let_them_click(sim, function, carts)
    sim.run()
    rows = table.execute("SELECT things FROM carts")
    wrong = sum(len(json.loads(things)) != THINGS for (things,) in rows)
    mean_s = sum(taken_s) / len(taken_s)
    return Carts(way, wrong, 1000 * mean_s, mean_s / QUERY_S)


def _let_them_click(sim: Simulation, function: Function, carts: int) -> None:
    """Each customer adds the things a while apart; the last two of some at nearly the same time."""
    random = sim.stream("clicks")
    for customer in range(carts):
        at_s = float(customer)
        for thing in range(THINGS):
            sim.call_at(at_s, function.invoke, (customer, str(thing)))
            meets = thing == THINGS - 2 and random.random() < MEETING
            at_s += float(random.uniform(0, APART_S)) if meets else float(random.exponential(THINK_S))


def table(carts: int = 1000, seed: int = 1) -> pd.DataFrame:
    """Return a row for each of `WAYS`: lines, the share of carts that lack a thing, and the wait for the store."""
    rows = [wrong_carts(way, seed, carts) for way in WAYS]
    frame = pd.DataFrame([vars(row) for row in rows]).set_index("way")
    return pd.DataFrame(
        {
            "lines": [lines_of(way) for way in WAYS],
            f"of {carts:,} carts lack a thing": frame.wrong.to_numpy(),
            "wait for the store [ms]": frame.mean_ms.round(2).to_numpy(),
        },
        index=frame.index,
    )


# The claim ---------------------------------------------------------------------------------------------------


def _server_loses(_: int, deployments_a_day: float) -> float:
    return ACCEPTABLE - broken_on_servers(deployments_a_day)


def server_up_to() -> Limit:
    """Return up to how many deployments a day a server may keep carts in memory. There is no luck in it."""
    return bisect(_server_loses, (0.1, 100.0), "up to", range(10), tolerance=0.02, log=True)


def figures(seeds: Iterable[int] = range(10)) -> dict[str, float]:
    """Return the figures of `state_management`, by their names."""
    chosen = list(seeds)
    blind = in_parallel(joblib.delayed(_wrong)("without a condition", seed) for seed in chosen)
    once = in_parallel(joblib.delayed(_wrong)("in one statement", seed) for seed in chosen)
    return {
        "lines_in_memory": lines_of("in memory"),
        "lines_in_one_statement": lines_of("in one statement"),
        "lines_with_condition": lines_of("with a condition"),
        "wrong_in_one_statement": OverSeeds(once),
        "wrong_without": OverSeeds(blind),
        "wait_ms": wrong_carts("in one statement").mean_ms,
        "server_up_to_deployments": server_up_to(),
    }


def _wrong(way: str, seed: int) -> float:
    return wrong_carts(way, seed, carts=300).wrong / 300


SAYS = {
    "lines_in_memory": "lines that add to a cart in memory",
    "lines_in_one_statement": "lines that do so in a table, in one statement",
    "lines_with_condition": "lines that read, change and write back with a condition",
    "wrong_in_one_statement": "wrong carts in one statement",
    "wrong_without": "wrong carts where the condition is forgotten",
    "wait_ms": "ms that a request waits for the table",
    "server_up_to_deployments": "deployments a day up to which one server may keep carts in memory",
}


@settles("cons.state-management-complexity", evidence=Evidence.SIMULATED, says=SAYS)
def state_management(
    lines_in_memory: float,
    lines_in_one_statement: float,
    lines_with_condition: float,
    wrong_in_one_statement: float,
    wrong_without: float,
    wait_ms: float,
    server_up_to_deployments: float,
) -> Verdict:
    """Holds when the shortest program that is right outside takes more lines than one in memory. Beside it stand a
    change that is read and written back, with its condition and without, where {MEETING} of the customers click twice
    at nearly the same time; the wait; and a server that may keep it in memory and lose {ACCEPTABLE} of the carts.
    """
    shortest = lines_with_condition if wrong_in_one_statement > 0 else lines_in_one_statement
    lines = Assumption(
        "the shortest right program outside",
        shortest,
        lines_with_condition,
        "lines",
        when=(
            f"a change took {{flips_at}}, as one does that no statement can make (forget its condition, and "
            f"{percent(float(wrong_without))} of the carts are wrong; a change waits {number(round(wait_ms, 1))} ms; "
            f"one server keeps carts in memory up to {about(float(server_up_to_deployments))} deployments a day, two "
            f"servers need the same)"
        ),
    )
    return holds_if(shortest > lines_in_memory, decided_by=lines)


def blob_ms() -> float:
    """Return what the same takes with an object store instead of a table: one read and one write, in ms."""
    return 1000 * (GET_S + PUT_S)
