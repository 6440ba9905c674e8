"""Istio: a control plane of four programs became one, istiod (C. Box, 2020).

The reason given: separate programs pay when other teams deliver them, when they are rolled out or scaled
independently, and none of these was the case. So the reason is an input here, and what it leads to is the output.

In our terms: one team changes a program of four parts. It has one unit to release, or four, and the same number of
pipelines: one with four, or four with one each (`archlab.sim.teams`). A change that touches two parts goes through two
units, one after the other. The unknown: the share of such changes. Parts that are always released together have 100 %.
The rule: one program is foretold where a change is out noticeably sooner. What decides against it: a run for all parts
that takes longer than for one.

The other two of the three reasons have closed forms: `archlab.chapters.choosing.cases.istio_parts`.

>>> one, four = lead_time_h(seed=1, units=1, both_percent=0), lead_time_h(seed=1, units=4, both_percent=100)
>>> bool(four > 1.5 * one)
True
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache, partial

import pandas as pd

from archlab.chapters.choosing.cases.istio_parts import down_minutes, parts
from archlab.chapters.choosing.cases.judging import Judgement, judge
from archlab.chapters.choosing.cases.question import Guess, Question, Unknown
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.figures import scaling
from archlab.course.figures.picture import Picture
from archlab.course.quantity import about, number, rounded
from archlab.course.style import ARCHITECTURES, LAB, Look, Size
from archlab.sim.experiment import sweep
from archlab.sim.teams.delivery import WORKING_DAY_S, DeliveryModel
from archlab.sim.teams.release_train import deliver
from archlab.sim.validation import require_percent, require_whole

NAME = "istio"
SEEDS = tuple(range(10))
DAYS = 40.0
MODEL = DeliveryModel()
GROWING_PERCENT = 0.0
"""Of a run: what grows with the code, so that a run for four parts takes longer. 0 errs in favour of one program."""
TOGETHER_PERCENT = 100.0
"""Of the changes that touch two parts, where all parts are always released together."""
GUESSES = (
    Guess("run_minutes", "minutes of a run", MODEL.build_and_test_s / 60, "chapter 01's, a guess there, too"),
    Guess("changes_per_day", "changes a day", MODEL.changes_per_team_per_day, "chapter 01's"),
    Guess(
        "growing_percent",
        "% of a run that grows with the code",
        GROWING_PERCENT,
        "chapter 01's",
        tried=(0.0, 10.0),
    ),
)


@lru_cache(maxsize=4096)
def lead_time_h(
    seed: int,
    units: int,
    both_percent: float,
    run_minutes: float = MODEL.build_and_test_s / 60,
    changes_per_day: float = MODEL.changes_per_team_per_day,
    failing_percent: float = 100 * MODEL.change_failure_probability,
    growing_percent: float = GROWING_PERCENT,
    teams: int = 1,
) -> float:
    """Return the mean hours until a change is released, with one unit or as many as there are parts.

    Args:
        both_percent: of the changes that touch two parts.
        run_minutes: of a pipeline for one part.
        growing_percent: of that, what a run for all parts takes again for each further part.
        teams: 1, or as many as parts: then each owns one.

    All have as many pipelines as there are parts. Raises `ValueError` when one is out of range.
    """
    require_percent("both_percent", both_percent)
    require_percent("growing_percent", growing_percent)
    require_whole("units", units, at_least=1)
    more_parts = parts() // units - 1
    model = DeliveryModel(
        teams=teams,
        units=units,
        pipelines=parts() // units,
        changes_per_team_per_day=changes_per_day,
        change_failure_probability=failing_percent / 100,
        build_and_test_s=60 * run_minutes * (1 + more_parts * growing_percent / 100),
        coordinated_fraction=both_percent / 100,
    )
    changes = deliver(model, DAYS, seed).changes
    return float(changes.lead_time_h[changes.released_s >= DAYS / 10 * WORKING_DAY_S].mean())


def margin(seed: int, both_percent: float, teams: int = 1, **guesses: float) -> float:
    """By how many hours four programs are slower than what hides in the noise of one."""
    one = lead_time_h(seed, 1, 0.0, teams=teams, **guesses)
    return (
        lead_time_h(seed, parts(), both_percent, teams=teams, **guesses)
        - (1 + NOTICEABLE_PERCENT / 100) * one
    )


def question(growing_percent: float = GROWING_PERCENT, seeds: tuple[int, ...] = SEEDS) -> Question:
    """Return the question, with a part of a run that grows with the code if you like."""
    words = "the share of changes that touch two parts"
    unknown = Unknown("both_percent", words, (0.0, TOGETHER_PERCENT), "from", "%", log=False)
    growing = Guess(
        "growing_percent", GUESSES[-1].words, growing_percent, GUESSES[-1].reason, tried=(0.0, 10.0)
    )
    return Question(margin, unknown, (*GUESSES[:-1], growing), seeds, few=2, fine=0.02)


def verdict(growing_percent: float = GROWING_PERCENT) -> Judgement:
    """Return whether the model would have foretold the move."""
    return judge(question(growing_percent))


@cache
def sooner_up_to_growing_percent(both_percent: float = TOGETHER_PERCENT, teams: int = 1) -> Limit:
    """Return up to which growth of a run one program is foretold, at a share of changes that touch two parts."""
    at = partial(_margin_of_growing, both_percent=both_percent, teams=teams)
    return bisect(at, (0.0, 100.0), "up to", SEEDS, tolerance=4.0)


def _margin_of_growing(seed: int, growing_percent: float, both_percent: float, teams: int) -> float:
    return margin(seed, both_percent, teams, growing_percent=growing_percent)


@cache
def merges_four_teams_from_percent() -> Limit:
    """Return the share of such changes from which the same rule tells as many teams as parts to merge."""
    return bisect(partial(margin, teams=parts()), (0.0, TOGETHER_PERCENT), "from", SEEDS, tolerance=4.0)


# What is shown -------------------------------------------------------------------------------------------------


def says() -> str:
    """What the model says, in words."""
    growing = sooner_up_to_growing_percent()
    down = down_minutes().set_index("what")
    return (
        f"released together, one is sooner until a run grows by {about(growing)} % for each further part; all four "
        f"are up {number(down.separate.iloc[0] - down.one.iloc[0])} min a month longer, each function by itself is "
        f"down {number(down.one.iloc[1] / down.separate.iloc[1])} times as long"
    )


def elsewhere() -> str:
    """What the rule says of four teams that own a part each."""
    limit = merges_four_teams_from_percent()
    share = (
        "even with hardly any such change"
        if float(limit) <= 0
        else f"from {about(limit)} % of such changes on"
    )
    return (
        f"It tells four teams, a part each, to merge, too, {share}: for the same money it sees hardly a gain in trains "
        "of one's own. So it cannot say who should keep services"
    )


def against_share(
    shares_percent: Iterable[float] = (0, 10, 20, 40, 70, 100), seeds: Iterable[int] = SEEDS
) -> pd.DataFrame:
    """Return a row a design and share: `design`, `both_percent`, `lead_time_hours` with its interval."""
    model = partial(_lead, growing_percent=GROWING_PERCENT)
    designs = {"four programs": parts(), "one program": 1}
    table = sweep(model, {"units": list(designs.values()), "both_percent": list(shares_percent)}, list(seeds))
    names = {units: name for name, units in designs.items()}
    return table.assign(design=table.units.map(names)).drop(columns="units")


def _lead(seed: int, units: int, both_percent: float, growing_percent: float) -> dict[str, float]:
    both = 0.0 if units == 1 else both_percent
    return {"lead_time_hours": lead_time_h(seed, units, both, growing_percent=growing_percent)}


def figure(size: Size = LAB) -> Picture:
    """Draw how long a change takes against the share of changes that touch two parts."""
    table = against_share()
    limit = question().limit()
    picture = scaling(
        table,
        f"From {rounded(limit)} % of changes that touch two parts, one program is noticeably sooner",
        x="both_percent",
        y="lead_time_hours",
        line_looks=_colours(),
        y_label="From commit to release [h]",
        upright={"Istio's reason: all": TOGETHER_PERCENT},
        size=size,
    )
    picture.figure.axes[0].set_xlabel("Changes that touch two parts [%]")
    return picture


def _colours() -> dict[str, Look]:
    return {"one program": ARCHITECTURES["monolithic"], "four programs": ARCHITECTURES["microservices"]}
