"""A job that is longer than a function may run, in pieces, and environments that are killed while it works.

Task 4 of lab 05. The job books the rows of a table one after the other. A piece runs as a function with a time limit;
it is invoked asynchronously, so that the platform gives it again, twice at most, when it is killed or cut off. What the
job knows from one piece to the next stands in a table outside.

What this leaves out: a platform that gives an event twice although nothing failed (task 3), and rows that cannot be
booked.

>>> def book_one(invocation, job):
...     position = yield from job.position()
...     if position < job.rows:
...         yield from job.book(position)
...         yield from job.note(position + 1)
...         job.again()
>>> night = Night(rows=5, longest_s=2.0, kills_s=())
>>> lived = night.run(book_one, seed=1)
>>> lived.booked, lived.pieces, lived.cut_off
([0, 1, 2, 3, 4], 6, 0)
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.course.labs.expectations import expect
from archlab.course.labs.new_process import in_new_process
from archlab.sim.functions import AsyncInvocations, Function, Invocation
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_positive, require_whole

Steps = Generator[Event, Any, Any]
Piece = Callable[[Invocation, "Job"], Steps]

LIMIT_S = 60.0
"""The function's time limit. Shorter than any cloud's longest, so that runs are short."""
LONGEST_S = 3.0
"""No row takes longer to book."""
NOTE_S = 0.02
"""To read or write one row of the table outside: an assumption, four times a query of the shop's database."""
START_S = 2.0
"""From asking for another piece to its start: an assumption. What is invoked asynchronously waits in a queue."""
INIT_S, KEEP_ALIVE_S = 0.3, 360.0
LASTS_S = 3600.0
MOST_PIECES = 1000
"""Of a job that asks for more and more."""
LATE = 1.02
"""A row that is begun with less left than so many times the longest one is as long as that."""
NAME = "settle"


class Job:
    """What a piece can do to the job. Rows are numbered from 0 to `rows` - 1."""

    __slots__ = ("_asked", "_books_s", "_done", "_longest_s", "_one", "_position", "_sim", "events", "rows")

    def __init__(self, night: Night, piece: Piece, sim: Simulation, done: Callable[[int], None]) -> None:
        self.rows = night.rows
        self._sim = sim
        random = sim.stream("rows to book")
        stretches = random.permutation(np.arange(night.rows // 70 + 1) % 3 == 0)
        slow = np.repeat(stretches, 70)[: night.rows]
        least = np.where(slow, 0.94, 0.05) * night.longest_s
        self._books_s = random.uniform(least, np.where(slow, 1.0, 0.2) * night.longest_s)
        self._position = self._asked = 0
        self._done = done
        self._longest_s = night.longest_s
        self._one: Invocation | None = None

        def run(one: Invocation) -> Steps:
            self._one = one
            program = one.kept.setdefault(
                "program", in_new_process(piece)
            )  # lives as long as its environment
            return program(one, self)

        function = Function(sim, NAME, run, INIT_S, KEEP_ALIVE_S, time_limit_s=LIMIT_S)
        self.events = AsyncInvocations(function)

    def position(self) -> Steps:
        """Read the number that was noted last; 0 at first."""
        yield self._sim.timeout(NOTE_S)
        return self._position

    def note(self, position: int) -> Steps:
        """Write a number, for whoever reads it next."""
        yield self._sim.timeout(NOTE_S)
        self._position = position

    def book(self, row: int) -> Steps:
        """Book a row. It counts when the booking has come to its end."""
        require_whole("row", row, at_least=0)
        if row >= self.rows:
            raise ValueError(f"row is {row}; it must be below {self.rows}")
        is_late = self._one is not None and self._one.left_s < LATE * self._longest_s
        yield self._sim.timeout(self._longest_s if is_late else float(self._books_s[row]))
        self._done(int(row))

    def again(self) -> None:
        """Ask the platform for one more piece. It begins some seconds later."""
        self._asked += 1
        if self._asked <= MOST_PIECES:
            self._sim.call_at(self._sim.now + START_S, self.events.send, None)

    @property
    def asks_for_ever(self) -> bool:
        """Whether more pieces were asked for than any job needs."""
        return self._asked > MOST_PIECES


@dataclass(frozen=True)
class Lived:
    """What came of a night: the rows in the order in which they were `booked`, how many `pieces` were run, how many of
    them were `cut_off` at the time limit or `killed`, how many events were `given_up`; and `again`, how many rows were
    booked once more before the first kill, between the first and the second, and so on.
    """

    booked: list[int]
    pieces: int
    cut_off: int
    killed: int
    given_up: int
    again: list[int]


class Night:
    """A night with a job of `rows` rows, of which none takes longer than `longest_s`.

    At each of `kills_s`, all environments are killed, whatever they do.
    Raises `ValueError` when an argument is not allowed.
    """

    def __init__(self, rows: int, longest_s: float = LONGEST_S, kills_s: tuple[float, ...] = ()) -> None:
        require_whole("rows", rows, at_least=1)
        require_positive("longest_s", longest_s)
        for kill_s in kills_s:
            require_non_negative("kills_s", kill_s)
        self.rows, self.longest_s, self.kills_s = rows, longest_s, kills_s

    @classmethod
    def drawn(cls, random: np.random.Generator) -> Night:
        """Return a night with four kills, far enough apart that none of them meets an event a second time."""
        first_s, gaps_s = random.uniform(70, 100), random.uniform(200, 230, size=3)
        kills_s = tuple(float(at_s) for at_s in np.cumsum([first_s, *gaps_s]))
        return cls(rows=int(random.integers(450, 550)), kills_s=kills_s)

    def run(self, piece: Piece, seed: int) -> Lived:
        """Let the job begin, and see how far it is when the night is over."""
        sim = Simulation(seed)
        booked: list[int] = []
        lives: list[list[int]] = [[]]

        def done(row: int) -> None:
            booked.append(row)
            lives[-1].append(row)

        job = Job(self, piece, sim, done)
        function = job.events.function
        for kill_s in self.kills_s:
            sim.call_at(kill_s, self._kill, function)
            sim.call_at(kill_s, lives.append, [])
        job.events.send()
        sim.run(until=LASTS_S)
        expect(not job.asks_for_ever, f"{MOST_PIECES} pieces were asked for: does each ask for one at most?")
        return Lived(
            booked=booked,
            pieces=function.invocations,
            cut_off=function.cut_off,
            killed=function.failed - function.cut_off,
            given_up=len(job.events.dead_letters),
            again=[len(life) - len(set(life) - set().union(*lives[:n])) for n, life in enumerate(lives)],
        )

    @staticmethod
    def _kill(function: Function) -> None:
        function.crash()
        function.restart()
