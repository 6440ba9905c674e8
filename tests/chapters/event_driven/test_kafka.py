"""What makes Kafka a distributed event streaming platform, and what breaks it."""

import pytest

from archlab.chapters.event_driven import kafka
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.verdict import Outcome
from archlab.shop.config import PROVIDER_S
from archlab.sim.messaging import Coordination


@pytest.fixture(scope="module")
def table():
    return kafka.both()


@pytest.fixture(scope="module")
def limits():
    return kafka.limits()


@pytest.fixture(scope="module")
def figures(table, limits):
    return kafka.figures(table, limits)


def test_a_log_shows_all_five_and_the_strongest_queues_all_but_one(table):
    log, queues = (table[table.design == design] for design in ("log", "queues"))
    assert (log.things == 5).all()
    assert (queues.things == 4).all()
    assert (queues.replayed_percent == 0).all()
    assert (queues.out_of_order == 0).all()


def test_the_limit_is_the_poll_interval_over_the_batch(limits):
    interval_s = Coordination().max_poll_interval_s
    longest, most = limits["longest_event_s"], limits["most_events_a_poll"]
    assert longest.low < interval_s / 500 < longest.high
    assert most.low < interval_s / PROVIDER_S.mean < most.high * 1.02


def test_the_verdict_is_stable_and_names_what_decides(figures):
    verdict = kafka.distributed_event_streaming(**figures)
    assert (verdict.outcome, verdict.is_stable) == (Outcome.HOLDS_WHEN, True)
    assert "max.poll.records" in verdict.words
    assert verdict.flips_at == pytest.approx(0.6, abs=0.05)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"partitions": 2}, "scales"),
        ({"hot_share": 0.5}, "scales"),
        ({"retention_s": 30.0}, "replay"),
    ],
)
def test_another_log_makes_the_claim_fall(change, missing, figures):
    changed = kafka.streaming(1, **change)
    assert missing not in kafka.can(changed)
    shown = OverSeeds([len(kafka.can(changed))] * 10)
    verdict = kafka.distributed_event_streaming(**{**figures, "log_shows": shown})
    assert verdict.outcome is Outcome.DOES_NOT_HOLD


def test_queues_that_could_replay_would_make_it_fall(figures):
    verdict = kafka.distributed_event_streaming(**{**figures, "queues_show": OverSeeds([5] * 10)})
    assert verdict.outcome is Outcome.DOES_NOT_HOLD


def test_beyond_the_limit_a_group_works_and_gets_nowhere():
    events = kafka.half_an_hour((0.55, 0.65)).set_index(["design", "time_per_event_s"]).events
    assert events["committed", 0.55] > 0.9 * events["worked", 0.55]
    assert events["committed", 0.65] == 0
    assert events["worked", 0.65] > 2000


def test_fewer_events_a_poll_lift_the_limit():
    assert kafka.is_done_in_time(1, 0.8) < 0 < kafka.is_done_in_time(1, 0.8, events_a_poll=100)


def test_a_limit_that_nobody_reached_is_said(figures):
    nowhere = Limit("up to", [-float("inf")] * 10, tried=kafka.EVENTS_S)
    verdict = kafka.distributed_event_streaming(**{**figures, "longest_event_s": nowhere})
    assert verdict.outcome is Outcome.DOES_NOT_HOLD
