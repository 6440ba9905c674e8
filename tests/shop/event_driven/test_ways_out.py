"""Ways out: what each loses, what each sends twice, and how long an event waits."""

from statistics import mean

import pytest

from archlab.shop.event_driven import EventDriven, EventDrivenConfig
from archlab.shop.event_driven.ways_out import NotPublished
from archlab.sim import Crash, Simulation

FIXED = {"order_cpu_s": 0.01, "query_s": 0.0005, "commit_s": 0.0003, "provider_s": 0.1, "publish_s": 0.0008}


def shop_of(way_out, seed=1, **changed):
    return EventDriven(Simulation(seed), EventDrivenConfig(way_out=way_out, **FIXED, **changed))


def commit_s(way_out):
    """When the first order of such a shop is stored."""
    shop = shop_of(way_out)
    shop.sim.start(shop.place_order(7, {1: 2}))
    while not shop.components["orders"].store.head:
        shop.sim.step()
    return shop.sim.now


def published(shop):
    return [
        record.value.event_id
        for number in range(16)
        for record in shop.topic.log.partition(number).read(0, 99)
    ]


@pytest.mark.parametrize("way_out", ["dual_write", "outbox", "log_tailing"])
@pytest.mark.parametrize("late_s", [-0.0001, 0.0001, 0.0004])
def test_only_a_dual_write_loses_an_order_and_only_between_its_two_writes(way_out, late_s):
    shop = shop_of(way_out)
    shop.sim.inject(Crash("orders-1", commit_s(way_out) + late_s, restart_after_s=1.0))
    shop.sim.start(shop.place_order(7, {1: 2}))
    shop.sim.run(until=30)
    stored = late_s > 0
    lost = way_out == "dual_write" and late_s == 0.0001
    assert shop.rows("orders").state.tolist() == ["pending" if lost else "placed"] * stored
    assert shop.audit().ok == (not lost)


def test_a_component_that_dies_between_its_two_writes_does_not_repeat_what_it_did_and_tells_nobody():
    shop = shop_of("dual_write")
    shop.sim.start(shop.place_order(7, {1: 2}))
    while not shop.components["inventory"].store.head:
        shop.sim.step()
    shop.sim.inject(Crash("inventory-1", shop.sim.now + 0.0001, restart_after_s=1.0))
    shop.sim.run(until=60)
    assert shop.parts["inventory reader-1"].is_up
    assert shop.rows("orders").state.tolist() == ["pending"]
    assert published(shop) == ["order-7-1"]


def test_a_broker_that_is_away_costs_the_customers_of_a_dual_write_their_orders_and_nobody_elses():
    told = {}
    for way_out in ("dual_write", "outbox", "log_tailing"):
        shop = shop_of(way_out)
        shop.sim.inject(Crash("shop events", at_s=0.0, restart_after_s=10.0))
        task = shop.sim.start(shop.place_order(7, {1: 2}))
        shop.sim.run(until=30)
        told[way_out] = (type(task.value).__name__, shop.rows("orders").state.tolist())
        assert shop.audit().ok
        assert shop.is_quiet()
    assert told == {
        "dual_write": (NotPublished.__name__, ["cancelled"]),
        "outbox": ("Order", ["placed"]),
        "log_tailing": ("Order", ["placed"]),
    }


def test_an_order_that_was_taken_back_can_be_sent_again():
    shop = shop_of("dual_write")
    shop.sim.inject(Crash("shop events", at_s=0.0, restart_after_s=1.0))
    shop.sim.start(shop.place_order(7, {1: 2}))
    shop.sim.run(until=5)
    assert shop.answer(shop.place_order(7, {1: 2})).state == "pending"
    shop.sim.run(until=15)
    types = [event.type for event in shop.components["orders"].store.read("order-7")]
    assert types == ["OrderPlaced", "OrderCancelled", "OrderPlaced", "OrderConfirmed"]
    assert shop.rows("orders").state.tolist() == ["placed"]
    assert shop.audit().ok


def test_a_relay_that_dies_after_publishing_publishes_again_and_nothing_is_done_twice():
    shop = shop_of("outbox", poll_s=0.1)
    shop.sim.start(shop.place_order(7, {1: 2}))
    while not shop.topic.log.appended:
        shop.sim.step()
    shop.sim.inject(Crash("orders relay", shop.sim.now + 0.0001, restart_after_s=1.0))
    shop.sim.run(until=30)
    assert published(shop).count("order-7-1") == 2
    assert len(shop.rows("payments")) == len(shop.rows("notifications")) == 1
    assert shop.audit().ok


def test_a_tailer_that_dies_goes_on_from_the_place_it_kept():
    shop = shop_of("log_tailing", keep_place_every_s=5.0)
    for number in range(10):
        shop.sim.call_at(float(number), lambda _, n=number: shop.sim.start(shop.place_order(n, {1: 1})))
    shop.sim.inject(Crash("orders tailer", at_s=9.5, restart_after_s=1.0))
    shop.sim.run(until=30)
    again = [event_id for event_id in set(published(shop)) if published(shop).count(event_id) > 1]
    kept_s = 5.0
    stored = shop.components["orders"].store.read_all()
    expected = {event.event_id for event in stored if kept_s + 0.1 < event.at_s < 9.5}
    assert expected <= set(again)
    assert len(again) <= len(expected) + 2
    assert shop.audit().ok


def waits_s(seed, poll_s):
    """How long each of 40 orders waits in the outbox of orders: from its commit to its publication."""
    shop = shop_of("outbox", seed, poll_s=poll_s)
    for number in range(40):
        shop.sim.call_at(0.37 * number, lambda _, n=number: shop.sim.start(shop.place_order(n, {1: 1})))
    shop.sim.run(until=30)
    records = [r for number in range(16) for r in shop.topic.log.partition(number).read(0, 999)]
    placed = [record for record in records if record.value.type == "OrderPlaced"]
    assert len(placed) == 40
    return [record.appended_s - record.value.at_s for record in placed]


@pytest.mark.parametrize("poll_s", [0.1, 0.4])
def test_an_event_waits_half_of_the_polling_interval_on_average(poll_s):
    """Plus what the statements of its transaction, the look of the relay and the publication take."""
    on_top_s = 5 * 0.0005 + 0.0003 + 0.0005 + 0.0008
    measured_s = mean(wait for seed in range(5) for wait in waits_s(seed, poll_s))
    assert measured_s == pytest.approx(poll_s / 2 + on_top_s, rel=0.08)


def test_a_tailer_waits_for_nothing_but_its_reading():
    shop = shop_of("log_tailing", tail_s=0.005)
    shop.sim.start(shop.place_order(7, {1: 2}))
    shop.sim.run(until=3)
    first = shop.topic.log.partition(shop.topic.log.partition_of("7")).read(0, 1)[0]
    assert first.appended_s == pytest.approx(commit_s("log_tailing") + 0.005 + 0.0008)
