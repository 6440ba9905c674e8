"""Tests of the modules, each alone: on a real database, and with stand-ins for the modules that it calls.

>>> len(TESTS)
17
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from archlab.chapters.layered.cut_sources import Load
from archlab.chapters.layered.stand_ins import StandIn
from archlab.chapters.layered.suite_of_layers import Objects
from archlab.shop.provider import PaymentProvider
from archlab.sim.simulation import Simulation

MODULES = "archlab.chapters.layered.cuts.modules"
REPOSITORIES = {
    "catalogue": "CatalogueRepository",
    "stock": "StockRepository",
    "orders": "OrderRepository",
    "payments": "PaymentRepository",
    "notifications": "NotificationRepository",
}


class Bench:
    """A database with a tea, five pieces of it, and a module on it."""

    def __init__(self, load: Load, module: str, *others: Any) -> None:
        self.load, self.sim, store = load, Simulation(seed=1), load("archlab.shop.store")
        self.things = Objects(load)
        self.connection = store.open_database(*store.SCHEMAS)
        database = load("archlab.shop.database")
        self.server = database.DatabaseServer(self.sim, self.connection, 2, 0.001, 0.0005)
        self.rows = {name: getattr(store, kind)(self.connection) for name, kind in REPOSITORIES.items()}
        self.rows["catalogue"].fill([self.things.tea])
        self.rows["stock"].fill({1: 5})
        queries = database.Queries(self.server, module)
        kind = getattr(load(f"{MODULES}.{module}"), module.capitalize())
        self.module = kind(self.rows[module], queries, *others)
        self.work = database.Transaction(self.server)
        self.kernel = load(f"{MODULES}.kernel")

    def run(self, steps: Any) -> Any:
        return self.sim.run(until=self.sim.start(steps))

    def json(self, **request: Any) -> Any:
        api = self.kernel.JsonApi(self.module.use_cases())
        return json.loads(self.run(api.handle(json.dumps(request))))

    def line(self, line: str) -> Any:
        return self.run(self.kernel.CommandLine([self.module.command]).run(line))

    def refuses(self, steps: Any, refusal: str) -> bool:
        try:
            self.run(steps)
        except getattr(self.things.domain, refusal):
            return True
        return False


def _orders(load: Load, **answers: Any) -> tuple[Bench, StandIn]:
    things = Objects(load)
    usual = {"products": [things.tea], "authorise": things.payment}
    others = StandIn(usual | answers, {"products": 1, "check": 1, "authorise": 1, "take": 2, "confirm": 2})
    neighbours = load(f"{MODULES}.orders").Neighbours(others, others, others, others)
    return Bench(load, "orders", neighbours), others


def catalogue_page_as_json(load: Load) -> None:
    found = Bench(load, "catalogue").json(use_case="browse", product=1)
    assert found == {"product": 1, "name": "tea", "price_cents": 450, "on_hand": 5}


def catalogue_refusal_as_json(load: Load) -> None:
    assert Bench(load, "catalogue").json(use_case="browse", product=9) == {"refused": "not_found"}


def catalogue_page_at_the_terminal(load: Load) -> None:
    assert Bench(load, "catalogue").line("show 1") == "tea: 4.50, 5 there"


def stock_short(load: Load) -> None:
    bench = Bench(load, "stock")
    bench.rows["stock"].fill({3: 1})
    order = bench.things.domain.Order(7, (bench.things.domain.OrderLine(3, 2, 450),))
    assert bench.refuses(bench.module.check(order), "OutOfStock")


def stock_taken(load: Load) -> None:
    bench = Bench(load, "stock")
    bench.run(bench.module.check(bench.things.order))
    bench.run(bench.module.take(bench.things.order, bench.work))
    bench.run(bench.work.commit())
    assert bench.rows["stock"].on_hand([1]) == {1: 3}


def stock_too_few_at_the_commit(load: Load) -> None:
    bench = Bench(load, "stock")
    domain = bench.things.domain
    bench.run(bench.module.take(domain.Order(7, (domain.OrderLine(1, 6, 450),)), bench.work))
    assert bench.refuses(bench.work.commit(), "OutOfStock")
    assert bench.rows["stock"].on_hand([1]) == {1: 5}


def orders_order_as_json(load: Load) -> None:
    bench, _ = _orders(load)
    found = bench.json(use_case="place_order", order_id=7, basket={"1": 2})
    assert found == {"order_id": 7, "state": "placed", "total_cents": 900}


def orders_order_at_the_terminal(load: Load) -> None:
    assert _orders(load)[0].line("order 7 1x2") == "order 7 is placed, 9.00"


def orders_tracking_as_json(load: Load) -> None:
    bench, _ = _orders(load)
    bench.run(bench.module.place(7, {1: 2}))
    found = bench.json(use_case="track_order", order_id=7)
    assert found == {"order_id": 7, "state": "placed", "total_cents": 900, "payment": None}


def orders_tracking_at_the_terminal(load: Load) -> None:
    bench, _ = _orders(load)
    bench.run(bench.module.place(7, {1: 2}))
    assert bench.line("track 7") == "order 7 is placed, 9.00"


def orders_order_in_steps(load: Load) -> None:
    bench, others = _orders(load)
    placed = bench.run(bench.module.place(7, {1: 2}))
    assert placed == bench.rows["orders"].find(7) == bench.things.order
    assert others.names == ["products", "check", "authorise", "take", "record", "confirm"]


def orders_order_sent_twice(load: Load) -> None:
    bench, others = _orders(load)
    bench.run(bench.module.place(7, {1: 2}))
    others.answers["check"] = bench.things.domain.OutOfStock("none left")
    assert bench.run(bench.module.place(7, {1: 2})) == bench.things.order


def orders_price_of_an_order(load: Load) -> None:
    bench, _ = _orders(load)
    assert bench.run(bench.module.place(7, {1: 2})).total_cents == 900


def payments_paid_in_full(load: Load) -> None:
    bench = Bench(load, "payments", PaymentProvider(Simulation(seed=1), latency_s=0.1))
    bench.module.provider = PaymentProvider(bench.sim, latency_s=0.1)
    paid = bench.run(bench.module.authorise(bench.things.order))
    assert (paid.order_id, paid.amount_cents) == (7, 900)


def payments_declined(load: Load) -> None:
    bench = Bench(load, "payments", None)
    bench.module.provider = PaymentProvider(bench.sim, latency_s=0.1, declined=1.0)
    assert bench.refuses(bench.module.authorise(bench.things.order), "PaymentDeclined")


def payments_settling(load: Load) -> None:
    bench = Bench(load, "payments", None)
    bench.module.provider = PaymentProvider(bench.sim, latency_s=0.1)
    bench.run(bench.module.record(bench.things.payment, bench.work))
    bench.run(bench.work.commit())
    assert bench.rows["payments"].authorised() == [31]
    bench.run(bench.module.settle())
    assert bench.rows["payments"].authorised() == []


def notifications_confirmation(load: Load) -> None:
    bench = Bench(load, "notifications")
    bench.run(bench.module.confirm(bench.things.order, bench.work))
    bench.run(bench.work.commit())
    told = bench.connection.execute("SELECT order_id, text FROM notifications").fetchall()
    assert told == [(7, "Order 7: 2 items, 9.00 in total. Thank you.")]


TESTS: Mapping[str, Callable[[Load], None]] = {
    name: test
    for name, test in list(globals().items())
    if name.startswith(("catalogue_", "stock_", "orders_", "payments_", "notifications_"))
}
"""Name -> test. The name begins with the module."""
