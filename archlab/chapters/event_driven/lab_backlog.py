"""A backlog in a log, and consumers who must have worked it off before a sale begins, and before anything is deleted.

Task 4 of lab 03. A consumer reads whole partitions, so twelve partitions among five consumers are three for some of
them and two for the others. Records come and are handled at a steady pace, and keys spread them evenly: both err in
favour of the learner, because real ones need room for luck. A consumer takes one record from each of its partitions in
turn; who takes hundreds of one first lets those of the others grow older.

>>> backlog = Backlog(rate_per_s=20, handle_s=0.1, outage_s=60, within_s=60, retention_s=3600, partitions=12)
>>> backlog.left_at_the_end(4), backlog.left_at_the_end(3) > 100, backlog.missed(4)
(0, True, 0)
"""

from collections.abc import Generator
from dataclasses import asdict, dataclass, fields
from typing import Any

from simpy.events import Event

from archlab.sim.messaging.consumer_group import ConsumerGroup
from archlab.sim.messaging.event_log import EventLog, Record
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole


@dataclass(frozen=True)
class Backlog:
    """Records come at `rate_per_s` and nobody reads them for `outage_s`. Then consumers start, who need `handle_s` for
    one each. `within_s` later the sale begins. Records older than `retention_s` are deleted, read or not.

    Raises:
        ValueError: when a number is not above 0, or `partitions` is no whole number from 1 on.
    """

    rate_per_s: float
    handle_s: float
    outage_s: float
    within_s: float
    retention_s: float
    partitions: int

    def __post_init__(self) -> None:
        for parameter in fields(self):
            require_positive(parameter.name, getattr(self, parameter.name))
        require_whole("partitions", self.partitions, at_least=1)

    @property
    def work(self) -> float:
        """How many consumers' whole time it takes to be through in time, were the work divisible at will."""
        return self.rate_per_s * (1 + self.outage_s / self.within_s) * self.handle_s

    def left_at_the_end(self, consumers: int) -> int:
        """Return how many records of the backlog the simulated consumers have left when the sale begins: at most one a
        partition, which has just come, counts as none.
        """
        group, _ = self._lived(consumers)
        return max(0, group.lag - self.partitions)

    def missed(self, consumers: int) -> int:
        """Return how many records were deleted before the simulated consumers had read them."""
        group, deleted_before = self._lived(consumers)
        return group.missed + deleted_before

    def _lived(self, consumers: int) -> tuple[ConsumerGroup, int]:
        """The group that has worked until the sale begins, and how many records were deleted before it started."""
        sim = Simulation(seed=1)
        log = EventLog(sim, "shop events", 0.0, self.partitions, self.retention_s)
        keys = _a_key_for_each_partition(log)

        def handle(record: Record) -> Generator[Event, Any, None]:
            yield sim.timeout(self.handle_s)

        def start(_: None) -> None:
            group = log.subscribe("points", handle, consumers, reset="earliest", max_poll_records=1)
            deleted_before.append(sum(group.committed))

        deleted_before: list[int] = []

        for number in range(int(self.rate_per_s * (self.outage_s + self.within_s))):
            key = keys[number % self.partitions]
            sim.call_at(number / self.rate_per_s, lambda key: log.append(key, None), key)
        sim.call_at(self.outage_s, start, None)
        sim.run(until=self.outage_s + self.within_s)
        return log.groups["points"], sum(deleted_before)

    def values(self) -> dict[str, float]:
        """Return the numbers by their names, as a learner's function takes them."""
        return asdict(self)


def _a_key_for_each_partition(log: EventLog) -> list[str]:
    """Return keys, the first of partition 0, the second of partition 1 ..."""
    found: dict[int, str] = {}
    for number in range(10_000):
        found.setdefault(log.partition_of(str(number)), str(number))
        if len(found) == log.partitions:
            break
    return [found[partition] for partition in range(log.partitions)]
