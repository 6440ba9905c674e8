"""Operations: what must be run and watched as the shop grows, and when it wakes too many people.

A model of people, not a measurement; every number is an assumption unless a source is named. Each part of the
system (a copy of a program, a database) alerts somebody now and then, whatever the reason. Google's site reliability
engineers hold that two incidents in a shift of 12 hours are the most that can be dealt with well (B. Beyer and
others, *Site Reliability Engineering*, 2016, chapter 11). When more than `TOO_MANY_SHIFTS_PERCENT` of
the shifts bring more, the system is too large for one person on call.

More parts alert more: that is assumed, not found. So the other side gets as many machines: a monolith in as many
copies, with one database. What is left is one database a service instead of one.

>>> frame = growth([5])
>>> frame.parts.tolist(), frame.monolith_parts.tolist()
([17], [13])
>>> operational_overhead(22, 32, alerts_that_decide=0.22, alerts_of_a_part=1).words
'Holds when: from 22 services for one person on call (a monolith on as many machines: from 32), with the alerts of a \
part a month at least 0.22 (here 1)'
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_from
from archlab.course.quantity import number
from archlab.sim.validation import require_non_negative, require_whole

SERVICES = (1, 2, 5, 10, 15, 20, 30, 40, 60)
SHIFTS_A_DAY = 2
ALERTS_A_SHIFT = 2
"""The most alerts that one person on call can deal with well in 12 hours (Beyer and others, 2016, chapter 11)."""

GOLDEN_SIGNALS = 4
"""Latency, traffic, errors, saturation: what to watch of a part at least (the same book, chapter 6)."""


@dataclass(frozen=True)
class Operations:
    """How a system of services is run. Every number is an assumption: a guess to replace by your own.

    Attributes:
        copies: of each program, so that one may die.
        shared_parts: gateway or balancer copies, which all services need once.
        alerts_per_part_per_month: how often a part wakes somebody in 30 days, rightly or not.
        on_call: people on call at a time, who share the alerts: one for each so many teams, say.

    It errs low: links between services, versions and registries alert nobody here.
    """

    copies: int = 2
    shared_parts: int = 2
    alerts_per_part_per_month: float = 1.0
    on_call: int = 1

    def __post_init__(self) -> None:
        for name in ("copies", "on_call"):
            require_whole(name, getattr(self, name), at_least=1)
        require_whole("shared_parts", self.shared_parts, at_least=0)
        require_non_negative("alerts_per_part_per_month", self.alerts_per_part_per_month)

    def parts(self, services: int) -> int:
        """Return what runs: copies of each service, a database for each, and what all share."""
        return services * (self.copies + 1) + self.shared_parts

    def monolith_parts(self, services: int) -> int:
        """Return what runs when the same money buys as many copies of one program, and one large database."""
        return services * self.copies + 1 + self.shared_parts

    def overloaded_shifts_percent(self, parts: int) -> float:
        """Return the share of shifts in which somebody on call gets more than `ALERTS_A_SHIFT` alerts.

        Parts alert independently of each other (a Poisson process); a real incident alerts from many at once.
        """
        from scipy.special import pdtrc  # SciPy is loaded when it is used: that takes a while

        return float(100 * pdtrc(ALERTS_A_SHIFT, self.alerts_a_shift(parts)))

    def alerts_a_shift(self, parts: int) -> float:
        """Return the mean number of alerts that somebody on call gets in a shift."""
        return parts * self.alerts_per_part_per_month / 30 / SHIFTS_A_DAY / self.on_call


def growth(services: Sequence[int] = SERVICES, operations: Operations | None = None) -> pd.DataFrame:
    """Return what there is to run and watch with so many services, and beside it for one program on as many machines.

    Columns: services, parts, signals (`GOLDEN_SIGNALS` of each part), overloaded_shifts_percent, and the same of
    the monolith: monolith_parts, monolith_overloaded_shifts_percent.
    """
    run = operations or Operations()
    rows = []
    for count in services:
        require_whole("services", count, at_least=1)
        parts, monolith = run.parts(count), run.monolith_parts(count)
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
"""More than one shift in ten with too many alerts is not bad luck any more."""


MOST_SERVICES = 100
"""A large shop. Companies with thousands of engineers run more services, with many teams on call."""


def too_many_parts(operations: Operations | None = None) -> float:
    """Return with how many parts just so many shifts are too busy; inf when no part ever alerts."""
    run = operations or Operations()
    a_part = run.alerts_a_shift(parts=1)
    return _alerts_of_a_busy_shift() / a_part if a_part else math.inf


def _alerts_of_a_busy_shift() -> float:
    """The mean number of alerts a shift with which `TOO_MANY_SHIFTS_PERCENT` bring more than `ALERTS_A_SHIFT`."""
    from scipy.optimize import brentq
    from scipy.special import pdtrc

    def spare(mean: float) -> float:
        return float(100 * pdtrc(ALERTS_A_SHIFT, mean)) - TOO_MANY_SHIFTS_PERCENT

    return float(brentq(spare, 0.01, 100))


def too_many_alerts_from_services(operations: Operations | None = None) -> float:
    """Return the number of services from which too many shifts are too busy; inf when `MOST_SERVICES` are not."""
    run = operations or Operations()
    return _first(run.parts, too_many_parts(run))


def monolith_too_many_alerts_from_services(operations: Operations | None = None) -> float:
    """Return the same for a monolith on as many machines as so many services need."""
    run = operations or Operations()
    return _first(run.monolith_parts, too_many_parts(run))


def _first(parts: Callable[[int], int], too_many: float) -> float:
    counts = range(1, MOST_SERVICES + 1)
    return next((float(services) for services in counts if parts(services) > too_many), math.inf)


def alerts_that_decide(operations: Operations | None = None) -> float:
    """Return how many alerts of a part in 30 days make `MOST_SERVICES` services too many for who is on call."""
    run = operations or Operations()
    once_a_month = replace(run, alerts_per_part_per_month=1.0)
    return _alerts_of_a_busy_shift() / once_a_month.alerts_a_shift(run.parts(MOST_SERVICES))


def overhead_figures(operations: Operations | None = None) -> dict[str, float]:
    """Return what the rule needs."""
    return {
        "too_many_alerts_from_services": too_many_alerts_from_services(operations),
        "monolith_too_many_alerts_from_services": monolith_too_many_alerts_from_services(operations),
        "alerts_that_decide": alerts_that_decide(operations),
        "alerts_of_a_part": (operations or Operations()).alerts_per_part_per_month,
    }


@settles(
    "cons.operational-overhead",
    evidence=Evidence.MODELLED,
    says={
        "too_many_alerts_from_services": "services from which one person is too few",
        "monolith_too_many_alerts_from_services": "the same beside a monolith",
        "alerts_that_decide": "alerts of a part a month from which that is so",
        "alerts_of_a_part": "alerts of a part a month here",
    },
)
def operational_overhead(
    too_many_alerts_from_services: float,
    monolith_too_many_alerts_from_services: float,
    alerts_that_decide: float,
    alerts_of_a_part: float,
) -> Verdict:
    """Holds from the number of services at which more than {TOO_MANY_SHIFTS_PERCENT} % of the shifts bring one
    person more than {ALERTS_A_SHIFT} alerts, when a monolith on the same machines does so later, and when that number
    is at most {MOST_SERVICES}.
    """
    more = too_many_alerts_from_services < monolith_too_many_alerts_from_services
    limit = too_many_alerts_from_services if more else math.inf
    needed = Limit("from", [alerts_that_decide])
    alerts = Assumption("the alerts of a part a month", alerts_of_a_part, needed)
    later = f"a monolith on as many machines: from {number(monolith_too_many_alerts_from_services)}"
    return holds_from(limit, f"services for one person on call ({later})", alerts)
