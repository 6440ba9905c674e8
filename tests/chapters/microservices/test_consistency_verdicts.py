"""The verdicts on data and messages come from the rows, and come out the other way when the shop is built otherwise."""

import pytest

from archlab.chapters import microservices_consistency as rules
from archlab.chapters.microservices import code, communication, consistency
from archlab.course.claims.verdict import Outcome
from archlab.shop.day import at_load, run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES
from archlab.shop.monolithic.architecture import Monolith
from archlab.sim import Simulation

HOLDS, DOES_NOT_HOLD = Outcome.HOLDS, Outcome.DOES_NOT_HOLD


def test_each_service_owns_its_data_and_the_modules_of_a_monolith_do_not():
    day = run_day(
        Microservices, MICROSERVICES, at_load(0.2, MICROSERVICES), seed=1, duration_s=10, drain_s=30
    )

    def verdict(shop):
        frame = code.replace_a_database(shop.tables, code.OWNERS)
        return rules.decentralized_data(
            services_that_share_a_database=int((frame.services_to_change > 1).sum()),
            anomalies_of_a_quiet_day=day.audit.anomalies,
        )

    assert verdict(Microservices(Simulation(seed=1))).outcome is HOLDS
    assert verdict(Monolith(Simulation(seed=1))).outcome is DOES_NOT_HOLD


def test_consistency_is_a_challenge_for_plain_orders_and_not_with_an_outbox():
    monolith_percent = consistency.wrong_with_one_database_percent(points=12)
    table = consistency.dying_orders(["naive", "outbox"], points=12, seeds=[1]).set_index("design")

    def verdict(ordering):
        return rules.consistency_challenges(
            wrong_with_one_database_percent=monolith_percent,
            wrong_with_three_percent=table.wrong_rows_percent[ordering],
        )

    assert verdict("naive").outcome is HOLDS
    assert verdict("outbox").outcome is DOES_NOT_HOLD


@pytest.mark.parametrize(
    ("way", "rule", "broker"),
    [
        ("queue", rules.message_queues, "payments queue"),
        ("stream", rules.event_streaming, "payments log"),
    ],
)
def test_messages_lose_no_order_unless_their_broker_is_away_too(way, rule, broker):
    called = communication.outage(1, "call", away_s=10.0)

    def verdict(**parameters):
        found = communication.outage(1, way, True, away_s=10.0, settle_s=30.0, **parameters)
        return rule(called["lost_percent"], found["lost_percent"], found["wrong_rows"])

    assert verdict().outcome is HOLDS
    assert verdict(also_down=[broker]).outcome is DOES_NOT_HOLD


def test_a_stream_without_idempotency_keys_charges_twice_and_does_not_hold():
    found = communication.outage(1, "stream", idempotency_keys=False, away_s=10.0, settle_s=30.0)
    assert found["double_charges"] > 0
    assert rules.event_streaming(100.0, found["lost_percent"], found["wrong_rows"]).outcome is DOES_NOT_HOLD
