"""Tests of the layers, each alone: what is beneath is a stand-in, or for data access a real database.

>>> len(TESTS)
17
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from archlab.chapters.layered.cut_sources import Load
from archlab.chapters.layered.stand_ins import StandIn, finish, refused
from archlab.sim.simulation import Simulation

LAYERS = "archlab.shop.layered"
ARITIES = {"browse": 1, "track_order": 1, "place_order": 2, "draft": 2, "paid": 2, "place": 2}


class Objects:
    """What the tests hand from layer to layer."""

    def __init__(self, load: Load) -> None:
        self.domain, self.store = load("archlab.shop.domain"), load("archlab.shop.store")
        self.tea = self.domain.Product(1, "tea", 450)
        self.page = self.store.ProductPage(self.tea, 5)
        self.order = self.domain.Order(7, (self.domain.OrderLine(1, 2, 450),))
        self.payment = self.domain.Payment(7, 900, 31)
        states = self.domain.OrderState.PLACED, self.domain.PaymentState.AUTHORISED
        self.status = self.store.OrderStatus(7, states[0], 900, states[1])


def _ways_in(load: Load, **answers: Any) -> tuple[Any, Any]:
    presentation = load(f"{LAYERS}.presentation")
    beneath = StandIn(answers, ARITIES)
    return presentation.JsonApi(beneath), presentation.CommandLine(beneath)


def _json(load: Load, request: dict[str, Any], **answers: Any) -> Any:
    return json.loads(finish(_ways_in(load, **answers)[0].handle(json.dumps(request))))


def presentation_page_as_json(load: Load) -> None:
    found = _json(load, {"use_case": "browse", "product": 1}, browse=Objects(load).page)
    assert found == {"product": 1, "name": "tea", "price_cents": 450, "on_hand": 5}


def presentation_order_as_json(load: Load) -> None:
    request = {"use_case": "place_order", "order_id": 7, "basket": {"1": 2}}
    found = _json(load, request, place_order=Objects(load).order)
    assert found == {"order_id": 7, "state": "placed", "total_cents": 900}


def presentation_tracking_as_json(load: Load) -> None:
    found = _json(load, {"use_case": "track_order", "order_id": 7}, track_order=Objects(load).status)
    assert found == {"order_id": 7, "state": "placed", "total_cents": 900, "payment": "authorised"}


def presentation_refusal_as_json(load: Load) -> None:
    missing = load("archlab.shop.domain").NotFound("no product 9")
    assert _json(load, {"use_case": "browse", "product": 9}, browse=missing) == {"refused": "not_found"}


def presentation_page_at_the_terminal(load: Load) -> None:
    terminal = _ways_in(load, browse=Objects(load).page)[1]
    assert finish(terminal.run("show 1")) == "tea: 4.50, 5 there"


def presentation_order_at_the_terminal(load: Load) -> None:
    terminal = _ways_in(load, place_order=Objects(load).order)[1]
    assert finish(terminal.run("order 7 1x2")) == "order 7 is placed, 9.00"


def presentation_tracking_at_the_terminal(load: Load) -> None:
    terminal = _ways_in(load, track_order=Objects(load).status)[1]
    assert finish(terminal.run("track 7")) == "order 7 is placed, 9.00"


class _Rules(StandIn):
    """Rules of which one does not wait."""

    def paid(self, order: Any, authorisation: int | None) -> Any:
        return self.answers["paid"]


class _Data(StandIn):
    """Data access that notes what it is told to change."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        super().__init__(answers)
        self.changes = StandIn()

    def begin(self) -> StandIn:
        return self.changes


def _application(load: Load, **answers: Any) -> tuple[Any, StandIn, StandIn]:
    rules, provider = _Rules(answers, ARITIES), StandIn()
    return load(f"{LAYERS}.application").Application(rules, provider), rules, provider


def application_order_in_steps(load: Load) -> None:
    things, changes = Objects(load), StandIn()
    shop, rules, _ = _application(load, draft=things.order, paid=things.payment, place=changes)
    assert finish(shop.place_order(7, {1: 2}), 31) is things.order
    assert rules.names == ["draft", "place"]
    assert changes.names == ["commit"]


def application_order_sent_twice(load: Load) -> None:
    things = Objects(load)
    there = things.domain.OutOfStock("none left")
    shop, _, _ = _application(load, draft=there, placed=things.order)
    assert finish(shop.place_order(7, {1: 2})) is things.order


def application_settling(load: Load) -> None:
    shop, rules, _ = _application(load, held=[31, 32])
    finish(shop.settle(), None)
    assert rules.calls == [("held", ()), ("taken", ([31, 32],))]


def _rules(load: Load, **answers: Any) -> tuple[Any, StandIn]:
    data = _Data(answers)
    return load(f"{LAYERS}.business").Rules(data), data.changes


def business_price_of_an_order(load: Load) -> None:
    rules, _ = _rules(load, products=[Objects(load).tea], on_hand={1: 5})
    assert finish(rules.draft(7, {1: 2})).total_cents == 900


def business_short_of_stock(load: Load) -> None:
    rules, _ = _rules(load, products=[Objects(load).tea], on_hand={1: 1})
    assert refused(rules.draft(7, {1: 2}), load("archlab.shop.domain").OutOfStock)


def business_paid_in_full(load: Load) -> None:
    things = Objects(load)
    assert _rules(load)[0].paid(things.order, 31) == things.payment
    try:
        _rules(load)[0].paid(things.order, None)
    except things.domain.PaymentDeclined:
        return
    raise AssertionError("an order was placed that nobody paid")


def business_what_an_order_changes(load: Load) -> None:
    things = Objects(load)
    rules, changes = _rules(load)
    finish(rules.place(things.order, things.payment))
    told = things.domain.Notification(7, "Order 7: 2 items, 9.00 in total. Thank you.")
    assert changes.calls == [
        ("reserve", (1, 2)),
        ("record_payment", (things.payment,)),
        ("insert_order", (things.order,)),
        ("notify", (told,)),
    ]


def _data(load: Load) -> tuple[Any, Callable[[Any], Any], Any]:
    sim, store = Simulation(seed=1), load("archlab.shop.store")
    connection = store.open_database(*store.SCHEMAS)
    server = load("archlab.shop.database").DatabaseServer(sim, connection, 2, 0.001, 0.0005)
    data = load(f"{LAYERS}.data_access").SqliteData(server)
    data.fill([Objects(load).tea], 5)
    return data, lambda steps: sim.run(until=sim.start(steps)), connection


def _write(load: Load, data: Any, run: Callable[[Any], Any], pieces: int) -> None:
    things, changes = Objects(load), data.begin()
    run(changes.reserve(1, pieces))
    run(changes.record_payment(things.payment))
    run(changes.insert_order(things.order))
    run(changes.notify(things.domain.Notification(7, "Thank you.")))
    run(changes.commit())


def data_access_order_and_back(load: Load) -> None:
    things, (data, run, connection) = Objects(load), _data(load)
    _write(load, data, run, pieces=2)
    assert run(data.order(7)) == things.order
    assert run(data.status(7)) == things.status
    assert run(data.page(1)).on_hand == 3
    assert connection.execute("SELECT order_id, text FROM notifications").fetchall() == [(7, "Thank you.")]


def data_access_too_few_at_the_commit(load: Load) -> None:
    data, run, _ = _data(load)
    try:
        _write(load, data, run, pieces=6)
    except load("archlab.shop.domain").OutOfStock:
        assert run(data.on_hand([1])) == {1: 5}
        return
    raise AssertionError("more was sold than was there")


def data_access_settling(load: Load) -> None:
    data, run, _ = _data(load)
    _write(load, data, run, pieces=2)
    assert run(data.authorised()) == [31]
    run(data.captured([31]))
    assert run(data.authorised()) == []


TESTS: Mapping[str, Callable[[Load], None]] = {
    name: test
    for name, test in list(globals().items())
    if name.startswith(("presentation_", "application_", "business_", "data_access_"))
}
"""Name -> test. The name begins with the layer."""
