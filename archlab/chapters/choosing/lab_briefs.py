"""Briefs: what three customers of yours ask for, in numbers. Tasks 2 to 4 of lab 07.

>>> START_UP.order_percent, round(START_UP.hours)
(12.0, 730)
"""

from __future__ import annotations

from dataclasses import dataclass

from archlab.shop.budget import mix_with
from archlab.sim.validation import require_flag, require_one_of, require_positive, require_whole
from archlab.sim.workload import Mix

HOURS_A_DAY = 24
DAYS_A_MONTH = 730 / HOURS_A_DAY
"""As cloud price lists count them: 8,760 hours / 12."""
RESTARTS, RETRIES, SLOW_PROVIDER = "restarts", "retries", "slow provider"
FAULTS = (RESTARTS, RETRIES, SLOW_PROVIDER)
LARGEST_ORDER_PERCENT = 90
"""The other requests are pages: of products, and of orders that were placed."""


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What is asked for.

    Load:
        per_s: requests a second in all hours that are not of the peak.
        peak_per_s: requests a second in the peak, which nobody foresees: what you rent stands there in all hours.
        peak_h: hours of peak in all the `days` together.
        order_percent: of the requests that are orders, 1 to 90.
        provider_times: how many times as long the payment provider takes during the peak.
        stock: pieces of each product at the start of the peak.

    Money:
        budget_usd: for all the `days`, that is, for `hours`.

    What must hold in the peak, and in the other hours as well:
        page_p99_s, order_p99_s: 99 % of the pages, and of the orders, are answered within this.
        kept_percent: of pages and of orders get an answer. "Sold out" is one.

    What must hold when things go wrong:
        faults: of `FAULTS`, all in the same hour. "restarts": each program dies in the middle of orders, and is back
            after a second. "retries": who has no answer after two seconds, or an error, sends the order again, twice
            at most. "slow provider": it takes `SLOW_TIMES` as long for every second order.
        is_paid_when_told: who is told that the order is placed has paid: the money is held, and in the rows.
        told_within_s: orders that meet a slow provider, and no other fault, are answered within this. None: any time.

    Whatever happens, rows must agree with one another, with the provider's ledger and with what customers were told.

    Raises:
        ValueError: when a figure is out of range.
    """

    per_s: float
    peak_per_s: float
    peak_h: float
    order_percent: float = 12.0
    provider_times: float = 1.0
    stock: int = 1_000_000
    budget_usd: float
    days: float = DAYS_A_MONTH
    page_p99_s: float
    order_p99_s: float
    kept_percent: float = 99.0
    faults: tuple[str, ...] = ()
    is_paid_when_told: bool = False
    told_within_s: float | None = None

    def __post_init__(self) -> None:
        for name in ("per_s", "peak_per_s", "peak_h", "provider_times", "budget_usd", "days"):
            require_positive(name, getattr(self, name))
        for name in ("page_p99_s", "order_p99_s"):
            require_positive(name, getattr(self, name))
        if not 1 <= self.order_percent <= LARGEST_ORDER_PERCENT:
            raise ValueError(
                f"order_percent is {self.order_percent!r}; it must be from 1 to {LARGEST_ORDER_PERCENT}"
            )
        if not 0 <= self.kept_percent <= 100:
            raise ValueError(f"kept_percent is {self.kept_percent!r}; it must be from 0 to 100")
        require_whole("stock", self.stock, at_least=1)
        for fault in self.faults:
            require_one_of("faults", fault, FAULTS)
        require_flag("is_paid_when_told", self.is_paid_when_told)
        if self.told_within_s is not None:
            require_positive("told_within_s", self.told_within_s)

    @property
    def hours(self) -> float:
        """Of all the `days`."""
        return self.days * HOURS_A_DAY

    @property
    def words(self) -> str:
        """The brief in words. What asks for nothing is left out."""
        is_flat = self.peak_h >= self.hours
        parts = (
            f"{self.per_s:g} requests/s"
            + (f", {self.peak_per_s:g} in a peak of {self.peak_h:g} h" * (not is_flat)),
            f"{self.order_percent:g} % orders",
            f"provider {self.provider_times:g} times as slow in the peak" * (self.provider_times != 1),
            f"{self.budget_usd:g} USD for {self.hours:g} h",
            f"pages within {self.page_p99_s:g} s, orders within {self.order_p99_s:g} s",
            "paid when told" * self.is_paid_when_told,
            f"with a slow provider told within {self.told_within_s} s" * (self.told_within_s is not None),
            f"faults: {', '.join(self.faults) or 'none'}",
        )
        return "; ".join(part for part in parts if part)

    @property
    def mix(self) -> Mix:
        """What customers ask for."""
        return mix_with(self.order_percent / 100)


START_UP = Brief(
    per_s=0.02,
    peak_per_s=15.0,
    peak_h=20.0,
    budget_usd=90.0,
    page_p99_s=1.0,
    order_p99_s=3.0,
    faults=(RESTARTS,),
)
"""A start-up: hardly anybody comes, until somebody writes about it."""
BACK_OFFICE = Brief(
    per_s=20.0,
    peak_per_s=20.0,
    peak_h=730.0,
    order_percent=40.0,
    budget_usd=900.0,
    page_p99_s=0.5,
    order_p99_s=2.0,
    faults=FAULTS,
    is_paid_when_told=True,
)
"""A bank's back office: the same load all month, and no row may be wrong."""
SALE = Brief(
    per_s=2.0,
    peak_per_s=200.0,
    peak_h=1.0,
    order_percent=20.0,
    provider_times=15.0,
    stock=40,
    budget_usd=10.0,
    days=1.0,
    page_p99_s=0.3,
    order_p99_s=8.0,
    faults=FAULTS,
)
"""A ticket shop on the day of the sale: a hundred times the usual load, few tickets, and a provider that is slow."""
