"""Segment: more than 140 services, one for each partner it delivers to, became one (A. Noonan, 2018).

Shared libraries were improved 32 times in all of 2016, and 46 times in six months after: 2.9 times as often.

In our terms: an improvement of a shared library is written once, then rolled out. In each service it takes hands: a
new version is noted, tested, rolled out, watched. Put in: services, improvements. The unknown: the hands' work for one
copy, in per cent of the work to write the improvement. With the same hours, one program gets as many times more
improvements as each one costs less. The guesses: to how many of the services an improvement was really brought (their
versions went apart), what the roll-out of the one program takes, and whether there were as many hours.

That fewer copies need less work is true by construction. What can be asked is whether it is enough, and what else
would be. The post has two other reasons of the same size: tests failed for reasons of partners, so that a change of two
hours took two days; and three engineers had spent most of their time to keep it alive. So a match proves little. What
was lost, isolation, is `archlab.chapters.choosing.cases.segment_queues`.

>>> round(published_times(), 2), round(times(per_copy_percent=1.37), 2)
(2.88, 2.88)
>>> round(times(per_copy_percent=1.36, services=2800))
39
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from archlab.chapters.choosing.cases.case import figure_of, log_across
from archlab.chapters.choosing.cases.judging import Judgement, judge
from archlab.chapters.choosing.cases.question import Guess, Question, Unknown
from archlab.course.figures import scaling
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, variants
from archlab.sim.validation import require_non_negative, require_percent, require_positive

NAME, COUNTER = "segment", "monzo"
REACHED_PERCENT = 100.0
ONE_ROLL_OUT = 1.0
HOURS = 1.0
DAYS_H = 16.0
"""An improvement of two days, to say in minutes what a per cent is. It does not enter the verdict."""
BETWEEN = (0.01, 100.0)
GUESSES = (
    Guess(
        "reached_percent",
        "% of the services that an improvement is brought to",
        REACHED_PERCENT,
        "without more it is all; versions did go apart",
        tried=(50.0, 100.0),
        most=100.0,
    ),
    Guess(
        "one_roll_out",
        "roll-outs of a service that the one program's takes",
        ONE_ROLL_OUT,
        "it is one program",
    ),
    Guess("hours", "hours for it after, in times of those before", HOURS, "the same team"),
)


def published_times() -> float:
    """Return how many times as often shared libraries were improved after the move."""
    before = figure_of(NAME, "improvements of shared libraries before") / figure_of(
        NAME, "months counted before"
    )
    after = figure_of(NAME, "improvements of shared libraries after") / figure_of(
        NAME, "months counted after"
    )
    return after / before


def times(
    per_copy_percent: float,
    services: float | None = None,
    reached_percent: float = REACHED_PERCENT,
    one_roll_out: float = ONE_ROLL_OUT,
    hours: float = HOURS,
) -> float:
    """Return how many times as many improvements one program gets.

    Args:
        per_copy_percent: work to bring an improvement to one service, in per cent of the work to write it.
        services: before; None: Segment's.
        reached_percent: of the services, to which it is brought.
        one_roll_out: what the roll-out of the one program takes, in roll-outs of a service.
        hours: of work after, in times of those before.

    Raises `ValueError` when one is out of range.
    """
    require_non_negative("per_copy_percent", per_copy_percent)
    require_percent("reached_percent", reached_percent)
    require_positive("hours", hours)
    copies = (figure_of(NAME, "services before") if services is None else services) * reached_percent / 100
    return hours * (1 + copies * per_copy_percent / 100) / (1 + one_roll_out * per_copy_percent / 100)


def margin(seed: int, per_copy_percent: float, **guesses: float) -> float:
    """By how much the model's factor is above the published one. No chance in it: the seed is not used."""
    return times(per_copy_percent, **guesses) - published_times()


def _monzo_margin(seed: int, per_copy_percent: float, **guesses: float) -> float:
    services = figure_of(COUNTER, "services in 2024")
    return times(per_copy_percent, services, **guesses) - published_times()


def question(hours: float = HOURS) -> Question:
    """Return the question, with more or fewer hours after the move if you like."""
    return Question(
        margin, _unknown(), (*GUESSES[:2], Guess("hours", GUESSES[2].words, hours, GUESSES[2].reason))
    )


def _unknown() -> Unknown:
    words = "the hands' work to bring an improvement to one service"
    return Unknown("per_copy_percent", words, BETWEEN, "from", "% of the work to write it")


def verdict(hours: float = HOURS) -> Judgement:
    """Return whether the model would have foretold the published factor."""
    return judge(question(hours))


def merges_from_percent(services: float) -> float:
    """Return the work for one copy from which the same rule tells somebody with so many services to merge."""
    require_positive("services", services)
    return 100 * (published_times() - 1) / (services - published_times())


def minutes(percent: float) -> float:
    """Return what so many per cent of an improvement of two days are, in minutes."""
    return percent / 100 * DAYS_H * 60


def says() -> str:
    """What the model says, in words."""
    limit = float(question().limit())
    ten = times(per_copy_percent=10)
    return (
        f"{number(published_times())} times as many need {number(limit)} % a copy: {number(minutes(limit))} min of "
        f"two days. With 10 % it says {number(ten)} times. If copies "
        f"took no work at all, {number(published_times())} times as many hours for the libraries would explain it, too"
    )


def elsewhere() -> str:
    """What the rule says of Monzo, which had more services, and made more."""
    limit = float(Question(_monzo_margin, _unknown(), GUESSES).limit())
    before, now = figure_of(COUNTER, "services, earlier"), figure_of(COUNTER, "services in 2024")
    return (
        f"It tells Monzo to merge from {number(limit)} % on ({number(60 * minutes(limit))} s of two days). Monzo went "
        f"from {number(before)} to {number(now)} services, and one team changes all of them by program"
    )


def against_work(points: int = 25) -> pd.DataFrame:
    """Return a row a company and work for one copy: `design`, `per_copy_percent`, `times`."""
    companies: Iterable[tuple[str, float]] = (
        ("Monzo, 2,800 services", figure_of(COUNTER, "services in 2024")),
        ("Segment, 140 services", figure_of(NAME, "services before")),
    )
    rows = [
        (name, percent, times(percent, services))
        for name, services in companies
        for percent in np.geomspace(0.02, 10, points)
    ]
    return pd.DataFrame(rows, columns=["design", "per_copy_percent", "times"])


def figure(size: Size = LAB) -> Picture:
    """Draw how many times more improvements one program gets, and what was published."""
    table, limit = against_work(), float(question().limit())
    picture = scaling(
        table,
        f"{number(minutes(limit))} minutes of hand work for each copy, of two days, would explain all of it",
        x="per_copy_percent",
        y="times",
        line_looks=variants("microservices", table.design.unique()),
        y_label="Improvements in one program [times as many]",
        log=True,
        across={f"published: {number(published_times())} times": published_times()},
        size=size,
    )
    return log_across(picture, "Work to bring an improvement to one service [% of the work to write it]")
