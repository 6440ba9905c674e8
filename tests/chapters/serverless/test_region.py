"""The function service is away: requests are lost, what waits is done later, in the time that retries take."""

import pytest

from archlab.chapters.serverless import region


@pytest.fixture(scope="module")
def gone():
    return region.away(seed=1)


def test_requests_are_lost_and_what_waits_is_not(gone):
    assert gone.lost_percent.to_dict() == dict(zip(region.WAYS, (100.0, 0.0, 0.0), strict=True))
    assert (gone.orders == gone.orders.iloc[0]).all()
    assert gone.orders.iloc[0] > 1000


def test_events_come_again_after_five_minutes_at_most(gone):
    assert 200 < gone.last_done_s["asynchronous events"] <= 301


def test_a_shorter_time_away_is_over_sooner():
    short = region.away(seed=1, away_s=60.0, watch_s=200.0)
    assert short.lost_percent.tolist() == [100.0, 0.0, 0.0]
    assert short.last_done_s["asynchronous events"] < 70


def test_what_is_not_watched_long_enough_counts_as_lost():
    assert region.away(seed=1, away_s=300.0, watch_s=5.0).lost_percent["asynchronous events"] > 50


def test_no_time_away_is_refused():
    with pytest.raises(ValueError, match="away_s"):
        region.away(away_s=0.0)
