"""The repositories, on real SQLite databases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.shop.domain import (
    NotFound,
    Order,
    OrderLine,
    OrderState,
    OutOfStock,
    Payment,
    PaymentState,
    Product,
)
from archlab.shop.store import (
    CATALOGUE,
    ORDERS,
    PAYMENTS,
    SCHEMAS,
    STOCK,
    CatalogueRepository,
    OrderRepository,
    PaymentRepository,
    StockRepository,
    open_database,
    run_together,
)

ORDER = Order(7, (OrderLine(1, 2, 450), OrderLine(3, 1, 1200)))


@pytest.fixture
def database():
    return open_database(*SCHEMAS)


def write(database, *statements):
    run_together(database, statements)


def test_an_order_is_read_back_as_it_was_written(database):
    orders = OrderRepository(database)
    write(database, orders.insert(ORDER), *[orders.insert_line(ORDER, line) for line in ORDER.lines])
    assert orders.find(7) == ORDER


def test_the_status_of_an_order_tells_the_state_of_its_payment(database):
    orders, payments = OrderRepository(database), PaymentRepository(database)
    write(database, orders.insert(ORDER))
    assert orders.status(7).payment is None
    write(database, payments.insert(Payment(7, 2100, authorisation=70)))
    assert orders.status(7).payment == PaymentState.AUTHORISED
    payments.capture([70])
    assert orders.status(7).payment == PaymentState.CAPTURED
    assert orders.status(7).state == OrderState.PLACED


def test_only_held_money_waits_to_be_captured(database):
    payments = PaymentRepository(database)
    write(database, *[payments.insert(Payment(order, 100, 10 * order)) for order in (1, 2, 3)])
    payments.capture([20])
    assert payments.authorised() == [10, 30]


def test_a_product_page_shows_the_stock(database):
    CatalogueRepository(database).fill([Product(1, "tea", 450)])
    StockRepository(database).fill({1: 5})
    page = CatalogueRepository(database).page(1)
    assert (page.product, page.on_hand) == (Product(1, "tea", 450), 5)


def test_what_does_not_exist_is_not_found(database):
    with pytest.raises(NotFound, match="no product 9"):
        CatalogueRepository(database).page(9)
    for ask in (OrderRepository(database).find, OrderRepository(database).status):
        with pytest.raises(NotFound, match="no order 9"):
            ask(9)


@given(start=st.integers(0, 10), wanted=st.lists(st.integers(1, 4), max_size=8))
def test_reservations_never_take_more_than_is_there(start, wanted):
    database = open_database(STOCK)
    stock = StockRepository(database)
    stock.fill({1: start})
    left = start
    for quantity in wanted:
        if quantity <= left:
            stock.reserve(1, quantity).run(database)
            left -= quantity
        else:
            with pytest.raises(OutOfStock):
                stock.reserve(1, quantity).run(database)
    assert stock.on_hand([1]) == {1: left}


def test_statements_run_together_are_all_undone_when_one_fails(database):
    stock, orders = StockRepository(database), OrderRepository(database)
    stock.fill({1: 5, 2: 0})
    with pytest.raises(OutOfStock):
        write(database, orders.insert(ORDER), stock.reserve(1, 1), stock.reserve(2, 1))
    assert stock.on_hand([1, 2]) == {1: 5, 2: 0}
    with pytest.raises(NotFound):
        orders.status(7)


def test_a_statement_by_itself_is_durable_at_once(tmp_path):
    path = str(tmp_path / "shop.db")
    writer = open_database(STOCK, path=path)
    StockRepository(writer).fill({1: 5})
    StockRepository(writer).reserve(1, 2).run(writer)
    assert StockRepository(open_database(path=path)).on_hand([1]) == {1: 3}


def test_an_open_transaction_is_seen_by_nobody_else(tmp_path):
    path = str(tmp_path / "shop.db")
    writer, reader = open_database(STOCK, path=path), open_database(path=path)
    StockRepository(writer).fill({1: 5})
    writer.execute("BEGIN IMMEDIATE")
    StockRepository(writer).reserve(1, 2).run(writer)
    assert StockRepository(reader).on_hand([1]) == {1: 5}
    writer.execute("COMMIT")
    assert StockRepository(reader).on_hand([1]) == {1: 3}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_each_schema_can_live_in_a_database_of_its_own(schema):
    assert open_database(schema).execute("SELECT count(*) FROM sqlite_master").fetchone()[0] >= 1


def test_repositories_on_separate_databases_do_not_meet():
    catalogue, orders, payments = (open_database(schema) for schema in (CATALOGUE, ORDERS, PAYMENTS))
    CatalogueRepository(catalogue).fill([Product(1, "tea", 450)])
    OrderRepository(orders).insert(ORDER).run(orders)
    PaymentRepository(payments).insert(Payment(7, 2100, 70)).run(payments)
    assert CatalogueRepository(catalogue).products([1]) == [Product(1, "tea", 450)]
    assert PaymentRepository(payments).authorised() == [70]
