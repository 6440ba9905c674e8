"""What it takes to keep every change, counted in real SQLite, and what the claim makes of it."""

import zlib

import pytest

from archlab.chapters.event_driven import storage, ways_to_keep
from archlab.course.claims import Limit, Outcome
from archlab.shop.events import EVENTS
from archlab.shop.store import open_database


@pytest.fixture(scope="module")
def table():
    return storage.footprints(orders=40)


@pytest.fixture(scope="module")
def year(table):
    return storage.a_year(table).set_index("design")


def some_orders(count):
    coming = ways_to_keep.Orders(seed=3)
    return [coming.next(ways_to_keep.FIRST_ORDER + n) for n in range(count)]


@pytest.fixture(scope="module")
def many():
    """A store with many orders, and what `written` says of it."""
    connection = open_database(EVENTS)
    return connection, *ways_to_keep.written("events", some_orders(1200), connection)


def test_the_bytes_in_use_are_those_of_the_file_after_many_orders(many):
    """The oracle: whole pages. What is in use of them is 95 % and more; nothing is counted twice or left out."""
    connection, used, rows = many
    pages, bytes_a_page = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
    )
    assert 0.95 < used / (pages * bytes_a_page) <= 1
    assert rows == 5 * 1200


def test_an_event_takes_what_its_text_takes_and_an_envelope(many):
    """By hand: the texts of a row and of its index, and some numbers. A header of a few bytes comes on top."""
    connection, used, rows = many
    text = connection.execute(
        "SELECT SUM(length(data) + length(type) + 2 * length(stream) + length(correlation_id)) FROM events"
    ).fetchone()[0]
    assert 20 < (used - text) / rows < 45


def test_events_take_several_times_the_states_and_more_than_rows_of_history(year):
    times = year.times_the_states
    assert 3.5 < times["events and read tables"] < 5
    assert 2 < times["states and history"] < 3.5
    assert times["events"] < times["events and read tables"] < 1.2 * times["events"]
    assert year.rows_an_order["events"] == 5


def test_a_hundred_events_packed_together_take_less_than_a_fifth(many):
    """What compression would save, which the bytes here leave out; one by one they hardly shrink."""
    connection, _, _ = many
    sql = "SELECT stream || version || type || data || at_s || correlation_id FROM events ORDER BY position"
    rows = [text.encode() for (text,) in connection.execute(sql)]

    def share(together):
        packed = [zlib.compress(b"\n".join(rows[n : n + together])) for n in range(0, len(rows), together)]
        return sum(map(len, packed)) / sum(map(len, rows))

    assert share(100) < 0.2
    assert share(1) > 0.7


def test_a_year_is_an_order_times_the_orders_of_a_year(year):
    events = year.loc["events"]
    assert events.gigabytes_a_year == pytest.approx(
        events.bytes_an_order * ways_to_keep.ORDERS_PER_YEAR / 1e9
    )
    assert pytest.approx(ways_to_keep.ORDERS_PER_S * 3600 * 24 * 365) == ways_to_keep.ORDERS_PER_YEAR


def test_the_limit_is_the_age_at_which_two_bills_are_equal(table):
    """By hand: so many months of gigabytes at the price of one are the price of two machines for a month."""
    months = storage.months_kept(table, "events and read tables")
    by_design = table.groupby("design").bytes_an_order.mean()
    more = by_design["events and read tables"] - by_design["states"]
    gb = more * ways_to_keep.ORDERS_PER_S * 3600 * 730 * months / 1e9
    assert 0.115 * gb == pytest.approx(2 * 0.096 * 730, rel=0.01)
    assert months < storage.months_kept(table, "states and history")
    assert len(months.per_seed) == 10


def settled(table, let_through=0, sold_twice=0, not_found=0):
    return storage.store_all_changes(
        changes_let_through=let_through,
        pieces_sold_twice=sold_twice,
        alterations_not_found=not_found,
        months_of_history=storage.months_kept(table, "states and history"),
        months_of_events=storage.months_kept(table, "events and read tables"),
    )


def test_all_changes_are_kept_up_to_an_age(table):
    verdict = settled(table)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert 24 < verdict.flips_at < 42


@pytest.mark.parametrize("hole", ["let_through", "sold_twice", "not_found"])
def test_one_change_that_gets_past_the_store_is_enough(table, hole):
    assert settled(table, **{hole: 1}).outcome is Outcome.DOES_NOT_HOLD


def test_a_dearer_disk_makes_the_age_shorter(table, monkeypatch):
    prices = storage.load("prices").assign(
        price_usd=lambda p: p.price_usd.where(p.item != storage.STORAGE, 1.15)
    )
    before = settled(table).flips_at
    monkeypatch.setattr(storage, "load", lambda name: prices)
    assert settled(table).flips_at == pytest.approx(before / 10)


def test_where_nothing_more_is_kept_nothing_is_paid(table):
    same = table.assign(bytes_an_order=100.0)
    months = storage.months_kept(same, "events and read tables")
    assert isinstance(months, Limit)
    assert storage.store_all_changes(0, 0, 0, months, months).outcome is Outcome.HOLDS
