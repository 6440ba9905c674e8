"""Ways to place an order over several databases: what dies, what is undone or done later, and what comes twice."""

from dataclasses import replace
from functools import partial

import pytest

from archlab.chapters.microservices import code, consistency
from archlab.course.claims.verdict import Outcome
from archlab.shop.architecture import Assortment
from archlab.shop.crash_points import end_of_order_s
from archlab.shop.day import at_load, run_day
from archlab.shop.domain import Order, OrderLine, OutOfStock, Payment, PaymentDeclined
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, MicroservicesConfig
from archlab.shop.monolithic.architecture import Monolith
from archlab.sim import Failure, Poisson, Simulation

KEYS = {"idempotency_keys": True}
WAYS = {"naive": {}, "saga": KEYS, "outbox": KEYS, "queue": {}, "stream": {}}


def shop_of(ordering, **changed):
    return Microservices(
        Simulation(seed=1), MicroservicesConfig(ordering=ordering, **WAYS[ordering] | changed)
    )


@pytest.fixture(scope="module")
def crashes():
    return consistency.dying_orders(points=15, seeds=[3]).set_index("design")


@pytest.mark.parametrize("ordering", WAYS)
def test_every_way_ends_with_the_same_rows_when_nothing_breaks(ordering):
    shop = shop_of(ordering)
    shop.answer(shop.place_order(7, {1: 2, 3: 1}))
    shop.sim.run(until=20)
    assert shop.rows("orders").state.tolist() == ["placed"]
    assert shop.rows("stock").set_index("product").eval("initial - on_hand")[[1, 2, 3]].tolist() == [2, 0, 1]
    assert shop.rows("ledger").state.tolist() == ["captured"]
    assert len(shop.rows("notifications")) == 1
    assert shop.audit().ok


@pytest.mark.parametrize("ordering", WAYS)
def test_a_declined_payment_leaves_no_order_and_all_the_stock(ordering):
    shop = shop_of(ordering, declined=1.0)
    if ordering in ("queue", "stream"):
        assert shop.answer(shop.place_order(7, {1: 2})).state.value == "pending"
    else:
        with pytest.raises(PaymentDeclined):
            shop.answer(shop.place_order(7, {1: 2}))
    shop.sim.run(until=20)
    assert "placed" not in shop.rows("orders").state.tolist()
    assert (shop.rows("stock").initial == shop.rows("stock").on_hand).all()
    assert shop.audit().ok


def test_a_saga_undoes_what_was_done_also_while_a_service_is_away():
    shop = shop_of("saga")
    shop.parts["orders database"].crash()
    with pytest.raises(Failure):
        shop.answer(shop.place_order(7, {1: 2}))
    shop.instances["inventory-1"].crash()
    shop.sim.run(until=shop.sim.now + 5)
    assert (shop.rows("stock").on_hand < shop.rows("stock").initial).sum() == 1
    shop.instances["inventory-1"].restart()
    shop.sim.run(until=shop.sim.now + 5)
    assert (shop.rows("stock").on_hand == shop.rows("stock").initial).all()
    assert len(shop.rows("payments")) == 0
    assert shop.rows("ledger").state.tolist() == ["voided"]


def test_a_payment_that_was_taken_meanwhile_is_given_back():
    shop = shop_of("saga")
    order = shop.answer(shop.place_order(7, {1: 2}))
    shop.sim.run(until=20)
    assert shop.rows("ledger").state.tolist() == ["captured"]
    payments, here = shop.services["payments"], shop.instances["payments-1"]
    payment = Payment(order.id, order.total_cents, authorisation=1)
    shop.answer(payments.serve(here, "forget", (payment,)))
    assert shop.rows("ledger").state.tolist() == ["voided"]
    assert len(shop.rows("payments")) == 0


def test_pieces_that_were_released_are_not_set_aside_by_a_call_that_comes_late():
    shop = shop_of("saga")
    order = shop.answer(shop.place_order(7, {1: 2}))
    inventory, here = shop.services["inventory"], shop.instances["inventory-1"]
    for operation in ("release", "release", "reserve"):
        shop.answer(inventory.serve(here, operation, (order,)))
    assert (shop.rows("stock").on_hand == shop.rows("stock").initial).all()


@pytest.mark.parametrize("ordering", ["saga", "outbox"])
def test_an_order_whose_pieces_were_put_back_is_refused_when_it_comes_again(ordering):
    shop = shop_of(ordering, assortment=Assortment(stock=1))
    inventory, here = shop.services["inventory"], shop.instances["inventory-1"]
    order = Order(7, (OrderLine(product=1, quantity=2, unit_price_cents=450),))
    for _ in range(2):
        with pytest.raises(OutOfStock):
            shop.answer(shop.place_order(7, {1: 2}))
        shop.answer(inventory.serve(here, "release", (order,)))
    shop.sim.run(until=20)
    assert len(shop.rows("payments")) == 0
    assert shop.audit().anomalies == 0


@pytest.mark.parametrize("part", ["inventory-1", "payments-1", "notifications-1"])
def test_an_outbox_accepts_orders_while_a_service_is_away_and_finishes_them_when_it_is_back(part):
    shop = shop_of("outbox")
    shop.instances[part].crash()
    orders = [shop.answer(shop.place_order(number, {1: 1})) for number in range(3)]
    assert {order.state.value for order in orders} == {"pending"}
    shop.instances[part].restart()
    shop.sim.run(until=shop.sim.now + 20)
    assert shop.rows("orders").state.tolist() == ["placed"] * 3
    assert len(shop.rows("notifications")) == 3
    assert shop.audit().ok


@pytest.mark.parametrize("ordering", ["saga", "outbox", "queue", "stream"])
def test_every_way_serves_a_usual_day_and_the_audit_is_content(ordering):
    config = MicroservicesConfig(ordering=ordering, idempotency_keys=True, declined=0.1)
    day = run_day(Microservices, config, Poisson(40), seed=2, duration_s=10, drain_s=60)
    assert day.audit.ok
    assert day.result.availability("browse") == 1.0


@pytest.mark.parametrize("ordering", ["saga", "outbox"])
def test_ways_that_repeat_or_undo_need_idempotency_keys(ordering):
    with pytest.raises(ValueError, match="idempotency_keys is False"):
        MicroservicesConfig(ordering=ordering)


def test_an_unknown_way_to_order_is_refused_at_once():
    with pytest.raises(ValueError, match="ordering is 'pigeon'"):
        MicroservicesConfig(ordering="pigeon")


def test_an_outbox_leaves_no_crash_with_wrong_rows_and_a_saga_does(crashes):
    assert crashes.crashes_with_anomaly["outbox"] == 0
    assert 0 < crashes.crashes_with_anomaly["saga"] < crashes.crashes_with_anomaly["naive"]


def test_the_orders_of_the_crashes_end_near_each_other():
    config = replace(consistency.built_with("saga"), provider_s=consistency.NEAR_PROVIDER_S)
    assert 0.01 < end_of_order_s(partial(Microservices, config=config), 1) < 0.2


def test_consistency_is_a_challenge_for_plain_orders_and_not_with_an_outbox(crashes):
    monolith_percent = consistency.wrong_with_one_database_percent(points=12)

    def verdict(ordering):
        return consistency.consistency_challenges(
            wrong_with_one_database_percent=monolith_percent,
            wrong_with_three_percent=crashes.wrong_rows_percent[ordering],
        )

    assert verdict("naive").outcome is Outcome.HOLDS
    assert verdict("outbox").outcome is Outcome.DOES_NOT_HOLD


def test_each_service_owns_its_data_and_the_modules_of_a_monolith_do_not():
    day = run_day(
        Microservices, MICROSERVICES, at_load(0.2, MICROSERVICES), seed=1, duration_s=10, drain_s=30
    )

    def verdict(shop):
        frame = code.replace_a_database(shop.tables, code.OWNERS)
        return consistency.decentralized_data(
            services_that_share_a_database=int((frame.services_to_change > 1).sum()),
            anomalies_of_a_quiet_day=day.audit.anomalies,
        )

    assert verdict(Microservices(Simulation(seed=1))).outcome is Outcome.HOLDS
    assert verdict(Monolith(Simulation(seed=1))).outcome is Outcome.DOES_NOT_HOLD


def test_orders_that_are_asked_for_again_are_charged_twice_without_keys_and_once_with():
    without, with_keys = (
        consistency.impatient(seed=1, attempts=2, idempotency_keys=keys, rate_per_s=3.0, slow_s=8.0)
        for keys in (False, True)
    )
    assert without["double_charges_percent"] > 20
    assert with_keys["double_charges_percent"] == 0
    assert with_keys["wrong_rows"] == 0


def test_messages_take_fewer_hops_and_the_customer_does_not_wait_for_the_provider():
    frame = consistency.latencies(["naive", "queue"], seeds=range(2)).set_index("ordering")
    assert frame.order_p50_ms["queue"] < frame.order_p50_ms["naive"] / 4
    assert frame.messages.to_dict() == {"naive": 14, "queue": 8}
