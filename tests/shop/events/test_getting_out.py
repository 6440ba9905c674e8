"""Inbox, outbox and tail: what is written with the events, and how often each is seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.shop.domain import NotFound, OutOfStock
from archlab.shop.events import (
    EVENTS,
    INBOX,
    OUTBOX,
    POSITIONS,
    AlreadySeen,
    EventStore,
    Inbox,
    NewEvent,
    Outbox,
    Tail,
)
from archlab.shop.store import STOCK, StockRepository, open_database, run_together

FACT = NewEvent("Noted", {})


@pytest.fixture
def database():
    return open_database(EVENTS, INBOX, OUTBOX, POSITIONS, STOCK)


def write_with_outbox(store, stream):
    outbox = Outbox(store.connection)
    run_together(store.connection, [*store.appending(stream, [FACT], 0, 0.0, "r"), outbox.add(stream, 1)])


@given(st.lists(st.integers(1, 5)))
def test_an_event_delivered_many_times_is_handled_once(deliveries):
    connection = open_database(INBOX, STOCK)
    stock, inbox = StockRepository(connection), Inbox(connection)
    stock.fill({1: 5})
    for n in deliveries:
        seen = inbox.has(f"order-{n}-1")
        try:
            run_together(connection, [inbox.note(f"order-{n}-1"), stock.reserve(1, 1)])
        except AlreadySeen:
            assert seen
    assert stock.on_hand([1]) == {1: 5 - len(set(deliveries))}


def test_what_was_refused_is_not_noted_and_may_come_again(database):
    stock, inbox = StockRepository(database), Inbox(database)
    stock.fill({1: 0})
    with pytest.raises(OutOfStock):
        run_together(database, [inbox.note("order-7-1"), stock.reserve(1, 1)])
    assert not inbox.has("order-7-1")


def test_two_consumers_in_one_database_have_an_inbox_each(database):
    run_together(database, [Inbox(database, "points").note("order-7-1")])
    run_together(database, [Inbox(database, "fraud").note("order-7-1")])
    with pytest.raises(AlreadySeen, match="fraud has order-7-1 already"):
        run_together(database, [Inbox(database, "fraud").note("order-7-1")])


def test_an_event_without_its_outbox_row_is_not_written_and_the_row_not_without_the_event(database):
    store, outbox = EventStore(database), Outbox(database)
    with pytest.raises(NotFound, match="no event order-7-1 to publish"):
        run_together(database, [outbox.add("order-7", 1), *store.appending("order-7", [FACT], 0, 0.0, "r")])
    assert (store.head, outbox.unpublished()) == (0, [])


def test_a_relay_sees_events_in_order_until_it_marks_them(database):
    store, outbox = EventStore(database), Outbox(database)
    for stream in ("b", "a", "c"):
        write_with_outbox(store, stream)
    first, *_ = outbox.unpublished(limit=2)
    run_together(database, [outbox.mark_published(first), outbox.mark_published(first)])
    assert [event.stream for event in outbox.unpublished()] == ["a", "c"]
    assert store.head == 3


def test_a_tail_reads_on_from_the_position_it_kept(database):
    store, tail = EventStore(database), Tail(database, "publisher")
    store.append("a", [FACT] * 3, 0, 0.0, "r")
    assert [event.position for event in tail.new(store, limit=2)] == [1, 2]
    assert [event.position for event in tail.new(store, limit=2)] == [1, 2], "not kept, so read again"
    run_together(database, [tail.keep(store.at(2))])
    assert ([event.position for event in tail.new(store)], tail.position, tail.lag(store)) == ([3], 2, 1)


def test_a_tail_does_not_go_back_unless_it_starts_again(database):
    store, tail = EventStore(database), Tail(database, "publisher")
    store.append("a", [FACT] * 3, 0, 0.0, "r")
    run_together(database, [tail.keep(store.at(2))])
    for position in (1, 2):
        with pytest.raises(AlreadySeen, match=f"publisher is past position {position} already"):
            run_together(database, [tail.keep(store.at(position))])
    run_together(database, [tail.restart()])
    assert tail.position == 0
