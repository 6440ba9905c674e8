"""Decide: which forms meet your needs, what they cost, and which single answer would change the order.

The candidates are forms: those that the fault matrix shows, a monolith that pays later among them. Price, faults and
age of a row so belong to one shop. First come those that can be had and were measured, of these the ones that miss
fewest needs, and among them the cheapest. A missed need counts like any other, by however much it is missed: 1 %
above the budget counts as much as every order lost. So read which need it is: `Decision.words` says it of whoever
leads. Needs have no weights here, as nobody measured any.

Two that miss as few and cost the same within `NOTICEABLE_PERCENT` are alike: what is between them is not in these
figures. So a decision names its leaders, the runner-up, and the nearest values of each need at which the first leads no
more: others lead alone then, by more than 10 %, or with fewer needs missed. Where nobody can be had, nobody leads.

What a form keeps under faults was tried with the copies that 1.75 USD/h buys; its price is that of the copies that are
asked for. It errs in favour of small shops.

The figures under it: costs by the bottleneck law (`archlab.chapters.choosing.buying`), what each keeps under twelve
faults and how old an answer is after one's own order (simulated, handed in as `Measured`), lead times (a model of
people). What nobody measured stands in `archlab.chapters.choosing.needs.UNKNOWN`.

>>> from archlab.chapters.choosing.needs import Needs
>>> decision = decide(Needs(per_s=60), Measured.nothing())
>>> decision.leaders, decision.runner_up.form
(['monolithic', 'layered, one process'], 'cqrs, same database')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite

import pandas as pd

from archlab.chapters.choosing.buying import Offer
from archlab.chapters.choosing.costs import form_cost
from archlab.chapters.choosing.fault_matrix import ROWS, SHOWN
from archlab.chapters.choosing.lead_times import lead_time_h
from archlab.chapters.choosing.needs import Needs
from archlab.chapters.choosing.time_until_seen import SEEN
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.quantity import number
from archlab.sim.validation import require_one_of

CANDIDATES = SHOWN
"""The forms that are judged, by their names in `archlab.chapters.choosing.fault_matrix.ROWS`."""
FAULT_COLUMNS = ("architecture", "form", "fault", "pages_percent", "orders_percent", "applies")
OLD_COLUMNS = ("form", *(column.replace("_s", "_p99_s") for column in SEEN))
"""Of `archlab.chapters.choosing.time_until_seen.summary`."""
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Measured:
    """What the experiments of the chapter have found.

    Attributes:
        faults: a row a form and fault: `architecture`, `form`, `fault`, `pages_percent` and `orders_percent`
            kept, and whether it `applies`. It is what `archlab.chapters.choosing.fault_matrix.matrix` returns.
        old_s: form -> how old the answer is that 99 of 100 get at most, right after their own order.

    Raises `ValueError` when a column, or the age of a candidate, is missing.
    """

    faults: pd.DataFrame
    old_s: Mapping[str, float]

    def __post_init__(self) -> None:
        if missing := [name for name in FAULT_COLUMNS if name not in self.faults]:
            raise ValueError(
                f"faults has the columns {list(self.faults)}; it must have {', '.join(missing)}, too"
            )
        if lacking := [name for name in CANDIDATES if name not in self.old_s]:
            raise ValueError(f"old_s knows {sorted(self.old_s)}; it must know {'; '.join(lacking)}, too")

    @classmethod
    def of(cls, matrix: pd.DataFrame, summary: pd.DataFrame) -> Measured:
        """Take what `fault_matrix.matrix` and `time_until_seen.summary` return, whole.

        An answer is as old as the latest of the three things that are looked at. Raises `ValueError` when a column or
        a candidate is missing.
        """
        if missing := [name for name in OLD_COLUMNS if name not in summary]:
            raise ValueError(
                f"summary has the columns {list(summary)}; it must have {', '.join(missing)}, too"
            )
        latest = summary.set_index("form")[list(OLD_COLUMNS[1:])].max(axis="columns")
        return cls(matrix, {str(name): float(age_s) for name, age_s in latest.items()})

    @classmethod
    def nothing(cls) -> Measured:
        """No fault was tried, and no answer is old."""
        return cls(pd.DataFrame(columns=list(FAULT_COLUMNS)), dict.fromkeys(CANDIDATES, 0.0))

    @property
    def fault_names(self) -> list[str]:
        return list(dict.fromkeys(self.faults.fault))

    def kept_percent(self, form: str, fault: str) -> float | None:
        """Return the less of pages and orders that a form keeps; 100 where the fault cannot happen, None where it was
        not measured.

        Raises `ValueError` when there is no such fault.
        """
        require_one_of("fault", fault, self.fault_names)
        rows = self.faults[(self.faults.form == form) & (self.faults.fault == fault)]
        if len(rows) == 0:
            return None
        hit = rows[rows.applies.astype(bool)]
        return float(hit[["pages_percent", "orders_percent"]].min().min()) if len(hit) else 100.0


@dataclass(frozen=True)
class Candidate:
    """A form, judged by needs: what it costs, and the needs that it misses, in words.

    `is_judged`: whether all that was asked for was measured of it. If not, `missed` says what was not.
    """

    form: str
    usd_per_h: float
    missed: tuple[str, ...]
    offer: Offer | None
    is_judged: bool = True

    @property
    def architecture(self) -> str:
        """The architecture that it is a form of."""
        return ROWS[self.form].architecture

    @property
    def can_lead(self) -> bool:
        """Whether it can be had, and was measured."""
        return isfinite(self.usd_per_h) and self.is_judged


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
        """The forms that come first: the first, and those that are alike; nobody when none can be had."""
        return [one.form for one in self.ranking if self._is_alike(one)]

    @property
    def runner_up(self) -> Candidate:
        """The best of those that are not alike; the last of all when every one is."""
        others = [one for one in self.ranking if not self._is_alike(one)]
        return others[0] if others else self.ranking[-1]

    @property
    def is_met(self) -> bool:
        """Whether any form meets all needs."""
        return not self.first.missed

    def _is_alike(self, one: Candidate) -> bool:
        first = self.first
        if len(one.missed) != len(first.missed) or not one.can_lead:
            return False
        return one.usd_per_h <= first.usd_per_h * (1 + NOTICEABLE_PERCENT / 100) or one is first

    def frame(self) -> pd.DataFrame:
        """Return a row a form, best first: `architecture`, `form`, `usd_per_hour`, `misses` in words."""
        rows = [
            (one.architecture, one.form, one.usd_per_h, "; ".join(one.missed) or "nothing")
            for one in self.ranking
        ]
        return pd.DataFrame(rows, columns=["architecture", "form", "usd_per_hour", "misses"])

    @property
    def words(self) -> str:
        """Who leads, what the leaders miss if they miss anything, who follows, and by what."""
        if not self.leaders:
            why = "No form can be had for that load"
            return why if not isfinite(self.first.usd_per_h) else "No form that can be had was measured"
        lead = f"{' and '.join(self.leaders)} {'leads' if len(self.leaders) == 1 else 'lead'}"
        return f"{lead}. Runner-up: {self._followed}" if self.is_met else self._nearest

    @property
    def _nearest(self) -> str:
        each = [f"{one.form}: {'; '.join(one.missed)}" for one in self.ranking if self._is_alike(one)]
        return f"No form meets all of it. Nearest, and what it misses: {' / '.join(each)}"

    @property
    def _followed(self) -> str:
        after = self.runner_up
        if after.missed:
            return f"{after.form}, which misses: {'; '.join(after.missed)}"
        return f"{after.form}, which costs {number(after.usd_per_h / self.first.usd_per_h)} times as much"


def decide(needs: Needs, measured: Measured) -> Decision:
    """Judge all candidates by the needs: first who can be had and was measured, then who misses fewest, then the price.

    A fault that was tried with some forms only leaves the others "not measured": they come after all that were.
    Raises `ValueError` when a fault of the needs was tried with no form.
    """
    judged = [_judged(form, needs, measured) for form in CANDIDATES]
    judged.sort(key=lambda one: (one.usd_per_h == inf, not one.is_judged, len(one.missed), one.usd_per_h))
    return Decision(needs, measured, tuple(judged))


def _judged(form: str, needs: Needs, measured: Measured) -> Candidate:
    cost = form_cost(form, needs)
    kept = {fault: measured.kept_percent(form, fault) for fault in needs.faults}
    missed = [*_money(cost.usd_per_h, needs), *_age(measured.old_s[form], needs)]
    missed += [*_faults(kept, needs), *_lead(cost.architecture, needs)]
    return Candidate(form, cost.usd_per_h, tuple(missed), cost.offer, None not in kept.values())


def _money(usd_per_h: float, needs: Needs) -> list[str]:
    if usd_per_h == inf:
        return [f"serves no {number(needs.peak_per_s)} requests/s with databases that large"]
    if usd_per_h > needs.budget_usd_per_h:
        return [f"costs {usd_per_h:.2f} USD/h"]
    return []


def _age(old_s: float, needs: Needs) -> list[str]:
    return [f"answers up to {number(old_s)} s old"] if old_s > needs.old_up_to_s else []


def _faults(kept: Mapping[str, float | None], needs: Needs) -> list[str]:
    return [
        f"{fault}: {NOT_MEASURED}" if percent is None else f"{fault}: keeps {number(percent)} %"
        for fault, percent in kept.items()
        if percent is None or percent < needs.keeps_percent
    ]


def _lead(architecture: str, needs: Needs) -> list[str]:
    if needs.lead_h is None:
        return []
    hours = lead_time_h(architecture, needs.teams, needs.crossing_percent, needs.are_tests_parallel)
    return [f"a change takes {number(hours)} h"] if hours > needs.lead_h else []
