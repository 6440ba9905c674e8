"""The audit finds each kind of damage, and nothing where there is none. Rows are written by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.shop.audit import ANOMALIES, FIGURES, TABLES, Receipts, audit
from archlab.shop.provider import open_ledger
from archlab.shop.store import CATALOGUE, NOTIFICATIONS, ORDERS, PAYMENTS, SCHEMAS, STOCK, open_database


class Shop:
    """One good order: two pieces of product 1 at 450 cents, authorised, captured, acknowledged."""

    def __init__(self, connections=None):
        shared = open_database(*SCHEMAS)
        self.tables = connections or dict.fromkeys(TABLES, shared)
        self.ledger = open_ledger()
        self.receipts = Receipts(acknowledged=[7])
        self.run("stock", "INSERT INTO stock VALUES (1, 10, 8)")
        self.run("orders", "INSERT INTO orders VALUES (7, 'placed', 900)")
        self.run("order_lines", "INSERT INTO order_lines VALUES (7, 1, 2, 450)")
        self.run("payments", "INSERT INTO payments VALUES (1, 7, 900, 70, 'captured')")
        self.ledger.execute("INSERT INTO ledger VALUES (70, 7, 900, 'captured')")

    def run(self, table, sql):
        self.tables[table].execute(sql)

    def audit(self):
        return audit(self.tables, self.ledger, self.receipts)

    def found(self):
        """The anomalies that are not 0."""
        result = self.audit()
        return {name: getattr(result, name) for name in ANOMALIES if getattr(result, name)}


def test_a_good_order_has_no_anomaly():
    result = Shop().audit()
    assert result.ok
    assert (result.anomalies, result.orders, result.acknowledged_orders) == (0, 1, 1)


def test_an_acknowledged_order_that_is_not_there_is_missing():
    shop = Shop()
    shop.receipts.acknowledge(8)
    assert shop.found() == {"missing_orders": 1}


def test_an_order_without_payment_is_found():
    shop = Shop()
    shop.run("payments", "DELETE FROM payments")
    shop.ledger.execute("DELETE FROM ledger")
    assert shop.found() == {"orders_without_payment": 1}


def test_a_payment_without_order_is_found():
    shop = Shop()
    shop.run("payments", "INSERT INTO payments VALUES (2, 8, 300, 80, 'authorised')")
    assert shop.found() == {"payments_without_order": 1}


def test_a_second_charge_for_one_order_is_a_double_charge():
    shop = Shop()
    shop.run("payments", "INSERT INTO payments VALUES (2, 7, 900, 71, 'captured')")
    shop.ledger.execute("INSERT INTO ledger VALUES (71, 7, 900, 'captured')")
    assert shop.found() == {"double_charges": 1}
    assert shop.audit().money_difference_cents == 900


def test_a_charge_that_the_shop_does_not_know_of_is_found_in_the_providers_ledger():
    shop = Shop()
    shop.ledger.execute("INSERT INTO ledger VALUES (80, 8, 300, 'captured')")
    assert shop.found() == {"unrecorded_charges": 1}
    assert shop.audit().money_difference_cents == 300


def test_a_hold_that_was_never_captured_is_no_charge():
    shop = Shop()
    shop.ledger.execute("INSERT INTO ledger VALUES (80, 8, 300, 'authorised')")
    assert shop.audit().ok


def test_a_payment_that_the_provider_never_took_is_found():
    shop = Shop()
    shop.ledger.execute("UPDATE ledger SET state = 'authorised'")
    assert shop.found() == {"uncharged_payments": 1}


def test_a_payment_that_waits_to_be_captured_is_unsettled_and_no_anomaly():
    shop = Shop()
    shop.run("payments", "UPDATE payments SET state = 'authorised'")
    shop.ledger.execute("UPDATE ledger SET state = 'authorised'")
    assert shop.audit().ok
    assert shop.audit().unsettled_payments == 1


def test_a_payment_of_another_amount_is_wrong():
    shop = Shop()
    shop.run("payments", "UPDATE payments SET amount_cents = 899")
    assert shop.found() == {"wrong_amounts": 1}


def test_an_order_whose_lines_are_missing_is_found_in_money_and_in_stock():
    shop = Shop()
    shop.run("order_lines", "DELETE FROM order_lines")
    assert shop.found() == {"wrong_totals": 1, "stock_mismatches": 1}


def test_stock_taken_for_no_order_does_not_add_up():
    shop = Shop()
    shop.run("stock", "UPDATE stock SET on_hand = on_hand - 1")
    assert shop.found() == {"stock_mismatches": 1}


def test_stock_below_zero_is_oversold():
    shop = Shop()
    shop.run("stock", "UPDATE stock SET initial = 1, on_hand = -1")
    assert shop.found() == {"oversold_products": 1}


def test_more_pieces_in_orders_than_there_were_is_oversold_whatever_the_stock_says():
    shop = Shop()
    shop.run("stock", "UPDATE stock SET initial = 1, on_hand = 0")
    assert shop.found() == {"oversold_products": 1, "stock_mismatches": 1}


def test_a_cancelled_order_gives_back_its_pieces_and_its_money():
    shop = Shop()
    shop.run("orders", "UPDATE orders SET state = 'cancelled'")
    assert shop.found() == {"stock_mismatches": 1}
    assert shop.audit().money_difference_cents == 900
    shop.run("stock", "UPDATE stock SET on_hand = 10")
    shop.run("payments", "DELETE FROM payments")
    shop.ledger.execute("UPDATE ledger SET state = 'authorised'")
    assert shop.audit().ok


def test_stale_reads_are_counted_as_they_are_given():
    shop = Shop()
    result = audit(shop.tables, shop.ledger, shop.receipts, stale_reads=3, max_stale_age_s=1.5)
    assert (result.anomalies, result.max_stale_age_s, result.ok) == (3, 1.5, False)


def test_five_databases_are_audited_like_one():
    of = {
        "products": open_database(CATALOGUE),
        "stock": open_database(STOCK),
        "payments": open_database(PAYMENTS),
        "notifications": open_database(NOTIFICATIONS),
    }
    orders = open_database(ORDERS)
    shop = Shop(of | {"orders": orders, "order_lines": orders})
    assert shop.audit() == Shop().audit()
    shop.run("payments", "DELETE FROM payments")
    assert shop.found() == {"orders_without_payment": 1, "unrecorded_charges": 1}


def test_the_frame_has_a_row_for_every_figure_with_its_meaning():
    frame = Shop().audit().frame()
    assert set(frame.check) == set(ANOMALIES) | set(FIGURES)
    assert frame.meaning.notna().all()
    assert frame.loc[frame.anomaly, "check"].tolist() == list(ANOMALIES)


@pytest.mark.parametrize("order_id", [8, 9])
def test_orders_under_way_are_told_apart(order_id):
    shop = Shop()
    shop.receipts.started(order_id)
    assert shop.audit().in_flight_orders == 1
    shop.receipts.ended(order_id)
    assert shop.audit().in_flight_orders == 0


amounts = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 900)), min_size=1, max_size=8)


@given(sold=amounts, damage=st.integers(1, 500))
def test_money_that_is_off_by_any_amount_is_seen_to_be_off_by_it(sold, damage):
    shop = Shop()
    for order, (pieces, price) in enumerate(sold, start=100):
        total = pieces * price
        shop.run("orders", f"INSERT INTO orders VALUES ({order}, 'placed', {total})")
        shop.run("order_lines", f"INSERT INTO order_lines VALUES ({order}, 1, {pieces}, {price})")
        shop.run("stock", f"UPDATE stock SET initial = initial + {pieces}")
        shop.run("payments", f"INSERT INTO payments VALUES ({order}, {order}, {total}, {order}, 'captured')")
        shop.ledger.execute(f"INSERT INTO ledger VALUES ({order}, {order}, {total}, 'captured')")
    assert shop.audit().ok
    shop.ledger.execute("UPDATE ledger SET amount_cents = amount_cents + ? WHERE order_id = 100", (damage,))
    assert shop.audit().money_difference_cents == damage
    assert not shop.audit().ok
