"""At least once, seen from the rows; and what can keep an event from coming."""

import pytest

from archlab.chapters.event_driven import duplicates
from archlab.chapters.event_driven.duplicates import all_deaths, mailed_percent, past_percent, received
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.verdict import Outcome


@pytest.fixture(scope="module")
def died():
    return all_deaths(seeds=range(3))


def test_with_inboxes_everything_comes_right_and_nothing_is_done_twice(died):
    known = died[died.idempotent]
    twice = ["lost_percent", "mails_twice_percent", "charged_twice_percent", "stock_twice_percent"]
    assert (known[twice] == 0).all(axis=None)
    assert (known.orders > 25).all()


def test_without_inboxes_a_log_that_goes_back_charges_and_mails_twice(died):
    naive = died[~died.idempotent & (died.topic == "log")]
    assert naive.mails_twice_percent.mean() > 5
    assert (naive.charged_twice_percent > 5).all()
    assert (naive.stock_twice_percent > 5).all()
    assert (naive.lost_percent == 0).all()


def test_readers_that_keep_their_offsets_more_often_repeat_less(died):
    often = all_deaths(seeds=range(3), topics=["log"], commit_every_s=0.5)
    again = [frame[frame.idempotent & (frame.topic == "log")].again_percent.mean() for frame in (often, died)]
    assert again[0] < 0.6 * again[1]


def test_a_queue_repeats_only_what_was_at_work(died):
    again = died[~died.idempotent].groupby("topic").charged_twice_percent.mean()
    assert again["queue"] < 0.2 * again["log"]
    assert again["queue"] > 0


def test_a_subscriber_that_is_away_longer_than_the_retention_misses_events():
    assert mailed_percent(seed=1, away_s=2.0, retention_s=3.0) == 100
    assert mailed_percent(seed=1, away_s=5.0, retention_s=3.0) < 90


def test_a_newcomer_gets_the_past_from_a_log_and_none_of_it_from_a_queue():
    assert past_percent("log") == 100
    assert past_percent("queue") == 0


def test_the_limit_is_the_retention_within_a_tenth(died):
    figures = duplicates.figures(died, seeds=range(3))
    limit = figures["away_up_to_retentions"]
    assert limit == pytest.approx(1.0, abs=0.15)
    verdict = received(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert "from a queue" in verdict.words


def test_the_verdict_turns_when_deaths_lose_orders():
    lost = OverSeeds([1.0] * 10)
    assert received(lost, 10.0, 1.0, 100.0, 0.0).outcome is Outcome.DOES_NOT_HOLD


def test_a_broker_that_delivers_at_most_once_loses_orders(monkeypatch):
    """The offset is kept before the work is done: what a dead reader was at does not come again."""
    from archlab.sim.messaging.consumer_group import Member

    monkeypatch.setattr(Member, "_go_back", _skip_what_was_at_work(Member._go_back))
    lost = [duplicates.deaths(seed, "log", idempotent=True)["lost_percent"] for seed in range(2)]
    assert min(lost) > 0


def _skip_what_was_at_work(go_back):
    def at_most_once(member):
        if member._life:
            for number in member.partitions:
                member.group.committed[number] = member.group.log.partition(number).end
        go_back(member)

    return at_most_once
