"""A customer is forgotten on demand: seen on the rows, and on the bytes of the files."""

import base64
import sqlite3

import pytest

from archlab.shop.events import EVENTS, EventStore, NewEvent
from archlab.shop.events.shredding import FORGOTTEN, KEYS, KeyRing
from archlab.shop.store import open_database

PERSONAL = {"name": "Ada Lovelace", "email": "ada@mail.example"}


@pytest.fixture
def ring():
    return KeyRing(open_database(KEYS))


def test_the_row_of_an_event_holds_no_word_of_what_was_encrypted(ring):
    store = EventStore(open_database(EVENTS))
    data = ring.seal("customer-3", {"order_id": 7, "total_cents": 900}, PERSONAL)
    (event,) = store.append("order-7", [NewEvent("OrderPlaced", data)], 0, 0.0, "7")
    (text,) = store.connection.execute("SELECT data FROM events").fetchone()
    assert "Lovelace" not in text
    assert "mail.example" not in text
    assert ring.open("customer-3", event.data) == {"order_id": 7, "total_cents": 900, **PERSONAL}


def test_forgetting_one_customer_leaves_the_others_and_what_is_not_personal(ring):
    mine, hers = (ring.seal(name, {"total_cents": 900}, PERSONAL) for name in ("customer-1", "customer-2"))
    ring.forget("customer-1")
    assert ring.open("customer-1", mine) == {"total_cents": 900, "name": FORGOTTEN, "email": FORGOTTEN}
    assert ring.open("customer-2", hers)["name"] == "Ada Lovelace"


def test_a_customer_who_comes_back_gets_a_key_that_does_not_open_her_past(ring):
    old = ring.seal("customer-1", {}, PERSONAL)
    ring.forget("customer-1")
    new = ring.seal("customer-1", {}, PERSONAL)
    assert ring.open("customer-1", new)["name"] == "Ada Lovelace"
    assert ring.open("customer-1", old)["name"] == FORGOTTEN


def test_another_customers_key_does_not_open_it(ring):
    data = ring.seal("customer-1", {}, PERSONAL)
    ring.seal("customer-2", {}, PERSONAL)
    assert ring.open("customer-2", data)["name"] == FORGOTTEN


def test_a_copy_of_the_keys_opens_everything_again(ring):
    data = ring.seal("customer-1", {}, PERSONAL)
    copy = sqlite3.connect(":memory:")
    ring.connection.backup(copy)
    ring.forget("customer-1")
    assert KeyRing(copy).open("customer-1", data)["name"] == "Ada Lovelace"


@pytest.mark.parametrize("secure", [True, False])
def test_a_deleted_key_is_overwritten_in_the_file_only_if_sqlite_is_told_to(tmp_path, secure):
    path = tmp_path / "keys"
    ring = KeyRing(open_database(KEYS, path=str(path)))
    ring.seal("customer-1", {}, PERSONAL)
    (key,) = ring.connection.execute("SELECT key FROM keys").fetchone()
    assert key in path.read_bytes()
    ring.connection.execute(f"PRAGMA secure_delete = {'ON' if secure else 'OFF'}")
    ring.forget("customer-1")
    ring.connection.close()
    assert (key in path.read_bytes()) == (not secure)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 100])
def test_a_text_grows_as_fernet_says(ring, length):
    token = ring.seal("customer-1", {}, {"x": "a" * length})["sealed"]
    text = len('{"x": ""}') + length
    blocks = 16 * (text // 16 + 1)
    assert len(base64.urlsafe_b64decode(token)) == 57 + blocks
    assert len(token) == 4 * -(-(57 + blocks) // 3)


def test_the_same_text_is_never_encrypted_to_the_same_token(ring):
    one, other = (ring.seal("customer-1", {}, PERSONAL) for _ in range(2))
    assert one["sealed"] != other["sealed"]


def test_nothing_to_encrypt_and_names_that_are_taken_are_refused(ring):
    with pytest.raises(ValueError, match="personal is empty"):
        ring.seal("customer-1", {"order_id": 7}, {})
    with pytest.raises(ValueError, match="public has \\['sealed'\\]"):
        ring.seal("customer-1", {"sealed": "x"}, PERSONAL)
