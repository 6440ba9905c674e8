"""Tables of the fault matrix: means over faults, one form for each architecture, and how long until all is well again.

All take what `archlab.chapters.choosing.fault_matrix.matrix` returns.

The mean over the faults gives each of them the same weight, which no real shop does: a machine dies more often than a
database. Give weights of your own (`mean_kept`). It is taken over the faults that apply to all who are compared: else
who cannot have the mild ones would look worse.

>>> known = {"architecture": "cqrs", "form": "cqrs, separate", "applies": True, "pages_percent": 100.0}
>>> rows = [{**known, "fault": name, "orders_percent": 50.0 * place} for place, name in enumerate(list(FAULTS)[:2])]
>>> float(mean_kept(pd.DataFrame(rows), {rows[0]["fault"]: 1, rows[1]["fault"]: 3}).orders_percent.iloc[0])
37.5
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import numpy as np
import pandas as pd

from archlab.chapters.choosing.forms import ARCHITECTURES, FORMS
from archlab.chapters.choosing.trials import LOOK_S
from archlab.chapters.choosing.twelve_faults import FAULTS
from archlab.sim.validation import require_one_of, require_positive


def common_faults(table: pd.DataFrame) -> list[str]:
    """Return the faults that apply to all forms of what `matrix` returns."""
    everywhere = table.groupby("fault", sort=False).applies.all()
    return [fault for fault in FAULTS if everywhere.get(fault, False)]


def mean_kept(table: pd.DataFrame, weights: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Return a row a form: `form`, `architecture`, and `pages_percent` and `orders_percent`, the mean over faults.

    Args:
        table: what `matrix` returns.
        weights: fault -> how often it happens, in any unit. None: the faults that apply to all, equally often. One that
            is not named never happens. One that does not apply to a form takes nothing from it: it keeps 100 %.

    Raises `ValueError` when a weight is not positive, or a fault is not in the table.
    """
    chosen = dict.fromkeys(common_faults(table), 1.0) if weights is None else dict(weights)
    for fault, weight in chosen.items():
        require_one_of("weights", fault, list(table.fault.unique()))
        require_positive(fault, weight)
    rows = []
    for name, here in table[table.fault.isin(list(chosen))].groupby("form", sort=False):
        weight = here.fault.map(chosen).to_numpy(dtype=float)
        kept = here[["pages_percent", "orders_percent"]].where(here.applies, 100.0).astype(float)
        pages, orders = np.average(kept, axis=0, weights=weight)
        rows.append((name, here.architecture.iloc[0], float(pages), float(orders)))
    return pd.DataFrame(rows, columns=["form", "architecture", "pages_percent", "orders_percent"])


def wide(table: pd.DataFrame, column: str = "orders_percent") -> pd.DataFrame:
    """Return a row a fault and a column a form, with one of the columns of `matrix`; NaN where it does not apply."""
    shown = table.pivot(index="fault", columns="form", values=column)
    return shown.loc[list(table.fault.unique()), list(table.form.unique())].reset_index()


def recovery(table: pd.DataFrame) -> pd.DataFrame:
    """Return `wide` of the time until all was well again, in words: "at once", "4.8 s (3.2 to 5.8)".

    "never": not before the watch ended, ten minutes after the doors were closed.
    """
    words = [_recovered(*row) for row in zip(*(table[name] for name in RECOVERED), strict=True)]
    return wide(table.assign(recovered=words), "recovered")


RECOVERED = ("applies", "recovered_s", "recovered_s_low", "recovered_s_high")
AT_ONCE_S = 2 * LOOK_S


def _recovered(applies_: bool, median_s: float, low_s: float, high_s: float) -> str:
    if not applies_:
        return "–"
    if high_s <= AT_ONCE_S:
        return "at once"
    ends = ["at once" if time_s <= AT_ONCE_S else _or_later(time_s) for time_s in (low_s, high_s)]
    return f"{_or_later(median_s)} s ({ends[0]} to {ends[1]})"


def _or_later(time_s: float) -> str:
    return "never" if time_s == inf else f"{time_s:.1f}"


def by_architecture(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `matrix` of one form for each architecture: of those that `forms.FORMS` has, the one that
    keeps most over all faults, pages and orders together.
    """
    means = mean_kept(table[table.form.isin(list(FORMS))])
    kept = means.assign(kept=means.pages_percent + means.orders_percent)
    best = kept.sort_values("kept", ascending=False, kind="stable").drop_duplicates("architecture").form
    rows = table[table.form.isin(best)]
    order = {name: place for place, name in enumerate(ARCHITECTURES)}
    return rows.sort_values("architecture", key=lambda names: names.map(order), kind="stable").reset_index(
        drop=True
    )
