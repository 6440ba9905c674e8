"""Orders while payments is away: calls lose them, a queue and a stream pay them later, a stream without keys twice."""

import pytest

from archlab.chapters.microservices import communication
from archlab.course.claims.verdict import Outcome
from archlab.sim import Simulation

AWAY_S = 10.0


def by_message(way, idempotency_keys=True, also_down=()):
    return communication.outage(1, way, idempotency_keys, away_s=AWAY_S, settle_s=30.0, also_down=also_down)


@pytest.fixture(scope="module")
def by_call():
    return communication.outage(1, "call", away_s=AWAY_S)


@pytest.fixture(scope="module")
def with_keys():
    return {way: by_message(way) for way in ("queue", "stream")}


@pytest.fixture(scope="module")
def stream_without_keys():
    return by_message("stream", idempotency_keys=False)


def test_a_call_loses_every_order_that_comes_while_payments_is_away(by_call):
    assert by_call["lost_percent"] > 95
    assert by_call["wrong_rows"] == 0


@pytest.mark.parametrize("way", ["queue", "stream"])
def test_a_queue_and_a_stream_pay_every_order_that_came_while_payments_was_away(with_keys, way):
    found = with_keys[way]
    assert found["lost_percent"] == found["wrong_rows"] == 0
    assert found["paid_later_percent"] > 80
    assert AWAY_S - 1 < found["longest_wait_s"] < AWAY_S + 4


def test_what_a_stream_reads_again_is_what_it_had_not_committed(stream_without_keys):
    between_commits = 5.0 * communication.RATE_PER_S  # five seconds between commits
    assert 0 < stream_without_keys["double_charges"] <= 1.5 * between_commits


@pytest.mark.parametrize(
    ("way", "rule", "broker"),
    [
        ("queue", communication.message_queues, "payments queue"),
        ("stream", communication.event_streaming, "payments log"),
    ],
    ids=["queue", "stream"],
)
def test_messages_lose_no_order_unless_their_broker_is_away_too(by_call, with_keys, way, rule, broker):
    def verdict(found):
        return rule(by_call["lost_percent"], found["lost_percent"], found["wrong_rows"])

    assert verdict(with_keys[way]).outcome is Outcome.HOLDS
    assert verdict(by_message(way, also_down=[broker])).outcome is Outcome.DOES_NOT_HOLD


def test_a_stream_without_idempotency_keys_charges_twice_and_does_not_hold(stream_without_keys):
    lost_percent, wrong_rows = stream_without_keys["lost_percent"], stream_without_keys["wrong_rows"]
    assert stream_without_keys["double_charges"] > 0
    assert communication.event_streaming(100.0, lost_percent, wrong_rows).outcome is Outcome.DOES_NOT_HOLD


def test_what_dies_with_an_instance_starts_with_it():
    shop = communication.build(Simulation(seed=1), "queue", idempotency_keys=False)
    shop.sim.run(until=1)
    consumer = shop.parts["payments consumer"]
    shop.instances["payments-1"].crash()
    assert not consumer.sample()[3]
    shop.instances["payments-1"].restart()
    assert consumer.sample()[3]


def test_an_unknown_way_to_reach_payments_is_refused_at_once():
    with pytest.raises(ValueError, match="way is 'pigeon'"):
        communication.outage(1, "pigeon")
