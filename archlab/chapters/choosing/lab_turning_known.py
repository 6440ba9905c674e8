"""What architectures cost in a case, and where the cheaper one changes. For the check of task 6 of lab 07.

>>> case = Case(pair=("serverless", "monolithic"), vary="per_s", low=0.5, high=26)
>>> first, value = turning_point(case)
>>> first, bool(10 < value < 26)
('serverless', True)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from scipy.optimize import bisect

from archlab.chapters.choosing.buying import Offer, Terms, cheapest
from archlab.chapters.choosing.lab_turning import Case
from archlab.shop.budget import mix_with
from archlab.sim.validation import require_one_of

HOURS_A_DAY, HOUR_S = 24, 3600


def usd_per_h(architecture: str, case: Case) -> float:
    """Return what an architecture costs an hour, on the average of a day. Infinite when it cannot carry the peak."""
    offer = _at_peak(architecture, case.per_s * case.peak_times, case.order_percent)
    if offer is None:
        return float("inf")
    times = 1 + (case.peak_times - 1) * case.peak_h / HOURS_A_DAY
    return offer.rent_usd_per_h + HOUR_S * case.per_s * times * offer.usd_per_request


def _at_peak(architecture: str, peak_per_s: float, order_percent: float) -> Offer | None:
    return cheapest(architecture, peak_per_s, Terms(mix_with(order_percent / 100)))


def turning_point(case: Case) -> tuple[str, float]:
    """Return which of the pair costs less where the figure is low, and the value from which on the other one does.

    Raises `ValueError` when the same one costs less at both ends.
    """
    one, other = case.pair

    def more_usd(value: float) -> float:
        return usd_per_h(one, case.at(value)) - usd_per_h(other, case.at(value))

    return one if more_usd(case.low) < 0 else other, float(bisect(more_usd, case.low, case.high, xtol=1e-9))


def costs_words(case: Case, value: float) -> str:
    """Return what both of the pair cost at a value of the figure that is varied, in words."""
    costs = [f"{one} {usd_per_h(one, case.at(value)):.4f} USD/h" for one in case.pair]
    return f"at {case.vary} {value:g} {' and '.join(costs)}"


# Drawing -----------------------------------------------------------------------------------------------------

Ranges = Mapping[str, tuple[float, float]]
FUNCTIONS, PROGRAM = "serverless", "monolithic"
ORDER_PERCENT = (5, 40)


@dataclass(frozen=True)
class Way:
    """A way to turn: the figure that is varied, and from where to where; the ranges of the other figures; what
    functions are compared with; and who leads at the lower end.
    """

    vary: str
    span: tuple[float, float]
    ranges: Ranges
    others: tuple[str, ...]
    first: str = FUNCTIONS


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "more customers": Way(
            "per_s", (0.5, 200.0), {"peak_times": (1.5, 6.0), "peak_h": (0.5, 6.0)}, ("microservices", "cqrs")
        ),
        "a higher peak, and it is short": Way(
            "peak_times", (1.0, 50.0), {"per_s": (12.0, 28.0), "peak_h": (0.2, 0.6)}, (PROGRAM,), PROGRAM
        ),
        "a higher peak, and it is long": Way(
            "peak_times",
            (1.0, 50.0),
            {"per_s": (4.0, 28.0), "peak_h": (4.0, 20.0)},
            (PROGRAM, "microservices", "event-driven", "cqrs"),
        ),
        "a longer peak": Way(
            "peak_h",
            (0.1, 23.0),
            {"per_s": (5.0, 60.0), "peak_times": (2.0, 8.0)},
            ("microservices", "event-driven", "cqrs"),
        ),
    }
)
"""Ranges are assumptions. Whoever takes one architecture for all others is wrong in one of these ways at least."""
LOOKS, MANY_LOOKS = 150, 3000
"""At so many values a drawn case is looked at, first roughly and then closely: it must turn once, and not near an end.
Where a shop grows by a machine, the cheaper one may change for a short while. 3,000 looks are 0.2 % apart."""
NEAR, LEAD, APART = 1.3, 1.03, 1.03


def drawn(random: np.random.Generator, way: str, leader_at: int = 0) -> Case:
    """Return a case that turns once between its ends, with who leads at the lower end in this place of the pair.

    Raises `ValueError` when `way` is none of `WAYS`.
    """
    require_one_of("way", way, tuple(WAYS))
    of = WAYS[way]
    low, high = of.span
    while True:
        figures = {name: float(f"{random.uniform(*limits):.3g}") for name, limits in of.ranges.items()}
        figures["order_percent"] = float(random.integers(*ORDER_PERCENT, endpoint=True))
        other = str(random.choice(of.others))
        case = Case(pair=(FUNCTIONS, other), vary=of.vary, low=low, high=high, **figures)
        if _is_clear(case) and turning_point(case)[0] == of.first and turns(case, MANY_LOOKS) == 1:
            return case if case.pair[leader_at] == of.first else replace(case, pair=case.pair[::-1])


def _is_clear(case: Case) -> bool:
    """Whether it turns once and far from both ends, somebody leads clearly at either one, and a monolith turns
    elsewhere.
    """
    if turns(case, LOOKS) != 1:
        return False
    prices = [[usd_per_h(one, case.at(end)) for one in case.pair] for end in (case.low, case.high)]
    value = turning_point(case)[1]
    is_inside = case.low * NEAR < value < case.high / NEAR
    return (
        is_inside
        and all(max(two) > LEAD * min(two) for two in prices)
        and not _is_like_a_program(case, value)
    )


def _is_like_a_program(case: Case, value: float) -> bool:
    """Whether the other one is no monolith, and a monolith in its place turns near the same value."""
    other = replace(case, pair=(FUNCTIONS, PROGRAM))
    before, after = (first_leads(other, value * times) for times in (1 / APART, APART))
    return PROGRAM not in case.pair and before != after


def first_leads(case: Case, value: float) -> bool:
    """Return whether the first of the pair costs less at a value."""
    one, other = (usd_per_h(name, case.at(value)) for name in case.pair)
    return one < other


def turns(case: Case, looks: int) -> int:
    """Return how often the cheaper one changes between the ends, at so many values evenly on a logarithmic scale."""
    cheaper = [first_leads(case, float(value)) for value in np.geomspace(case.low, case.high, looks)]
    return int(np.count_nonzero(np.diff(cheaper)))
