"""The event store on real SQLite: streams, versions, positions, and nothing that is ever changed."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.shop.domain import NotFound
from archlab.shop.events import EVENTS, Event, EventStore, NewEvent, VersionConflict
from archlab.shop.store import open_database, run_together

FACT = NewEvent("Noted", {"n": 1})


def note(store, stream="order-7", version=0, events=(FACT,)):
    return store.append(stream, events, version, at_s=2.5, correlation_id="r-1", causation_id="cause-1")


@pytest.fixture
def store():
    return EventStore(open_database(EVENTS))


def test_an_event_is_read_back_as_it_was_written(store):
    data = {"order_id": 7, "lines": [[1, 2, 450]], "who": "Ünal", "gift": None, "paid": True, "share": 0.1}
    written = note(store, events=[NewEvent("OrderPlaced", data, schema_version=2)])
    assert written == (Event(1, "order-7", 1, "OrderPlaced", data, 2.5, "r-1", "cause-1", schema_version=2),)
    assert tuple(store.read("order-7")) == tuple(store.read_all()) == (store.at(1),) == written
    assert written[0].event_id == "order-7-1"


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(1, 3), st.integers(0, 6)), max_size=15)
)
def test_the_store_does_what_a_list_for_each_stream_does(calls):
    """The oracle: lists in memory. Appending at any other version than the length is a conflict and writes nothing."""
    store, streams, order = EventStore(open_database(EVENTS)), {"a": [], "b": [], "c": []}, []
    for stream, count, expected in calls:
        facts = [NewEvent("Noted", {"n": len(order) + n}) for n in range(count)]
        if expected == len(streams[stream]):
            store.append(stream, facts, expected, 0.0, "r")
            streams[stream] += [fact.data for fact in facts]
            order += [fact.data for fact in facts]
        else:
            with pytest.raises(VersionConflict, match=f"stream {stream} is no longer at version {expected}"):
                store.append(stream, facts, expected, 0.0, "r")
    assert [event.data for event in store.read_all()] == order
    assert [event.position for event in store.read_all()] == list(range(1, len(order) + 1))
    for stream, facts in streams.items():
        assert [event.data for event in store.read(stream)] == facts
        assert [event.version for event in store.read(stream)] == list(range(1, len(facts) + 1))
        assert store.version(stream) == len(facts)


def test_a_reader_chooses_a_part_of_a_stream_or_of_all(store):
    note(store, events=[FACT] * 5)
    note(store, "order-8")
    assert [event.version for event in store.read("order-7", after_version=2)] == [3, 4, 5]
    assert [event.version for event in store.read("order-7", 1, up_to_version=3)] == [2, 3]
    assert store.read("order-7", 3, up_to_version=2) == []
    assert [event.position for event in store.read_all(after_position=4)] == [5, 6]
    assert [event.position for event in store.read_all(1, limit=2)] == [2, 3]
    assert store.head == 6


def test_an_empty_store_has_nothing_at_the_start(store):
    assert (store.head, store.version("order-7"), store.read("order-7"), store.read_all()) == (0, 0, [], [])
    with pytest.raises(NotFound, match="no event at position 1"):
        store.at(1)


def test_two_who_decided_on_the_same_version_do_not_both_append(tmp_path):
    """Two connections to one file, as two processes have them."""
    first = EventStore(open_database(EVENTS, path=str(tmp_path / "events.db")))
    second = EventStore(open_database(path=str(tmp_path / "events.db")))
    note(first)
    seen = [store.version("order-7") for store in (first, second)]
    note(first, version=seen[0])
    with pytest.raises(VersionConflict):
        note(second, version=seen[1])
    note(second, version=second.version("order-7"))
    assert [event.version for event in second.read("order-7")] == [1, 2, 3]


def test_a_conflict_takes_the_rest_of_the_transaction_with_it(store):
    note(store)
    statements = [
        *store.appending("order-8", [FACT], 0, 0.0, "r"),
        *store.appending("order-7", [FACT], 0, 0.0, "r"),
    ]
    with pytest.raises(VersionConflict):
        run_together(store.connection, statements)
    assert store.version("order-8") == 0


ROW = "'late', '{}', 0, 'r', NULL, 1"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE events SET data = '{}' WHERE position = 1",
        "UPDATE events SET at_s = 0",
        "DELETE FROM events",
        "DELETE FROM events WHERE position = 2",
        f"INSERT OR REPLACE INTO events VALUES (1, 'order-7', 1, {ROW})",
        f"INSERT OR REPLACE INTO events VALUES (1, 'order-9', 1, {ROW})",
        f"INSERT OR REPLACE INTO events VALUES (NULL, 'order-7', 1, {ROW})",
        f"INSERT INTO events VALUES (2, 'order-9', 1, {ROW}) ON CONFLICT DO UPDATE SET data = '[]'",
        f"INSERT INTO events VALUES (NULL, 'order-7', 5, {ROW})",
        f"INSERT INTO events VALUES (NULL, 'order-7', 0, {ROW})",
        "UPDATE OR REPLACE events SET version = 1",
        f"INSERT INTO events VALUES (0, 'order-9', 1, {ROW})",
        f"INSERT INTO events VALUES (-5, 'order-9', 1, {ROW})",
        f"INSERT INTO events VALUES (4, 'order-9', 1, {ROW})",
        f"INSERT INTO events VALUES (9223372036854775807, 'order-9', 1, {ROW})",
    ],
)
def test_no_sql_changes_takes_away_or_slips_in_an_event(store, sql):
    before = note(store, events=[FACT, FACT])
    with pytest.raises(sqlite3.IntegrityError, match="events are"):
        store.connection.execute(sql)
    assert tuple(store.read_all()) == before
    assert store.connection.execute("SELECT COUNT(*) FROM events").fetchone() == (2,)


@pytest.mark.parametrize("data", ["'no JSON'", "''", "x'00'"])
def test_no_sql_appends_what_no_reader_gets_past(store, data):
    note(store)
    with pytest.raises(sqlite3.Error):
        store.connection.execute(f"INSERT INTO events VALUES (NULL, 'a', 1, 'late', {data}, 0, 'r', NULL, 1)")
    assert len(store.read_all()) == 1


def test_after_a_refusal_the_next_event_has_the_next_position(store):
    note(store)
    with pytest.raises(VersionConflict):
        note(store)
    assert [event.position for event in note(store, version=1)] == [2]


def test_without_its_triggers_the_table_takes_any_change(store):
    """The triggers do it, and nothing else: who may drop them may change the past."""
    note(store)
    store.connection.execute("DROP TRIGGER events_are_not_updated")
    store.connection.execute("UPDATE events SET data = '{}'")
    assert store.at(1).data == {}


@pytest.mark.parametrize(
    "data", [{1: "number as key"}, {"a": (1, 2)}, {"a": float("nan")}, {"a": {1, 2}}, {"a": object()}]
)
def test_data_that_json_would_change_is_refused(data):
    with pytest.raises(ValueError, match=r"data is .*; it must be what JSON gives back"):
        NewEvent("Noted", data)


def test_an_event_needs_a_type_a_form_and_company(store):
    with pytest.raises(ValueError, match="type is ''; it must be the name of what happened"):
        NewEvent("", {})
    with pytest.raises(ValueError, match="schema_version is 0; it must be 1 or more"):
        NewEvent("Noted", {}, schema_version=0)
    with pytest.raises(ValueError, match="events is empty; there must be at least one"):
        note(store, events=[])
