"""Unnecessary layers: from which share of requests that only look on most of what passes the layers only passes
through.

A layer through which a request only passes costs a call in one process, and a way over the network as a tier. What it
is good for comes later: a rule about looking has one place (`archlab.chapters.layered.opened`). Both are in the
verdict.

>>> unnecessary(**figures(watched())).outcome.value
'Holds when'
>>> unnecessary(**figures(watched(shop_with(rule=True)))).outcome.value
'Does not hold'
"""

import math
from collections.abc import Mapping

import pandas as pd

from archlab.chapters.layered.opened import as_tiers, compared, shop_with
from archlab.chapters.layered.sinkholes import sinkhole_percent, watched
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_from, holds_if
from archlab.course.quantity import number
from archlab.shop.architecture import SHOP_MIX

NORMAL_PERCENT = 20.0
"""Of requests that only pass through. Richards' and Ford's rule of thumb calls so many normal."""
MANY_PERCENT = 80.0
"""Of requests that only pass through. By the same rule, so many say: open layers, or choose another style."""
LOOKS = ("browse", "track_order")
"""Requests that change nothing."""
WHOLE = 100


def mix_with(looks_percent: float) -> dict[str, float]:
    """Return the shop's mix with so many requests that only look, the kinds among them in the usual proportion."""
    usual = SHOP_MIX.shares
    looks = sum(usual[kind] for kind in LOOKS)
    shares = {kind: usual[kind] / looks * looks_percent / WHOLE for kind in LOOKS}
    return shares | {"place_order": 1 - looks_percent / WHOLE}


def looks_from(table: pd.DataFrame, percent: float) -> float:
    """Return from which share of requests that look on so many percent only pass through; inf when never.

    What passes through grows in proportion to looks, when no order passes through.
    """
    at_most, at_least = (sinkhole_percent(table, mix_with(looks)) for looks in (WHOLE, 0))
    if at_least >= percent:
        return -math.inf
    return WHOLE * (percent - at_least) / (at_most - at_least) if at_most >= percent else math.inf


def figures(table: pd.DataFrame) -> dict[str, float]:
    """Return the figures of `unnecessary`, by their names. Takes `watched`."""
    closed, _, opened = compared().itertuples()
    tiers = as_tiers().set_index("shop").page_ms
    return {
        "passing_percent": sinkhole_percent(table),
        "many_from_percent": looks_from(table, MANY_PERCENT),
        "passing_with_a_rule_percent": sinkhole_percent(watched(shop_with(rule=True))),
        "calls": closed.calls,
        "calls_opened": opened.calls,
        "page_ms": float(tiers["closed"]),
        "page_opened_ms": float(tiers["both open"]),
        "doors_that_show_it": opened.doors_that_show_it,
    }


SAYS: Mapping[str, str] = {
    "passing_percent": "requests of the shop's day that only pass through application and business",
    "many_from_percent": "requests that only look, from which many pass through",
    "passing_with_a_rule_percent": "requests that only pass through when there is a rule about looking",
    "calls": "calls of functions in layers for a page",
    "calls_opened": "the same with both layers open",
    "page_ms": "median of a page when the layers are three tiers",
    "page_opened_ms": "the same when it skips the middle one",
    "doors_that_show_it": "ways to see a recalled product when the late rule is written once and both layers are open",
}


@settles("cons.can-lead-to-unnecessary-layers", evidence=Evidence.MEASURED, says=SAYS)
def unnecessary(
    passing_percent: float,
    many_from_percent: float,
    passing_with_a_rule_percent: float,
    calls: float,
    calls_opened: float,
    page_ms: float,
    page_opened_ms: float,
    doors_that_show_it: float,
) -> Verdict:
    """Holds from the share of requests that only look at which {MANY_PERCENT} % of all requests pass through the
    application and the business layer and neither does anything; {NORMAL_PERCENT} % are normal. It says what passing
    costs, and what a rule that comes later changes. By construction this shop has no rule about looking.
    """
    if math.isinf(many_from_percent):
        return holds_if(many_from_percent < 0)
    saved_ms, rest = page_ms - page_opened_ms, number(round(passing_with_a_rule_percent))
    passes, doors = number(round(passing_percent)), number(doors_that_show_it)
    costs = f"{number(calls - calls_opened)} of {number(calls)} calls of a page"
    as_tier = f"{number(round(saved_ms, 1))} of {number(round(page_ms, 1))} ms as a tier"
    unit = (
        f"% (the rule of thumb's) of requests that only look (here {passes} % pass through); passing costs {costs}, or"
        f" {as_tier}. With one rule about looking {rest} % pass through; with the layers open, this rule is broken at"
        f" {doors} doors"
    )
    return holds_from(many_from_percent, unit)
