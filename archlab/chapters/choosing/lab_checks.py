"""The checks of lab 07. Each gets a learner's answer, tries it under the seed of this run, and says what it saw.

>>> start_up(lambda brief, seed: (None, {}))  # doctest: +ELLIPSIS
Traceback (most recent call last):
AssertionError: None is chosen; the configuration of one of the six architectures is wanted. The brief: ...
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from archlab.chapters.choosing import (
    lab_bounds,
    lab_bounds_known,
    lab_briefs,
    lab_choices,
    lab_known,
    lab_live,
    lab_scarce_known,
    lab_turning,
    lab_turning_known,
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
from archlab.shop.budget import mix_with
from archlab.shop.config import ShopConfig

LUCK = 1.25
"""The check's customers are others: a 99th percentile may be so many times as long as the brief allows. Known shops
need up to 0.8 of the brief's, and what is refused for its time takes 1.5 times as long or more."""
MONEY_LUCK = 1.02
KEPT_LUCK_PERCENT = 0.5
RENT_WITHIN = 0.0005
"""A rent has no luck in it: an hour's storage by a month of 720 hours is found, and what was rounded to a hundredth of
a cent is not."""
USD_WITHIN, TIME_WITHIN = 0.005, 0.01
"""The figures of a run whose seed the check gives have no luck in them: only rounding. By another seed a bill of
functions differs by 3 %, and a 99th percentile by 5 % or more; a month of 720 hours is 1.4 % off."""
SERVED = 1.15
"""A shop may serve so many times what the law says, in a short run. It is sent 1.3 times as many."""


@task_check
def scarce(scarce: Answer) -> str:
    """Compare with the bottleneck law, and offer one of the shops more than the learner says it can do."""
    random, said = stream("scarce"), list[str]()
    for config in lab_scarce_known.drawn(random):
        mix = mix_with(round(float(random.uniform(0.05, 0.3)), 2))
        wanted_usd, wanted_per_s, wanted = lab_scarce_known.scarce(config, mix)
        usd, per_s, station = _three(scarce(config, mix))
        name = type(config).__name__
        expect_close(usd, wanted_usd, f"the rent of a {name} in USD an hour", RENT_WITHIN)
        expect_close(per_s, wanted_per_s, f"what a {name} serves at most, in requests a second")
        expect(
            expect_text(station, "the station") == wanted,
            f"the scarce station of a {name} is {station!r}; it should be {wanted!r}",
        )
        said.append(f"{wanted} ({wanted_per_s:.0f}/s)")
        served = lab_scarce_known.served_per_s(config, mix, 1.3 * wanted_per_s, int(random.integers(2**31)))
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


@contextmanager
def _about(what: str, words: str) -> Iterator[None]:
    """Say behind a fault what it is about: the brief, the demand or the case."""
    try:
        yield
    except AssertionError as fault:
        end = "" if str(fault).endswith(("?", ".")) else "."
        raise AssertionError(f"{fault}{end} The {what}: {words}.") from fault


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
    random, said = stream(customer), list[str]()
    briefs = [lab_known.drawn(random, customer, kind).brief for kind in lab_known.KINDS[customer]]
    for brief in random.permutation(np.array(briefs)):
        told, other = (int(seed) for seed in random.integers(2**31, size=2))
        with _about("brief", brief.words):
            said.append(_met(choose, brief, told, other))
    return f"met by {', '.join(said)}"


def _met(choose: Answer, brief: lab_briefs.Brief, told: int, other: int) -> str:
    """Judge a choice by a run with other customers, and its figures by the run whose seed the answer was told."""
    config, figures = _chosen(choose(replace(brief), told), brief)
    name = lab_choices.BUILDS[type(config)].__name__
    rent = rent_usd_per_h(config) * brief.hours
    expect(
        rent <= brief.budget_usd,
        f"your {name} costs {rent:.2f} USD in rent alone, and {brief.budget_usd:.2f} are there",
    )
    seen = lab_live.lived(config, brief, other)
    missed = lab_live.broken(seen, _with_luck(brief))
    expect(not missed, f"with your {name}: {'; '.join(missed)}")
    _expect_figures(figures, lab_live.lived(config, brief, told), told)
    return f"{name} for {seen.usd:.2f} USD"


def _chosen(given: Any, brief: lab_briefs.Brief) -> tuple[ShopConfig, dict[str, Any]]:
    is_pair = isinstance(given, tuple | list) and len(given) == 2
    expect(is_pair, f"{given!r} is given; a pair is wanted: configuration, figures")
    config, figures = given
    expect(
        type(config) in lab_choices.BUILDS,
        f"{config!r} is chosen; the configuration of one of the six architectures is wanted",
    )
    cannot = lab_choices.impossible(config, brief)
    expect(not cannot, "; ".join(cannot))
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


def _expect_figures(figures: dict[str, Any], seen: lab_live.Lived, seed: int) -> None:
    """Expect the figures of the run with this seed."""
    for name, within in (("usd", USD_WITHIN), ("order_p99_s", TIME_WITHIN)):
        expect(name in figures, f"figures has {list(figures)}; {name!r} is wanted, too")
        expect_close(figures[name], getattr(seen, name), f"{name} of your shop with seed {seed}", within)


# No answer, and turning points ---------------------------------------------------------------------------------


@task_check
def proof(proof: Answer) -> str:
    """Ask for proofs of demands of all kinds, half of which can be met."""
    random, said = stream("proof"), list[str]()
    for kind in random.permutation(list(lab_bounds_known.KINDS)).tolist():
        demand = lab_bounds_known.drawn(random, kind)
        with _about("demand", demand.words):
            said.append(_proved(proof(demand), demand))
    return f"the proofs: {', '.join(said)}"


def _proved(given: Any, demand: lab_bounds.Demand) -> str:
    """Expect the right proof of a demand, or none, and return it in words."""
    wanted = lab_bounds_known.proof_of(demand)
    if wanted is None:
        expect(given is None, f"{given!r} is given, and neither bound forbids it: None is wanted")
        return "none"
    what, bound = wanted
    limit = {lab_bounds.MONEY: demand.budget_usd_per_h, lab_bounds.TIME: demand.order_s}[what]
    expect(
        given is not None,
        f"None is given, and no shop can: {what} is {bound:.4g} at least, and {limit:.4g} is wanted",
    )
    is_pair = isinstance(given, tuple | list) and len(given) == 2
    expect(is_pair, f"{given!r} is given; a pair is wanted: what is bounded, and the bound")
    named = expect_text(given[0], "what is bounded")
    expect(named == what, f"{named!r} is given, and it is {what!r} that cannot be met")
    expect_close(given[1], bound, f"the least {what}")
    return f"{what} {bound:.3g} > {limit:.3g}"


@task_check
def turning_point(turning_point: Answer) -> str:
    """Look for the values at which the cheaper one of two changes."""
    random, said = stream("turning_point"), list[str]()
    for place, way in enumerate(random.permutation(list(lab_turning_known.WAYS)).tolist()):
        case = lab_turning_known.drawn(random, way, leader_at=place % 2)
        with _about("case", case.words):
            said.append(_turned(turning_point, case))
    return ", ".join(said)


def _turned(answer: Answer, case: lab_turning.Case) -> str:
    """Expect who leads first, and the value at which it turns, and return both in words."""
    first, value = lab_turning_known.turning_point(case)
    at_low, at_high = (lab_turning_known.costs_words(case, end) for end in (case.low, case.high))
    try:
        given = answer(case)
    except ValueError as error:
        expect(
            "different signs" not in str(error),
            f"by your prices the same one costs less at both ends, and really it turns: {at_low}; {at_high}",
        )
        raise
    is_pair = isinstance(given, tuple | list) and len(given) == 2
    expect(is_pair, f"{given!r} is given; a pair is wanted: who leads where the figure is low, value")
    named = expect_text(given[0], "who leads")
    expect(named == first, f"{named!r} is said to lead where {case.vary} is low; {at_low}")
    expect_close(given[1], value, f"the value of {case.vary} at which it turns")
    return f"{first} up to {case.vary} {value:.3g}"
