"""Snapshots on real SQLite: they change how much is read, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.shop.events import EVENTS, ORDER, SNAPSHOTS, STOCK_LEVEL, EventStore, Repository, VersionConflict
from archlab.shop.events.stock import stock_received
from archlab.shop.store import open_database, run_together
from tests.shop.events.histories import histories, shop_of


def stock(snapshot_every=None):
    return Repository(EventStore(open_database(EVENTS, SNAPSHOTS)), STOCK_LEVEL, snapshot_every)


def receive(repository, times, product=1):
    for _ in range(times):
        repository.append(repository.load(product), [stock_received(product, 1)], 0.0, "delivery")


@given(every=st.integers(1, 9), times=st.integers(0, 40))
def test_with_snapshots_a_thing_is_the_same_and_few_rows_are_read(every, times):
    """Never more than the snapshot, `every` events, and the one that was appended with it."""
    plain, kept = stock(), stock(every)
    for repository in (plain, kept):
        receive(repository, times)
    one, other = plain.load(1), kept.load(1)
    assert (other.state, other.version) == (one.state, one.version) == (times, times)
    assert one.rows_read == times
    assert other.replayed <= every
    assert other.rows_read <= every + 1


@settings(max_examples=30)
@given(histories)
def test_orders_come_back_from_snapshots_whole(history):
    orders, _ = shop_of(history)
    orders.connection.executescript(SNAPSHOTS)
    kept = Repository(orders, ORDER, snapshot_every=1)
    for order_id in range(1, len(history) + 1):
        before = kept.load(order_id)
        run_together(orders.connection, kept.appending(before, [stock_received(1, 1)], 0.0, "r")[-1:])
        after = kept.load(order_id)
        assert (after.state, after.version, after.replayed) == (before.state, before.version, 0)


def test_a_conflict_keeps_no_snapshot():
    repository = stock(snapshot_every=1)
    receive(repository, 1)
    early = repository.load(1)
    repository.store.append("stock-1", [stock_received(1, 1)], 1, 0.0, "somebody else")
    with pytest.raises(VersionConflict):
        repository.append(early, [stock_received(1, 1)], 0.0, "too late")
    assert repository.load(1).rows_read == 2


def test_a_late_writer_does_not_put_back_an_older_snapshot():
    repository = stock(snapshot_every=1)
    receive(repository, 2)
    early = repository.load(1)
    receive(repository, 3)
    run_together(
        repository.store.connection, repository.appending(early, [stock_received(1, 1)], 0.0, "r")[1:]
    )
    assert repository.load(1).replayed == 1


def test_discarded_snapshots_of_one_kind_are_read_from_events_again():
    repository = stock(snapshot_every=2)
    receive(repository, 5)
    repository.store.connection.execute("INSERT INTO snapshots VALUES ('order-1', 1, '{}')")
    run_together(repository.store.connection, [repository.discard()])
    assert repository.load(1).rows_read == 5
    assert repository.store.connection.execute("SELECT stream FROM snapshots").fetchall() == [("order-1",)]


def test_a_snapshot_every_no_event_is_refused():
    with pytest.raises(ValueError, match="snapshot_every is 0; it must be a whole number, 1 or more"):
        stock(snapshot_every=0)
