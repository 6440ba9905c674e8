"""Demands that may contradict one another. Task 5 of lab 07.

A demand has a load, a budget, and a time within which an order must be answered. Money or time can make it impossible.

>>> demand = Demand(per_s=100, order_percent=12, budget_usd_per_h=2, order_s=0.1, km=9)
>>> demand.words
'100 requests/s, 12 % orders, 2 USD/h, orders within 0.1 s, second site at 9 km, provider 0.1 s, paid later if need be'
"""

from __future__ import annotations

from dataclasses import dataclass

from archlab.sim.validation import require_flag, require_non_negative, require_positive

LIGHT_KM_PER_S = 200_000
"""In glass fibre, about: two thirds of its speed in empty space. Cables are longer than the way of the crow, so real
round trips take longer still."""
MONEY, TIME = "usd_per_h", "order_s"


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
        is_paid_when_told: whether the payment must be held before the answer. Then it is held before the order is
            written anywhere.

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
