"""Crypto-shredding: personal data is encrypted before it goes into an event, with a key of that person's own.

Nothing is deleted from the events. When the person asks to be forgotten, her key is deleted, and what was encrypted
with it is noise. The keys lie in a database of their own, which, unlike the events, may be changed.

>>> from archlab.shop.store import open_database
>>> ring = KeyRing(open_database(KEYS))
>>> data = ring.seal("customer-3", {"order_id": 7}, personal={"name": "Ada Lovelace"})
>>> ring.open("customer-3", data)
{'order_id': 7, 'name': 'Ada Lovelace'}
>>> ring.forget("customer-3")
>>> ring.open("customer-3", data)
{'order_id': 7, 'name': '(forgotten)'}

Encryption is Fernet of the library `cryptography`: AES-128 in CBC mode with a new initialisation vector for each
text, and a signature (HMAC with SHA-256). A text grows by 57 bytes and by what fills its last block of 16, and then
by a third, since the token is written in base 64. The token tells in clear when it was made.

**What this does not do.** A copy of the key opens everything again: backups of the keys must forget, too. Whoever has
read the data before and kept it still has it: projections, subscribers, log files. What was not encrypted, since
nobody took it for personal, stays. Whether a law takes a lost key for a deletion is not ours to say. And who loses
the keys loses the data: the ring needs backups all the same, which must be short-lived.
"""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

KEYS = """
PRAGMA secure_delete = ON;
CREATE TABLE keys (subject TEXT PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID
"""
"""One key for each person. `secure_delete`: SQLite overwrites what it deletes; else it stays in the file for a time."""

SEALED = "sealed"
"""The field of an event's data that holds the encrypted part."""
NAMES = "personal"
"""The field that tells, in clear, what is in it."""
FORGOTTEN = "(forgotten)"
"""What stands in the place of data whose key is gone."""


class KeyRing:
    """The keys of all persons.

    Args:
        connection: to a database with the schema `KEYS`: not that of the events.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        connection.execute("PRAGMA secure_delete = ON")

    def seal(self, subject: str, public: Mapping[str, Any], personal: Mapping[str, Any]) -> dict[str, Any]:
        """Return data for an event: `public` as it is, and `personal` encrypted with the key of `subject`.

        A key is made when there is none. Keys come from the operating system's random numbers, not from a seed.

        Raises:
            ValueError: when there is no personal data, or a field of `public` has a name that is needed here.
        """
        if not personal:
            raise ValueError("personal is empty; it must have a field to encrypt")
        if taken := sorted({SEALED, NAMES} & set(public)):
            raise ValueError(f"public has {taken}; it must leave these names free")
        token = Fernet(self._key(subject)).encrypt(json.dumps(dict(personal)).encode())
        return {**public, NAMES: list(personal), SEALED: token.decode("ascii")}

    def open(self, subject: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data with its personal part, or with `FORGOTTEN` in its place when the key is gone."""
        public = {name: value for name, value in data.items() if name not in (SEALED, NAMES)}
        key = self._find(subject)
        try:
            personal = {} if key is None else json.loads(Fernet(key).decrypt(data[SEALED]))
        except InvalidToken:
            personal = {}
        return public | (personal or dict.fromkeys(data[NAMES], FORGOTTEN))

    def forget(self, subject: str) -> None:
        """Delete the key of a person. A person who comes back gets a new one, which does not open the old data."""
        self.connection.execute("DELETE FROM keys WHERE subject = ?", (subject,))

    def _find(self, subject: str) -> bytes | None:
        row = self.connection.execute("SELECT key FROM keys WHERE subject = ?", (subject,)).fetchone()
        return None if row is None else row[0]

    def _key(self, subject: str) -> bytes:
        key = self._find(subject)
        if key is None:
            key = Fernet.generate_key()
            self.connection.execute("INSERT INTO keys VALUES (?, ?)", (subject, key))
        return key
