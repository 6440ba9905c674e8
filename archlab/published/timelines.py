"""Fan-out on write or on read: Twitter's home timelines, about 2012.

On write: each tweet is copied into the timeline of every follower, and a reader finds it there. On read: a reader asks
all whom he follows. 4,600 tweets a second for 75 followers each are 345,000 copies a second; 300,000 reads a second of
75 accounts each would be 22.5 million (`data/timelines.csv`). An account follows as many on average as follow it: each
follower is one who follows.

An average hides its tail. One account with 31 million followers (our assumption) needs a minute and a half of all the
copying of that second. The *hybrid* copies for all but the largest accounts, and asks these on read.

>>> copies_per_s(), asked_per_s(), round(copying_s(CELEBRITY))
(345000.0, 22500000.0, 90)
"""

from __future__ import annotations

from archlab.data import load
from archlab.sim.validation import require_non_negative, require_positive

CELEBRITY, EXPONENT = 31_000_000.0, 1.2
"""Followers of the largest account, and the exponent of the Pareto distribution below it. Assumptions."""


def published(what: str) -> float:
    """Return one of the figures of `data/timelines.csv`."""
    return float(load("timelines").set_index("what").value[what])


def copies_per_s(tweets_per_s: float | None = None, followers: float | None = None) -> float:
    """Return the writes of fan-out on write. None: the published average."""
    tweets = published("tweets, on average") if tweets_per_s is None else tweets_per_s
    return tweets * (published("followers, on average") if followers is None else followers)


def asked_per_s(reads_per_s: float | None = None, followed: float | None = None) -> float:
    """Return the reads of fan-out on read. None: the published figures."""
    reads = published("reads of the home timeline") if reads_per_s is None else reads_per_s
    return reads * (published("followers, on average") if followed is None else followed)


def copying_s(followers: float, per_s: float | None = None) -> float:
    """Return how long one tweet is copied, with all the capacity that the average asks for."""
    require_non_negative("followers", followers)
    return followers / (copies_per_s() if per_s is None else per_s)


def fewest(largest: float = CELEBRITY, exponent: float = EXPONENT) -> float:
    """Return the followers of the smallest account: so that the mean of the Pareto distribution between the smallest
    and the largest is the published one.
    """
    from scipy.optimize import brentq  # SciPy is loaded when it is used: that takes a while

    require_positive("largest", largest)
    mean = published("followers, on average")

    def difference(least: float) -> float:
        people = least**-exponent - largest**-exponent
        followers = exponent / (exponent - 1) * (least ** (1 - exponent) - largest ** (1 - exponent))
        return followers / people - mean

    return float(brentq(difference, 0.01 * mean, mean))


def share_above(followers: float, largest: float = CELEBRITY, exponent: float = EXPONENT) -> float:
    """Return which share of all followers belongs to accounts with more than so many."""
    require_non_negative("followers", followers)
    least = fewest(largest, exponent)
    ends = least ** (1 - exponent), largest ** (1 - exponent)
    here = min(max(followers, least), largest) ** (1 - exponent)
    return (here - ends[1]) / (ends[0] - ends[1])


def hybrid(above: float, exponent: float = EXPONENT) -> tuple[float, float]:
    """Return what the hybrid asks, in copies and in reads a second: accounts with more followers are asked on read.

    Everybody tweets alike, and whom one follows is drawn by popularity: so a reader follows as many large accounts as
    their followers are of all. Besides, each read asks for the reader's own timeline.
    """
    share = share_above(above, exponent=exponent)
    return copies_per_s() * (1 - share), asked_per_s() * share + published("reads of the home timeline")
