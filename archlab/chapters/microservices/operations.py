"""Operations: what must be run and watched as the shop grows, and when it wakes too many people.

A model of people, not a measurement; every number is an assumption unless a source is named. Each part of the
system (a copy of a program, a database) pages somebody now and then, whatever the reason. Google's site reliability
engineers hold that two incidents in a shift of 12 hours are the most that can be dealt with well (B. Beyer and
others, *Site Reliability Engineering*, 2016, chapter 11). When more than `TOO_MANY_SHIFTS_PERCENT` of
the shifts bring more, the system is too large for one person on call.

>>> frame = growth([5])
>>> frame.parts.tolist(), frame.signals.tolist()
([17], [68])
>>> operational_overhead(too_many_pages_from_services=20).words
'Holds when: from 20 services, for one person on call'
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from scipy.stats import poisson

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, first_holding, holds_from
from archlab.sim.validation import require_non_negative, require_whole

SERVICES = (1, 2, 5, 10, 15, 20, 30, 40, 60)
SHIFTS_A_DAY = 2
PAGES_A_SHIFT = 2
"""The most pages that one person on call can deal with well in 12 hours (Beyer and others, 2016, chapter 11)."""

GOLDEN_SIGNALS = 4
"""Latency, traffic, errors, saturation: what to watch of a part at least (the same book, chapter 6)."""


@dataclass(frozen=True)
class Operations:
    """How a system of services is run. Every number is an assumption: a guess to replace by your own.

    Attributes:
        copies: of each program, so that one may die.
        shared_parts: gateway or balancer copies, which all services need once.
        pages_per_part_per_month: how often a part wakes somebody in 30 days, rightly or not.
        on_call: people on call at a time, who share the pages: one for each so many teams, say.

    It errs low: links between services, versions and registries page nobody here.
    """

    copies: int = 2
    shared_parts: int = 2
    pages_per_part_per_month: float = 1.0
    on_call: int = 1

    def __post_init__(self) -> None:
        for name in ("copies", "on_call"):
            require_whole(name, getattr(self, name), at_least=1)
        require_whole("shared_parts", self.shared_parts, at_least=0)
        require_non_negative("pages_per_part_per_month", self.pages_per_part_per_month)

    def parts(self, services: int) -> int:
        """Return what runs: copies of each service, a database for each, and what all share."""
        return services * (self.copies + 1) + self.shared_parts

    def overloaded_shifts_percent(self, parts: int) -> float:
        """Return the share of shifts in which somebody on call gets more than `PAGES_A_SHIFT` pages.

        Parts page independently of each other (a Poisson process); a real incident pages from many at once.
        """
        mean = parts * self.pages_per_part_per_month / 30 / SHIFTS_A_DAY / self.on_call
        return float(100 * poisson.sf(PAGES_A_SHIFT, mean))


def growth(services: Sequence[int] = SERVICES, operations: Operations | None = None) -> pd.DataFrame:
    """Return what there is to run and watch with so many services, and beside it for one program with one database.

    Columns: services, parts, signals (`GOLDEN_SIGNALS` of each part), overloaded_shifts_percent, and the same of
    the monolith: monolith_parts, monolith_overloaded_shifts_percent.
    """
    run = operations or Operations()
    rows = []
    for count in services:
        require_whole("services", count, at_least=1)
        parts, monolith = run.parts(count), run.parts(1)
        rows.append(
            {
                "services": count,
                "parts": parts,
                "signals": GOLDEN_SIGNALS * parts,
                "overloaded_shifts_percent": run.overloaded_shifts_percent(parts),
                "monolith_parts": monolith,
                "monolith_overloaded_shifts_percent": run.overloaded_shifts_percent(monolith),
            }
        )
    return pd.DataFrame(rows)


TOO_MANY_SHIFTS_PERCENT = 10.0
"""More than one shift in ten with too many pages is not bad luck any more."""


def too_many_pages_from_services(growth: pd.DataFrame) -> float:
    """Return the number of services from which too many shifts are too busy; takes `operations.growth`."""
    margin = growth.overloaded_shifts_percent - TOO_MANY_SHIFTS_PERCENT
    return first_holding(growth.services.tolist(), margin.tolist())


@settles("cons.operational-overhead", evidence=Evidence.MODELLED)
def operational_overhead(too_many_pages_from_services: float) -> Verdict:
    """Holds from the number of services at which more than {TOO_MANY_SHIFTS_PERCENT} % of the shifts bring one
    person more than {PAGES_A_SHIFT} pages.
    """
    return holds_from(too_many_pages_from_services, "services, for one person on call")
