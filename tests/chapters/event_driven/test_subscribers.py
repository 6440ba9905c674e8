"""Subscribers: laws beside simulation, and a verdict that can come out the other way."""

import numpy as np
import pytest

from archlab.chapters.event_driven import subscribers
from archlab.course.claims.verdict import Outcome
from archlab.data import load
from archlab.shop.day import ORDERS_ONLY
from archlab.shop.event_driven import EventDriven
from archlab.sim import Poisson, Simulation
from archlab.sim.messaging.broker import SEND_S, STORE_S


def p99_ms(way, count, events_per_s=subscribers.EVENTS_PER_S, events=1500):
    """Pooled over two seeds."""
    runs = [
        subscribers.publishing(seed, way, count, events_per_s, events)["p99_ms"].values for seed in (1, 2)
    ]
    return float(np.percentile(np.concatenate(runs), 99))


def test_answers_are_those_of_one_server_as_published():
    table = load("tail_at_scale").query("case == 'one random leaf'").set_index("figure").value
    assert subscribers.answer().percentile(50) == pytest.approx(table["p50"])
    assert subscribers.answer().percentile(99) == pytest.approx(table["p99"])
    assert subscribers.answer().percentile(95) == pytest.approx(table["p95"], rel=0.15)  # the shape is ours
    assert pytest.approx(10) == subscribers.USUAL_TAIL


def behind_percent(way, count, events=1000):
    return subscribers.publishing(1, way, count, events=events)["behind_percent"]


def test_a_log_leaves_the_publisher_alone_and_its_subscribers_fall_behind_when_its_broker_is_full():
    """The law says from which number on the broker cannot send what comes."""
    full = subscribers.bears(subscribers.EVENTS_PER_S)
    over = int(1.6 * full)
    assert p99_ms("log", over, events=400) == pytest.approx(p99_ms("log", 1, events=400), rel=0.1)
    assert behind_percent("log", int(0.8 * full)) < 6
    assert behind_percent("log", over) > 20


def test_a_copy_for_each_fills_the_broker_with_fewer_and_then_the_publisher_waits():
    full = subscribers.bears(subscribers.EVENTS_PER_S, copies=True)
    one = p99_ms("queue", 1)
    assert p99_ms("queue", int(0.8 * full)) < 1.1 * one
    assert behind_percent("queue", int(0.8 * full)) < 6
    assert p99_ms("queue", int(1.6 * full), events=1000) > 2 * one
    assert full < subscribers.bears(subscribers.EVENTS_PER_S)


@pytest.mark.parametrize(("way", "copies"), [("log", 1), ("queue", 4)])
def test_the_broker_is_as_busy_as_the_law_says(way, copies):
    busy = np.mean([subscribers.publishing(seed, way, 4, events=1000)["broker_percent"] for seed in (1, 2)])
    law = 100 * subscribers.EVENTS_PER_S * (copies * STORE_S + 4 * SEND_S) / 18
    assert busy == pytest.approx(law, rel=0.07)


def test_calls_in_parallel_wait_for_the_slowest_and_bear_what_the_formula_says():
    bear = subscribers.calls_bear()
    leaf = subscribers.answer()
    draws = leaf.sample(np.random.default_rng(5), 100_000 * (bear + 1)).reshape(100_000, bear + 1)
    limit = 2 * leaf.percentile(99)
    assert np.percentile(draws[:, :bear].max(axis=1), 99) < 1.02 * limit
    assert np.percentile(draws.max(axis=1), 99) > 0.98 * limit
    assert p99_ms("calls in parallel", 8, events=3000) == pytest.approx(
        2 * p99_ms("calls in parallel", 1, events=3000), rel=0.25
    )


def test_a_hedge_leaves_as_few_late_calls_as_the_formula_says():
    """Late beyond 8 ms, where draws are many enough to count; the verdict's limit is further out in the same tail."""
    leaf, rng = subscribers.answer(), np.random.default_rng(6)
    first_s, second_s = (leaf.sample(rng, 400_000) for _ in range(2))
    hedge_s = leaf.percentile(subscribers.HEDGE_AFTER_PERCENT)
    late = np.mean(np.minimum(first_s, hedge_s + second_s) > 0.008)
    formula = subscribers._late_share(leaf, 0.008) * subscribers._late_share(leaf, 0.008 - hedge_s)
    assert late == pytest.approx(formula, rel=0.05)
    hedged_ms = p99_ms("hedged calls", 1, events=3000)
    at = subscribers._late_share(leaf, hedged_ms / 1000)
    at *= subscribers._late_share(leaf, hedged_ms / 1000 - hedge_s)
    assert at == pytest.approx(0.01, rel=0.35)


def test_hedged_calls_bear_far_more_than_plain_ones_and_with_no_tail_all():
    assert subscribers.calls_bear(hedged=True) > 100 * subscribers.calls_bear()
    assert subscribers.calls_bear(1.01, hedged=True) == subscribers.MOST_SUBSCRIBERS
    assert subscribers.calls_bear(hedged=True, most=50) == 50


def test_the_law_of_the_broker_is_servers_over_demand():
    assert subscribers.most_events_per_s(5, cores=6) == pytest.approx(6 / (STORE_S + 5 * SEND_S))
    assert subscribers.most_events_per_s(5, copies=True, cores=6) == pytest.approx(
        6 / (5 * (STORE_S + SEND_S))
    )
    rate = subscribers.most_events_per_s(5, cores=6)
    assert subscribers.bears(0.999 * rate, cores=6) == 5
    assert subscribers.bears(1.001 * rate, cores=6) == 4
    assert subscribers.bears(1e9) == 0


@pytest.fixture(scope="module")
def figures():
    return subscribers.broker_figures()


def test_the_claim_holds_up_to_a_rate_that_real_systems_reach_and_ours_does_not(figures):
    verdict = subscribers.scalable(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert (
        subscribers.our_events_per_s() < verdict.flips_at < 821_557
    )  # what one producer of a published test wrote
    assert "a subscriber's answer" in verdict.detail


def test_with_answers_that_are_more_alike_hedged_calls_bear_as_many_and_the_claim_does_not_hold(
    figures, monkeypatch
):
    light = figures["tail_from"] * 0.95
    monkeypatch.setattr(
        subscribers, "answer", lambda tail=None, usual=subscribers.answer: usual(tail or light)
    )
    changed = subscribers.broker_figures()
    assert changed["hedged_calls_bear_subscribers"] > figures["log_bears_subscribers_at_our_rate"]
    verdict = subscribers.scalable(**{**changed, "tail_from": figures["tail_from"]})
    assert verdict.outcome is Outcome.DOES_NOT_HOLD


def test_at_the_tail_that_is_named_the_two_bear_the_same(figures):
    broker = int(figures["log_bears_subscribers_at_our_rate"])
    most = 10 * broker
    assert (
        subscribers.calls_bear(1.02 * figures["tail_from"], True, most)
        < broker
        < subscribers.calls_bear(0.98 * figures["tail_from"], True, most)
    )


def test_in_the_shop_ten_more_subscribers_change_no_customers_latency_and_nothing_of_the_publisher():
    def latencies_s(more):
        sim = Simulation(seed=3)
        shop = EventDriven(sim)
        told = []

        def note(event, reader):
            yield sim.timeout(0.010)
            told.append(event.event_id)

        for number in range(more):
            shop.topic.subscribe(f"analytics {number}", note, ["OrderPlaced"], readers=1, hosts=1)
        sim.open_load(Poisson(10.0), shop.handle, mix=ORDERS_ONLY)
        return sim.measure(4.0).latencies_s(), told

    alone_s, _ = latencies_s(0)
    among_s, told = latencies_s(10)
    assert len(told) > 9 * len(among_s)
    np.testing.assert_array_equal(alone_s, among_s)


def test_an_unknown_way_is_refused():
    with pytest.raises(ValueError, match="way"):
        subscribers.publishing(1, "pigeons", 1)
    with pytest.raises(ValueError, match="events_per_s"):
        subscribers.publishing(1, "log", 1, events_per_s=0)
