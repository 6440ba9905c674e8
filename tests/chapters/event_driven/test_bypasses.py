"""Attempts to get a change past the event store. Each could succeed: without its guard it does."""

from archlab.chapters.event_driven import bypasses
from archlab.shop.events import EVENTS, ORDER_STATUS, Projection

SEEDS = range(10)


def test_no_sql_gets_past_the_triggers():
    assert bypasses.let_through() == 0


def test_without_triggers_and_check_every_attempt_does():
    table_alone = EVENTS.split(";")[0].replace("CHECK (json_valid(data))", "")
    assert bypasses.let_through(table_alone) == len(bypasses.ATTEMPTS)


def test_nobody_buys_what_somebody_else_has_bought_meanwhile():
    assert [bypasses.pieces_sold_twice(seed) for seed in SEEDS] == [0] * 10


def test_who_appends_at_whatever_version_sells_pieces_twice():
    sold_twice = [bypasses.pieces_sold_twice(seed, expects_version=False) for seed in SEEDS]
    assert sum(twice > 0 for twice in sold_twice) >= 5


def test_one_buyer_alone_needs_no_version():
    assert all(bypasses.pieces_sold_twice(seed, expects_version=False, buyers=1) == 0 for seed in SEEDS)


def test_a_read_table_altered_by_hand_is_found():
    assert [bypasses.alterations_not_found(seed) for seed in SEEDS] == [0] * 10


def test_an_alteration_that_leaves_all_as_it_was_is_not_found(monkeypatch):
    """The comparison tells both ways."""
    same = {"same": "UPDATE order_status SET total_cents = total_cents + 0 * ? WHERE order_id = ?"}
    monkeypatch.setattr(bypasses, "ALTERATIONS", same)
    assert bypasses.alterations_not_found(seed=1, tries=3) == 3


def test_each_alteration_changes_a_row():
    """Else nothing would be there to be found."""
    store = bypasses.filled(seed=1)
    for name, sql in bypasses.ALTERATIONS.items():
        reads = bypasses.STOCK_LEVELS if "stock" in name else ORDER_STATUS
        projection = Projection(store.connection, reads)
        projection.rebuild(store)
        before = projection.rows()
        row = before[reads.tables[0]][0][0]
        store.connection.execute(sql, (1, row))
        assert projection.rows() != before, name


def test_who_drops_a_trigger_forges_the_past_and_a_replay_believes_him():
    """The limit of the claim: nothing in the store itself finds it."""
    store = bypasses.filled(seed=1)
    status = Projection(store.connection, ORDER_STATUS)
    status.rebuild(store)
    honest = status.rows()
    store.connection.execute("DROP TRIGGER events_are_not_updated")
    store.connection.execute(
        "UPDATE events SET data = json_set(data, '$.total_cents', 1) WHERE type = 'OrderPlaced' AND position = 1"
    )
    status.rebuild(store)
    forged = status.rows()
    assert forged != honest
    status.rebuild(store)
    assert status.rows() == forged
