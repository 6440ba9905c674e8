"""Twitter's home timelines, about 2012: each tweet was copied to all who follow, when it was written.

Chapter 06 has the experiment (`archlab.chapters.cqrs.fan_out`); here is the verdict on it as a case. Put in: tweets and
reads a second, and followers of an account, on average. An account follows as many on average as follow it. The output:
which of the two ways asks the storage for less. The unknown: how many looks the work of one copy is worth. Chapter 06
counts one for one; a copy may be kept in several places.

Guesses: the averages stand for a busy second, and everybody whom one follows is asked. Not in it: one account with a
great many followers, which took Twitter to a hybrid of both ways (chapter 06), and the time a reader waits for the
slowest of those asked, which is one more reason to copy.

>>> round(margin(0, looks_a_copy=1)), margin(0, looks_a_copy=100) > 0
(34, False)
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from archlab.chapters.choosing.cases.case import log_across
from archlab.chapters.choosing.cases.judging import Judgement, judge
from archlab.chapters.choosing.cases.question import Guess, Question, Unknown
from archlab.course.figures import scaling
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, variants
from archlab.data import load
from archlab.published import timelines
from archlab.sim.validation import require_positive

NAME = "timelines"
BETWEEN = (1.0, 1000.0)
"""A copy is work for one place at least. A thousand looks for one copy: more than any storage here asks for."""
GUESSES = (
    Guess(
        "tweets_times",
        "tweets, in times of the average",
        1.0,
        "the average of that time; its peak was 2.6 times",
    ),
    Guess(
        "asked_share",
        "of those followed who must be asked",
        1.0,
        "all of them may have written",
        (0.5, 1.0),
        1.0,
    ),
)


def figures() -> pd.DataFrame:
    """Return the published figures: the rows of `data/timelines.csv` as those of a case."""
    table = load("timelines").rename(columns={"what": "quantity"})
    return table.assign(case=NAME)[["case", "quantity", "value", "unit", "source", "year", "url", "mark"]]


@cache
def _reads_per_s() -> float:
    return timelines.published("reads of the home timeline")


@cache
def _copies_per_s() -> float:
    return timelines.copies_per_s()


@cache
def _asked_per_s() -> float:
    return timelines.asked_per_s()


def on_write_per_s(looks_a_copy: float, tweets_times: float = 1.0) -> float:
    """Return what copying asks of the storage, in looks a second: all copies, and a look for each read."""
    require_positive("looks_a_copy", looks_a_copy)
    require_positive("tweets_times", tweets_times)
    copies = tweets_times * _copies_per_s()
    return looks_a_copy * copies + _reads_per_s()


def on_read_per_s(asked_share: float = 1.0) -> float:
    """Return what asking on read asks of the storage, in looks a second."""
    require_positive("asked_share", asked_share)
    return asked_share * _asked_per_s()


def margin(seed: int, looks_a_copy: float, tweets_times: float = 1.0, asked_share: float = 1.0) -> float:
    """How many times as much asking on read costs, less one. No chance in it: the seed is not used."""
    return on_read_per_s(asked_share) / on_write_per_s(looks_a_copy, tweets_times) - 1


def question(tweets_times: float = 1.0) -> Question:
    """Return the question, with more or fewer tweets if you like."""
    unknown = Unknown("looks_a_copy", "the work of one copy, in looks,", BETWEEN, "up to")
    tweets = Guess("tweets_times", GUESSES[0].words, tweets_times, GUESSES[0].reason)
    return Question(margin, unknown, (tweets, GUESSES[1]))


def verdict(tweets_times: float = 1.0) -> Judgement:
    """Return whether the model would have foretold that tweets were copied when they were written."""
    return judge(question(tweets_times))


def says() -> str:
    """What the model says, in words."""
    limit = float(question().limit())
    return (
        f"one for one, asking on read costs {number(1 + margin(0, 1))} times as much; copying loses only where a "
        f"copy is the work of over {number(limit)} looks"
    )


def elsewhere() -> str:
    """What the rule says of a site that is read as often as it is written to, and of the largest accounts."""
    tweets = timelines.published("tweets, on average")
    turns = _reads_per_s() / tweets
    seconds = timelines.copying_s(timelines.CELEBRITY)
    return (
        f"Read as often as written to ({number(turns)} times less), such a site should ask on read. And one account "
        f"with {number(timelines.CELEBRITY / 1e6)} million followers would take {number(seconds)} s to copy: a hybrid"
    )


def against_work(points: int = 25) -> pd.DataFrame:
    """Return a row a way and work of a copy: `design`, `looks_a_copy`, `millions` of looks a second."""
    works = np.geomspace(*BETWEEN, points)
    rows = [("copied when written", work, on_write_per_s(work) / 1e6) for work in works]
    rows += [("asked when read", work, on_read_per_s() / 1e6) for work in works]
    return pd.DataFrame(rows, columns=["design", "looks_a_copy", "millions"])


def figure(size: Size = LAB) -> Picture:
    """Draw what both ways ask of the storage, against the work of a copy."""
    table = against_work()
    limit = float(question().limit())
    picture = scaling(
        table,
        f"Copying asks for less until a copy is the work of {number(limit)} looks",
        x="looks_a_copy",
        y="millions",
        line_looks=variants("cqrs", table.design.unique()),
        y_label="Work of the storage [million looks/s]",
        log=True,
        upright={"turns": limit, "one for one": 1.0},
        size=size,
    )
    return log_across(picture, "Work of one copy [looks]")
