"""Decide: which architectures meet your needs, what they cost, and which single answer would change the order.

First come those that can be had and miss fewest needs, and among them the cheapest. A missed need counts like any
other, by however much it is missed: read which it is. Two that miss as few and cost the same within
`NOTICEABLE_PERCENT` are alike: what is between them is not in these figures. So a decision names its leaders, the
runner-up, and the nearest values of each need at which the first one leads no more. Where nobody can be had, nobody
leads.

What an architecture keeps under faults is that of its form that keeps most, with the copies that 1.75 USD/h buys; its
price is that of its cheapest form with the copies that are asked for. It errs in favour of those with several forms,
and of small shops.

The figures under it: costs by the bottleneck law (`archlab.chapters.choosing.buying`), what each keeps under twelve
faults and how old an answer is after one's own order (simulated, handed in as `Measured`), lead times (a model of
people). What nobody measured stands in `archlab.chapters.choosing.needs.UNKNOWN`.

>>> from archlab.chapters.choosing.needs import Needs
>>> decision = decide(Needs(per_s=60), Measured.nothing())
>>> decision.leaders, decision.runner_up.architecture
(['monolithic', 'layered'], 'cqrs')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite

import pandas as pd

from archlab.chapters.choosing.buying import Offer
from archlab.chapters.choosing.costs import day_cost
from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.chapters.choosing.lead_times import lead_time_h
from archlab.chapters.choosing.needs import Needs
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.quantity import number
from archlab.sim.validation import require_one_of

FAULT_COLUMNS = ("architecture", "fault", "pages_percent", "orders_percent", "applies")


@dataclass(frozen=True)
class Measured:
    """What the experiments of the chapter have found.

    Attributes:
        faults: a row an architecture and fault: `architecture`, `fault`, `pages_percent` and `orders_percent` kept,
            and whether it `applies`.
        old_s: architecture -> how old the answer is that 99 of 100 get at most, right after their own order.

    Raises `ValueError` when a column or an architecture is missing.
    """

    faults: pd.DataFrame
    old_s: Mapping[str, float]

    def __post_init__(self) -> None:
        if missing := [name for name in FAULT_COLUMNS if name not in self.faults]:
            raise ValueError(
                f"faults has the columns {list(self.faults)}; it must have {', '.join(missing)}, too"
            )
        if lacking := [name for name in ARCHITECTURES if name not in self.old_s]:
            raise ValueError(f"old_s knows {sorted(self.old_s)}; it must know {', '.join(lacking)}, too")

    @classmethod
    def nothing(cls) -> Measured:
        """No fault was tried, and no answer is old."""
        return cls(pd.DataFrame(columns=list(FAULT_COLUMNS)), dict.fromkeys(ARCHITECTURES, 0.0))

    @property
    def fault_names(self) -> list[str]:
        return list(dict.fromkeys(self.faults.fault))

    def kept_percent(self, architecture: str, fault: str) -> float:
        """Return the less of pages and orders that are kept; 100 where the fault cannot happen.

        Raises `ValueError` when there is no such fault.
        """
        require_one_of("fault", fault, self.fault_names)
        rows = self.faults[(self.faults.architecture == architecture) & (self.faults.fault == fault)]
        hit = rows[rows.applies.astype(bool)]
        return float(hit[["pages_percent", "orders_percent"]].min().min()) if len(hit) else 100.0


@dataclass(frozen=True)
class Candidate:
    """An architecture, judged by needs: what it costs, and the needs that it misses, in words."""

    architecture: str
    usd_per_h: float
    missed: tuple[str, ...]
    offer: Offer | None

    @property
    def form(self) -> str:
        """The form it has: "layered, three tiers"."""
        return self.offer.form.key if self.offer else self.architecture


@dataclass(frozen=True)
class Decision:
    """The candidates, best first, and the needs that made it so."""

    needs: Needs
    measured: Measured
    ranking: tuple[Candidate, ...]

    @property
    def first(self) -> Candidate:
        return self.ranking[0]

    @property
    def leaders(self) -> list[str]:
        """The first, and those that are alike; nobody when none can be had."""
        return [one.architecture for one in self.ranking if self._is_alike(one)]

    @property
    def runner_up(self) -> Candidate:
        """The best of those that are not alike; the last of all when every one is."""
        others = [one for one in self.ranking if not self._is_alike(one)]
        return others[0] if others else self.ranking[-1]

    @property
    def is_met(self) -> bool:
        """Whether any architecture meets all needs."""
        return not self.first.missed

    def _is_alike(self, one: Candidate) -> bool:
        first = self.first
        if len(one.missed) != len(first.missed) or not isfinite(one.usd_per_h):
            return False
        return one.usd_per_h <= first.usd_per_h * (1 + NOTICEABLE_PERCENT / 100) or one is first

    def frame(self) -> pd.DataFrame:
        """Return a row an architecture, best first: `architecture`, `form`, `usd_per_hour`, `misses` in words."""
        rows = [
            (one.architecture, one.form, one.usd_per_h, "; ".join(one.missed) or "nothing")
            for one in self.ranking
        ]
        return pd.DataFrame(rows, columns=["architecture", "form", "usd_per_hour", "misses"])

    @property
    def words(self) -> str:
        """Who leads, who follows, and by what."""
        if not self.leaders:
            return "No architecture can be had for that load"
        who = " and ".join(self.leaders)
        lead = f"{who} {'leads' if len(self.leaders) == 1 else 'lead'}"
        if not self.is_met:
            each = [
                f"{one.architecture}: {'; '.join(one.missed)}" for one in self.ranking if self._is_alike(one)
            ]
            return f"No architecture meets all of it. Nearest, and what it misses: {' / '.join(each)}"
        after = self.runner_up
        if after.missed:
            return f"{lead}. Runner-up: {after.architecture}, which misses: {'; '.join(after.missed)}"
        times = after.usd_per_h / self.first.usd_per_h
        return f"{lead}. Runner-up: {after.architecture}, which costs {number(times)} times as much"


def decide(needs: Needs, measured: Measured) -> Decision:
    """Judge all architectures by the needs. Raises `ValueError` when a fault of the needs was not measured."""
    judged = [_judged(architecture, needs, measured) for architecture in ARCHITECTURES]
    judged.sort(key=lambda one: (one.usd_per_h == inf, len(one.missed), one.usd_per_h))
    return Decision(needs, measured, tuple(judged))


def _judged(architecture: str, needs: Needs, measured: Measured) -> Candidate:
    cost = day_cost(architecture, needs)
    missed = [*_money(cost.usd_per_h, needs), *_age(measured.old_s[architecture], needs)]
    missed += _faults(architecture, needs, measured)
    missed += _lead(architecture, needs)
    return Candidate(architecture, cost.usd_per_h, tuple(missed), cost.offer)


def _money(usd_per_h: float, needs: Needs) -> list[str]:
    if usd_per_h == inf:
        return [f"serves no {number(needs.peak_per_s)} requests/s with databases that large"]
    if usd_per_h > needs.budget_usd_per_h:
        return [f"costs {usd_per_h:.2f} USD/h"]
    return []


def _age(old_s: float, needs: Needs) -> list[str]:
    return [f"answers up to {number(old_s)} s old"] if old_s > needs.old_up_to_s else []


def _faults(architecture: str, needs: Needs, measured: Measured) -> list[str]:
    kept = {fault: measured.kept_percent(architecture, fault) for fault in needs.faults}
    return [
        f"{fault}: keeps {number(percent)} %"
        for fault, percent in kept.items()
        if percent < needs.keeps_percent
    ]


def _lead(architecture: str, needs: Needs) -> list[str]:
    if needs.lead_h is None:
        return []
    hours = lead_time_h(architecture, needs.teams, needs.crossing_percent, needs.are_tests_parallel)
    return [f"a change takes {number(hours)} h"] if hours > needs.lead_h else []
