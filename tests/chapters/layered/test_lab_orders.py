"""Task 2 of lab 04: the page of today is right, asks once more for each row, and takes longer over a border."""

import sqlite3

import numpy as np
import pytest

from archlab.chapters.layered import lab_check_orders, lab_orders


@pytest.mark.parametrize("seed", range(4))
def test_the_page_of_today_shows_what_we_count_ourselves(seed):
    shop = lab_orders.drawn(np.random.default_rng(seed), orders=30)
    asking = lab_orders.Asking(shop.database())
    assert lab_orders.one_by_one(asking, shop.customer, 20) == shop.page(20)


def test_statements_of_the_page_of_today_grow_with_orders_and_lines():
    shop = lab_orders.drawn(np.random.default_rng(1), orders=30)
    asking = lab_orders.Asking(shop.database())
    page = lab_orders.one_by_one(asking, shop.customer, 20)
    assert asking.statements == 1 + 2 * len(page) + sum(len(lines) for _, lines, _ in page)


def test_a_shop_has_what_breaks_a_careless_page():
    shop = lab_orders.drawn(np.random.default_rng(1), orders=200)
    page = shop.page(200)
    lines = [[name for name, _ in lines] for _, lines, _ in page]
    assert [] in lines
    assert any(None in one for one in lines)
    assert any(len(set(one)) < len(one) for one in lines)
    assert any(not parcels for _, _, parcels in page)
    assert any(
        len(one) * len(parcels) > 1 + len(one) + len(parcels)
        for one, (_, _, parcels) in zip(lines, page, strict=True)
    )


def test_more_than_999_values_do_not_fit():
    db = lab_orders.drawn(np.random.default_rng(1), orders=1).database()
    marks = ", ".join("?" * (lab_orders.MOST_VALUES + 1))
    with pytest.raises(sqlite3.OperationalError, match="too many SQL variables"):
        db.execute(f"SELECT ({marks})", range(lab_orders.MOST_VALUES + 1))


def test_rows_are_counted_when_they_are_fetched_and_a_look_behind_the_counter_counts_as_nothing():
    asking = lab_orders.Asking(lab_orders.drawn(np.random.default_rng(1), orders=9).database())
    found = asking.execute("SELECT id FROM products")
    found.fetchone()
    assert (asking.statements, asking.rows) == (1, 1)
    found.fetchall()
    assert asking.rows == lab_orders.PRODUCTS - 1


def test_parcels_are_not_written_in_the_order_of_their_id():
    shop = lab_orders.drawn(np.random.default_rng(1), orders=30)
    ids = [number for number, _, _ in shop.parcels]
    assert ids != sorted(ids)
    assert len(set(ids)) == len(ids)
    asked = "SELECT id FROM parcels"
    assert [number for (number,) in shop.database().execute(asked)] == ids


def test_rows_are_found_one_by_one_in_all_usual_ways():
    asking = lab_orders.Asking(lab_orders.drawn(np.random.default_rng(1), orders=9).database())
    found = asking.execute("SELECT id FROM products ORDER BY id LIMIT 4")
    assert [next(found), found.fetchone(), next(iter(found)), *found.fetchall()] == [(1,), (2,), (3,), (4,)]
    assert (next(found, None), found.fetchone(), found.fetchall()) == (None, None, [])
    assert asking.rows == 4


def test_a_counter_that_an_answer_changes_is_put_back():
    counted = lab_orders.Asking.statements

    def changing(db, customer, last):
        type(db).statements = 1
        return lab_orders.one_by_one(db, customer, last)

    with pytest.raises(AssertionError, match=r"changes lab_orders\.Asking\.statements"):
        lab_check_orders.orders_page(changing)
    assert lab_orders.Asking.statements is counted


def test_a_page_takes_a_way_there_and_back_for_each_statement():
    near, far = (lab_orders.page_s(4, 0, hop_s) for hop_s in (0.0, 0.010))
    assert far - near == pytest.approx(4 * 2 * 0.010, abs=0.002)
    assert lab_orders.page_s(200, 0, 0.001) > 10 * lab_orders.page_s(3, 0, 0.001)
