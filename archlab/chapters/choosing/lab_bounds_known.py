"""What no shop can get below, and demands that break such a bound or none. For the check of task 5 of lab 07.

- money: by the bottleneck law a station with c servers does c / demand requests a second at most. The cheapest shop
  whose stations are all large enough for the load costs so much. Any other costs as much or more.
- time: before the answer, the order must be written at a second site, so many kilometres away. Its news travels there,
  and the confirmation back. If customers must have paid when they are told, the provider answers before that.

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
from archlab.chapters.choosing.lab_bounds import LIGHT_KM_PER_S, MONEY, TIME, Demand
from archlab.shop.budget import mix_with
from archlab.sim.validation import require_one_of

FULL, BRIMFUL, NEARLY_FULL, USUAL = 1.0, 0.97, 0.93, 0.7
"""The share of the time for which stations may be busy: in a proof; in what is no proof yet; in a shop whose customers
hardly notice; and as shops are planned."""


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

Limits = tuple[float, float]
USUAL_ORDER_PERCENT = 12.0
RICH, RICHER, TIGHT, POOR = (4.0, 6.0), (12.0, 18.0), (1.02, 1.02), (0.97, 0.97)
"""The budget: so many times what the least shop costs."""
TOO_SHORT, JUST_ENOUGH, LONG_S = (0.75, 0.92), (1.03, 1.15), 1.0
"""The time for an order: such a share of what is possible; and seconds, where time is not what is missing."""
APART = 1.02
"""By so much two bounds differ at least where they must differ: twice what the check allows."""
DEARER = 1.1


@dataclass(frozen=True)
class Kind:
    """A kind of demand: the ranges that its figures are drawn from.

    Attributes:
        per_s, km, provider_s: as in a `Demand`.
        budget: so many times what the least shop costs.
        order: such a share of the least time of an order. None: `LONG_S`.
        is_paid_when_told: as in a `Demand`.
        is_possible: whether it can be met, as far as the bounds tell.
    """

    is_possible: bool
    budget: Limits = RICH
    per_s: Limits = (150, 600)
    km: Limits = (0, 0)
    provider_s: Limits = (0.05, 0.15)
    order: Limits | None = None
    is_paid_when_told: bool = False


FEW: Limits = (3.0, 9.0)
"""Requests a second: so few that functions cost least."""
FAR_KM, QUICK_S, SLOW_S = (8_000.0, 16_000.0), (0.01, 0.03), (2.0, 5.0)
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "near": Kind(True, km=(300, 900), is_paid_when_told=True),
        "far enough": Kind(True, km=FAR_KM, provider_s=QUICK_S, order=JUST_ENOUGH, is_paid_when_told=True),
        "tight": Kind(True, budget=TIGHT),
        "few": Kind(True, budget=TIGHT, per_s=FEW),
        "paid later": Kind(True, budget=RICHER, provider_s=SLOW_S),
        "far": Kind(False, km=FAR_KM, provider_s=QUICK_S, order=TOO_SHORT, is_paid_when_told=True),
        "poor": Kind(False, budget=POOR),
        "brimful": Kind(False, budget=POOR),
        "poor and few": Kind(False, budget=POOR, per_s=FEW),
        "paid first": Kind(False, provider_s=SLOW_S, is_paid_when_told=True),
    }
)
ORDER_PERCENTS = (5.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0)
"""Few values, since the shops that one could buy are worked out for each."""


def drawn(random: np.random.Generator, kind: str) -> Demand:
    """Return a demand of a kind. Figures are drawn evenly from its ranges. Raises `ValueError` for an unknown one.

    Where money decides, it is drawn again until the usual slips lead to another answer: see `_is_telling`.
    """
    require_one_of("kind", kind, tuple(KINDS))
    of = KINDS[kind]
    while True:
        per_s, order_percent = _three_digits(random, of.per_s), float(random.choice(ORDER_PERCENTS))
        if _is_telling(kind, per_s, order_percent):
            break
    demand = Demand(
        per_s=per_s,
        order_percent=order_percent,
        budget_usd_per_h=float(random.uniform(*of.budget))
        * least_offer(per_s, order_percent, FULL).usd_per_h,
        order_s=LONG_S,
        km=_three_digits(random, of.km),
        provider_s=_three_digits(random, of.provider_s),
        is_paid_when_told=of.is_paid_when_told,
    )
    order_s = LONG_S if of.order is None else float(random.uniform(*of.order)) * least_order_s(demand)
    return replace(demand, budget_usd_per_h=round(demand.budget_usd_per_h, 4), order_s=round(order_s, 4))


def _three_digits(random: np.random.Generator, limits: Limits) -> float:
    return float(f"{random.uniform(*limits):.3g}")


def _is_telling(kind: str, per_s: float, order_percent: float) -> bool:
    """Whether money forbids a demand of this kind, or allows it, for the right reason only.

    - tight: the budget pays for the least shop, which is not too full, and for none that is planned as usual.
    - poor: with the usual share of orders the bound is another, and the least shop is not the smallest program.
    - brimful: with stations that are nearly full the bound is another.
    - few, poor and few: functions cost least, and one program clearly more.
    """

    def usd(busy_at_most: float, percent: float = order_percent) -> float:
        return least_offer(per_s, percent, busy_at_most).usd_per_h

    least, usual_orders = usd(FULL), usd(FULL, USUAL_ORDER_PERCENT)
    orders_tell = max(least, usual_orders) > APART * min(least, usual_orders)
    functions_lead = _program_usd(per_s, order_percent) > DEARER * least
    tell = {
        "tight": usd(NEARLY_FULL) == least and usd(USUAL) > DEARER * least,
        "poor": orders_tell and least > DEARER * _program_usd(1.0, order_percent),
        "brimful": usd(BRIMFUL) > APART * least,
        "few": functions_lead,
        "poor and few": functions_lead and orders_tell,
    }
    return tell.get(kind, True)


def _program_usd(per_s: float, order_percent: float) -> float:
    """What one program that carries the load costs least, in US dollars an hour; infinite when none does."""
    terms = Terms(mix_with(order_percent / 100), busy_at_most=FULL)
    offer = cheapest_of_form(FORMS["monolithic"], per_s, terms)
    return offer.usd_per_h if offer else float("inf")
