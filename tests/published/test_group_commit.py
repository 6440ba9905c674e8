"""RabbitMQ's makers, *AMQP 1.0 benchmarks* (2024): a quorum queue on a slow disk, with two credits.

Published: credit 128: 9,986 messages/s, 64.5 a flush, p50 18 ms. Credit 2,000: 83,459/s (an input here), p50 35 ms.
"""

import pytest

from archlab.data import load
from archlab.published.group_commit import FLUSH_S, WORK_S, model
from archlab.sim.messaging.credit import LINK_CREDIT

FACTS = load("rabbitmq").set_index(["setting", "what"])["value"]
TEST = "quorum queue, slow SSD"


@pytest.fixture(scope="module")
def small():
    return model(messages=6400)


@pytest.fixture(scope="module")
def large():
    return model(credit=2000, messages=8000)


def test_the_inputs_are_those_of_the_table():
    assert FACTS[TEST, "time of one fsync on average"] == FLUSH_S
    assert 1 / FACTS[f"{TEST}, credit 2000", "rate"] == WORK_S


def test_with_the_default_credit_a_flush_serves_half_of_it_as_published(small):
    published = FACTS[TEST, "messages in the test"] / FACTS[f"{TEST}, credit 128", "fsyncs"]
    assert small["messages_per_flush"] == pytest.approx(published, rel=0.02)


def test_and_the_rate_is_the_published_one(small):
    assert small["rate_per_s"] == pytest.approx(FACTS[f"{TEST}, credit 128", "rate"], rel=0.12)
    assert small["disk_busy"] > 0.9


def test_by_hand_the_cycle_is_two_flushes_and_the_work_between_them(small):
    """A flush of the first message sent, one of all others; 63 messages of work until half of the credit is back."""
    cycle_s = 2 * FLUSH_S + LINK_CREDIT / 2 * WORK_S
    assert small["rate_per_s"] == pytest.approx(LINK_CREDIT / cycle_s, rel=0.01)


@pytest.mark.parametrize("back_at", [1, 32, 128])
def test_it_is_two_flushes_for_all_of_the_credit_however_it_comes_back(small, back_at):
    other = model(messages=6400, back_at=back_at)
    assert other["messages_per_flush"] == pytest.approx(LINK_CREDIT / 2, rel=0.01)
    assert other["rate_per_s"] == pytest.approx(small["rate_per_s"], rel=0.07)


def test_with_a_large_credit_the_core_limits_and_not_the_disk(large):
    assert large["core_busy"] > 0.99
    faster = model(credit=2000, flush_s=FLUSH_S / 2, messages=6400)
    assert faster["rate_per_s"] == pytest.approx(large["rate_per_s"], rel=0.001)


def test_more_credit_costs_latency_though_less_than_was_measured(small, large):
    ratio = large["p50_s"] / small["p50_s"]
    published = FACTS[f"{TEST}, credit 2000", "latency p50"] / FACTS[f"{TEST}, credit 128", "latency p50"]
    assert 1.3 < ratio < published
    assert large["p50_s"] < FACTS[f"{TEST}, credit 2000", "latency p50"]


def test_half_the_flush_nearly_doubles_what_the_disk_limits(small):
    faster = model(flush_s=FLUSH_S / 2, messages=6400)
    assert 1.8 < faster["rate_per_s"] / small["rate_per_s"] < 2.0


@pytest.mark.parametrize("wrong", [{"credit": 0}, {"flush_s": -1.0}, {"work_s": 0.0}, {"messages": 10}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"initial is 0|-1.0|work_s is 0.0|messages is 10"):
        model(**wrong)
