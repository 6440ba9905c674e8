"""A read model is made anew: how long it takes agrees with arithmetic, and who sees it depends on the way."""

import pytest

from archlab.chapters.cqrs import rebuild


@pytest.fixture(scope="module")
def looks():
    return {way: rebuild.made_anew(way) for way in rebuild.WAYS}


def test_in_place_pages_are_wrong_until_the_log_is_read(looks):
    in_place = looks["in place"]
    assert rebuild.wrong_until_s(in_place) == pytest.approx(rebuild.expected_s(), rel=0.1)
    assert in_place[in_place.since_s < 0.3].wrong.all()
    assert not in_place.wrong.iloc[-20:].any()
    assert in_place.behind.iloc[0] > 1000


def test_beside_only_the_old_mistakes_are_seen_until_the_switch(looks):
    beside = looks["beside"]
    before = beside[beside.since_s < rebuild.expected_s()]
    assert before.wrong.mean() == pytest.approx(1 / rebuild.ONE_IN, abs=0.08)
    assert rebuild.wrong_until_s(beside) < 1.1 * rebuild.expected_s()
    assert beside.behind.max() <= rebuild.NEAR


def test_twice_as_many_orders_take_nearly_twice_as_long():
    assert 1.6 < rebuild.expected_s(2000) / rebuild.expected_s(1000) < 2
    few = rebuild.made_anew("in place", orders=200)
    assert rebuild.wrong_until_s(few) == pytest.approx(rebuild.expected_s(200), rel=0.15)


@pytest.mark.parametrize(("way", "orders", "named"), [("by hand", 1, "way"), ("beside", 0, "orders")])
def test_what_cannot_be_is_refused(way, orders, named):
    with pytest.raises(ValueError, match=named):
        rebuild.made_anew(way, orders)


def test_the_picture_says_until_when_pages_were_wrong(looks):
    told = rebuild.figure(looks, "In place pages are wrong until the log is read").alt
    assert f"the last at {rebuild.wrong_until_s(looks['in place']):.1f} s" in told
    assert "beside: " in told
    assert f"the log is read after {rebuild.expected_s():.1f} s" in told
