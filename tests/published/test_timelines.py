"""Twitter's timelines (2012): exact arithmetic, and what a tail does to it."""

import pytest
from scipy.stats import truncpareto

from archlab.published import timelines
from archlab.published.timelines import CELEBRITY, copies_per_s, hybrid


def test_what_was_published_gives_345_000_copies_a_second_and_900_000_at_the_peak():
    assert copies_per_s() == 345_000
    assert copies_per_s(timelines.published("tweets, at the peak")) == 900_000


def test_reading_would_ask_65_times_as_much():
    assert timelines.asked_per_s() / copies_per_s() == pytest.approx(65.2, abs=0.1)


def test_one_tweet_of_the_largest_account_takes_all_copying_for_a_minute_and_a_half():
    assert timelines.copying_s(CELEBRITY) == pytest.approx(90, abs=0.2)


def test_the_tail_has_the_published_mean_and_holds_most_followers_in_few_accounts():
    least = timelines.fewest()
    drawn = truncpareto(timelines.EXPONENT, CELEBRITY / least, scale=least)
    assert drawn.mean() == pytest.approx(75)
    above = drawn.expect(lambda x: x, lb=1e4, ub=CELEBRITY) / 75
    assert timelines.share_above(1e4) == pytest.approx(above, rel=1e-3)
    assert (timelines.share_above(0), timelines.share_above(CELEBRITY)) == (1, 0)


def test_the_hybrid_takes_the_large_accounts_off_the_writes_for_more_reads():
    assert hybrid(CELEBRITY) == (copies_per_s(), 300_000)
    copies, asked = hybrid(1e6)
    assert copies < copies_per_s()
    assert 300_000 < asked < timelines.asked_per_s() / 2
    fewer, more = hybrid(1e4)
    assert fewer < copies
    assert more > asked
