"""What the changed shops must do. `test_changed_source.py` lets it run on a copy of the package with the changes."""

from dataclasses import replace

import pytest

from archlab.shop.architecture import Assortment
from archlab.shop.domain import Refusal
from archlab.shop.event_driven import EventDriven, EventDrivenConfig
from archlab.shop.microservices import Microservices, MicroservicesConfig
from archlab.shop.microservices.gateway_checks import TokenCheck
from archlab.shop.microservices.tokens import issue
from archlab.shop.monolithic import Monolith, MonolithConfig
from archlab.sim import Simulation

KEY = "an example of a key, 32 bytes or more"
LARGEST_CENTS, MOST_ORDERS, HOUR_S, CENTS_A_POINT = 100_000, 3, 3600, 100


class ChangedMonolith:
    """A monolith, and how to order as somebody."""

    config = MonolithConfig()

    def __init__(self, **changed):
        self.shop = Monolith(Simulation(seed=1), replace(self.config, **changed))

    def place(self, order_id, basket, customer):
        return self.shop.place_order(order_id, basket, f"customer {customer}")

    def rows_of(self, function):
        return self.shop.database.connection


class ChangedServices(ChangedMonolith):
    """Services, whose gateway knows who orders by a token."""

    def __init__(self, ordering, protocol=None, **changed):
        sim = Simulation(seed=1)
        config = MicroservicesConfig(ordering=ordering, idempotency_keys=True, protocol=protocol)
        self.shop = Microservices(sim, replace(config, **changed))
        self.shop.gateway.checks.append(TokenCheck(sim, KEY))

    def place(self, order_id, basket, customer):
        who = {"subject": f"customer {customer}", "audience": "shop", "expires_at_s": 1e6}
        token = issue(KEY, scopes=["orders:write"], **who)
        return self.shop.gateway.serve("/orders", order_id, basket, token=token)

    def rows_of(self, function):
        return self.shop.services[function].database.connection


class ChangedComponents(ChangedMonolith):
    """Components, whose door passes on who orders."""

    def __init__(self, topic, **changed):
        config = EventDrivenConfig(topic=topic, poll_s=1.0)
        self.shop = EventDriven(Simulation(seed=1), replace(config, **changed))

    def place(self, order_id, basket, customer):
        return self.shop.web.serve("orders", "place", order_id, basket, customer)

    def rows_of(self, function):
        return self.shop.components[function].database.connection


CASES = {
    "monolithic": ChangedMonolith,
    "naive": lambda **changed: ChangedServices("naive", **changed),
    "saga with log": lambda **changed: ChangedServices("saga_with_log", **changed),
    "queue": lambda **changed: ChangedServices("queue", **changed),
    "by REST": lambda **changed: ChangedServices("saga_with_log", "rest", **changed),
    "events in a log": lambda **changed: ChangedComponents("log", **changed),
    "events in queues": lambda **changed: ChangedComponents("queue", **changed),
}


@pytest.fixture(params=CASES)
def build(request):
    return CASES[request.param]


def order(case, order_id, basket, customer):
    """Place an order, and wait until nothing is under way. Return why it was refused at once, or None."""
    try:
        case.shop.answer(case.place(order_id, basket, customer))
    except Refusal as refusal:
        return refusal.reason
    finally:
        case.shop.sim.run(until=case.shop.sim.now + 10)


def points(case):
    return dict(case.rows_of("loyalty").execute("SELECT order_id, points FROM points").fetchall())


def placed(case):
    orders = case.shop.rows("orders").query("state == 'placed'")
    return dict(zip(orders.order_id, orders.total_cents, strict=True))


def assert_points_are_those_of_placed_orders(case):
    assert points(case) == {id_: cents // CENTS_A_POINT for id_, cents in placed(case).items()}


def assert_nothing_is_left_of(case, order_id):
    """No money is held, no piece is set aside, no message was sent, and no points were earned."""
    shop = case.shop
    for table in ("payments", "notifications"):
        assert order_id not in set(shop.rows(table).order_id)
    assert set(shop.rows("ledger").query(f"order_id == {order_id}").state) <= {"voided"}
    assert order_id not in placed(case)
    assert order_id not in points(case)
    assert shop.audit().ok


def largest(case):
    """The most pieces of product 1 that one may order at a time."""
    return LARGEST_CENTS // case.shop.catalogue[0].price_cents


def test_every_placed_order_earns_points_and_its_customer_has_them(build):
    case = build()
    for order_id, customer in ((1, 5), (2, 5), (3, 6)):
        assert order(case, order_id, {order_id: 2}, customer) is None
    assert len(placed(case)) == 3
    assert_points_are_those_of_placed_orders(case)
    rows = case.rows_of("loyalty").execute("SELECT order_id, customer FROM points").fetchall()
    assert {order_id: str(customer)[-1] for order_id, customer in rows} == {1: "5", 2: "5", 3: "6"}


def test_an_order_that_is_refused_or_cancelled_has_no_points(build):
    case = build(assortment=Assortment(products=5, stock=3), declined=0.4)
    for order_id in range(1, 21):
        order(case, order_id, {1 + order_id % 5: 1}, customer=order_id)
    assert 0 < len(placed(case)) < 20
    assert_points_are_those_of_placed_orders(case)
    assert case.shop.audit().ok


def test_an_order_above_the_limit_is_refused_and_leaves_nothing(build):
    case = build()
    assert order(case, 1, {1: largest(case)}, customer=5) is None
    reason = order(case, 2, {1: largest(case) + 1}, customer=6)
    assert reason in ("suspected_fraud", None)
    assert set(placed(case)) == {1}
    assert_nothing_is_left_of(case, 2)
    assert case.shop.rows("stock").on_hand.min() == case.shop.assortment.stock - largest(case)


def test_the_fourth_order_of_a_customer_within_an_hour_is_refused_and_an_hour_later_it_is_not(build):
    case = build()
    for order_id in range(1, MOST_ORDERS + 2):
        order(case, order_id, {1: 1}, customer=5)
    assert set(placed(case)) == set(range(1, MOST_ORDERS + 1))
    assert_nothing_is_left_of(case, MOST_ORDERS + 1)
    assert order(case, 8, {1: 1}, customer=6) is None
    case.shop.sim.run(until=HOUR_S + 60)
    assert order(case, 9, {1: 1}, customer=5) is None
    assert set(placed(case)) == {1, 2, 3, 8, 9}
    assert_points_are_those_of_placed_orders(case)


@pytest.mark.parametrize("topic", ["log", "queue"])
def test_points_are_taken_back_when_an_order_is_cancelled_later_and_given_once_when_an_event_comes_twice(
    topic,
):
    case = ChangedComponents(topic)
    order(case, 7, {1: 2}, customer=5)
    before = points(case)
    told = {event.type: event for event in case.shop.components["orders"].store.read_all()}
    case.shop.topic.publish("7", told["OrderConfirmed"])
    case.shop.sim.run(until=20)
    assert points(case) == before == {7: case.shop.rows("orders").total_cents[0] // CENTS_A_POINT}
    cancelled = replace(told["OrderConfirmed"], type="OrderCancelled", version=3)
    case.shop.topic.publish("7", cancelled)
    case.shop.sim.run(until=30)
    assert points(case) == {}
