"""The checks of lab 07. Each gets a learner's answer, tries it under the seed of this run, and says what it saw.

>>> start_up(lambda brief: (None, {}))  # doctest: +ELLIPSIS
Traceback (most recent call last):
AssertionError: ...: None is chosen; the configuration of one of the six architectures is wanted
"""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from archlab.chapters.choosing import (
    lab_bounds,
    lab_briefs,
    lab_choices,
    lab_known,
    lab_live,
    lab_scarce,
    lab_turning,
)
from archlab.chapters.choosing.buying import rent_usd_per_h
from archlab.course.labs import (
    Answer,
    expect,
    expect_at_most,
    expect_close,
    expect_mapping,
    expect_number,
    expect_text,
    stream,
    task_check,
)
from archlab.course.labs.expectations import UNITS_APART
from archlab.shop.budget import mix_with
from archlab.shop.config import ShopConfig
from archlab.shop.serverless import ServerlessConfig

LUCK = 1.25
"""The check's customers are others: a 99th percentile may be so many times as long as the brief allows. Known shops
need up to 0.8 of the brief's, and what is refused for its time takes 1.5 times as long or more."""
MONEY_LUCK = 1.02
KEPT_LUCK_PERCENT = 0.5
RENT_WITHIN = 0.0005
"""A rent has no luck in it: an hour's storage by a month of 720 hours is found, and what was rounded to a hundredth of
a cent is not."""
RENT_OF_DAYS_WITHIN = 0.005
"""Of all days, where nothing is paid by the request: a month of 720 hours is found."""
USD_WITHIN = 0.06
"""A bill for functions differs by 3 % from seed to seed. Who takes the rent of an hour for that of all days, or forgets
the requests of a sale, is further off."""
TIMES_OFF = 2.5
"""A 99th percentile of one run seldom differs by a factor of 1.5 from that of another. The median is a third."""
SERVED = 1.15
"""A shop may serve so many times what the law says, in a short run. It is sent 1.3 times as many."""


@task_check
def scarce(scarce: Answer) -> str:
    """Compare with the bottleneck law, and offer one of the shops more than the learner says it can do."""
    random, said = stream("scarce"), list[str]()
    for config in lab_scarce.drawn(random):
        mix = mix_with(round(float(random.uniform(0.05, 0.3)), 2))
        wanted_usd, wanted_per_s, wanted = lab_scarce.scarce(config, mix)
        usd, per_s, station = _three(scarce(config, mix))
        name = type(config).__name__
        expect_close(usd, wanted_usd, f"the rent of a {name} in USD an hour", RENT_WITHIN)
        expect_close(per_s, wanted_per_s, f"what a {name} serves at most, in requests a second")
        expect(
            expect_text(station, "the station") == wanted,
            f"the scarce station of a {name} is {station!r}; it should be {wanted!r}",
        )
        said.append(f"{wanted} ({wanted_per_s:.0f}/s)")
        served = lab_scarce.served_per_s(config, mix, 1.3 * wanted_per_s, int(random.integers(2**31)))
        expect_at_most(
            served,
            SERVED * wanted_per_s,
            f"a {name} serves {served:.0f}/s, and by the law {wanted_per_s:.0f}/s at most",
        )
    return f"{', '.join(said)}; no shop served more when more came"


def _three(given: Any) -> tuple[float, float, Any]:
    three = list(given) if isinstance(given, tuple | list | pd.Series) else []
    expect(
        len(three) == 3, f"scarce gives {given!r}; three are wanted: USD an hour, requests a second, station"
    )
    return expect_number(three[0], "the rent"), expect_number(three[1], "what is served"), three[2]


# Briefs ------------------------------------------------------------------------------------------------------


@task_check
def start_up(start_up: Answer) -> str:
    """Live through a start-up's briefs with what was chosen."""
    return _all_met(start_up, "start-up")


@task_check
def back_office(back_office: Answer) -> str:
    """Live through a back office's briefs with what was chosen."""
    return _all_met(back_office, "back office")


@task_check
def sale(sale: Answer) -> str:
    """Live through days of a sale with what was chosen."""
    return _all_met(sale, "sale")


def _all_met(choose: Answer, customer: str) -> str:
    """Expect a shop for a brief of each kind, and return which ones they were."""
    random = stream(customer)
    briefs = [lab_known.drawn(random, customer, kind).brief for kind in lab_known.KINDS[customer]]
    said = [
        _met(choose, brief, int(random.integers(2**31))) for brief in random.permutation(np.array(briefs))
    ]
    return f"met by {', '.join(said)}"


def _met(choose: Answer, brief: lab_briefs.Brief, run: int) -> str:
    config, figures = _chosen(choose(replace(brief)), brief)
    name = lab_choices.BUILDS[type(config)].__name__
    rent = rent_usd_per_h(config) * brief.hours
    expect(
        rent <= brief.budget_usd,
        f"{brief.words}: your {name} costs {rent:.2f} USD in rent alone, and {brief.budget_usd:.2f} are there",
    )
    seen = lab_live.lived(config, brief, run)
    missed = lab_live.broken(seen, _with_luck(brief))
    expect(not missed, f"{brief.words}: with your {name}: {'; '.join(missed)}")
    within = USD_WITHIN if isinstance(config, ServerlessConfig) else RENT_OF_DAYS_WITHIN
    _expect_figures(figures, seen, f"{name}, {brief.words}", within)
    return f"{name} for {seen.usd:.2f} USD"


def _chosen(given: Any, brief: lab_briefs.Brief) -> tuple[ShopConfig, dict[str, Any]]:
    is_pair = isinstance(given, tuple | list) and len(given) == 2
    expect(is_pair, f"{brief.words}: {given!r} is given; a pair is wanted: configuration, figures")
    config, figures = given
    expect(
        type(config) in lab_choices.BUILDS,
        f"{brief.words}: {config!r} is chosen; the configuration of one of the six architectures is wanted",
    )
    cannot = lab_choices.impossible(config, brief)
    expect(not cannot, f"{brief.words}: {'; '.join(cannot)}")
    return lab_choices.decided(config, brief), expect_mapping(figures, "figures")


def _with_luck(brief: lab_briefs.Brief) -> lab_briefs.Brief:
    """The brief as it is judged, by a run with other customers."""
    return replace(
        brief,
        budget_usd=MONEY_LUCK * brief.budget_usd,
        page_p99_s=LUCK * brief.page_p99_s,
        order_p99_s=LUCK * brief.order_p99_s,
        kept_percent=brief.kept_percent - KEPT_LUCK_PERCENT,
    )


def _expect_figures(figures: dict[str, Any], seen: lab_live.Lived, case: str, within: float) -> None:
    for name in ("usd", "order_p99_s"):
        expect(name in figures, f"{case}: figures has {list(figures)}; {name!r} is wanted, too")
    expect_close(figures["usd"], seen.usd, f"{case}: usd", within)
    took_s = expect_number(figures["order_p99_s"], f"{case}: order_p99_s")
    off = max(took_s / seen.order_p99_s, seen.order_p99_s / took_s) if took_s > 0 else float("inf")
    hint = " Which unit?" if any(0.5 < off / times < 2 for times in UNITS_APART) else ""
    wanted = f"with other customers {seen.order_p99_s:.3g} s were measured"
    expect_at_most(off, TIMES_OFF, f"{case}: order_p99_s is {took_s:.3g}; {wanted}.{hint}")


# No answer, and turning points ---------------------------------------------------------------------------------


@task_check
def proof(proof: Answer) -> str:
    """Ask for proofs of demands of all kinds, half of which can be met."""
    random, said = stream("proof"), list[str]()
    kinds = random.permutation(list(lab_bounds.KINDS)).tolist()
    for demand in map(partial(lab_bounds.drawn, random), kinds):
        said.append(_proved(proof(demand), demand))
    return f"the proofs: {', '.join(said)}"


def _proved(given: Any, demand: lab_bounds.Demand) -> str:
    """Expect the right proof of a demand, or none, and return it in words."""
    wanted = lab_bounds.proof_of(demand)
    if wanted is None:
        expect(
            given is None,
            f"{demand.words}: {given!r} is given, and a shop can do it: no bound is above its limit",
        )
        return "none"
    what, bound = wanted
    limit = {lab_bounds.MONEY: demand.budget_usd_per_h, lab_bounds.TIME: demand.order_s}[what]
    expect(
        given is not None,
        f"{demand.words}: None is given, and no shop can: {what} is {bound:.3g} at least, and {limit:.3g} is wanted",
    )
    is_pair = isinstance(given, tuple | list) and len(given) == 2
    expect(is_pair, f"{demand.words}: {given!r} is given; a pair is wanted: what is bounded, and the bound")
    named = expect_text(given[0], "what is bounded")
    expect(named == what, f"{demand.words}: {named!r} is given, and it is {what!r} that cannot be met")
    expect_close(given[1], bound, f"{demand.words}: the least {what}")
    return f"{what} {bound:.3g} > {limit:.3g}"


@task_check
def turning_point(turning_point: Answer) -> str:
    """Look for the values at which the cheaper one of two changes."""
    random, said = stream("turning_point"), list[str]()
    for place, vary in enumerate(random.permutation(list(lab_turning.VARIED)).tolist()):
        case = lab_turning.drawn(random, vary, leader_at=place % 2)
        given = turning_point(case)
        is_pair = isinstance(given, tuple | list) and len(given) == 2
        expect(
            is_pair,
            f"{case.words}: {given!r} is given; a pair is wanted: who leads where the figure is low, value",
        )
        first, value = lab_turning.turning_point(case)
        named = expect_text(given[0], "who leads")
        costs = ", ".join(f"{one} {lab_turning.usd_per_h(one, case.at(case.low)):.4f}" for one in case.pair)
        expect(
            named == first,
            f"{case.words}: {named!r} is said to lead, and at {vary} {case.low:g} USD/h are: {costs}",
        )
        expect_close(given[1], value, f"{case.words}: the value of {vary} at which it turns")
        said.append(f"{first} up to {vary} {value:.3g}")
    return ", ".join(said)
