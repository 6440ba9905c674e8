"""Components that share no call: one order through all of them, the same order twice, and whoever is away."""

import ast
from pathlib import Path

import pytest

import archlab.shop.event_driven.components as components
from archlab.shop.day import ORDERS_ONLY, run_day
from archlab.shop.domain import OrderState
from archlab.shop.event_driven import COMPONENTS, EventDriven, EventDrivenConfig
from archlab.shop.events import Event
from archlab.sim import Crash, Simulation, Trace

HAPPENED = ["OrderPlaced", "StockReserved", "PaymentAuthorised", "OrderConfirmed", "CustomerTold"]


def shop_of(seed=1, **changed):
    return EventDriven(Simulation(seed), EventDrivenConfig(**changed))


def events_of(shop, order_id=7):
    """All events that belong to an order, from all stores, in the order of time."""
    stores = [component.store for component in shop.components.values()]
    found = [event for store in stores for event in store.read_all()]
    return sorted((event for event in found if event.data.get("order_id") == order_id), key=lambda e: e.at_s)


def test_no_component_imports_another():
    folder = Path(components.__file__).parent
    for name in COMPONENTS:
        tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        others = {f"archlab.shop.event_driven.components.{other}" for other in COMPONENTS}
        assert imported & others == set(), name


@pytest.mark.parametrize("topic", ["log", "queue", "shards"])
@pytest.mark.parametrize("way_out", ["dual_write", "outbox", "log_tailing"])
def test_each_event_of_an_order_is_caused_by_the_one_before_and_all_belong_to_one_request(topic, way_out):
    shop = shop_of(topic=topic, way_out=way_out)
    assert shop.answer(shop.place_order(7, {1: 2, 3: 1})).state is OrderState.PENDING
    shop.sim.run(until=3)
    events = events_of(shop)
    assert [event.type for event in events] == HAPPENED
    assert [event.causation_id for event in events] == [None, *(event.event_id for event in events[:-1])]
    assert {event.correlation_id for event in events} == {"request-7"}
    assert shop.audit().ok


def test_an_order_that_cannot_be_paid_is_cancelled_and_its_pieces_go_back():
    shop = shop_of(declined=1.0)
    shop.answer(shop.place_order(7, {1: 2}))
    shop.sim.run(until=3)
    assert [event.type for event in events_of(shop)] == [
        "OrderPlaced",
        "StockReserved",
        "PaymentDeclined",
        "OrderCancelled",
        "StockReleased",
    ]
    assert shop.answer(shop.browse(1)).on_hand == shop.assortment.stock
    assert shop.finished_s[7] < 1.5


@pytest.mark.parametrize("way_out", ["dual_write", "outbox", "log_tailing"])
def test_an_order_that_is_sent_twice_is_one_order_whether_at_once_or_later(way_out):
    shop = shop_of(way_out=way_out)
    together = [shop.sim.start(shop.place_order(7, {1: 2})) for _ in range(3)]
    shop.sim.run(until=5)
    assert {task.value.id for task in together} == {7}
    assert shop.answer(shop.place_order(7, {1: 2})).state is OrderState.PLACED
    shop.sim.run(until=20)
    assert len(events_of(shop)) == len(HAPPENED)
    assert [len(shop.rows(table)) for table in ("orders", "payments", "ledger", "notifications")] == [1] * 4
    assert shop.audit().ok


def test_two_events_for_one_order_at_the_same_time_confirm_it_once():
    """The one that is slower finds another version of the stream, looks again, and sees that nothing is left to do."""
    shop = shop_of(idempotent=False, way_out="dual_write")
    orders = shop.components["orders"]
    shop.answer(shop.place_order(7, {1: 2}))
    data = {"order_id": 7, "amount_cents": 900, "authorisation": 1}
    paid = Event(1, "payment-7", 1, "PaymentAuthorised", data, 0.0, "request-7")
    for _ in range(2):
        shop.sim.start(orders.react(paid, 0))
    shop.sim.run(until=shop.sim.now + 0.05)
    assert [event.type for event in orders.store.read("order-7")] == ["OrderPlaced", "OrderConfirmed"]


def test_a_page_shows_the_stock_as_it_was_and_soon_as_it_is():
    shop = shop_of(poll_s=1.0)
    before = shop.answer(shop.browse(1)).on_hand
    shop.answer(shop.place_order(7, {1: 2}))
    while not shop.components["inventory"].store.head:
        shop.sim.step()
    assert shop.rows("stock").on_hand[0] == before - 2
    assert shop.answer(shop.browse(1)).on_hand == before
    shop.sim.run(until=shop.sim.now + 1.5)
    assert shop.answer(shop.browse(1)).on_hand == before - 2


AWAY = ["inventory-1", "payments-1", "notifications-1", "catalogue-1", "payment provider", "shop events"]


@pytest.mark.parametrize("part", AWAY)
@pytest.mark.parametrize("topic", ["log", "queue", "shards"])
def test_an_order_is_accepted_while_one_behind_it_is_away_for_a_minute_and_comes_right_after(part, topic):
    shop = shop_of(topic=topic)
    shop.sim.inject(Crash(part, at_s=1.0, restart_after_s=60.0))
    shop.sim.run(until=2)
    assert shop.answer(shop.place_order(7, {1: 2})).state is OrderState.PENDING
    shop.sim.run(until=60)
    assert (7 in shop.finished_s) == (part in ("notifications-1", "catalogue-1"))
    shop.sim.run(until=90)
    assert shop.rows("orders").state.tolist() == ["placed"]
    assert len(shop.rows("notifications")) == 1
    assert shop.is_quiet()
    assert shop.audit().ok


def done_s(**changed):
    """When an order that was placed at the start is done; never within nine seconds: None."""
    shop = shop_of(**changed)
    shop.answer(shop.place_order(7, {1: 2}))
    shop.sim.run(until=9)
    return shop.finished_s.get(7)


def test_an_order_through_shards_is_done_later_when_components_ask_than_when_they_are_sent_events():
    asked, sent = done_s(topic="shards"), done_s(topic="shards", shard_poll_s=None)
    assert done_s(topic="log") + 3 * 0.07 - 0.05 < sent < asked - 1


def test_components_that_ask_a_shard_more_often_than_it_answers_starve_one_another():
    assert done_s(topic="shards", shard_poll_s=0.2) is None


def test_a_component_works_on_one_event_of_each_shard_at_a_time():
    config = EventDrivenConfig(topic="shards", partitions=8)
    assert config.readers_of("orders") == config.readers_of("payments") == 8


def test_whoever_asks_is_turned_away_while_orders_itself_is_away():
    shop = shop_of()
    shop.instances["orders-1"].crash()
    task = shop.sim.start(shop.place_order(7, {1: 2}))
    shop.sim.run(until=1)
    assert not task.ok


def test_the_end_of_an_order_is_noted_for_the_measurement_of_the_whole():
    shop = shop_of()
    shop.answer(shop.place_order(0, {1: 1}))
    shop.sim.run(until=3)
    confirmed = next(event for event in events_of(shop, 0) if event.type == "OrderConfirmed")
    assert shop.finished_s[0] == pytest.approx(confirmed.at_s, abs=0.02)
    assert shop.finished_s[0] > confirmed.at_s


def test_the_time_to_the_end_of_an_order_is_that_to_the_mail():
    day = run_day(EventDriven, EventDrivenConfig(), Trace([1.0]), 1, 5, mix=ORDERS_ONLY, drain_s=5)
    told = day.result.end_to_end_s(50, "place_order")
    assert 0.1 < told < 2
    assert told > 10 * day.result.latency_s(50, "place_order")
