"""Kinesis: who is in real time, what ends it, and that the verdict can come out the other way."""

import math
from functools import partial

import numpy as np
import pytest

from archlab.chapters.event_driven import kinesis
from archlab.chapters.event_driven.kinesis import aws_kinesis, by_theory, p99_s
from archlab.course.claims.verdict import Outcome
from archlab.data import load
from archlab.shop.event_driven import EventDriven, EventDrivenConfig
from archlab.sim import Simulation
from archlab.sim.distributions import Exponential


@pytest.fixture(scope="module")
def figures():
    return kinesis.figures()


def test_the_verdict_is_stable_and_names_what_decides(figures):
    verdict = aws_kinesis(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert "besides its wait for a poll" in verdict.words
    assert verdict.flips_at == 4


def test_the_limit_is_that_of_theory(figures):
    assert figures["polling_up_to_consumers"] == by_theory() == 4
    assert by_theory(real_time_s=10.0) == 50
    assert by_theory(real_time_s=0.05) == 0


def test_a_shard_with_four_who_poll_bears_a_quarter_of_two_megabytes(figures):
    limit = figures["polling_up_to_load"]
    assert limit <= 2000 / 4  # and some seeds more: a shard that had rest gives a second's worth at once
    assert limit > 300


def test_a_push_bears_what_may_be_written(figures):
    assert figures["push_up_to_load"] == pytest.approx(1000, rel=0.12)
    assert figures["push_to_all_p99_s"] == pytest.approx(0.07, rel=0.05)


def test_what_else_a_record_needs_flips_it_where_arithmetic_says(figures):
    limit = figures["up_to_other_ms"]
    assert limit.low - 25 <= 1000 * (1 - 0.99 * 4 / 5) <= limit.high + 25


def test_with_a_poll_a_second_not_even_one_is_in_time(figures):
    """By hand: 99 % of a second, and what else a record needs."""
    assert figures["once_a_second_p99_s"] == pytest.approx(0.99 + kinesis.OTHER_S, abs=0.01)
    assert "once a second is not in time," in aws_kinesis(**figures).words
    assert "once a second is in time," in aws_kinesis(**{**figures, "once_a_second_p99_s": 0.9}).words


def test_were_the_70_ms_exponential_a_push_would_still_be_in_time():
    p99 = p99_s(1, 1, "push", other_s=Exponential(kinesis.OTHER_S))
    assert 2 * kinesis.OTHER_S < p99 < kinesis.REAL_TIME_S / 2


@pytest.mark.parametrize(
    ("consumers", "other_s", "in_time"), [(4, 0.07, True), (5, 0.07, False), (4, 0.3, False)]
)
def test_one_consumer_more_or_a_slower_rest_is_not_in_time(consumers, other_s, in_time):
    found = [p99_s(seed, consumers, "polling", other_s=other_s) <= kinesis.REAL_TIME_S for seed in range(3)]
    assert set(found) == {in_time}


def test_two_who_poll_can_read_what_may_be_written_and_three_cannot():
    age_s = partial(p99_s, 1, way="polling", load_kb_per_s=850, seconds=kinesis.LOADED_S)
    assert age_s(consumers=2) < 1 < age_s(consumers=3)


def test_an_order_of_the_shop_takes_longest_by_polling_and_a_push_is_near_a_log(figures):
    polled, pushed, log = (figures[f"order_{topic}_s"] for topic in ("polled", "pushed", "log"))
    assert polled.low > kinesis.REAL_TIME_S > pushed.high > log.high
    assert pushed - log == pytest.approx(3 * kinesis.OTHER_S, abs=0.1)  # three events on its way
    assert polled - log == pytest.approx(3 * 0.5, abs=0.35)


def test_as_many_components_read_as_the_rule_says():
    shop = EventDriven(Simulation(seed=1), EventDrivenConfig(topic="shards"))
    assert len(shop.topic.stream.applications) == kinesis.OURS


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({"push_to_all_p99_s": 1.5}, Outcome.DOES_NOT_HOLD),
        ({"order_pushed_s": 1.5}, Outcome.DOES_NOT_HOLD),
        ({"polling_up_to_consumers": -math.inf}, Outcome.DOES_NOT_HOLD),
        ({"polling_up_to_consumers": math.inf}, Outcome.HOLDS_WHEN),
        ({}, Outcome.HOLDS_WHEN),
    ],
)
def test_other_figures_give_another_verdict(figures, changed, outcome):
    assert aws_kinesis(**{**figures, **changed}).outcome is outcome


def test_a_stricter_idea_of_real_time_flips_it(monkeypatch):
    monkeypatch.setattr(kinesis, "REAL_TIME_S", 0.1)
    assert kinesis.up_to_consumers(seeds=range(3)) == -math.inf


def test_as_many_consumers_as_aws_allows_and_as_many_components_as_the_shop_has():
    facts = load("kinesis").set_index("setting")["value"]
    assert facts["enhanced fan-out consumers"] == kinesis.MOST


def test_records_that_were_not_read_count_with_their_age():
    ages = kinesis._oldest_unread(type("Clock", (), {"now": 10.0}), np.array([1.0, 2.0, 8.0]), 3, 2)
    assert sorted(ages) == [2.0, 8.0, 8.0]


@pytest.mark.parametrize(
    "wrong", [{"consumers": 0}, {"load_kb_per_s": 0.0}, {"seconds": 0}, {"other_s": -1.0}]
)
def test_bad_input_is_named(wrong):
    with pytest.raises(ValueError, match=r"consumers is 0|load_kb_per_s is 0|duration_s is 0|is -1"):
        p99_s(**{"seed": 1, "consumers": 1, "way": "polling", **wrong})


def test_an_unknown_way_or_topic_is_named():
    with pytest.raises(ValueError, match="way is 'pull'"):
        p99_s(1, 1, "pull")
    with pytest.raises(ValueError, match="topic is 'fax'"):
        kinesis.order_s(1, "fax")
