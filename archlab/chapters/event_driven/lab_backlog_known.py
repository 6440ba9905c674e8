"""Which backlogs the check of task 4 of lab 03 draws, and how many consumers each of them needs.

>>> backlog = Backlog(rate_per_s=20, handle_s=0.1, outage_s=60, within_s=60, retention_s=3600, partitions=12)
>>> busiest(backlog, 4), consumers_needed(backlog), kind_of(backlog)
(1.0, 4, 'even')
"""

from types import MappingProxyType

import numpy as np

from archlab.chapters.event_driven.lab_backlog import Backlog

ROOM = 0.03
"""How far the busiest consumer of a drawn case is from its limit, and how far beyond with one consumer fewer."""

USUAL_TIMES_S = ((60.0, 120.0), (60.0, 180.0), (400.0, 900.0))
"""From and to: how long nobody reads, how long it is from then to the sale, and how long records are kept."""
TIMES_S = MappingProxyType(
    {
        "even": ((60.0, 120.0), (150.0, 180.0), (125.0, 140.0)),
        "deleted": ((60.0, 70.0), (30.0, 45.0), (50.0, 58.0)),
    }
)
"""The same for cases of a kind: what comes now is deleted before the sale; what came first, just before the start."""
KINDS = ("even", "uneven", "no divisor", "too few partitions", "deleted")


def drawn(random: np.random.Generator, kind: str) -> Backlog:
    """Return a case of a kind, in which no number of consumers is near the limit."""
    times_s = TIMES_S.get(kind, USUAL_TIMES_S)
    while True:
        outage_s, within_s, retention_s = (float(random.uniform(*limits)) for limits in times_s)
        case = Backlog(
            rate_per_s=float(random.uniform(10, 40)),
            handle_s=float(random.uniform(0.05, 0.3)),
            outage_s=outage_s,
            within_s=within_s,
            retention_s=retention_s,
            partitions=int(random.choice([8, 10, 12])),
        )
        if kind_of(case) == kind and is_clear(case):
            return case


def kind_of(case: Backlog) -> str:
    """Return one of `KINDS`, or something else.

    "no divisor": so many consumers are needed that some have more partitions than others. "uneven": whole partitions
    cost at least two consumers more than the sum says. "deleted": older than retention before anybody starts, and
    otherwise it could be done.
    """
    if case.outage_s >= case.retention_s:
        return "deleted" if busiest(case, case.partitions) <= 1 else "hopeless"
    needed = consumers_needed(case)
    if needed == 0:
        return "too few partitions"
    if case.partitions % needed:
        return "no divisor"
    more = needed - int(np.ceil(case.work))
    return ("even", "one more", "uneven")[min(2, more)]


def busiest(case: Backlog, consumers: int) -> float:
    """Return how much of its time the busiest of so many consumers needs; above 1 it is too late."""
    most = -(-case.partitions // consumers)
    return case.work * most / case.partitions


def consumers_needed(case: Backlog) -> int:
    """Return the smallest number that will do; 0 when none will."""
    if case.outage_s >= case.retention_s:
        return 0
    return next((n for n in range(1, case.partitions + 1) if busiest(case, n) <= 1), 0)


def is_clear(case: Backlog) -> bool:
    """Whether no number of consumers is near the limit, so that luck and rounding decide nothing."""
    return all(abs(busiest(case, n) - 1) > ROOM for n in range(1, case.partitions + 1))
