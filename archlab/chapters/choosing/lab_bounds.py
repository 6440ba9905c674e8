"""Demands that may contradict one another, and what no shop can get below. Task 5 of lab 07.

A demand has a load, a budget, and a time within which an order must be answered. Two things can make it impossible, and
each is proved by one figure, a lower bound:

- money: by the bottleneck law a station with c servers does c / demand requests a second at most. The cheapest shop
  whose stations are all large enough for the load costs so much. Any other costs as much or more.
- time: before the answer, the order must be written at a second site, so many kilometres away. Its news travels there,
  and the confirmation back. If customers must have paid when they are told, the provider's time comes on top.

What this leaves out: all waiting, and all work besides. So a demand that neither bound forbids may still be hard to
meet; one that a bound forbids cannot be met by these architectures at all.

>>> far = Demand(per_s=100, order_percent=12, budget_usd_per_h=2, order_s=0.1, km=12_000, provider_s=0.1)
>>> round(least_order_s(far), 3), round(least_usd_per_h(far), 4), proof_of(far)
(0.12, 0.1118, ('order_s', 0.12))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from archlab.chapters.choosing.buying import Offer, Terms, cheapest_of_form
from archlab.chapters.choosing.forms import FORMS
from archlab.shop.budget import mix_with
from archlab.sim.validation import require_flag, require_non_negative, require_one_of, require_positive

LIGHT_KM_PER_S = 200_000
"""In glass fibre, about: two thirds of its speed in empty space. Cables are longer than the way of the crow, so real
round trips take longer still."""
MONEY, TIME = "usd_per_h", "order_s"
FULL, USUAL = 1.0, 0.7
"""The share of the time for which stations may be busy: in a proof, and as shops are planned."""


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What is demanded.

    Attributes:
        per_s: requests a second.
        order_percent: of the requests that are orders. The others are pages.
        budget_usd_per_h: what an hour may cost.
        order_s: 99 % of the orders must be answered within this.
        km: to a second site, where an order must be written before the answer. 0: there is none.
        provider_s: the time of one call of the payment provider, always.
        is_paid_when_told: whether the payment must be held before the answer.

    Raises:
        ValueError: when a figure is out of range.
    """

    per_s: float
    order_percent: float
    budget_usd_per_h: float
    order_s: float
    km: float = 0.0
    provider_s: float = 0.1
    is_paid_when_told: bool = False

    def __post_init__(self) -> None:
        for name in ("per_s", "order_percent", "budget_usd_per_h", "order_s"):
            require_positive(name, getattr(self, name))
        for name in ("km", "provider_s"):
            require_non_negative(name, getattr(self, name))
        require_flag("is_paid_when_told", self.is_paid_when_told)

    @property
    def words(self) -> str:
        """The demand in words."""
        paid = "paid when told" if self.is_paid_when_told else "paid later if need be"
        return (
            f"{self.per_s:g} requests/s, {self.order_percent:g} % orders, {self.budget_usd_per_h:g} USD/h, "
            f"orders within {self.order_s:g} s, second site at {self.km:g} km, provider {self.provider_s:g} s, {paid}"
        )


def least_order_s(demand: Demand) -> float:
    """Return the time that no order can be answered below, in seconds."""
    paying_s = demand.provider_s if demand.is_paid_when_told else 0.0
    return 2 * demand.km / LIGHT_KM_PER_S + paying_s


def least_usd_per_h(demand: Demand) -> float:
    """Return what no shop of these forms that carries the load costs less than, in US dollars an hour."""
    return least_offer(demand.per_s, demand.order_percent, FULL).usd_per_h


@lru_cache(maxsize=2000)
def least_offer(per_s: float, order_percent: float, busy_at_most: float) -> Offer:
    """Return the cheapest shop of all forms whose stations are busy for such a share of the time at most.

    Raises `ValueError` when even the largest databases do not carry the load.
    """
    terms = Terms(mix_with(order_percent / 100), busy_at_most=busy_at_most)
    offers = [cheapest_of_form(form, per_s, terms) for form in FORMS.values()]
    found = [offer for offer in offers if offer is not None]
    if not found:
        raise ValueError(f"per_s is {per_s!r}; no form carries as much with its largest databases")
    return min(found, key=lambda offer: offer.usd_per_h)


def proof_of(demand: Demand) -> tuple[str, float] | None:
    """Return the bound that makes a demand impossible, and what it bounds; None when none does."""
    if least_usd_per_h(demand) > demand.budget_usd_per_h:
        return MONEY, least_usd_per_h(demand)
    if least_order_s(demand) > demand.order_s:
        return TIME, least_order_s(demand)
    return None


# Drawing -----------------------------------------------------------------------------------------------------

Ranges = Mapping[str, tuple[float, float]]
LOAD: Ranges = {"per_s": (150, 600), "order_percent": (8, 20)}
KINDS: Mapping[str, Ranges] = MappingProxyType(
    {
        "near": {"km": (300, 900), "provider_s": (0.05, 0.15)},
        "far": {"km": (8_000, 16_000), "provider_s": (0.01, 0.03)},
        "tight": {"km": (0, 0), "provider_s": (0.05, 0.15)},
        "poor": {"km": (0, 0), "provider_s": (0.05, 0.15)},
        "paid later": {"km": (0, 0), "provider_s": (2.0, 5.0)},
        "paid first": {"km": (0, 0), "provider_s": (2.0, 5.0)},
    }
)
"""A kind of demand -> its ranges. "far", "poor" and "paid first" cannot be met."""
NEARLY_FULL, DEARER = 0.93, 1.1
RICH, TIGHT, POOR = (4.0, 6.0), 1.02, 0.97
"""The budget: so many times what the least shop costs."""
TOO_SHORT, LONG = (0.75, 0.92), 1.0
"""The time for an order: such a share of what is possible; and seconds, where time is not what is missing."""


def drawn(random: np.random.Generator, kind: str) -> Demand:
    """Return a demand of a kind. Figures are drawn evenly from its ranges. Raises `ValueError` for an unknown one.

    Of the tight ones the budget pays for the least shop, which is nearly full, and for none that is planned as usual.
    """
    require_one_of("kind", kind, tuple(KINDS))
    while True:
        figures = {
            name: float(f"{random.uniform(*limits):.3g}") for name, limits in {**LOAD, **KINDS[kind]}.items()
        }
        demand = Demand(
            **figures,
            budget_usd_per_h=1.0,
            order_s=LONG,
            is_paid_when_told=kind in ("near", "far", "paid first"),
        )
        least, nearly, usual = (
            least_offer(demand.per_s, demand.order_percent, busy).usd_per_h
            for busy in (FULL, NEARLY_FULL, USUAL)
        )
        if kind == "tight" and (nearly > least or usual < DEARER * least):
            continue
        share = {"tight": TIGHT, "poor": POOR}.get(kind, float(random.uniform(*RICH)))
        if kind == "paid later":
            share *= 3.0
        demand = replace(demand, budget_usd_per_h=round(share * least, 3))
        if kind == "far":
            demand = replace(demand, order_s=round(random.uniform(*TOO_SHORT) * least_order_s(demand), 3))
        return demand
