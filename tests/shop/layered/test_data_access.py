"""Three kinds of data access, one interface: the layers above cannot tell them apart."""

import pytest

from archlab.shop.database import DatabaseServer
from archlab.shop.domain import (
    AlreadyPlaced,
    NotFound,
    Order,
    OrderLine,
    OrderState,
    OutOfStock,
    Payment,
    PaymentState,
    Product,
    confirmation,
)
from archlab.shop.layered.data_access import DOCUMENTS, KeyValueData, MemoryData, SqliteData
from archlab.shop.store import SCHEMAS, OrderStatus, open_database
from archlab.sim import Simulation

CATALOGUE = [Product(1, "tea", 450), Product(2, "mug", 1200)]
ORDER = Order(7, (OrderLine(1, 2, 450), OrderLine(2, 1, 1200)))
PAYMENT = Payment(7, 2100, authorisation=11)


def of_kind(kind, sim):
    if kind == "memory":
        return MemoryData()
    schemas = SCHEMAS if kind == "sqlite" else (DOCUMENTS,)
    server = DatabaseServer(sim, open_database(*schemas), cores=2, query_s=0.001, commit_s=0.0005)
    return (SqliteData if kind == "sqlite" else KeyValueData)(server)


class Shop:
    """A kind of data access, filled, and a way to run its steps."""

    def __init__(self, kind):
        self.sim = Simulation(seed=1)
        self.data = of_kind(kind, self.sim)
        self.data.fill(CATALOGUE, stock=5)

    def run(self, steps):
        return self.sim.run(until=self.sim.start(steps))

    def place(self, order=ORDER, payment=PAYMENT):
        def steps():
            changes = self.data.begin()
            for line in order.lines:
                yield from changes.reserve(line.product, line.quantity)
            yield from changes.record_payment(payment)
            yield from changes.insert_order(order)
            yield from changes.notify(confirmation(order))
            yield from changes.commit()

        self.run(steps())


@pytest.fixture(params=["sqlite", "key-value", "memory"])
def shop(request):
    return Shop(request.param)


def test_products_and_their_stock_are_read_back(shop):
    page = shop.run(shop.data.page(1))
    assert (page.product, page.on_hand) == (CATALOGUE[0], 5)
    assert shop.run(shop.data.products([1, 3, 2])) == CATALOGUE
    assert shop.run(shop.data.on_hand([2, 3])) == {2: 5}


def test_what_is_not_there_is_not_found(shop):
    for ask in (shop.data.page, shop.data.order, shop.data.status):
        with pytest.raises(NotFound):
            shop.run(ask(99))


def test_an_order_is_there_with_its_lines_its_payment_and_less_stock(shop):
    shop.place()
    assert shop.run(shop.data.order(7)) == ORDER
    assert shop.run(shop.data.status(7)) == OrderStatus(7, OrderState.PLACED, 2100, PaymentState.AUTHORISED)
    assert shop.run(shop.data.on_hand([1, 2])) == {1: 3, 2: 4}


def test_money_that_is_held_is_found_until_it_is_taken(shop):
    shop.place()
    shop.place(Order(8, (OrderLine(1, 1, 450),)), Payment(8, 450, authorisation=12))
    assert shop.run(shop.data.authorised()) == [11, 12]
    shop.run(shop.data.captured([11]))
    assert shop.run(shop.data.authorised()) == [12]
    assert shop.run(shop.data.status(7)).payment is PaymentState.CAPTURED


@pytest.mark.parametrize(
    ("order", "refusal"),
    [(Order(8, (OrderLine(1, 4, 450), OrderLine(2, 9, 1200))), OutOfStock), (ORDER, AlreadyPlaced)],
)
def test_a_commit_that_is_refused_changes_nothing(shop, order, refusal):
    shop.place()
    with pytest.raises(refusal):
        shop.place(order, Payment(order.id, order.total_cents, authorisation=13))
    assert shop.run(shop.data.on_hand([1, 2])) == {1: 3, 2: 4}
    assert shop.run(shop.data.authorised()) == [11]
    (connection,) = set(shop.data.tables.values())
    assert connection.execute("SELECT count(*) FROM notifications").fetchone() == (1,)


def test_nobody_sees_changes_before_their_commit(shop):
    def steps():
        changes = shop.data.begin()
        yield from changes.reserve(1, 2)
        yield from changes.insert_order(ORDER)

    shop.run(steps())
    assert shop.run(shop.data.on_hand([1])) == {1: 5}
    with pytest.raises(NotFound):
        shop.run(shop.data.order(7))


def test_the_tables_for_the_audit_are_the_same_ones(shop):
    shop.place()
    plain = Shop("sqlite")
    plain.place()
    for table in ("products", "stock", "orders", "order_lines", "payments", "notifications"):
        columns = "*" if table not in ("payments", "notifications") else "order_id"
        rows, expected = (
            sorted(some.data.tables[table].execute(f"SELECT {columns} FROM {table}"))
            for some in (shop, plain)
        )
        assert rows == expected


def test_memory_is_empty_after_a_crash_but_for_what_is_filled_in_at_a_start():
    shop = Shop("memory")
    shop.place()
    shop.data.crash()
    shop.data.restart()
    assert shop.run(shop.data.on_hand([1])) == {1: 5}
    with pytest.raises(NotFound):
        shop.run(shop.data.order(7))


def test_each_key_and_each_statement_is_a_query():
    taken = {}
    for kind in ("sqlite", "key-value", "memory"):
        shop = Shop(kind)
        shop.place()
        taken[kind] = 0 if kind == "memory" else shop.data.server.completed
    assert taken == {"sqlite": 7, "key-value": 4, "memory": 0}
