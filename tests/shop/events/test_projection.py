"""Projections on real SQLite: the live tables and those made again from zero are the same, whatever happened."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.shop.events import ORDER, ORDER_STATUS, POSITIONS, STOCK_LEVEL, STOCK_LEVELS, Projection
from archlab.shop.store import open_database
from tests.shop.events.histories import histories, shop_of

BOTH = [ORDER_STATUS, STOCK_LEVELS]


def projection(reads):
    return Projection(open_database(POSITIONS, reads.schema), reads)


@pytest.mark.parametrize("reads", BOTH, ids=lambda reads: reads.name)
@settings(max_examples=30)
@given(history=histories, again=st.lists(st.integers(0, 60), max_size=8), step=st.integers(1, 7))
def test_tables_made_again_equal_the_live_ones(reads, history, again, step):
    """Live: event by event, some delivered again. In steps: catching up. From zero: all at once."""
    store = shop_of(history)[BOTH.index(reads)]
    live, steps, anew = projection(reads), projection(reads), projection(reads)
    events = store.read_all()
    for event in events:
        assert live.apply(event)
    for n in again:
        assert n >= len(events) or not live.apply(events[n])
    while steps.catch_up(store, limit=step):
        assert steps.position <= store.head
    assert anew.rebuild(store) == len(events)
    assert live.rows() == steps.rows() == anew.rows()
    assert live.position == steps.position == anew.position == store.head


@settings(max_examples=30)
@given(histories)
def test_the_tables_say_what_folding_each_stream_says(history):
    store, stock = shop_of(history)
    status, levels = projection(ORDER_STATUS), projection(STOCK_LEVELS)
    status.rebuild(store), levels.rebuild(stock)
    folded = [ORDER.fold(store.read(f"order-{n}")) for n in range(1, len(history) + 1)]
    expected = [(p.order.id, p.customer, p.order.state.value, p.order.total_cents) for p in folded]
    assert status.rows() == {"order_status": expected}
    assert levels.rows() == {
        "stock_levels": [(p, STOCK_LEVEL.fold(stock.read(f"stock-{p}"))) for p in (1, 2, 3)]
    }


def test_a_row_changed_by_hand_is_gone_after_a_rebuild():
    store, _ = shop_of([({1: 1}, "paid")])
    status = projection(ORDER_STATUS)
    status.catch_up(store)
    right = status.rows()
    status.connection.execute("UPDATE order_status SET total_cents = 1")
    assert status.rows() != right
    status.rebuild(store)
    assert status.rows() == right


def test_an_event_that_fails_leaves_tables_and_position_as_they_were():
    store, _ = shop_of([({1: 1}, "paid")])
    status = projection(ORDER_STATUS)
    status.connection.execute("INSERT INTO order_status VALUES (1, 1, 'in the way', 1)")
    before = status.rows()
    with pytest.raises(Exception, match="UNIQUE"):
        status.catch_up(store)
    assert (status.rows(), status.position) == (before, 0)


def test_a_projection_of_two_stores_keeps_a_position_for_each():
    _, stock = shop_of([({1: 1}, "paid")])
    connection = open_database(POSITIONS, STOCK_LEVELS.schema)
    east, west = (Projection(connection, STOCK_LEVELS, source) for source in ("east", "west"))
    east.catch_up(stock)
    assert (east.position, west.position) == (stock.head, 0)
    west.catch_up(stock)
    assert west.rows()["stock_levels"] == [(1, 14), (2, 16), (3, 16)]
