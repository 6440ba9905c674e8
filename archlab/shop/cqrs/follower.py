"""A follower: a process that reads the log of the write model and repeats it elsewhere, some time later.

It hears of each commit `tail_s` after it, in their order. It takes what it has heard of, `batch` commits or events at
most, applies it statement after statement on its own database server, and commits. Its place is a row beside what it
writes. It can be stopped (crash), slowed, and started again, and goes on where it was.

What this leaves out: the work of the database whose log is read, and several processes that apply at the same time.

>>> from archlab.shop.cqrs import Cqrs
>>> from archlab.sim import Simulation
>>> shop = Cqrs(Simulation(seed=1))
>>> order = shop.answer(shop.place_order(order_id=7, basket={1: 2}))
>>> projector = shop.parts["order page projector"]
>>> projector.behind
2
>>> shop.sim.run(until=shop.sim.now + 0.1)
>>> projector.behind, projector.applied
(0, 2)
"""

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from archlab.shop.background import BackgroundProcess
from archlab.shop.cqrs.commit_log import CommitLog
from archlab.shop.cqrs.config import CqrsConfig
from archlab.shop.database import Queries
from archlab.shop.instance import Steps
from archlab.shop.store import Statement, run_together
from archlab.sim.core.active_faults import slowing_down


class Follower(BackgroundProcess):
    """The process, a part of the simulation. `applied` counts what it has applied, `behind` what it has not. `seen_s`:
    for each commit, from the first on, when it was applied.

    Args:
        name: of the part.
        log: of the write model; it wakes the follower.
        queries: what it sends to the database server that it writes to.
        config: of the shop; its `tail_s`, `batch` and `retry_s`.
    """

    def __init__(self, name: str, log: CommitLog, queries: Queries, config: CqrsConfig) -> None:
        self.log, self.config = log, config
        self.queries, self.server = queries, queries.server
        self.applied = 0
        self.seen_s: list[float] = [0.0] * log.head
        self._slowness, self._busy_s = 1.0, 0.0
        self._next_tail_s = log.sim.draws(f"{name} tail", config.tail_s)
        self._heard_s = [0.0] * log.head
        self._news = log.sim.event()
        log.listeners.append(self._hear)
        super().__init__(log.sim, name, config.retry_s)

    # What a kind of follower is -----------------------------------------------------------------------------

    @property
    @abstractmethod
    def behind(self) -> int:
        """How much of the log is not applied yet."""

    @property
    @abstractmethod
    def seen(self) -> int:
        """The number of the last commit that is applied, with all before it."""

    @abstractmethod
    def next_batch(self) -> Sequence[Any]:
        """Return what is to be applied next of what was heard of, `batch` at most."""

    @abstractmethod
    def writes(self, item: Any) -> list[Statement]:
        """Return the writes of one commit or event."""

    @abstractmethod
    def place(self, last: Any) -> Statement:
        """Return the write that keeps the place after this one."""

    # The process --------------------------------------------------------------------------------------------

    @property
    def heard(self) -> int:
        """The number of the last commit that it has heard of by now."""
        return bisect_right(self._heard_s, self.sim.now)

    def _hear(self) -> None:
        """A commit was made: it will be heard of after those before it."""
        before_s = self._heard_s[-1] if self._heard_s else 0.0
        self._heard_s.append(max(before_s, self.sim.now + self._next_tail_s()))
        if not self._news.triggered:
            self._news.succeed()

    def round(self) -> Steps[None]:
        """Wait for news, and apply all that it has heard of."""
        if not self.behind:
            self._news = self.sim.event()
            yield self._news
        if self.seen < len(self._heard_s):
            yield self.sim.timeout(max(0.0, self._heard_s[self.seen] - self.sim.now))
        self.is_busy = True
        began_s = self.sim.now
        while items := self.next_batch():
            yield from self._apply(items)
        self._busy_s += self.sim.now - began_s
        self.is_busy = False

    def _apply(self, items: Sequence[Any]) -> Steps[None]:
        statements = [statement for item in items for statement in self.writes(item)]
        for _ in statements:
            yield from self.queries.run(self._slowness)
        yield from self.server.flush()
        yield from self.commit(statements, items[-1])
        self.applied += len(items)
        self.seen_s += [float(self.sim.now)] * (self.seen - len(self.seen_s))

    def commit(self, statements: Sequence[Statement], last: Any) -> Steps[None]:
        """Write the rows, and the place with them in the same transaction."""
        run_together(self.server.connection, [self.place(last), *statements])
        yield from ()

    # Faults -------------------------------------------------------------------------------------------------

    @slowing_down
    def slow_down(self, factor: float) -> None:
        """From now on each statement takes `factor` times as long. 1.0: as before."""
        self._slowness = factor

    def sample(self) -> tuple[int, int, int, bool]:
        """How much it is behind, 1 when it applies, 1, and whether it is up."""
        return self.behind, int(self.is_busy), 1, self.is_up

    def totals(self) -> dict[str, float]:
        """Sums since the start; `busy_s`: time spent applying, waits for the database included."""
        rest = {"waiting_s": 0.0, "refused": 0, "failed": 0}
        return {"busy_s": self._busy_s, "completed": self.applied, **rest}
