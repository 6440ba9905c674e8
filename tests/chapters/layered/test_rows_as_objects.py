"""What a row costs as an object."""

import pytest

from archlab.chapters.layered import rows_as_objects
from archlab.chapters.layered.rows_as_objects import FORMS, database, lost_percent, read, recorded


def test_all_forms_hold_the_same_rows():
    connection = database(rows=5)
    tuples = read(FORMS["tuple"], connection)
    assert [tuple(one.values()) for one in read(FORMS["dict"], connection)] == tuples
    for form in ("dataclass", "watched object"):
        objects = read(FORMS[form], connection)
        assert [(one.id, one.state, one.total_cents, one.placed_day) for one in objects] == tuples


def test_a_watched_object_notes_what_is_changed_and_one_row_is_one_object():
    (one,) = read(FORMS["watched object"], database(rows=1))
    assert one.changed == set()
    one.state = "sent"
    assert one.changed == {"state"}
    first, again = rows_as_objects.as_watched([(1, "placed", 450, 1), (1, "placed", 450, 1)])
    assert first is again


def test_what_is_lost_is_counted_beside_tuples():
    table = rows_as_objects.measure(rows=20, times=2)
    lost = lost_percent(table.assign(us=[10.0, 20.0, 20.0, 40.0]))
    assert lost.tolist() == pytest.approx([0, 50, 50, 75])


def test_as_recorded_watching_costs_most():
    lost = lost_percent(recorded())
    assert lost.idxmax() == "watched object"
    assert lost["dict"] > 20


def test_the_published_mappers_lose_a_fifth_to_more_than_a_third():
    lost = rows_as_objects.published().set_index("orm").lost_percent.round()
    assert lost.loc[["Django", "peewee", "Tortoise", "SQLAlchemy async"]].tolist() == [22, 27, 34, 32]


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="rows is 0"):
        database(rows=0)
