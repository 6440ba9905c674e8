"""Which of two architectures costs less, and at which figure the answer changes. Task 6 of lab 07.

A case has a usual load and a peak that comes each day, for so many hours, and that nobody foresees. So what is rented
is rented for the peak, all day. Functions are paid for each request, and only the database behind them is rented.

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

from archlab.chapters.choosing.buying import Offer, Terms, cheapest
from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.shop.budget import mix_with
from archlab.sim.validation import require_one_of, require_positive

HOURS_A_DAY, HOUR_S = 24, 3600
VARIED = ("per_s", "peak_times", "peak_h")


@dataclass(frozen=True, kw_only=True)
class Case:
    """Two architectures, a load, and the figure that is varied.

    Attributes:
        pair: the two that are compared.
        per_s: requests a second outside of the peak.
        peak_times: how many times the usual load comes in the peak.
        peak_h: hours of peak a day.
        order_percent: of the requests that are orders.
        vary: the figure that is varied from `low` to `high`: one of `VARIED`.

    Raises:
        ValueError: when a figure is out of range.
    """

    pair: tuple[str, str]
    per_s: float = 2.0
    peak_times: float = 5.0
    peak_h: float = 1.0
    order_percent: float = 12.0
    vary: str
    low: float
    high: float

    def __post_init__(self) -> None:
        for architecture in self.pair:
            require_one_of("pair", architecture, ARCHITECTURES)
        require_one_of("vary", self.vary, VARIED)
        for name in (*VARIED, "order_percent", "low", "high"):
            require_positive(name, getattr(self, name))
        if not self.low < self.high:
            raise ValueError(f"high is {self.high!r}; it must be above low, which is {self.low!r}")

    def at(self, value: float) -> Case:
        """Return the case with this value of the figure that is varied."""
        changed: dict[str, float] = {self.vary: value}
        return replace(self, **changed)  # type: ignore[arg-type]

    @property
    def words(self) -> str:
        """The case in words."""
        figures = ", ".join(f"{name} {getattr(self, name):g}" for name in (*VARIED, "order_percent"))
        return f"{' or '.join(self.pair)}: {figures}; {self.vary} from {self.low:g} to {self.high:g}"


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
    from scipy.optimize import bisect  # SciPy is loaded when it is used: that takes a while

    one, other = case.pair

    def more_usd(value: float) -> float:
        return usd_per_h(one, case.at(value)) - usd_per_h(other, case.at(value))

    return one if more_usd(case.low) < 0 else other, float(bisect(more_usd, case.low, case.high, xtol=1e-9))


# Drawing -----------------------------------------------------------------------------------------------------

OTHERS = ("monolithic", "cqrs", "microservices", "event-driven")
SHARE: tuple[float, float] = (6.0, 20.0)
RANGES: Mapping[str, Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "per_s": {"peak_times": (1.5, 6.0), "peak_h": (0.5, 6.0), "order_percent": SHARE},
        "peak_times": {"per_s": (14.0, 25.0), "peak_h": (0.2, 0.6), "order_percent": SHARE},
        "peak_h": {"per_s": (9.0, 15.0), "peak_times": (2.0, 8.0), "order_percent": SHARE},
    }
)
"""The figure that is varied -> the ranges of the others. Assumptions."""
SPANS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"per_s": (0.5, 200.0), "peak_times": (1.0, 50.0), "peak_h": (0.1, 23.0)}
)
"""A figure -> the values between which it is varied."""
LOOKS = 150
"""At so many values a drawn case is looked at: it must turn once, and not near an end."""
NEAR, LEAD = 1.3, 1.03


def drawn(random: np.random.Generator, vary: str, leader_at: int = 0) -> Case:
    """Return a case that turns once between its ends, with who leads at the lower end in this place of the pair.

    Raises `ValueError` when `vary` is none of `VARIED`.
    """
    require_one_of("vary", vary, VARIED)
    low, high = SPANS[vary]
    while True:
        figures = {name: float(f"{random.uniform(*limits):.3g}") for name, limits in RANGES[vary].items()}
        pair = ("serverless", str(random.choice(OTHERS)))
        case = Case(pair=pair, vary=vary, low=low, high=high, **figures)
        if turns(case) == 1 and _is_clear(case):
            return case if pair[leader_at] == turning_point(case)[0] else replace(case, pair=pair[::-1])


def _is_clear(case: Case) -> bool:
    """Whether it turns far from both ends, and somebody leads clearly at either one."""
    prices = [[usd_per_h(one, case.at(end)) for one in case.pair] for end in (case.low, case.high)]
    value = turning_point(case)[1]
    return case.low * NEAR < value < case.high / NEAR and all(max(two) > LEAD * min(two) for two in prices)


def turns(case: Case) -> int:
    """Return how often the cheaper one changes between the ends, at `LOOKS` values evenly on a logarithmic scale."""
    one, other = case.pair
    cheaper = [
        usd_per_h(one, case.at(float(value))) < usd_per_h(other, case.at(float(value)))
        for value in np.geomspace(case.low, case.high, LOOKS)
    ]
    return int(np.count_nonzero(np.diff(cheaper)))
