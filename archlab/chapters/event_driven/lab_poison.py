"""A log in which one record can never be handled, on a day on which what its consumers need is away for a while.

Task 3 of lab 03. While a consumer is busy with one record, all behind it in its partition waits. Nobody tells it
whether the record is bad or the rest of the world is: both fail in the same way. All figures are assumptions.

What this leaves out: somebody who reads what was parked, repairs it and sends it again.

>>> def give_up_at_once(sim, record, work, park):
...     try:
...         yield from work(record)
...     except Failure as failure:
...         park(record, failure)
>>> day = PoisonDay(away_s=15.0).run(give_up_at_once, seed=1)
>>> day.poison in day.parked, len(day.parked) > 100
(True, True)
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from simpy.events import Event

from archlab.sim.failure import Failure
from archlab.sim.messaging.event_log import EventLog, Record
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive

PARTITIONS = 4
RECORDS_PER_S = 10.0
WORK_S = 0.05
LONGEST_AWAY_S = 20.0
"""For which what the consumers need was ever away in one go."""
LONGEST_WAIT_S = 60.0
"""For a good record, from its storing to the end of its work."""
BEFORE_S, POISON_AT_S, AFTER_S, ENDS_AT_S = 20.0, 60.0, 130.0, 160.0
"""When what the consumers need goes away, before or after the bad record comes, and when the day ends. Between any two
of these, a consumer that has the right patience gets through with what has piled up.
"""

Work = Callable[[Record], Generator[Event, Any, None]]
Park = Callable[[Record, Failure], None]
DealWith = Callable[[Simulation, Record, Work, Park], Generator[Event, Any, Any]]


class CouldNotHandle(Failure):
    """The work on a record has failed. It does not say why."""

    outcome = "could_not_handle"
    what = "could not be handled"


@dataclass
class PoisonDayResult:
    """What came of a day: `poison`, the number of the bad record; the numbers of the records in the order in which
    their work was done and in which they were parked; what was parked without its own failure; waits of good records in
    seconds; numbers that were never dealt with; and pairs of records of a partition that were done in wrong order.
    """

    poison: int
    done: list[int] = field(default_factory=list, repr=False)
    parked: list[int] = field(default_factory=list)
    parked_without_failure: int = 0
    waits_s: list[float] = field(default_factory=list, repr=False)
    left: list[int] = field(default_factory=list)
    out_of_order: int = 0


@dataclass(frozen=True)
class PoisonDay:
    """A day of nearly three minutes. What all consumers need is away for `away_s` from `away_at_s` on. From second 60
    on comes the bad record, as number `poison_after` of those that follow. Records have numbers from `first` on.

    Raises:
        ValueError: when `away_s` is not above 0.
    """

    away_s: float
    poison_after: int = 0
    away_at_s: float = BEFORE_S
    first: int = 0

    def __post_init__(self) -> None:
        require_positive("away_s", self.away_s)

    @classmethod
    def drawn(cls, random: np.random.Generator, away_at_s: float) -> "PoisonDay":
        """Return a day with another outage, nearly as long as the longest, another bad record, and other numbers."""
        away_s = float(random.uniform(0.97, 1.0)) * LONGEST_AWAY_S
        return cls(away_s, int(random.integers(40)), away_at_s, int(random.integers(10**8)))

    def run(self, deal_with: DealWith, seed: int) -> PoisonDayResult:
        """Let four consumers deal with the records of the day, each of one partition, and look at what came of it."""
        sim = Simulation(seed)
        result = PoisonDayResult(self.first + int(POISON_AT_S * RECORDS_PER_S) + self.poison_after)
        log = EventLog(sim, "shop events", append_s=0.001, partitions=PARTITIONS)

        def work(record: Record) -> Generator[Event, Any, None]:
            yield sim.timeout(WORK_S)
            if record.value == result.poison or 0 <= sim.now - self.away_at_s < self.away_s:
                raise CouldNotHandle(f"record {record.value}")
            result.done.append(record.value)
            result.waits_s.append(sim.now - record.appended_s)

        def park(record: Record, failure: Failure) -> None:
            result.parked.append(record.value)
            own = isinstance(failure, CouldNotHandle) and failure.part == f"record {record.value}"
            result.parked_without_failure += not own

        log.subscribe("points", lambda record: deal_with(sim, record, work, park), members=PARTITIONS)
        numbers = range(self.first, self.first + int(ENDS_AT_S * RECORDS_PER_S))
        for number in numbers:
            at_s = (number - self.first) / RECORDS_PER_S
            sim.call_at(at_s, lambda number: log.append(_key(number), number), number)
        sim.run(until=ENDS_AT_S + 2 * LONGEST_WAIT_S)
        dealt_with = {*result.done, *result.parked}
        result.left = [number for number in numbers if number not in dealt_with]
        result.out_of_order = _out_of_order(result.done, log)
        return result


def _key(number: int) -> str:
    return f"customer-{number % 40}"


def _out_of_order(done: list[int], log: EventLog) -> int:
    """Count the records that were done after a later one of their partition."""
    latest = dict.fromkeys(range(log.partitions), -1)
    wrong = 0
    for number in done:
        partition = log.partition_of(_key(number))
        wrong += number < latest[partition]
        latest[partition] = max(number, latest[partition])
    return wrong
