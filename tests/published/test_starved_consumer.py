"""RabbitMQ's makers, *AMQP 1.0 benchmarks* (2024): a million messages through one queue of version 3.13.

Published latencies: p25 23.06, p50 23.43, p90 24.45, p99 24.78, max 24.87 s; with 4.0: p50 1, p99 2 ms.
"""

import pytest

from archlab.data import load
from archlab.published import starved_consumer
from archlab.published.starved_consumer import published, with_credit

PUBLISHED = published()
REJECTED_AT = {"p25_s", "p50_s"}


def test_the_published_percentiles_are_read_from_the_table():
    assert list(PUBLISHED.values()) == [23.06, 23.43, 24.45, 24.78, 24.87]


def test_a_broker_that_serves_the_sender_first_has_every_published_percentile():
    figures = starved_consumer.model("sender first")
    for name, value in PUBLISHED.items():
        assert figures[name] == pytest.approx(value, rel=0.08), name
    assert figures["end_s"] == pytest.approx(46.1, abs=0.1)


def test_a_receiver_at_its_average_rate_ends_in_time_and_misses_the_percentiles_by_more_than_half():
    figures = starved_consumer.model("average")
    assert figures["end_s"] == pytest.approx(45.9, abs=0.2)
    for name in REJECTED_AT:
        assert figures[name] < PUBLISHED[name] / 2
    assert figures["p90_s"] < 0.85 * PUBLISHED["p90_s"]


def test_by_hand_the_message_in_the_middle_waits_for_the_senders_end_and_for_those_before_it():
    received, rest_per_s = 38_167, (1_000_000 - 38_167) / (46.1 - 24.1)
    middle_s = 24.1 + (500_000 - received) / rest_per_s - 24.1 / 2
    took_s = starved_consumer.latencies_s("sender first")
    assert took_s[len(took_s) // 2] == pytest.approx(middle_s, rel=0.002)


def test_with_credit_half_of_the_messages_take_a_millisecond_as_published():
    facts = load("rabbitmq").set_index(["setting", "what"])["value"]
    figures = with_credit()
    assert round(1000 * figures["p50_s"]) == 1000 * facts["4.0, the same test", "latency p50"]
    assert figures["p99_s"] < facts["4.0, the same test", "latency p99"]


def test_by_hand_the_latency_is_at_most_the_credit_over_the_rate():
    assert with_credit(credit=200)["max_s"] == pytest.approx(200 / 99_413, rel=0.001)


@pytest.mark.parametrize("wrong", [{"credit": 0}, {"messages": 0}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="is 0"):
        with_credit(**wrong)
    with pytest.raises(ValueError, match="model is 'fair'"):
        starved_consumer.model("fair")
