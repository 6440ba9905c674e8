"""The inbox: which events a consumer has handled, noted in the same local transaction as what they made it write.

A topic that delivers at least once delivers some events twice. The second time the note is there already, so the
whole transaction is refused and nothing is written twice:

>>> from archlab.shop.store import STOCK, StockRepository, open_database, run_together
>>> connection = open_database(INBOX, STOCK)
>>> stock, inbox = StockRepository(connection), Inbox(connection)
>>> stock.fill({1: 5})
>>> def handle(event_id):
...     run_together(connection, [inbox.note(event_id), stock.reserve(product=1, quantity=2)])
>>> handle("order-7-1")
>>> handle("order-7-1")
Traceback (most recent call last):
archlab.shop.events.inbox.AlreadySeen: inbox has order-7-1 already
>>> stock.on_hand([1])
{1: 3}
"""

import sqlite3

from archlab.shop.domain import Refusal
from archlab.shop.store import Statement

INBOX = """CREATE TABLE inbox (consumer TEXT NOT NULL, event_id TEXT NOT NULL,
    PRIMARY KEY (consumer, event_id)) WITHOUT ROWID"""


class AlreadySeen(Refusal):
    """This consumer has handled this event before."""

    reason = "already_seen"


class Inbox:
    """The notes of one consumer.

    Args:
        connection: to the database the consumer writes to, with the schema `INBOX`.
        consumer: its name, for databases that several consumers share.
    """

    def __init__(self, connection: sqlite3.Connection, consumer: str = "inbox") -> None:
        self.connection = connection
        self.consumer = consumer

    def note(self, event_id: str) -> Statement:
        """Return the write that notes an event, or raises `AlreadySeen` when it is noted already.

        It goes first in its transaction: a second delivery must not reach rules that would refuse it for other reasons.
        """
        return Statement(
            "INSERT INTO inbox VALUES (?, ?) ON CONFLICT DO NOTHING",
            (self.consumer, event_id),
            lambda: AlreadySeen(f"{self.consumer} has {event_id} already"),
        )

    def has(self, event_id: str) -> bool:
        """Return whether an event is noted."""
        sql = "SELECT 1 FROM inbox WHERE consumer = ? AND event_id = ?"
        return self.connection.execute(sql, (self.consumer, event_id)).fetchone() is not None
