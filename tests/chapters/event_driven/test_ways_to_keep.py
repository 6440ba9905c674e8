"""Four ways to keep the same orders: that they do keep the same."""

from archlab.chapters.event_driven import ways_to_keep
from archlab.shop.events import ORDER, EventStore
from archlab.shop.store import OrderRepository, StockRepository, open_database


def some_orders(count=40, seed=3):
    coming = ways_to_keep.Orders(seed)
    return [coming.next(ways_to_keep.FIRST_ORDER + n) for n in range(count)]


def test_all_designs_keep_the_same_orders():
    """Folding an order's five events gives the order that the tables of states hold."""
    orders = some_orders()
    events, states = ways_to_keep.opened("events"), ways_to_keep.opened("states")
    ways_to_keep.written("events", orders, events)
    ways_to_keep.written("states", orders, states)
    for one in orders:
        folded = ORDER.fold(EventStore(events).read(f"order-{one.order.id}"))
        found = OrderRepository(states).find(one.order.id)
        assert sorted(folded.order.lines, key=str) == sorted(found.lines, key=str)
        assert (folded.order.id, folded.order.state) == (found.id, found.state)
        assert folded.is_told


def test_the_history_has_a_row_for_each_change_of_a_row():
    """A row for each write to orders, stock, payments and notifications: the triggers of a test count them."""
    orders = some_orders()
    connection = open_database(*ways_to_keep.STATES, ways_to_keep.HISTORY, "CREATE TABLE changes (n)")
    StockRepository(connection).fill(dict.fromkeys(range(1, ways_to_keep.PRODUCTS + 1), ways_to_keep.PIECES))
    for table in ("orders", "stock", "payments", "notifications"):
        for what in ("INSERT", "UPDATE"):
            connection.execute(
                f"CREATE TRIGGER {table}_{what} AFTER {what} ON {table} BEGIN INSERT INTO changes VALUES (1); END"
            )
    ways_to_keep.written("states and history", orders, connection)
    rows = [
        connection.execute(f"SELECT COUNT(*) FROM {table}_history").fetchone()[0]
        for table in ("order", "stock", "payment", "notification")
    ]
    assert sum(rows) == connection.execute("SELECT COUNT(*) FROM changes").fetchone()[0]
