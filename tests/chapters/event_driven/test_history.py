"""One history, kept as events and as tables: both hold what is true, and each what only it can hold."""

from itertools import pairwise

import pytest

from archlab.chapters.event_driven.history import DAY_S, Trade, play, wishes
from archlab.chapters.event_driven.kept_as_events import MOVES, as_events, moved
from archlab.chapters.event_driven.kept_as_states import as_states, nightly_prices
from archlab.shop.events import ORDER

TRADE = Trade(by_hand=0.03)
END_S = TRADE.days * DAY_S


@pytest.fixture(scope="module")
def history():
    return play(wishes(TRADE, seed=4))


@pytest.fixture(scope="module")
def store(history):
    return as_events(history)


@pytest.fixture(scope="module")
def rows(history):
    return as_states(history, "told")


def test_much_happens_and_no_two_things_at_once(history):
    assert all(one.wish.at_s < next_one.wish.at_s for one, next_one in pairwise(history.happened))
    outcomes = {(one.wish.kind, one.outcome) for one in history.happened}
    assert {
        ("order", "out_of_stock"),
        ("order", "payment_declined"),
        ("by_hand", "done"),
        ("look", "done"),
    } <= outcomes


def test_the_tables_hold_the_true_stock_and_orders(history, rows):
    stock = dict(rows.execute("SELECT product, on_hand FROM stock"))
    assert stock == {product: history.on_hand(product, END_S) for product in stock}
    found = rows.execute("SELECT order_id, state, total_cents FROM orders")
    orders = {id_: (state, cents) for id_, state, cents in found}
    assert orders == {id_: (order.state.value, order.total_cents) for id_, order in history.orders.items()}


def test_the_events_hold_the_same(history, store):
    pieces = dict.fromkeys(history.opening, 0)
    for event in store.read_all():
        for product, count in moved(event).items():
            pieces[product] += count
    assert pieces == {product: history.on_hand(product, END_S) for product in pieces}
    for id_, order in history.orders.items():
        placed = ORDER.fold(store.read(f"order-{id_}"))
        assert (placed.order.state, placed.order.total_cents) == (order.state, order.total_cents)


def test_refused_attempts_are_in_the_events_and_leave_no_row(history, store, rows):
    refused = {one.wish.at_s for one in history.happened if not one.is_done and one.wish.kind != "look"}
    assert len(refused) > 20
    assert refused <= {event.at_s for event in store.read_all()}
    assert not refused & {row[0] for row in rows.execute("SELECT at_s FROM changes")}


def test_the_triggers_hold_every_value_that_was_there(history, rows):
    sql = "SELECT at_s, value FROM changes WHERE about = 'stock' AND id = ? ORDER BY change"
    for product, shelf in history.shelf.items():
        assert rows.execute(sql, (product,)).fetchall() == shelf


def test_each_change_in_the_trail_begins_where_the_one_before_ended(rows):
    for about in ("products", "stock", "orders"):
        last = {}
        sql = "SELECT id, value, was FROM changes WHERE about = ? ORDER BY change"
        for id_, value, was in rows.execute(sql, (about,)):
            assert was == last.get(id_)
            last[id_] = value


def test_triggers_that_are_told_nothing_know_one_account(history):
    untold = as_states(history, "triggers")
    assert untold.execute("SELECT DISTINCT who FROM changes").fetchall() == [("shop",)]


def test_how_often_prices_change_does_not_change_who_orders_what():
    calm, busy = (play(wishes(Trade(price_changes_per_day=rate), seed=2)) for rate in (0.0, 2.0))
    assert calm.count("price") == 0 < busy.count("price")
    baskets = [
        [one.wish.basket for one in each.happened if one.wish.kind == "order"] for each in (calm, busy)
    ]
    assert baskets[0] == baskets[1]


def test_a_backup_holds_the_prices_of_midnight(history):
    backups = nightly_prices(history).execute("SELECT night, product, price_cents FROM backups").fetchall()
    assert len(backups) == (TRADE.days + 1) * TRADE.products
    official = play(wishes(Trade(), seed=4))
    rows = nightly_prices(official).execute("SELECT night, product, price_cents FROM backups")
    assert all(cents == official.list_price(product, night * DAY_S) for night, product, cents in rows)


def test_a_stale_price_list_is_used_from_its_moment_on():
    asked = wishes(Trade(price_changes_per_day=1.0), seed=1)
    stale = play(asked, stale_from_s=4 * DAY_S)
    assert play(asked).wrongly_priced() == []
    first = min(stale.wrongly_priced())
    (placed_s,) = (
        one.wish.at_s for one in stale.happened if one.wish.kind == "order" and one.wish.order_id == first
    )
    assert placed_s > 4 * DAY_S


def test_every_event_that_moves_pieces_names_its_lines(store):
    assert {event.type for event in store.read_all() if "lines" in event.data} - set(MOVES) <= {
        "OrderPlaced",
        "WriteOffRefused",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [("days", 0), ("pieces", 1.5), ("declined", 1.2), ("orders_per_day", -1.0), ("by_hand", -0.1)],
)
def test_bad_rates_are_named(name, value):
    with pytest.raises(ValueError, match=f"{name} is {value}"):
        Trade(**{name: value})
