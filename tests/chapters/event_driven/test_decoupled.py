"""Subscribers may be away for as long as the topic keeps events, and for no longer."""

import pytest

from archlab.chapters.event_driven import decoupled
from archlab.course.claims.verdict import Outcome


@pytest.fixture(scope="module")
def table():
    return decoupled.away_shorter_and_longer()


def test_all_orders_are_accepted_and_none_is_lost_when_the_others_are_back_in_time(table):
    shorter = table[table.times == decoupled.SHORTER]
    assert (shorter.accepted_percent == 100).all()
    assert (shorter.lost_percent == 0).all()
    assert shorter.orders.sum() > 50


def test_orders_are_lost_with_every_seed_when_they_are_away_for_longer_than_events_are_kept(table):
    longer = table[table.times == decoupled.LONGER]
    assert (longer.accepted_percent == 100).all()
    assert (longer.lost_percent > 0).all()


@pytest.mark.parametrize("before_s", [4.0, 6.6])
def test_the_loss_begins_at_about_the_time_for_which_events_are_kept_whenever_they_go(before_s):
    kept_s = decoupled.RETENTION_S
    for seed in (1, 2):
        assert decoupled.away(seed, 0.9 * kept_s, before_s=before_s)["lost_percent"] == 0
        assert decoupled.away(seed, 1.3 * kept_s, before_s=before_s)["lost_percent"] > 0


def test_readers_that_seldom_keep_their_place_lose_events_sooner(monkeypatch):
    monkeypatch.setattr(decoupled, "COMMIT_EVERY_S", 5.0)
    shorter_s = decoupled.SHORTER * decoupled.RETENTION_S
    assert max(decoupled.away(seed, shorter_s, before_s=4.0)["lost_percent"] for seed in range(3)) > 0


def test_nothing_is_lost_where_events_are_kept_for_ever():
    found = decoupled.away(seed=1, away_s=decoupled.LONGER * decoupled.RETENTION_S, retention_s=None)
    assert (found["accepted_percent"], found["lost_percent"]) == (100, 0)


def test_the_verdict_is_the_time_for_which_events_are_kept(table):
    figures = decoupled.figures(table)
    verdict = decoupled.decoupled_communication(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert verdict.flips_at == 7 * 24


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({"components_named": 1}, Outcome.DOES_NOT_HOLD),
        ({"accepted_while_away_percent": 99.0}, Outcome.DOES_NOT_HOLD),
        ({"lost_when_away_longer_percent": 0.0}, Outcome.HOLDS),
    ],
)
def test_the_verdict_turns_with_names_with_refused_orders_and_with_events_that_are_kept(
    table, changed, outcome
):
    assert decoupled.decoupled_communication(**(decoupled.figures(table) | changed)).outcome is outcome


def test_a_topic_that_keeps_events_for_too_short_a_time_turns_the_verdict(table):
    lost = decoupled.away(seed=1, away_s=8.0, retention_s=2.0)["lost_percent"]
    figures = decoupled.figures(table) | {"lost_percent": lost}
    assert decoupled.decoupled_communication(**figures).outcome is Outcome.DOES_NOT_HOLD


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"away_s": 0}, "away_s is 0"),
        ({"away_s": 0.01}, "away_s is 0.01; it must be long enough"),
        ({"away_s": 1.0, "retention_s": 0.0}, "retention_s is 0"),
        ({"away_s": 1.0, "before_s": 0.0}, "before_s is 0"),
    ],
)
def test_bad_input_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        decoupled.away(seed=1, **changed)
