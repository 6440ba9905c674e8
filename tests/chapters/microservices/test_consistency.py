"""Ways to place an order over several databases: what dies, what is undone or done later, and what comes twice."""

import math

import pytest

from archlab.chapters.microservices import code, consistency
from archlab.course.claims.rule import Evidence
from archlab.course.claims.verdict import Outcome
from archlab.shop.architecture import Assortment
from archlab.shop.crash_points import crash_points
from archlab.shop.day import run_day
from archlab.shop.domain import Order, OrderLine, OutOfStock, Payment, PaymentDeclined
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.monolithic.architecture import Monolith
from archlab.sim import Failure, Poisson, Simulation

KEYS = {"idempotency_keys": True}
WAYS = {"naive": {}, "saga_in_memory": KEYS, "saga_with_log": KEYS, "queue": {}, "stream": {}}


def shop_of(ordering, **changed):
    return Microservices(
        Simulation(seed=1), MicroservicesConfig(ordering=ordering, **WAYS[ordering] | changed)
    )


@pytest.fixture(scope="module")
def crashes():
    return consistency.crashes((*consistency.ORDERINGS, "queue", "stream"), points=9, seeds=[3])


@pytest.fixture(scope="module")
def plain():
    """The two plain ways to order, and the one with a log, with ten seeds."""
    return consistency.crashes((consistency.ONE_DATABASE, "naive", "saga_with_log"), points=6)


@pytest.fixture(scope="module")
def summary(crashes):
    return consistency.summary(crashes).set_index("design")


def exposed_by_part(crashes, design):
    table = crashes[crashes.design == design]
    return (table.groupby("part").exposed_ms.sum() > 0).to_dict()


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
    shop = shop_of("saga_in_memory")
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
    shop = shop_of("saga_in_memory")
    order = shop.answer(shop.place_order(7, {1: 2}))
    shop.sim.run(until=20)
    assert shop.rows("ledger").state.tolist() == ["captured"]
    payments, here = shop.services["payments"], shop.instances["payments-1"]
    payment = Payment(order.id, order.total_cents, authorisation=1)
    shop.answer(payments.serve(here, "forget", (payment,)))
    assert shop.rows("ledger").state.tolist() == ["voided"]
    assert len(shop.rows("payments")) == 0


def test_pieces_that_were_released_are_not_set_aside_by_a_call_that_comes_late():
    shop = shop_of("saga_in_memory")
    order = shop.answer(shop.place_order(7, {1: 2}))
    inventory, here = shop.services["inventory"], shop.instances["inventory-1"]
    for operation in ("release", "release", "reserve"):
        shop.answer(inventory.serve(here, operation, (order,)))
    assert (shop.rows("stock").on_hand == shop.rows("stock").initial).all()


@pytest.mark.parametrize("ordering", ["saga_in_memory", "saga_with_log"])
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
def test_a_saga_with_a_log_accepts_orders_while_a_service_is_away_and_finishes_them_when_it_is_back(part):
    shop = shop_of("saga_with_log")
    shop.instances[part].crash()
    orders = [shop.answer(shop.place_order(number, {1: 1})) for number in range(3)]
    assert {order.state.value for order in orders} == {"pending"}
    shop.instances[part].restart()
    shop.sim.run(until=shop.sim.now + 20)
    assert shop.rows("orders").state.tolist() == ["placed"] * 3
    assert len(shop.rows("notifications")) == 3
    assert shop.audit().ok


@pytest.mark.parametrize("ordering", ["saga_in_memory", "saga_with_log", "queue", "stream"])
def test_every_way_serves_a_usual_day_and_the_audit_is_content(ordering):
    config = MicroservicesConfig(ordering=ordering, idempotency_keys=True, declined=0.1)
    day = run_day(Microservices, config, Poisson(40), seed=2, duration_s=10, drain_s=60)
    assert day.audit.ok
    assert day.result.availability("browse") == 1.0


@pytest.mark.parametrize("ordering", ["saga_in_memory", "saga_with_log"])
def test_ways_that_repeat_or_undo_need_idempotency_keys(ordering):
    with pytest.raises(ValueError, match="idempotency_keys is False"):
        MicroservicesConfig(ordering=ordering)


def test_an_unknown_way_to_order_is_refused_at_once():
    with pytest.raises(ValueError, match="ordering is 'pigeon'"):
        MicroservicesConfig(ordering="pigeon")


def test_one_database_and_a_saga_with_a_log_survive_every_crash_and_the_others_do_not(summary):
    wrong = summary.crashes_with_anomaly
    assert wrong[["monolith", "saga with log"]].max() == 0
    assert wrong[["naive", "saga in memory", "queue", "stream"]].min() > 0


@pytest.mark.parametrize("design", ["saga_in_memory", "queue", "stream"])
def test_of_all_programs_that_take_part_only_the_death_of_the_sender_does_harm(crashes, design):
    found = exposed_by_part(crashes, design)
    assert len(found) == (3 if design == "saga_in_memory" else 5)
    assert [part for part, is_exposed in found.items() if is_exposed] == ["orders-1"]


def test_a_plain_order_is_broken_also_by_the_death_of_a_service_it_calls(plain):
    assert exposed_by_part(plain, "naive")["payments-1"]


def test_a_sender_that_dies_between_reservation_and_message_loses_pieces():
    config = MicroservicesConfig(ordering="queue", idempotency_keys=True, provider_s=0.005)
    found = crash_points(lambda sim: Microservices(sim, config), "orders-1", [0.006])
    assert found.stock_mismatches[0] > 0


def test_an_order_is_exposed_no_longer_when_the_payment_provider_is_slower(monkeypatch):
    monkeypatch.setitem(consistency.PARTS, "queue", ("orders-1",))
    near, far = (
        consistency.dying(1, "queue", points=24, provider_s=mean_s).exposed_ms.sum()
        for mean_s in (0.005, 0.025)
    )
    assert far == pytest.approx(near, rel=0.35)


def test_an_order_ends_when_it_is_paid_and_not_when_it_is_accepted(crashes):
    latest_s = crashes[crashes.part == "orders-1"].groupby("design").at_s.max()
    accepted_s = 0.012
    assert latest_s.min() > accepted_s
    assert latest_s.max() < 0.2


def test_a_year_of_kills_makes_one_wrong_order_at_the_limit(crashes):
    for design in ("naive", "queue"):
        exposed, limit = (
            consistency.exposed_ms(crashes, design),
            consistency.orders_per_s(crashes, design, "from"),
        )
        for ms, rate in zip(exposed.per_seed, limit.per_seed, strict=True):
            assert consistency.KILLS_A_YEAR * rate * ms / 1000 == pytest.approx(
                consistency.WRONG_ORDERS_A_YEAR
            )


def verdict_on(crashes, design):
    return consistency.consistency_challenges(
        consistency.orders_per_s(crashes, consistency.ONE_DATABASE, "from"),
        consistency.orders_per_s(crashes, design, "from"),
        consistency.orders_per_s(crashes, "saga_with_log", "from"),
    )


def test_consistency_is_a_challenge_for_plain_orders_and_not_with_a_log(crashes):
    found = verdict_on(crashes, "naive")
    assert found.outcome is Outcome.HOLDS_WHEN
    assert 0.5 < found.flips_at < 10
    assert "with a saga that keeps a log: never" in found.detail
    assert verdict_on(crashes, "saga_with_log").outcome is Outcome.DOES_NOT_HOLD
    assert verdict_on(crashes, consistency.ONE_DATABASE).outcome is Outcome.DOES_NOT_HOLD


def test_the_verdict_on_plain_orders_is_the_same_with_ten_seeds(plain):
    assert consistency.consistency_challenges(**consistency.half_orders(plain, plain)).is_stable
    assert max(consistency.orders_per_s(plain, "naive", "from").per_seed) < math.inf


def test_each_service_owns_its_data_and_the_modules_of_a_monolith_do_not():
    def verdict(shop):
        frame = code.replace_a_database(shop.tables, code.OWNERS)
        return consistency.decentralized_data(
            services_that_share_a_database=int((frame.services_to_change > 1).sum())
        )

    assert verdict(Microservices(Simulation(seed=1))).outcome is Outcome.HOLDS
    assert verdict(Monolith(Simulation(seed=1))).outcome is Outcome.DOES_NOT_HOLD
    assert consistency.decentralized_data.evidence is Evidence.BY_CONSTRUCTION


def test_orders_that_are_asked_for_again_are_charged_twice_without_keys_and_once_with():
    without, with_keys = (
        consistency.impatient(seed=1, attempts=2, idempotency_keys=keys, rate_per_s=3.0, duration_s=8.0)
        for keys in (False, True)
    )
    assert without["double_charges_percent"] == 100
    assert with_keys["double_charges_percent"] == 0
    assert with_keys["wrong_rows"] == 0


def test_messages_take_fewer_hops_and_the_customer_does_not_wait_for_the_provider():
    frame = consistency.latencies(["naive", "queue"], seeds=range(2)).set_index("ordering")
    assert frame.order_p50_ms["queue"] < frame.order_p50_ms["naive"] / 4
    assert frame.messages.to_dict() == {"naive": 14, "queue": 8}
