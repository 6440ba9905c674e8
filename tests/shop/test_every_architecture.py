"""The contract: what every architecture of the shop keeps to, in every configuration that the table names.

A new architecture is added to the table, and nowhere else.
"""

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import archlab.shop
from archlab.data import DATA
from archlab.shop.architecture import SHOP_MIX, Architecture, Assortment
from archlab.shop.config import ShopConfig
from archlab.shop.cqrs import Cqrs, CqrsConfig
from archlab.shop.day import ORDERS_ONLY, run_shop
from archlab.shop.domain import NotFound, OrderState, OutOfStock, PaymentDeclined, PaymentState, Refusal
from archlab.shop.event_driven import PROGRAMS as COMPONENTS_AND_DOOR
from archlab.shop.event_driven import EventDriven, EventDrivenConfig
from archlab.shop.layered import Layered, LayeredConfig
from archlab.shop.microservices import Microservices, MicroservicesConfig
from archlab.shop.microservices.config import PROGRAMS
from archlab.shop.monolithic import Monolith, MonolithConfig
from archlab.shop.serverless import FUNCTIONS, Serverless, ServerlessConfig
from archlab.shop.store import OrderStatus
from archlab.sim import Crash, Exponential, Mix, Poisson, Simulation, SlowDown, Trace
from archlab.sim.load import Request


@dataclass(frozen=True)
class Case:
    """One architecture in one configuration.

    whole: it promises that an order is whole or not there, whatever crashes.
    pending: an order is written down before it is sure. A refused one stays there as cancelled.
    eventual: questions may be answered with an old state, and the audit counts how often.
    dearer_than: the case of the same architecture that runs on less.
    """

    architecture: Callable[..., Architecture]
    config: ShopConfig
    whole: bool = False
    pending: bool = False
    eventual: bool = False
    dearer_than: str | None = None

    def shop(self, seed=1, **changed):
        return self.architecture(Simulation(seed), config=replace(self.config, **changed))

    def day(self, load, duration_s, seed=1, mix=SHOP_MIX, **changed):
        """A day of this shop, at whose end the doors are closed until nothing is under way, and the shop."""
        shops = []

        def build(sim):
            shops.append(self.architecture(sim, config=replace(self.config, **changed)))
            return shops[0]

        return run_shop(build, load, seed=seed, duration_s=duration_s, mix=mix), shops[0]


KEYS = {"idempotency_keys": True}
COPIES = {"instances": dict.fromkeys(PROGRAMS, 2) | {"catalogue": 3}}
TWO_OF_EACH = {"instances": dict.fromkeys(COMPONENTS_AND_DOOR, 2) | {"catalogue": 3}}
EVENTS = {"whole": True, "pending": True}
FEWER = {"readers": {"payments": 6}}
"""Readers, each of which the storm below will kill."""

SAME_START = {"init_s": 0.2, "keep_alive_s": 10.0}
"""Every cold start takes as long as the last one, and who comes after a quiet time has one."""

CASES = {
    "monolithic": Case(Monolith, MonolithConfig(), whole=True),
    "monolithic-copies": Case(Monolith, MonolithConfig(clones=3), whole=True, dearer_than="monolithic"),
    "monolithic-calls": Case(Monolith, MonolithConfig(calls="network"), whole=True),
    "microservices": Case(Microservices, MicroservicesConfig()),
    "microservices-copies": Case(Microservices, MicroservicesConfig(**COPIES), dearer_than="microservices"),
    "microservices-saga-in-memory": Case(
        Microservices, MicroservicesConfig(ordering="saga_in_memory", **KEYS)
    ),
    "microservices-saga-with-log": Case(
        Microservices, MicroservicesConfig(ordering="saga_with_log", **KEYS), whole=True, pending=True
    ),
    "microservices-queue": Case(Microservices, MicroservicesConfig(ordering="queue", **KEYS), pending=True),
    "microservices-stream": Case(Microservices, MicroservicesConfig(ordering="stream", **KEYS), pending=True),
    "microservices-rest": Case(Microservices, MicroservicesConfig(protocol="rest")),
    "microservices-grpc": Case(Microservices, MicroservicesConfig(protocol="grpc")),
    "event-driven": Case(EventDriven, EventDrivenConfig(**FEWER), **EVENTS),
    "event-driven-copies": Case(
        EventDriven, EventDrivenConfig(**TWO_OF_EACH, **FEWER), **EVENTS, dearer_than="event-driven"
    ),
    "event-driven-log-tailing": Case(
        EventDriven, EventDrivenConfig(way_out="log_tailing", **FEWER), **EVENTS
    ),
    "event-driven-queue": Case(EventDriven, EventDrivenConfig(topic="queue"), **EVENTS),
    "event-driven-shards": Case(EventDriven, EventDrivenConfig(topic="shards", partitions=2), **EVENTS),
    "event-driven-dual-write": Case(
        EventDriven, EventDrivenConfig(way_out="dual_write", topic="queue"), pending=True
    ),
    "cqrs": Case(Cqrs, CqrsConfig(), whole=True, eventual=True),
    "cqrs-copies": Case(
        Cqrs,
        CqrsConfig(instances={"commands": 2, "queries": 3}, database_cores=4),
        whole=True,
        eventual=True,
        dearer_than="cqrs",
    ),
    "cqrs-one-model": Case(Cqrs, CqrsConfig(models="one"), whole=True),
    "cqrs-replicas": Case(Cqrs, CqrsConfig(models="replicas", replicas=2), whole=True, eventual=True),
    "cqrs-same-database": Case(Cqrs, CqrsConfig(models="same database"), whole=True),
    "layered": Case(Layered, LayeredConfig(), whole=True),
    "layered-copies": Case(Layered, LayeredConfig(instances={"shop": 3}), whole=True, dearer_than="layered"),
    "layered-tiers": Case(
        Layered,
        LayeredConfig(tiers="three tiers", instances={"web": 2, "app": 2, "data": 2}),
        whole=True,
        dearer_than="layered",
    ),
    "layered-one-call": Case(Layered, LayeredConfig(tiers="three tiers", chatty=False), whole=True),
    "layered-two-tiers": Case(Layered, LayeredConfig(tiers="two tiers"), whole=True),
    "layered-key-value": Case(Layered, LayeredConfig(storage="key-value"), whole=True),
    "serverless": Case(Serverless, ServerlessConfig(**SAME_START)),
    "serverless-keys": Case(Serverless, ServerlessConfig(**SAME_START, **KEYS), whole=True, pending=True),
    "serverless-provisioned": Case(Serverless, ServerlessConfig(provisioned=dict.fromkeys(FUNCTIONS, 8))),
    "serverless-pool": Case(
        Serverless,
        ServerlessConfig(**SAME_START, **KEYS, connection_pool=True),
        whole=True,
        pending=True,
        dearer_than="serverless",
    ),
}
"""What the contract is tried on. Every architecture has a small case, and one that runs on more."""

ARCHITECTURES = {path.parent.name for path in Path(archlab.shop.__file__).parent.glob("*/architecture.py")}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    return CASES[request.param]


def test_the_table_names_every_architecture_small_and_large():
    assert {case.architecture.name for case in CASES.values()} == ARCHITECTURES
    assert {case.architecture.name for case in CASES.values() if case.dearer_than} == ARCHITECTURES


# One order


def answer(shop, use_case, within_s=60.0):
    """The answer to one use case. It is an error, and not a test that hangs, when none comes."""

    def wait():
        return (yield shop.sim.deadline(shop.sim.start(use_case), within_s))

    return shop.answer(wait())


def records(shop, table, *columns):
    """These columns of all rows of a table, in their order."""
    return sorted(shop.rows(table)[list(columns)].itertuples(index=False, name=None))


def prices_of(shop):
    return {product.id: product.price_cents for product in shop.catalogue}


def test_an_order_is_paid_for_and_read_back_and_its_rows_agree(case):
    shop = case.shop(settle_every_s=20.0)
    prices = prices_of(shop)
    total = 2 * prices[1] + prices[3]
    order = answer(shop, shop.place_order(7, {1: 2, 3: 1}))
    assert (order.id, order.total_cents) == (7, total)
    for until_s, payment in ((10, PaymentState.AUTHORISED), (50, PaymentState.CAPTURED)):
        shop.sim.run(until=until_s)
        assert answer(shop, shop.track_order(7)) == OrderStatus(7, OrderState.PLACED, total, payment)
        assert records(shop, "orders", "order_id", "state", "total_cents") == [(7, "placed", total)]
        assert records(shop, "order_lines", "order_id", "product", "quantity", "unit_price_cents") == [
            (7, 1, 2, prices[1]),
            (7, 3, 1, prices[3]),
        ]
        money = ("order_id", "amount_cents", "state", "authorisation")
        assert records(shop, "payments", *money) == records(shop, "ledger", *money)
        assert records(shop, "ledger", *money[:3]) == [(7, total, payment.value)]
    assert answer(shop, shop.browse(1)).on_hand == shop.assortment.stock - 2
    text = f"Order 7: 3 items, {total / 100:.2f} in total. Thank you."
    assert records(shop, "notifications", "order_id", "text") == [(7, text)]
    assert shop.is_quiet()
    assert shop.audit().ok


REFUSED = {
    "an unknown product": ({}, {1: 1, 999: 1}, NotFound),
    "more than there is": ({"assortment": Assortment(products=5, stock=3)}, {1: 2, 2: 4}, OutOfStock),
    "a declined payment": ({"declined": 1.0}, {1: 2, 3: 1}, PaymentDeclined),
}


def told(shop, basket):
    """What the customer is told about order 7: the order as it stands, or why there is none."""
    try:
        return answer(shop, shop.place_order(7, basket))
    except Refusal as refusal:
        return refusal


@pytest.mark.parametrize("why", REFUSED)
def test_a_refused_order_leaves_no_trace(case, why):
    changed, basket, refusal = REFUSED[why]
    shop = case.shop(**changed)
    outcome = told(shop, basket)
    assert type(outcome) is refusal or (case.pending and outcome.state == OrderState.PENDING)
    shop.sim.run(until=30)
    assert set(shop.rows("orders").state) <= {"cancelled"}
    assert set(shop.rows("ledger").state) <= {"voided"}
    assert set(shop.rows("stock").on_hand) == {shop.assortment.stock}
    kept = {"orders", "order_lines"} if case.pending else set()
    rows = {table: len(shop.rows(table)) for table in shop.tables}
    assert {table for table, count in rows.items() if count} - kept == {"products", "stock"}
    assert shop.is_quiet()
    assert shop.audit().ok


@pytest.mark.parametrize("use_case", ["browse", "track_order"])
def test_what_is_not_there_is_not_found(case, use_case):
    shop = case.shop()
    with pytest.raises(NotFound, match="999"):
        answer(shop, getattr(shop, use_case)(999))


# A day


def is_right(case, found):
    """Whether the audit found nothing that the case does not allow."""
    return (replace(found, stale_reads=0) if case.eventual else found).ok


def totals_of(shop):
    """The money and the pieces of the orders that count: order -> cents, product -> pieces, from lines and prices."""
    prices, cents, pieces = prices_of(shop), Counter(), Counter()
    counts = {order for order, state in records(shop, "orders", "order_id", "state") if state != "cancelled"}
    for order, product, quantity in records(shop, "order_lines", "order_id", "product", "quantity"):
        if order in counts:
            cents[order] += quantity * prices[product]
            pieces[product] += quantity
    assert set(cents) == counts
    return cents, pieces


def money_at_the_provider(shop, *states):
    """Order -> cents, of each entry in one of these states: two entries for one order are two pairs."""
    entries = records(shop, "ledger", "order_id", "amount_cents", "state")
    return [(order, amount) for order, amount, state in entries if state in states]


def assert_money_and_stock_add_up(shop, provider=("captured",)):
    """Pieces at the start are on hand or in an order that counts. Each such order was paid for, once."""
    cents, pieces = totals_of(shop)
    stock = {
        product: left + pieces[product] for product, left in records(shop, "stock", "product", "on_hand")
    }
    assert stock == dict.fromkeys(prices_of(shop), shop.assortment.stock)
    assert shop.rows("stock").on_hand.min() >= 0
    owed = sorted(cents.items())
    assert money_at_the_provider(shop, *provider) == owed
    assert records(shop, "payments", "order_id", "amount_cents") == owed
    orders = records(shop, "orders", "order_id", "total_cents", "state")
    assert [(order, total) for order, total, state in orders if state == "placed"] == owed


def assert_customers_were_told_the_truth(shop):
    """Who was told that an order is placed has it, or was told later that it is cancelled. Nobody else has one."""
    cents, _ = totals_of(shop)
    cancelled = set(shop.rows("orders").query("state == 'cancelled'").order_id)
    assert set(shop.receipts.acknowledged) - cancelled == set(cents)
    assert records(shop, "notifications", "order_id") == [(order,) for order in sorted(cents)]


QUIET = {"load": Poisson(150), "duration_s": 4, "seed": 5, "settle_every_s": 1.0}
"""A day on which nothing breaks and nothing is refused, with money taken while orders come in."""


@pytest.fixture(scope="module")
def quiet_day(case):
    return case.day(**QUIET)


HELD_OR_TAKEN = ("authorised", "captured")


def test_money_and_stock_add_up_after_a_quiet_day(case, quiet_day):
    day, shop = quiet_day
    assert_money_and_stock_add_up(shop, HELD_OR_TAKEN)
    assert_customers_were_told_the_truth(shop)
    assert day.result.requests.outcome.isin(["ok", "unfinished"]).all()
    assert day.audit.orders > 40
    assert is_right(case, day.audit)
    assert (day.audit.in_flight_orders, day.audit.unsettled_payments) == (0, 0)


def test_money_and_stock_add_up_after_a_day_with_declined_payments(case):
    day, shop = case.day(Poisson(60), duration_s=3, mix=ORDERS_ONLY, declined=0.3)
    assert_money_and_stock_add_up(shop, HELD_OR_TAKEN)
    assert_customers_were_told_the_truth(shop)
    assert 0 < day.audit.orders < 0.9 * day.result.arrived
    assert is_right(case, day.audit)


def test_money_and_stock_add_up_after_a_day_on_which_everything_is_sold(case):
    few = Assortment(products=5, stock=30)
    day, shop = case.day(
        Poisson(100), duration_s=5, mix=ORDERS_ONLY, assortment=few, declined=0.1, workers=64
    )
    assert_money_and_stock_add_up(shop)
    assert_customers_were_told_the_truth(shop)
    assert shop.rows("stock").on_hand.min() == 0
    cancelled = (shop.rows("orders").state == "cancelled").sum()
    assert day.result.outcomes().get("out_of_stock", 0) + cancelled > 0.4 * day.result.arrived
    assert is_right(case, day.audit)


def contents(shop, leave_out=()):
    """Every row of every table and of the ledger."""
    frames = {table: shop.rows(table) for table in (*shop.tables, "ledger")}
    own = {table: frame.drop(columns=list(leave_out), errors="ignore") for table, frame in frames.items()}
    return {table: sorted(frame.itertuples(index=False, name=None)) for table, frame in own.items()}


WHO_WAS_FIRST = ("payment_id", "authorisation", "notification_id")
"""Columns that only count."""


@pytest.fixture(scope="module")
def rows_of_the_first_case():
    _, shop = next(iter(CASES.values())).day(**QUIET)
    return contents(shop, WHO_WAS_FIRST)


def test_the_same_customers_leave_the_same_rows_in_every_architecture(quiet_day, rows_of_the_first_case):
    assert contents(quiet_day[1], WHO_WAS_FIRST) == rows_of_the_first_case


# Faults


FIXED = {
    "browse_cpu_s": 0.005,
    "order_cpu_s": 0.010,
    "track_cpu_s": 0.0025,
    "query_s": 0.0005,
    "commit_s": 0.0003,
    "provider_s": 0.1,
    "settle_every_s": 1e6,
}
"""Service times without luck, and nobody who takes money meanwhile."""

SLOW_ROWS = {
    "query_s": Exponential(0.010),
    "commit_s": Exponential(0.005),
    "settle_every_s": 1.0,
    "health_check_s": 0.2,
}
"""Rows that take long to read and to write, so that crashes find orders half-way."""


def able_to(shop, ability):
    return [name for name, part in shop.parts.items() if hasattr(part, ability)]


def is_up(shop, name):
    return shop.parts[name].sample()[3]


class Storm:
    """A shop after a day on which every part that can crash did so, one after the other, while orders came in."""

    RATE_PER_S = 12.0
    STEP_S, CRASH_AT_S, DOWN_S = 1.0, 0.3, 0.4
    CALM_S, REST_S = 5.0, 60.0

    def __init__(self, case, seed=1):
        self.shop = shop = case.shop(seed, **SLOW_ROWS)
        self.names = able_to(shop, "crash")
        self.was_up = {name: [] for name in self.names}
        for number, name in enumerate(self.names):
            self._crash(name, number * self.STEP_S)
        self.calm_s = len(self.names) * self.STEP_S
        times_s = np.arange(0, self.calm_s + self.CALM_S, 1 / self.RATE_PER_S)
        mix = Mix(browse=0.2, place_order=0.6, track_order=0.2)
        shop.sim.open_load(Trace(times_s.tolist()), shop.handle, mix)
        self.result = shop.sim.measure(self.calm_s + self.CALM_S + self.REST_S)

    def _crash(self, name, start_s):
        """Let a part crash, and look at it while it is down and when it is back."""
        sim, at_s = self.shop.sim, start_s + self.CRASH_AT_S
        sim.inject(Crash(name, at_s, self.DOWN_S))
        for look_s in (at_s + self.DOWN_S / 2, at_s + 1.5 * self.DOWN_S):
            sim.call_at(look_s, lambda _: self.was_up[name].append(is_up(self.shop, name)))

    def numbers(self):
        """All that a run says, as text."""
        rows = {table: self.shop.rows(table).to_csv() for table in (*self.shop.tables, "ledger")}
        parts = {name: part.totals() for name, part in self.shop.parts.items()}
        return rows | {"requests": self.result.requests.to_csv(), "parts": str(parts)}


@pytest.fixture(scope="module")
def storm(case):
    return Storm(case)


def test_a_fault_finds_every_part(case):
    shop = case.shop()
    assert set(able_to(shop, "crash")) | set(able_to(shop, "slow_down")) == set(shop.parts)


def test_every_part_that_crashes_is_down_and_comes_back(storm):
    assert storm.was_up == {name: [False, True] for name in storm.names}
    assert all(is_up(storm.shop, name) for name in storm.shop.parts)


def test_customers_are_served_again_when_every_part_has_crashed_once(storm):
    requests = storm.result.requests
    assert (requests.outcome != "ok").any()
    assert (requests.outcome[requests.arrived_s > storm.calm_s] == "ok").all()


def test_no_order_that_a_customer_was_told_of_is_missing_whatever_crashes(storm):
    told, there = set(storm.shop.receipts.acknowledged), set(storm.shop.rows("orders").order_id)
    assert len(told) > 20
    assert told <= there
    assert storm.shop.audit().missing_orders == 0


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.whole])
def test_no_crash_leaves_half_an_order_where_that_is_the_promise(name):
    for seed in (2, 3):
        shop = Storm(CASES[name], seed).shop
        assert_money_and_stock_add_up(shop)
        assert set(shop.receipts.acknowledged) <= set(totals_of(shop)[0])
        assert shop.is_quiet()
        assert is_right(CASES[name], shop.audit())


def test_a_part_that_was_down_has_lost_no_row(case):
    shop = case.shop()
    orders = {7: {1: 1}, 8: {2: 3, 5: 1}}
    for number, basket in orders.items():
        answer(shop, shop.place_order(number, basket))
    shop.sim.run(until=20)
    before = contents(shop)
    assert len(before["orders"]) == len(before["ledger"]) == 2
    for name in able_to(shop, "crash"):
        shop.sim.inject(Crash(name, shop.sim.now, restart_after_s=1))
        shop.sim.run(until=shop.sim.now + 2)
        assert contents(shop) == before, name
    shop.sim.run(until=shop.sim.now + 10)
    for number in orders:
        assert answer(shop, shop.track_order(number)).payment == PaymentState.CAPTURED


def durations_s(shop, order_id):
    """How long a page, an order and a look at it take, one after the other."""
    found = []
    for use_case in (shop.browse(1), shop.place_order(order_id, {1: 1}), shop.track_order(7)):
        began_s = shop.sim.now
        answer(shop, use_case)
        found.append(shop.sim.now - began_s)
        shop.sim.run(until=shop.sim.now + 1.0)  # what follows the rows elsewhere has time to do so
    return np.array(found)


def test_a_slow_down_of_all_that_can_be_slow_is_felt_by_everybody_and_ends(case):
    shop = case.shop(**FIXED)
    usual_s = durations_s(shop, order_id=7)
    faults = [SlowDown(name, at_s=20, for_s=60, factor=20) for name in able_to(shop, "slow_down")]
    shop.sim.inject(*faults)
    shop.sim.run(until=25)
    slow_s = durations_s(shop, order_id=8)
    assert shop.sim.now < 80
    shop.sim.run(until=100)
    assert (slow_s > 3 * usual_s).all()
    assert (durations_s(shop, order_id=9) <= 1.01 * usual_s).all()


# The same again


def test_the_same_seed_gives_the_same_numbers_whatever_ran_before_and_another_seed_others(case, storm):
    other, again = Storm(case, seed=2).numbers(), Storm(case).numbers()
    assert again == storm.numbers()
    assert {name for name in again if again[name] == other[name]} == set()


# Picture and price


KINDS = {"client", "process", "module", "function", "database", "external"}
KINDS |= {"balancer", "gateway", "queue", "broker"}
"""The kinds of nodes that a figure has a shape for."""

NOT_SIMULATED = {"client", "balancer"}
"""The kinds that need no part."""


def test_the_picture_shows_real_parts_and_customers_reach_all_of_it(case):
    shop = case.shop()
    graph = shop.topology()
    nodes = dict(graph.nodes(data=True))
    assert {node["kind"] for node in nodes.values()} <= KINDS
    assert {node["part"] for node in nodes.values()} - {None} <= set(shop.parts)
    assert {node["kind"] for node in nodes.values() if node["part"] is None} <= NOT_SIMULATED
    assert all(protocol for *_, protocol in graph.edges(data="protocol"))
    clients = [name for name, node in nodes.items() if node["kind"] == "client"]
    reached = set(clients).union(*(nx.descendants(graph, client) for client in clients))
    assert reached == set(nodes)
    databases = [name for name, node in nodes.items() if node["kind"] == "database"]
    assert len(databases) >= len(set(map(id, shop.tables.values())))


def hourly_prices():
    """Item -> US dollars for an hour, read from the file by itself. A month has 730 hours."""
    with (DATA / "prices.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["item"]: float(row["price_usd"]) / {"hour": 1, "month": 730}[row["per"]] for row in rows}


def test_the_price_is_that_of_the_price_list(case):
    shop, prices = case.shop(), hourly_prices()
    rented = shop.rented()
    assert set(rented) <= set(prices)
    assert min(rented.values()) > 0
    expected = sum(prices[item] * count for item, count in rented.items())
    assert shop.price_per_hour_usd() == pytest.approx(expected)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.dearer_than])
def test_more_machines_cost_more(name):
    large, small = CASES[name].shop(), CASES[CASES[name].dearer_than].shop()
    assert large.price_per_hour_usd() > small.price_per_hour_usd() > 0


# What is refused


def test_a_kind_of_request_that_the_shop_does_not_know_is_refused(case):
    shop = case.shop()
    with pytest.raises(
        ValueError, match="kind is 'dance'; it must be one of browse, place_order, track_order"
    ):
        answer(shop, shop.handle(Request(shop.sim, "dance")))


def test_a_table_that_does_not_exist_is_refused(case):
    shop = case.shop()
    tables = "products, stock, orders, order_lines, payments, notifications, ledger"
    with pytest.raises(ValueError, match=f"table is 'shoes'; it must be one of {tables}"):
        shop.rows("shoes")
