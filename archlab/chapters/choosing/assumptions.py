"""Assumptions: each of them halved and doubled, and what that does to who is cheapest.

One assumption is moved at a time, for all architectures alike, and all shops are bought anew. What cannot be doubled is
moved as far as it can be: a shop is planned for all of its capacity at most. What is no number is set to what else it
can be.

>>> table = moved()
>>> table.assumption.iloc[0], table.order_at_1_per_s.iloc[0]
('as it is', 'serverless < monolithic = layered < cqrs < microservices < event-driven')
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from archlab.chapters.choosing.buying import usd_per_request
from archlab.chapters.choosing.cost_against_load import Crossing, Sharing, crossings, in_words, ranking
from archlab.chapters.choosing.forms import FORMS
from archlab.chapters.choosing.objective import least_memory_mb
from archlab.chapters.choosing.terms import FUNCTIONS, LARGEST_DATABASE_CORES, USUAL, Terms
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.serverless import ServerlessConfig
from archlab.sim.workload import Mix

FACTORS = (0.5, 2.0)
AT_PER_S = (1.0, 100.0, 5_000.0)
"""Three loads: of a small shop, of a busy one, and of one of the largest. Each is ten times and more the one before."""
FEW_PER_S = tuple(10 ** (step / 10 - 1.8) for step in range(59))
"""Loads between which crossings are looked for: from one a minute to 10,000 a second, ten for each decade."""
PAGES = ("browse_cpu_s", "order_cpu_s", "track_cpu_s")
WORK: dict[str, tuple[str, ...]] = {
    "time on cores": PAGES,
    "time of a query": ("query_s",),
    "time of a commit": ("commit_s",),
    "time of the provider": ("provider_s",),
    "time of a hop": ("hop_s",),
}
PRICES: dict[str, tuple[str, ...]] = {
    "price of a core": ("m5.large", "t3.medium"),
    "price of functions": (FUNCTIONS,),
    "price of storage": ("database storage GB",),
}


@dataclass(frozen=True)
class Case:
    """An assumption moved: its name, what it is now in words, the terms, and what shares machines."""

    assumption: str
    moved: str
    terms: Terms = USUAL
    sharing: Sharing = "nothing"


def cases() -> Iterator[Case]:
    """Give all cases, the one where nothing is moved first."""
    yield Case("as it is", "")
    for factor in FACTORS:
        word = "halved" if factor < 1 else "doubled"
        for name, fields in WORK.items():
            yield Case(name, word, replace(USUAL, work_times=dict.fromkeys(fields, factor)))
        for name, items in PRICES.items():
            yield Case(name, word, replace(USUAL, price_times=dict.fromkeys(items, factor)))
        yield Case("share of orders", word, replace(USUAL, mix=_with_orders(factor)))
        yield Case("memory of functions", word, _with_memory(factor))
        largest = int(factor * LARGEST_DATABASE_CORES)
        yield Case("largest database", word, replace(USUAL, largest_database_cores=largest))
        busy = min(1.0, factor * USUAL.busy_at_most)
        yield Case("share planned for", word if busy < 1 else "1", replace(USUAL, busy_at_most=busy))
    yield Case("copies of a program", "doubled", replace(USUAL, copies=2))
    yield Case("sharing of machines", "by programs", sharing="programs")
    yield Case("sharing of machines", "by programs and databases", sharing="programs and databases")


def _with_orders(factor: float) -> Mix:
    """So many times as many orders; those who browse make up for it."""
    shares = SHOP_MIX.shares
    orders = factor * shares["place_order"]
    track = shares["track_order"]
    return Mix(browse=1 - orders - track, place_order=orders, track_order=track)


def _with_memory(factor: float) -> Terms:
    """So much memory for all functions. It moves nothing but what a request costs."""
    usual = FORMS["serverless"].smallest(1)
    assert isinstance(usual, ServerlessConfig)
    other = replace(usual, memory_mb=factor * least_memory_mb())
    return replace(USUAL, price_times={FUNCTIONS: usd_per_request(other) / usd_per_request(usual)})


def moved(at_per_s: Sequence[float] = AT_PER_S) -> pd.DataFrame:
    """Return a row a case: `assumption`, `moved`, the order of the architectures at each load (`order_at_1_per_s`
    and so on) from the cheapest on, `functions_up_to_per_s`, and what is cheapest `then`, from which load on, in words.

    `functions_up_to_per_s`: up to which load functions are cheapest, 0 when they never are.
    """
    return pd.DataFrame([_row(case, at_per_s) for case in cases()])


def _row(case: Case, at_per_s: Sequence[float]) -> dict[str, object]:
    orders = {
        f"order_at_{per_s:g}_per_s": in_words(ranking(per_s, case.terms, case.sharing)) for per_s in at_per_s
    }
    found = crossings(case.terms, case.sharing, FEW_PER_S)
    ends = [float(one.per_s) for one in found if one.before == ("serverless",)]
    rest = [_said(one) for one in found if one.before != ("serverless",)]
    return {
        "assumption": case.assumption,
        "moved": case.moved,
        **orders,
        "functions_up_to_per_s": ends[0] if ends else 0.0,
        "then": "; ".join(rest),
    }


def _said(crossing: Crossing) -> str:
    return f"{' = '.join(crossing.after)} from {float(crossing.per_s):,.0f}"


def spread(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row an assumption: `assumption`, `low_per_s` and `high_per_s`, between which the load moves up to which
    functions are cheapest, `usual_per_s`, and `times`, high over low; the one that moves it most first.
    """
    usual = float(table.functions_up_to_per_s.iloc[0])
    rest = table.iloc[1:]
    ends = rest.groupby("assumption", sort=False).functions_up_to_per_s.agg(["min", "max"])
    frame = pd.DataFrame(
        {
            "low_per_s": ends["min"].clip(upper=usual),
            "high_per_s": ends["max"].clip(lower=usual),
            "usual_per_s": usual,
        }
    )
    frame["times"] = frame.high_per_s / frame.low_per_s
    return frame.sort_values("times", ascending=False, kind="stable").reset_index()


def orders_changed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the cases that change the order of the architectures at one load at least, with what they change it to;
    what stays is empty.
    """
    columns = [name for name in table.columns if name.startswith("order_at_")]
    usual = table.iloc[0]
    changed = table.iloc[1:][["assumption", "moved", *columns]].copy()
    for name in columns:
        changed[name] = changed[name].where(changed[name] != usual[name], "")
    return changed[(changed[columns] != "").any(axis="columns")].reset_index(drop=True)
