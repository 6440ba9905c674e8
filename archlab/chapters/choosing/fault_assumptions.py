"""How the order changes when the assumptions of the fault matrix are doubled and halved, or chosen otherwise.

Each case changes one thing and tries the faults again that apply to all, and a machine that dies (`TRIED`): how long
a fault lasts, how long customers wait, how many come, how slow "slow" is, how much money there is, and how many copies
of each program. At the usual load all shops have far more than they need. So the last case gives each the same share of
its own capacity instead, on the smallest shop with two copies. There the shops do not cost the same.

All of it takes many minutes, so it is recorded: data/fault_assumptions.csv. `measured` makes it anew, and a test does
so for some rows. The figures depend on nothing but the seeds.

>>> sorted(set(recorded().case)) == sorted(CASES)
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from archlab.chapters.choosing import fault_matrix
from archlab.chapters.choosing.fault_matrix import ROWS, SHOWN, matrix, shop_of, smallest
from archlab.chapters.choosing.fault_tables import mean_kept
from archlab.chapters.choosing.trial_terms import USUAL, Trial
from archlab.chapters.choosing.twelve_faults import (
    BURST,
    DATABASE_DOWN,
    DATABASE_SLOW,
    MACHINE,
    PROVIDER_DOWN,
    PROVIDER_SLOW,
    RELEASE,
    TWICE,
)
from archlab.data import load
from archlab.shop.config import ShopConfig
from archlab.shop.day import capacity_per_s
from archlab.sim.validation import require_one_of

SHARE = 0.4
"""Of its own capacity that each shop is asked for, in the last case. Four times as much is more than it has."""
FEW_SEEDS = range(3)
"""Where thousands of requests come in a run."""
NAME = "fault_assumptions"
TRIED = (
    MACHINE,
    RELEASE,
    DATABASE_DOWN,
    DATABASE_SLOW,
    PROVIDER_SLOW,
    PROVIDER_DOWN,
    BURST,
    TWICE,
)
"""The faults that are recorded: those that apply to all, and a machine that dies."""


def _bought(form: str) -> ShopConfig:
    config: ShopConfig = shop_of(ROWS[form])
    return config


@dataclass(frozen=True)
class Case:
    """One set of assumptions: the trial, each form's shop, and the share of its capacity that it is asked for, if that
    is what the case is about.
    """

    trial: Trial = USUAL
    shop: Callable[[str], ShopConfig] = _bought
    share: float | None = None
    seeds: Iterable[int] = field(default=fault_matrix.SEEDS)

    def trial_of(self, form: str) -> Trial:
        """Return the trial of a form."""
        if self.share is None:
            return self.trial
        return replace(self.trial, rate_per_s=self.share * capacity_per_s(self.shop(form)))


CASES: Mapping[str, Case] = {
    "as assumed": Case(),
    "faults last 5 s": Case(replace(USUAL, lasts_s=USUAL.lasts_s / 2)),
    "faults last 20 s": Case(replace(USUAL, lasts_s=USUAL.lasts_s * 2)),
    "customers wait 1 s": Case(replace(USUAL, patience_s=USUAL.patience_s / 2)),
    "customers wait 4 s": Case(replace(USUAL, patience_s=USUAL.patience_s * 2)),
    "half as many customers": Case(replace(USUAL, rate_per_s=USUAL.rate_per_s / 2)),
    "twice as many customers": Case(replace(USUAL, rate_per_s=USUAL.rate_per_s * 2)),
    "half as slow": Case(
        replace(
            USUAL,
            slow_query_times=USUAL.slow_query_times / 2,
            slow_provider_times=USUAL.slow_provider_times / 2,
        )
    ),
    "twice as slow": Case(
        replace(
            USUAL,
            slow_query_times=USUAL.slow_query_times * 2,
            slow_provider_times=USUAL.slow_provider_times * 2,
        )
    ),
    "all 10 times slower": Case(replace(USUAL, slow_query_times=10.0, slow_provider_times=10.0)),
    "smallest shop, two copies": Case(shop=lambda form: smallest(ROWS[form], 2)),
    "smallest shop, one copy": Case(shop=lambda form: smallest(ROWS[form], 1)),
    "40 % of its capacity": Case(shop=lambda form: smallest(ROWS[form], 2), share=SHARE, seeds=FEW_SEEDS),
}
"""The cases, by name."""


def measured(
    case: str, forms: Iterable[str] = SHOWN, faults: Iterable[str] = TRIED, seeds: Iterable[int] | None = None
) -> pd.DataFrame:
    """Run a case. Returns what `fault_matrix.matrix` returns, with `case`.

    `seeds`: None: those of the case. Raises `ValueError` when there is no such case.
    """
    require_one_of("case", case, CASES)
    chosen, names = CASES[case], list(forms)
    runs = fault_matrix.trials(
        chosen.seeds if seeds is None else seeds,
        names,
        faults,
        shops={name: chosen.shop(name) for name in names},
        trials_of={name: chosen.trial_of(name) for name in names},
    )
    return matrix(runs).assign(case=case)


def recorded() -> pd.DataFrame:
    """Return the recorded rows of all cases: the columns of `measured` that say what is kept, and `runs`."""
    return load(NAME)


def means(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row a case and form: `case`, `form`, `pages_percent`, `orders_percent` kept, on average over the faults
    that apply to all, and `pages_place` and `orders_place`: 1 for who keeps most; who keeps within a point as much
    shares the better place.
    """
    frames = []
    for case, here in table.groupby("case", sort=False):
        known = here.assign(architecture=[ROWS[name].architecture for name in here.form])
        rows = mean_kept(known).assign(case=case)
        for what in ("pages", "orders"):
            rows[f"{what}_place"] = places(rows[f"{what}_percent"])
        frames.append(rows)
    columns = ["case", "form", "pages_percent", "orders_percent", "pages_place", "orders_place"]
    return pd.concat(frames, ignore_index=True)[columns]


ALIKE_PERCENT = 1.0
"""Points within which two keep as much: about what ten seeds leave open."""


def places(kept_percent: pd.Series) -> pd.Series:
    """Return the place of each: one more than how many keep over `ALIKE_PERCENT` points more."""
    return kept_percent.map(lambda own: 1 + int((kept_percent > own + ALIKE_PERCENT).sum()))


def orders_table(table: pd.DataFrame, figure: str = "orders_percent") -> pd.DataFrame:
    """Return a row a case and a column a form, with one of the figures of `means`."""
    wide = means(table).pivot(index="case", columns="form", values=figure)
    return wide.loc[list(dict.fromkeys(table.case)), list(dict.fromkeys(table.form))].reset_index()
