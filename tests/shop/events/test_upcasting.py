"""Old events are lifted when they are read; the rows stay as they are."""

import pytest

from archlab.shop.events import EVENTS, EventStore, NewEvent
from archlab.shop.events.upcasting import Upcast, Upcasts
from archlab.shop.store import open_database


def named(data):
    return {"buyer": data["customer"]}


def split(data):
    first, last = data["buyer"].split(" ", 1)
    return {"first": first, "last": last}


RENAME, SPLIT = Upcast("OrderPlaced", 1, named), Upcast("OrderPlaced", 2, split)


@pytest.fixture
def store():
    store = EventStore(open_database(EVENTS))
    for version, data in ((1, {"customer": "Ada Lovelace"}), (2, {"buyer": "Alan Turing"})):
        store.append(f"order-{version}", [NewEvent("OrderPlaced", data, version)], 0, 0.0, "made")
    return store


@pytest.mark.parametrize("steps", [[RENAME, SPLIT], [SPLIT, RENAME]])
def test_events_of_every_age_reach_the_newest_form_step_by_step(store, steps):
    lifted = [Upcasts(steps).lift(event) for event in store.read_all()]
    assert [event.data["last"] for event in lifted] == ["Lovelace", "Turing"]
    assert {event.schema_version for event in lifted} == {3}


def test_the_rows_stay_in_the_form_in_which_they_were_written(store):
    before = store.read_all()
    [Upcasts([RENAME, SPLIT]).lift(event) for event in before]
    assert store.read_all() == before
    assert [event.schema_version for event in before] == [1, 2]


def test_an_event_of_another_type_or_of_the_newest_form_is_handed_on(store):
    other = NewEvent("OrderConfirmed", {"customer": "Ada Lovelace"})
    (event,) = store.append("order-9", [other], 0, 0.0, "made")
    assert Upcasts([RENAME]).lift(event) is event
    assert Upcasts([RENAME]).lift(store.at(2)) is not None
    assert Upcasts([RENAME]).lift(store.at(2)).data == {"buyer": "Alan Turing"}


def test_two_ways_from_one_version_are_refused():
    with pytest.raises(ValueError, match="upcasts has two of OrderPlaced from version 1; it may have one"):
        Upcasts([RENAME, Upcast("OrderPlaced", 1, split)])


def test_a_version_below_one_is_refused():
    with pytest.raises(ValueError, match="from_version is 0"):
        Upcast("OrderPlaced", 0, named)
