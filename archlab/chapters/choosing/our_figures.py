"""Our figures beside the experts' characteristics, gathered from the chapter's own experiments.

One figure for each characteristic of `archlab.chapters.choosing.experts.BESIDE`: what each shop serves for one budget,
its p99 of a page and of the answer to an order at one load, the orders it keeps on average over the faults that all
share, what it costs at one load, the lead time of a change with four teams, and the units that a changed word touches.

>>> rated()
('layered', 'monolithic', 'event-driven', 'microservices')
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from archlab.chapters.choosing.buying import Offer, cheapest
from archlab.chapters.choosing.experts import ARCHITECTURE_OF
from archlab.chapters.choosing.fault_tables import mean_kept
from archlab.chapters.choosing.forms import FORMS
from archlab.chapters.choosing.lead_times import lead_time_h
from archlab.course.figures.line import require_columns

AT_PER_S = 700.0
"""A load that all of them bear, and that is in `archlab.chapters.choosing.against_load.LOADS_PER_S`."""
COST_AT_PER_S = 100.0
TEAMS = 4
"""As in chapter 02."""


def rated() -> tuple[str, ...]:
    """Return the architectures that have stars."""
    return tuple(ARCHITECTURE_OF.values())


def our_figures(
    shops: Mapping[str, Offer], loaded: pd.DataFrame, faults: pd.DataFrame, units: pd.Series
) -> pd.DataFrame:
    """Return the frame that `archlab.chapters.choosing.experts.compared` takes.

    Args:
        shops: what one budget buys (`archlab.chapters.choosing.against_load.bought`).
        loaded: what `archlab.chapters.choosing.against_load.against_load` returns.
        faults: what `archlab.chapters.choosing.fault_matrix.matrix` returns.
        units: architecture -> units that a changed word touches.

    Raises `ValueError` when nothing was run at `AT_PER_S`, or a column is missing.
    """
    require_columns("loaded", loaded, "architecture", "per_s", "page_p99_ms", "order_p99_ms")
    at_load = loaded[loaded.per_s == AT_PER_S].set_index("architecture")
    if at_load.empty:
        raise ValueError(f"loaded has the loads {sorted(set(loaded.per_s))}; it must have {AT_PER_S:g}, too")
    kept = mean_kept(faults[faults.form.isin(list(FORMS))]).groupby("architecture").orders_percent.max()
    rows = [
        (characteristic, architecture, float(values[architecture]), is_better_high)
        for characteristic, values, is_better_high in _values(shops, at_load, kept, units)
        for architecture in rated()
    ]
    return pd.DataFrame(rows, columns=["characteristic", "architecture", "value", "is_better_high"])


def _values(
    shops: Mapping[str, Offer], at_load: pd.DataFrame, kept: pd.Series, units: pd.Series
) -> Iterator[tuple[str, Mapping[str, float] | pd.Series, bool]]:
    """Each characteristic, our figure of each architecture, and whether more is better."""
    yield "scalability", {name: shop.serves_per_s for name, shop in shops.items()}, True
    yield "performance", at_load.page_p99_ms, False
    yield "responsiveness", at_load.order_p99_ms, False
    yield "fault tolerance", kept, True
    yield "overall cost", {name: _cost_usd_per_h(name) for name in rated()}, False
    yield "deployability", {name: lead_time_h(name, TEAMS) for name in rated()}, False
    yield "modularity", units, False


def _cost_usd_per_h(architecture: str) -> float:
    offer = cheapest(architecture, COST_AT_PER_S)
    assert offer is not None  # every architecture serves so little
    return offer.usd_per_h
