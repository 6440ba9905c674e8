"""A reader of a shard: it fetches records and works on them batch after batch, until the shard ends or it crashes.

A reader notes how far it has come, its *checkpoint*, and goes on from there after a crash: at least once. The *iterator
age* is how old the oldest record is that the reader is not done with; 0 when there is none. Kinesis reports the age of
the last record that was read, which is younger by at most what one call returns. How a reader gets its records is said
in `archlab.sim.messaging.shard_reader`, by polling or by a push.

What this leaves out: leases. A crashed reader's shard waits until it is back, where the Kinesis Client Library gives it
to another worker, so a long crash makes more lag here. A reader does not fetch ahead while it works.

>>> from archlab.sim import Crash, Simulation
>>> from archlab.sim.messaging.shard_stream import EnhancedFanOut, ShardStream
>>> sim = Simulation(seed=1)
>>> clicks = ShardStream(sim, "clicks", append_s=0.0)
>>> def count(record):
...     yield sim.timeout(10.0)
>>> application = clicks.subscribe("counter", count, reading=EnhancedFanOut(0.0))
>>> _ = clicks.append("Ann", "click")
>>> sim.inject(Crash("counter-1", at_s=4.0, restart_after_s=1.0))
>>> sim.run(until=14)
>>> application.readers[0].iterator_age_s, application.readers[0].checkpoint
(14.0, 0)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from archlab.sim.core.active_faults import coming_back, going_down
from archlab.sim.core.level import Level
from archlab.sim.core.task import Task
from archlab.sim.failure import Crashed
from archlab.sim.messaging.batches import BatchHandler, BatchPolicy, BatchWork
from archlab.sim.messaging.event_log import Handler
from archlab.sim.messaging.shard import Shard, ShardRecord

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation


class Reader(ABC):
    """Who reads `shard` for an application, a part of the simulation that faults can hit by its name.

    `first_offset` says where to go on when what is next has been dropped, `ended` is called once when a split shard has
    been read to its end. `missed` counts records that were dropped before they were read.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        shard: Shard,
        handler: Handler | BatchHandler[ShardRecord],
        by_batch: bool,
        policy: BatchPolicy,
        retention_s: float,
        offset: int,
        checkpoint_every_s: float,
        ended: Callable[[Shard], None],
    ) -> None:
        self.sim, self.name, self.shard = sim, name, shard
        self._handler: Any = handler
        by_batches: Any = handler if by_batch else self._one_by_one
        self.work = BatchWork(sim, by_batches, policy, retention_s)
        self.is_up, self.has_ended = True, False
        self.missed = self.throttled = 0
        self.checkpoint = self._position = offset
        self._retention_s, self._checkpoint_every_s, self._ended = retention_s, checkpoint_every_s, ended
        self._checkpoint_s = sim.now
        self._life = 0
        self._is_waiting = False
        self._news = Event(sim)
        self._task: Task | None = None
        self._lag_level, self._busy_level = Level(sim), Level(sim)
        self._lag_level.add(shard.partition.end - offset)
        sim.add(self)
        self._begin()

    # Reading ---------------------------------------------------------------------------------------------

    def tell(self) -> None:
        """A record has been stored in this shard."""
        self._lag_level.add(1)
        self.wake()

    def wake(self) -> None:
        """There may be something to read, or the shard has been split."""
        if self._is_waiting:
            self._is_waiting = False
            self._news.succeed()

    def _begin(self) -> None:
        """Start reading, by way of the calendar: somebody else may be running now."""
        self._task = None
        self.sim.call_at(self.sim.now, self._start, self._life)

    def _start(self, life: int) -> None:
        if life == self._life:
            self._task = Task(self.sim, self._run(life))

    def _run(self, life: int) -> Generator[Event, Any, None]:
        """Fetch and work until the shard has ended or a crash ends this life."""
        while self.shard.is_open or self._position < self.shard.partition.end:
            records = yield from self._fetch()
            size = self.work.policy.batch_size
            for first in range(0, len(records), size):
                yield from self._deal_with(records[first : first + size], life)
                if life != self._life:
                    return
        self._end()

    @abstractmethod
    def _fetch(self) -> Generator[Event, Any, list[ShardRecord]]:
        """Wait for records and return some, or none when it is time to look whether the shard has ended."""

    def _deal_with(self, batch: list[ShardRecord], life: int) -> Generator[Event, Any, None]:
        self._busy_level.add(1)
        yield from self.work.deal_with(batch, lambda: life == self._life)
        if life == self._life:
            self._busy_level.add(-1)
            self._move_to(batch[-1].offset + 1)
            if self.sim.now >= self._checkpoint_s + self._checkpoint_every_s:
                self._note_checkpoint()

    def _one_by_one(self, batch: list[ShardRecord]) -> Generator[Event, Any, None]:
        """Give the records of a batch to a handler of single ones, in order."""
        life = self._life
        for record in batch:
            yield from self._handler(record)
            if life != self._life:
                return

    def _next_offset(self) -> int:
        """What to read next. What retention has dropped is missed."""
        self.shard.partition.drop_before(self.sim.now - self._retention_s)
        start = self.shard.partition.start
        if self._position < start:
            self.missed += start - self._position
            self._move_to(start)
        return self._position

    def _move_to(self, offset: int) -> None:
        self._lag_level.add(self._position - offset)
        self._position = offset

    def _note_checkpoint(self) -> None:
        self.checkpoint, self._checkpoint_s = self._position, self.sim.now

    def _end(self) -> None:
        """All of a split shard has been dealt with."""
        self._note_checkpoint()
        if not self.has_ended:
            self.has_ended = True
            self._ended(self.shard)

    # Faults ----------------------------------------------------------------------------------------------

    @going_down
    def crash(self) -> None:
        """Go down. `Crashed` is thrown into the handler at work."""
        if self.is_up:
            self.is_up = self._is_waiting = False
            self._life += 1
            self._busy_level.add(-self.busy)
            if self._task is not None:
                self._task.throw(Crashed(self.name))

    @coming_back
    def restart(self) -> None:
        """Come back and read on from the checkpoint."""
        if not self.is_up:
            self.is_up = True
            self._checkpoint_s = self.sim.now
            self._move_to(self.checkpoint)
            self._begin()

    # Measurement -----------------------------------------------------------------------------------------

    @property
    def iterator_age_s(self) -> float:
        """How old the oldest record is that is not dealt with, in seconds; 0 when there is none."""
        oldest = self.shard.records(max(self._position, self.shard.partition.start), 1)
        return float(self.sim.now - oldest[0].appended_s) if oldest else 0.0

    @property
    def lag(self) -> int:
        """Records of this shard that are not dealt with, those at work included."""
        return self._lag_level.value

    @property
    def busy(self) -> int:
        """1 while a batch is dealt with, waits between tries included, else 0."""
        return self._busy_level.value

    def sample(self) -> tuple[int, int, int, bool]:
        """Lag, 1 when at work, 1, and whether the reader is up."""
        return self.lag, self.busy, 1, self.is_up

    def totals(self) -> dict[str, float]:
        """Sums since the start: seconds at work, lag times seconds, records handled, batches that failed."""
        return {
            "busy_s": self._busy_level.area,
            "waiting_s": self._lag_level.area,
            "completed": self.work.handled,
            "refused": 0,
            "failed": self.work.failed,
        }
