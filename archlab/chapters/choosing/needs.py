"""Needs: what a system must do, in the numbers that decide between architectures.

What stands here is what this course has measured. What it has not, such as what the people already know, is in
`UNKNOWN`, and every decision says it.

>>> Needs(per_s=20, peak_times=10).peak_per_s
200
>>> Needs(per_s=0)
Traceback (most recent call last):
ValueError: per_s is 0; it must be a finite number above 0
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from archlab.chapters.choosing.buying import LARGEST_DATABASE_CORES
from archlab.chapters.choosing.cost_against_load import Sharing
from archlab.chapters.choosing.twelve_faults import MACHINE, PAGES_COPY
from archlab.shop.budget import mix_with
from archlab.sim.validation import (
    require_flag,
    require_non_negative,
    require_one_of,
    require_positive,
    require_whole,
)
from archlab.sim.workload import Mix

HOURS_A_DAY = 24
RANGES = {
    "order_percent": (1.0, 90.0),
    "peak_h": (0.0, 24.0),
    "peak_times": (1.0, 1000.0),
    "teams": (1, 40),
    "keeps_percent": (0.0, 100.0),
    "crossing_percent": (0.0, 100.0),
}

NEED_TWO_COPIES = (PAGES_COPY, MACHINE)
"""Faults that a program with one copy does not bear. They were tried with two copies or more."""

UNKNOWN = (
    "what your people already know, and whom you can hire",
    "what it costs to move there from what you have",
    "how your code looks in five years, and how hard it is to change then",
    "prices that nobody publishes: rebates, support, traffic between zones, the gateway before functions",
    "forms that were not tried, such as one unit with a single part cut out of it",
)
"""What may decide and was not measured here."""


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a system must do.

    Load:
        per_s: requests a second, outside of the peak.
        order_percent: of them that write, 1 to 90.
        peak_times: how many times the usual load comes at the peak, 1 or more.
        peak_h: hours of a day that the peak lasts.
        is_foreseen: whether somebody knows beforehand when it comes, so that machines can be rented for it alone.

    What must hold:
        budget_usd_per_h: on the average of a day.
        old_up_to_s: how old an answer may be, right after one's own order. 0: never old.
        copies: of each program, at least. 2: one may die.
        sharing: what shares machines, so that only the cores that are needed are paid: "nothing", "programs", or
            "programs and databases" (`archlab.chapters.choosing.cost_against_load.Sharing`).
        faults: the faults that it must bear, by their names in the fault matrix.
        keeps_percent: of pages and of orders, during each of these faults.

    People:
        teams: that change it.
        crossing_percent: of the changes that touch the parts of two teams.
        lead_h: from a change that is written to the change in production, in working hours, on average. None: any.
        are_tests_parallel: whether the tests of one program can be run on several machines at the same time.

    Raises `ValueError` when one is out of range, or a fault that takes a copy is to be borne with one copy.
    """

    per_s: float = 20.0
    order_percent: float = 12.0
    peak_times: float = 1.0
    peak_h: float = 1.0
    is_foreseen: bool = False
    budget_usd_per_h: float = 2.0
    old_up_to_s: float = 1.0
    copies: int = 1
    sharing: Sharing = "nothing"
    faults: tuple[str, ...] = ()
    keeps_percent: float = 90.0
    teams: int = 2
    crossing_percent: float = 20.0
    lead_h: float | None = None
    are_tests_parallel: bool = True
    largest_database_cores: int = LARGEST_DATABASE_CORES

    def __post_init__(self) -> None:
        for name in ("per_s", "budget_usd_per_h"):
            require_positive(name, getattr(self, name))
        for name, (low, high) in RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be from {low:g} to {high:g}")
        require_non_negative("old_up_to_s", self.old_up_to_s)
        require_one_of("sharing", self.sharing, get_args(Sharing))
        for name in ("copies", "teams", "largest_database_cores"):
            require_whole(name, getattr(self, name), at_least=1)
        for name in ("is_foreseen", "are_tests_parallel"):
            require_flag(name, getattr(self, name))
        if self.lead_h is not None:
            require_positive("lead_h", self.lead_h)
        for fault in NEED_TWO_COPIES:
            if fault in self.faults and self.copies < 2:
                raise ValueError(f"copies is {self.copies!r}; it must be 2 or more to bear {fault!r}")

    @property
    def peak_per_s(self) -> float:
        """Requests a second at the peak."""
        return self.per_s * self.peak_times

    @property
    def mean_per_s(self) -> float:
        """Requests a second on the average of a day."""
        share = self.peak_h / HOURS_A_DAY
        return self.per_s * (1 - share) + self.peak_per_s * share

    @property
    def mix(self) -> Mix:
        """What customers ask for."""
        return mix_with(self.order_percent / 100)


WORDS: Mapping[str, str] = {
    "per_s": "usual load [requests/s]",
    "order_percent": "orders among them [%]",
    "peak_times": "peak [times the usual load]",
    "peak_h": "hours of peak a day",
    "is_foreseen": "the peak is foreseen",
    "budget_usd_per_h": "budget [USD/h]",
    "old_up_to_s": "an answer may be so old after one's own order [s]",
    "copies": "copies of each program, at least",
    "sharing": "what shares machines",
    "faults": "faults to bear",
    "keeps_percent": "pages and orders kept during a fault [%]",
    "teams": "teams",
    "crossing_percent": "changes that touch two teams' parts [%]",
    "lead_h": "a change is out within [working hours]",
    "are_tests_parallel": "one program's tests run on several machines",
    "largest_database_cores": "cores of the largest database server",
}
"""A need -> what it is, in words."""
