"""Five ways to run a job of many rows: the programs, and what starts them.

- `_as_it_is`: one function, invoked asynchronously. It is cut off at its limit and begun anew, twice, then given up.
- `_in_pieces`: it notes after each row how far it came, stops in time, and asks for another piece.
- `_as_a_workflow`: somebody else keeps the position and calls a function for each piece; each piece is two state
  transitions, which cost money, and a failed piece is called again at once.
- `_at_once`: twenty functions, each with an own part of the rows, each noting how far it came.
- `on_a_server`: the same program on a small server, with the same notes. It has no limit, but dies as well, and is
  started again after a minute.

A row is booked by a statement that may be repeated; `done_twice` counts how often one was.

>>> sim = Simulation(seed=1)
>>> job = Job(sim, rows=3, row_s=5.0)
>>> _ = FUNCTIONS["in pieces"](sim, job, 900.0)
>>> sim.run(until=60.0)
>>> job.done, job.done_twice
(3, 0)
"""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.sim.billing import Usage
from archlab.sim.failure import Failure
from archlab.sim.functions import AsyncInvocations, CloudAccount, Function, Invocation
from archlab.sim.simulation import Simulation

NOTE_S = 0.005
NOTED_S = 1.0
"""A row is begun if there is time for it and so much more."""
PARTS = 20
INIT_S, KEEP_ALIVE_S, MEMORY_MB = 0.3, 360.0, 1769
RESTART_S = 60.0
"""Of the server, after it died. Assumptions, all of these."""
SCHEMA = "CREATE TABLE booked (row INTEGER PRIMARY KEY, times INTEGER NOT NULL);"
BOOK = "INSERT INTO booked VALUES (?, 1) ON CONFLICT (row) DO UPDATE SET times = times + 1"
Steps = Generator[Event, Any, Any]


class Job:
    """The rows and the notes of one night: what is outside of every way to run it."""

    def __init__(self, sim: Simulation, rows: int, row_s: float) -> None:
        self.sim, self.rows, self.row_s = sim, rows, row_s
        self.table = sqlite3.connect(":memory:", isolation_level=None)
        self.table.executescript(SCHEMA)
        self.notes: dict[int, int] = {}
        self.finished_s = np.inf

    def book(self, row: int) -> Steps:
        """Book a row: it counts when the work on it is over."""
        yield self.sim.timeout(self.row_s)
        self.table.execute(BOOK, (row,))
        if self.done == self.rows:
            self.finished_s = min(self.finished_s, self.sim.now)

    def note(self, part: int, row: int) -> Steps:
        """Write how far a part came."""
        yield self.sim.timeout(NOTE_S)
        self.notes[part] = row

    @property
    def done(self) -> int:
        """How many rows are booked."""
        return int(self.table.execute("SELECT count(*) FROM booked").fetchone()[0])

    @property
    def done_twice(self) -> int:
        """How many bookings were repetitions."""
        return int(self.table.execute("SELECT coalesce(sum(times - 1), 0) FROM booked").fetchone()[0])


# The programs ------------------------------------------------------------------------------------------------


def all_in_one(job: Job, first: int, last: int) -> Steps:
    """The program as it is: row after row."""
    for row in range(first, last):
        yield from job.book(row)


def with_notes(job: Job, part: int, first: int, last: int, has_time: Callable[[], bool]) -> Steps:
    """The program that notes how far it came, and stops in time. Returns whether there is more to do."""
    for row in range(job.notes.get(part, first), last):
        if not has_time():
            return True
        yield from job.book(row)
        yield from job.note(part, row + 1)
    return False


def lines_of(program: Callable[..., Any]) -> int:
    """Return the lines of a program without its documentation."""
    lines = inspect.getsource(program).splitlines()
    return sum(1 for line in lines if line.strip() and '"""' not in line)


# The ways ----------------------------------------------------------------------------------------------------


def _has_time(invocation: Invocation, job: Job) -> bool:
    return invocation.left_s > job.row_s + NOTED_S


def _as_it_is(sim: Simulation, job: Job, limit_s: float) -> tuple[Function, Usage]:
    function = _function(sim, lambda _: all_in_one(job, 0, job.rows), limit_s)
    AsyncInvocations(function).send()
    return function, Usage()


def _in_pieces(sim: Simulation, job: Job, limit_s: float) -> tuple[Function, Usage]:
    def piece(invocation: Invocation) -> Steps:
        more = yield from with_notes(job, 0, 0, job.rows, partial(_has_time, invocation, job))
        if more:
            events.send()

    events = AsyncInvocations(_function(sim, piece, limit_s))
    events.send()
    return events.function, Usage()


def _at_once(sim: Simulation, job: Job, limit_s: float) -> tuple[Function, Usage]:
    ends = np.linspace(0, job.rows, PARTS + 1).astype(int)

    def piece(invocation: Invocation) -> Steps:
        part = invocation.payload
        has_time = partial(_has_time, invocation, job)
        more = yield from with_notes(job, part, int(ends[part]), int(ends[part + 1]), has_time)
        if more:
            events.send(part)

    events = AsyncInvocations(_function(sim, piece, limit_s))
    for part in range(PARTS):
        events.send(part)
    return events.function, Usage()


def _as_a_workflow(sim: Simulation, job: Job, limit_s: float) -> tuple[Function, Usage]:
    """The workflow calls a piece, looks whether there is more, and so on: two transitions each."""

    def piece(invocation: Invocation) -> Steps:
        return (yield from with_notes(job, 0, 0, job.rows, partial(_has_time, invocation, job)))

    function = _function(sim, piece, limit_s)

    def workflow() -> Steps:
        more = True
        while more:
            try:
                more = yield function.invoke()
            except Failure:
                more = True

    sim.start(workflow())
    return function, Usage(transitions=2)


def _function(sim: Simulation, handler: Callable[[Invocation], Steps], limit_s: float) -> Function:
    return Function(
        sim,
        "book",
        handler,
        INIT_S,
        KEEP_ALIVE_S,
        MEMORY_MB,
        limit_s,
        account=CloudAccount(sim, scaling=None),
    )


FUNCTIONS: Mapping[str, Callable[[Simulation, Job, float], tuple[Function, Usage]]] = {
    "as it is": _as_it_is,
    "in pieces": _in_pieces,
    "as a workflow": _as_a_workflow,
    "at once": _at_once,
}


def on_a_server(sim: Simulation, job: Job) -> Function:
    """The program with notes on a machine: a process without a limit, that is started again a minute after it died."""

    def process(_: Invocation) -> Steps:
        yield from with_notes(job, 0, 0, job.rows, lambda: True)

    machine = Function(sim, "server", process, 0.0, KEEP_ALIVE_S, time_limit_s=None)

    def supervisor() -> Steps:
        while job.done < job.rows:
            try:
                yield machine.invoke()
            except Failure:
                yield sim.timeout(RESTART_S)

    sim.start(supervisor())
    return machine


def lines_more() -> int:
    """Return how many lines more it takes to run in pieces than as it is: the program and what starts it."""
    in_pieces = lines_of(with_notes) + lines_of(_has_time) + lines_of(_in_pieces)
    return in_pieces - lines_of(all_in_one) - lines_of(_as_it_is)
