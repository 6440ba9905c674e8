"""A broker away and full: what customers are told and what is lost, against counts by hand."""

from math import sqrt

import pytest

from archlab.chapters.event_driven import broker_away
from archlab.chapters.event_driven.broker_away import (
    BROKER_AWAY_S,
    CAPACITY_PER_S,
    FAULT_S,
    LATE,
    LOST,
    RATE_PER_S,
    WAYS,
    orders,
)

ROOM = 2500
FULL = RATE_PER_S * FAULT_S - ROOM
"""Orders that come while the consumer is away, less those that there is room for."""
NOISE = 3.5 * sqrt(RATE_PER_S * FAULT_S)


@pytest.fixture(scope="module")
def frames():
    return broker_away.away_and_full(room=ROOM, after_s=90.0)


@pytest.fixture(scope="module")
def counts(frames):
    return broker_away.counted(frames).set_index("design")


def test_all_ways_see_the_same_orders(counts, frames):
    assert list(frames) == list(WAYS)
    assert counts.orders.nunique() == 1


def test_a_broker_that_is_away_turns_customers_away_and_loses_nothing_it_accepted(counts, frames):
    away = counts.loc["broker away"]
    assert away.turned_away == pytest.approx(RATE_PER_S * BROKER_AWAY_S, abs=NOISE)
    assert (away.lost, away.done_unknown, away.ill_s) == (0, 0, 0)
    assert set(frames["broker away"].outcome) == {"ok", "unavailable"}


def test_without_a_limit_nobody_notices_anything(counts):
    free = counts.loc["no limit"]
    assert free.accepted == free.orders
    assert free.lost == 0


def test_a_dropped_head_tells_every_customer_ok_and_loses_all_that_has_no_room(counts, frames):
    dropped = counts.loc["drop-head"]
    assert dropped.accepted == dropped.orders
    assert dropped.lost == pytest.approx(FULL, abs=NOISE)
    lost = frames["drop-head"][frames["drop-head"].outcome == LOST]
    kept_later = frames["drop-head"][frames["drop-head"].arrived_s > lost.arrived_s.max()]
    assert kept_later.is_done.all()


def test_it_is_the_oldest_that_are_lost(frames):
    frame = frames["drop-head"]
    lost_s = frame.arrived_s[frame.outcome == LOST]
    assert lost_s.min() < broker_away.BEFORE_S + 1
    assert lost_s.max() < broker_away.BEFORE_S + FAULT_S - ROOM / RATE_PER_S + 3


def test_refusing_turns_away_as_many_as_dropping_loses_and_keeps_every_promise(counts):
    refused = counts.loc["reject-publish"]
    assert refused.turned_away == counts.loc["drop-head"].lost
    assert (refused.lost, refused.done_unknown, refused.ill_s) == (0, 0, 0)


def test_an_alarm_loses_nothing_but_does_what_customers_gave_up(counts, frames):
    alarm = counts.loc["alarm"]
    assert frames["alarm"].is_done.all()
    assert (alarm.lost, alarm.turned_away) == (0, 0)
    assert alarm.done_unknown > 2 * FULL
    assert set(frames["alarm"].outcome) == {"ok", LATE}


def test_and_it_stays_ill_until_the_backlog_of_the_blocked_is_gone_too(counts, frames):
    """By hand: what came in a minute must shrink to the room, by what the consumer does more than what comes."""
    arrived_s = frames["alarm"].arrived_s
    came = arrived_s.between(broker_away.BEFORE_S, broker_away.BEFORE_S + FAULT_S).sum()
    by_hand_s = (came - ROOM) / (CAPACITY_PER_S - RATE_PER_S)
    assert counts.ill_s["alarm"] == pytest.approx(by_hand_s, abs=12)


def test_with_room_for_all_the_ways_do_not_differ():
    for way in WAYS[1:]:
        frame = orders(seed=2, way=way, before_s=1, fault_s=4, after_s=4, room=500)
        assert set(frame.outcome) == {"ok"}


@pytest.mark.parametrize("wrong", [{"way": "shut"}, {"fault_s": 0}, {"after_s": -1.0}, {"room": 0}])
def test_what_makes_no_sense_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        orders(**{"seed": 1, "way": "alarm", **wrong})
