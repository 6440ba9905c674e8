"""Accepted is not done: how long an order takes until it is, and what that goes into."""

import pytest

from archlab.chapters.event_driven import latency
from archlab.shop.config import PROVIDER_S
from archlab.shop.event_driven import EVENT_DRIVEN


@pytest.fixture(scope="module")
def runs():
    return latency.compared(seeds=range(6))


@pytest.fixture(scope="module")
def medians(runs):
    return {name: frame.latency_s.median() for name, frame in runs.items()}


@pytest.fixture(scope="module")
def changed():
    return latency.what_decides(range(5)).set_index("design").done_ms


def test_both_shops_cost_the_same_within_a_twentieth():
    ours, monolith = (latency.price_per_hour_usd(design) for design in latency.DESIGNS)
    assert ours == pytest.approx(monolith, rel=0.05)


def test_the_answer_comes_before_the_monoliths_and_the_end_after_it(medians):
    assert medians["accepted"] < 0.02
    assert medians["accepted"] < medians["monolith"] / 5
    assert medians["monolith"] == pytest.approx(PROVIDER_S.median, rel=0.3)
    assert medians["done"] > 2 * medians["monolith"]


def test_a_tailer_spares_half_a_look_of_the_relay_at_each_of_four_steps(changed):
    spared_ms = changed["as it is"] - changed["a tailer instead of relays"]
    assert spared_ms == pytest.approx(4 * 1000 * 0.1 / 2, rel=0.2)


def test_the_relays_decide_more_than_the_provider_and_the_cores_nothing(changed):
    provider_ms = changed["as it is"] - changed["a provider that answers at once"]
    assert 0.6 * 1000 * PROVIDER_S.median < provider_ms < 1.6 * 1000 * PROVIDER_S.mean
    assert changed["as it is"] - changed["a tailer instead of relays"] > 1.5 * provider_ms
    assert (changed["as it is"] - changed["a tailer instead of relays"]) / 2 == pytest.approx(
        provider_ms, abs=25
    )
    assert changed["twice the cores"] == pytest.approx(changed["as it is"], rel=0.1)


def test_in_a_rush_the_answer_stays_quick_and_done_comes_later(medians):
    rush = latency.orders(orders_per_s=latency.RUSH_PER_S, duration_s=latency.RUSH_FOR_S)
    assert rush.latency_s.median() < 0.05
    assert rush.end_to_end_s.median() > 1.3 * medians["done"]
    assert (rush.end_to_end_s > 1.0).mean() > 0.1
    monolith = latency.orders("monolith", latency.RUSH_PER_S)
    assert monolith.latency_s.median() == pytest.approx(medians["monolith"], rel=0.15)


def test_the_rush_is_more_than_payments_can_do_and_less_than_orders_can_accept():
    capacity = EVENT_DRIVEN.capacity_per_s({"place_order": 1.0})
    assert capacity["payments readers"] < latency.RUSH_PER_S < capacity["orders database"]
    assert capacity["payments readers"] == pytest.approx(129, abs=1)


def test_who_looks_early_finds_his_order_pending(runs):
    shares = [latency.pending_percent(runs["done"], after_s) for after_s in (0.1, 0.4, 2.0)]
    assert shares[0] > 95
    assert shares[0] > shares[1] > shares[2] == 0
