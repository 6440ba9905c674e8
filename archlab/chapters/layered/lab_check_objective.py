"""The check of task 5 of lab 04: three tiers, an objective, and a budget.

>>> meet_the_objective(lambda brief: None)  # doctest: +ELLIPSIS
Traceback (most recent call last):
AssertionError: ...: None is wrong; ...
"""

from functools import lru_cache
from typing import Any

from archlab.chapters.layered import lab_objective, lab_objective_known
from archlab.course.labs import Answer, expect, expect_at_most, seed, stream, task_check
from archlab.shop.layered import LayeredConfig

DEAR = 1.35
"""An answer may cost so many times what the known shop does. Right answers of three styles need up to 0.96 of this or
of `LUCK`; what spends all of a loose budget costs 1.8 times as much or more."""
LUCK = 1.1
"""The check's run may take so many times as long as is asked, since its customers are others."""

REQUESTS = 6000
"""Of the check's run. A queue at the edge of its capacity grows slowly: in a short run it may look as if it did not."""


@task_check
def meet_the_objective(meet_the_objective: Answer) -> str:
    """Simulate and price a learner's shops for briefs of all kinds."""
    random, said = stream("meet_the_objective runs"), list[str]()
    for known in _drawn(seed()):
        given = meet_the_objective(known.brief)
        said.append(_expect_met(given, known, int(random.integers(2**31))))
    return f"the shops cost {', '.join(said)} US dollars an hour"


@lru_cache(maxsize=4)
def _drawn(seed: int) -> tuple[lab_objective_known.Known, ...]:
    """A brief of each kind under a seed of `stream`. To draw them takes two seconds."""
    random = stream("meet_the_objective")
    return tuple(lab_objective_known.drawn(random, kind) for kind in lab_objective_known.KINDS)


def _expect_met(given: Any, known: lab_objective_known.Known, run: int) -> str:
    """Expect what is right for a brief, and return the price in words."""
    brief, config = known.brief, known.config
    if given is None:
        expect(config is None, f"{_words(brief)}: None is wrong; some shop does it")
        return "nothing"
    expect(
        type(given) is LayeredConfig,
        f"{_words(brief)}: {given!r} is given; a LayeredConfig or None is wanted",
    )
    cannot = lab_objective.impossible(given, brief)
    expect(not cannot, f"{_words(brief)}: {'; '.join(cannot)}")
    shop = lab_objective.decided(given, brief)
    price, capacity = lab_objective.usd_per_h(shop), lab_objective.capacity_per_s(shop, brief)
    expect(price <= brief.budget_usd_per_h, f"{_words(brief)}: your shop costs {price:.2f}")
    expect(
        capacity.iloc[0] > brief.load_per_s,
        f"{_words(brief)}: your shop serves {capacity.iloc[0]:.0f} at most, because of {capacity.index[0]!r}",
    )
    took_s = lab_objective.p99_s(shop, brief, run, requests=REQUESTS)
    expect_at_most(
        took_s,
        LUCK * brief.p99_s,
        f"{_words(brief)}: with other customers your shop takes {1000 * took_s:.0f} ms. Where do they wait, or travel?",
    )
    expect(config is not None, f"{_words(brief)}: we know of no shop, and yours does it. Tell the author")
    least = lab_objective.usd_per_h(config)  # type: ignore[arg-type]
    expect_at_most(
        price,
        DEAR * least,
        f"{_words(brief)}: your shop costs {price:.2f}, and one for {least:.2f} does it. Which station is idle?",
    )
    return f"{price:.2f}"


def _words(brief: lab_objective.Brief) -> str:
    return (
        f"{brief.load_per_s:.0f} requests a second, {1000 * brief.hop_s:.2f} ms from tier to tier, 99 % within "
        f"{1000 * brief.p99_s:.0f} ms, {brief.budget_usd_per_h:.2f} US dollars an hour"
    )
