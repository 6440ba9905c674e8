"""The log of the write model: every commit with its time, what it wrote and what it touched, for followers to read.

>>> from archlab.sim import Simulation
>>> log = CommitLog(Simulation(seed=1))
>>> log.append([], {("order", 7)}, last_position=2)
>>> log.head, log.touched_since(0, ("order", 7)), log.touched_since(1, ("order", 7))
(1, 0, None)
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from archlab.shop.store import Statement
from archlab.sim.simulation import Simulation

Key = tuple[str, int]
"""What a page is about, such as ("order", 7). `EVERYTHING`: pages with a list, which any commit may change."""
EVERYTHING: Key = ("everything", 0)


@dataclass(frozen=True)
class Commit:
    """A commit. `last_position`: of the last event that is in the store then."""

    number: int
    at_s: float
    statements: tuple[Statement, ...]
    last_position: int


class CommitLog:
    """The commits of one write model, numbered from 1.

    `start_position`: of the last event that was in the store before. `listeners` are called at each commit.
    """

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.commits: list[Commit] = []
        self._positions: list[int] = []
        self._touched: defaultdict[Key, list[int]] = defaultdict(list)
        self.start_position = 0
        self.listeners: list[Callable[[], None]] = []

    @property
    def head(self) -> int:
        """The number of the last commit; 0 when there is none."""
        return len(self.commits)

    def append(self, statements: Sequence[Statement], touched: Iterable[Key], last_position: int) -> None:
        """Note a commit that was made now, and tell the listeners."""
        number = self.head + 1
        self.commits.append(Commit(number, self.sim.now, tuple(statements), last_position))
        self._positions.append(last_position)
        for key in {*touched, EVERYTHING}:
            self._touched[key].append(number)
        for listener in self.listeners:
            listener()

    def position_at(self, number: int) -> int:
        """Return the position of the last event that was in the store after this commit."""
        return self.commits[number - 1].last_position if number else self.start_position

    def number_at(self, position: int) -> int:
        """Return the number of the last commit all of whose events are up to this position of the store."""
        return bisect_right(self._positions, position)

    def touched_since(self, number: int, key: Key) -> float | None:
        """Return when the first commit after this number was made that touched the key; None: none did."""
        numbers = self._touched[key]
        first = bisect_right(numbers, number)
        return self.commits[numbers[first] - 1].at_s if first < len(numbers) else None
