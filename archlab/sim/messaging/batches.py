"""Batches: what happens to records that are handed over together, when the work on one of them fails.

A batch succeeds or fails as a whole. After the defaults of AWS Lambda on a stream it is tried again and again, until
its records are too old to be kept; what is behind it waits. There are three ways out. *Bisect*: a batch that failed is
cut in two, and each half is tried by itself; that does not count as a retry. *Maximum retries*, and *maximum age*: then
the records are given up and go to a destination, `given_up`, where somebody can look at them.

A batch that is done again does its good records again. So the handler must bear to see a record twice.

What this leaves out: a handler cannot say how far it came in its batch. Lambda sends only where the records lie, and
not the records, to the destination. The wait before a retry is ours; AWS names none.

>>> from archlab.sim import Failure, Simulation
>>> from archlab.sim.messaging.event_log import Record
>>> sim, batches = Simulation(seed=1), []
>>> def book(records):
...     batches.append("".join(record.value for record in records))
...     yield sim.timeout(0.1)
...     if "x" in batches[-1]:
...         raise Failure("books")
>>> work = BatchWork(sim, book, BatchPolicy(bisect=True, max_retries=0))
>>> records = [Record(0, offset, "account", value, 0.0) for offset, value in enumerate("abxd")]
>>> sim.run(until=sim.start(work.deal_with(records)))
>>> batches, [record.value for record in work.given_up]
(['abxd', 'ab', 'xd', 'x', 'd'], ['x'])
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from simpy.events import Event

from archlab.sim.core.calendar import require_sim
from archlab.sim.failure import Failure
from archlab.sim.validation import (
    require_flag,
    require_function,
    require_instance,
    require_lasting,
    require_positive,
    require_whole,
)

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

BATCH_SIZE = 100
"""How many records of a stream AWS Lambda hands to a function at most, by default."""


class Dated(Protocol):
    """A record that knows when it was stored."""

    @property
    def appended_s(self) -> float:
        """When it was stored."""


R = TypeVar("R", bound=Dated)
BatchHandler = Callable[[list[R]], Generator[Event, Any, Any]]
"""What is done with a batch: a function that takes its records and yields what it waits for."""


@dataclass(frozen=True)
class BatchPolicy:
    """What is done with a batch that fails. The defaults are AWS Lambda's, but for the wait `retry_s`.

    Args:
        batch_size: the most records in a batch.
        bisect: whether a batch that failed is cut in two.
        max_retries: after so many retries a batch is given up. None: never.
        max_age_s: records older than this are given up. None: never.
        retry_s: seconds from a failure to the next try of the same records.
    """

    batch_size: int = BATCH_SIZE
    bisect: bool = False
    max_retries: int | None = None
    max_age_s: float | None = None
    retry_s: float = 1.0

    def __post_init__(self) -> None:
        require_whole("batch_size", self.batch_size, at_least=1)
        require_flag("bisect", self.bisect)
        if self.max_retries is not None:
            require_whole("max_retries", self.max_retries, at_least=0)
        require_lasting("max_age_s", self.max_age_s)
        require_positive("retry_s", self.retry_s)


def always() -> bool:
    """Nothing stops the work."""
    return True


class BatchWork:
    """Gives batches to `handler` and deals with failures by `policy`.

    `retention_s` is how long a record is kept where it comes from; one that gets older while it is tried is lost and
    counted in `expired`. `handled` counts records that are done. `invocations` counts calls of the handler, `failed`
    those of them that failed. `given_up` are the records of the policy's destination.
    """

    def __init__(
        self,
        sim: Simulation,
        handler: BatchHandler[Any],
        policy: BatchPolicy | None = None,
        retention_s: float | None = None,
    ) -> None:
        require_sim(sim)
        require_function("handler", handler)
        require_instance("policy", policy, (BatchPolicy, type(None)), "a BatchPolicy or None")
        require_lasting("retention_s", retention_s)
        self.sim, self.handler = sim, handler
        self.policy = BatchPolicy() if policy is None else policy
        self._retention_s = inf if retention_s is None else retention_s
        self._max_age_s = inf if self.policy.max_age_s is None else self.policy.max_age_s
        self.handled = self.invocations = self.failed = self.expired = 0
        self.given_up: list[Any] = []

    def deal_with(
        self, batch: Sequence[Dated], is_alive: Callable[[], bool] = always
    ) -> Generator[Event, Any, None]:
        """Try the records of a batch until each is done, given up or expired, the first ones first.

        Ends early when `is_alive` says that who works has crashed.
        """
        parts = [list(batch)]
        while parts and is_alive():
            parts += yield from self._until_split(parts.pop(), is_alive)

    def _until_split(
        self, part: list[Dated], is_alive: Callable[[], bool]
    ) -> Generator[Event, Any, list[list[Dated]]]:
        """Try a part until it is dealt with. Returns its halves, the second one first, when it must be cut in two."""
        retries = 0
        while part := self._young_enough(part):
            succeeded = yield from self._invoke(part, is_alive)
            if succeeded or not is_alive():
                break
            if self.policy.bisect and len(part) > 1:
                middle = len(part) // 2
                return [part[middle:], part[:middle]]
            if retries == self.policy.max_retries:
                self.given_up += part
                break
            retries += 1
            yield self.sim.timeout(self.policy.retry_s)
        return []

    def _invoke(self, part: list[Dated], is_alive: Callable[[], bool]) -> Generator[Event, Any, bool]:
        self.invocations += 1
        try:
            yield from self.handler(part)
        except Failure:
            self.failed += is_alive()
            return False
        self.handled += len(part) * is_alive()
        return True

    def _young_enough(self, part: list[Dated]) -> list[Dated]:
        """The records that are still worth a try. Older ones are given up or expire."""
        if self.sim.now - part[0].appended_s <= min(self._retention_s, self._max_age_s):
            return part
        ages_s = [self.sim.now - record.appended_s for record in part]
        self.expired += sum(age_s > self._retention_s for age_s in ages_s)
        kept = [record for record, age_s in zip(part, ages_s, strict=True) if age_s <= self._retention_s]
        young = [record for record in kept if self.sim.now - record.appended_s <= self._max_age_s]
        self.given_up += kept[: len(kept) - len(young)]
        return young
