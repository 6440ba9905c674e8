"""Tables read off SQL, against SQLite's own account of what a statement touches."""

import sqlite3
import textwrap

import pytest

from archlab.shop.code.source import classes, modules
from archlab.shop.code.table_access import is_sql, shared_tables, statement_tables, table_access

STATEMENTS = [
    "SELECT * FROM orders",
    "select orders.id from orders join stock on stock.id = orders.id",
    "SELECT * FROM (SELECT id FROM stock) WHERE id IN (SELECT id FROM payments)",
    "INSERT INTO orders (id) VALUES (1)",
    "INSERT OR REPLACE INTO orders SELECT id, n FROM stock",
    "REPLACE INTO orders VALUES (1, 1)",
    "INSERT INTO stock VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = 1",
    "UPDATE stock SET n = n - 1 WHERE id = 1",
    "UPDATE OR IGNORE stock SET n = (SELECT max(id) FROM payments)",
    "DELETE FROM payments WHERE id NOT IN (SELECT id FROM orders)",
    "WITH recent AS (SELECT id FROM orders) SELECT * FROM recent JOIN stock USING (id)",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_reads_and_writes_agree_with_what_sqlite_asks_permission_for(statement):
    connection = sqlite3.connect(":memory:")
    for table in ("orders", "stock", "payments"):
        connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, n INTEGER)")
    asked = set()

    def authorize(action, table, column, database, trigger):
        writes = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
        if action == sqlite3.SQLITE_READ or action in writes:
            asked.add((table, "write" if action in writes else "read"))
        return sqlite3.SQLITE_OK

    connection.set_authorizer(authorize)
    connection.execute(statement)
    connection.close()
    written = {table for table, access in asked if access == "write"}
    # SQLite also reads the rows of a table it changes; the text names it once, as written
    expected = {(table, access) for table, access in asked if access == "write" or table not in written}
    assert set(statement_tables(statement)) == expected


def test_definitions_name_the_table_the_index_is_on_and_the_tables_referred_to():
    schema = "CREATE TABLE IF NOT EXISTS lines (id REFERENCES orders (id));\nCREATE INDEX by_id ON stock (id)"
    assert statement_tables(schema) == [(name, "definition") for name in ("lines", "orders", "stock")]


@pytest.mark.parametrize(
    "prose",
    [
        "Select a product from the list",
        "Delete from the cart what you do not want",
        "update failed",
        "order taken from stock",
        "",
    ],
)
def test_prose_is_not_taken_for_sql(prose):
    assert not is_sql(prose)
    assert statement_tables(prose) == []


MODULE = """
    COUNT = "SELECT count(*) FROM stock"

    class Stock:
        '''SELECT nothing FROM docstring'''
        def reserve(self): return "UPDATE stock SET n = n - 1"

    class Orders:
        def place(self, marks):
            return f"INSERT INTO orders SELECT * FROM carts WHERE id IN ({marks}) AND n < {'?'}"
        def count(self): return COUNT

    class Payments:
        def take(self): return "INSERT INTO payments VALUES (1)"
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "monolith.py"
    path.write_text(textwrap.dedent(MODULE))
    return path


def test_a_class_touches_the_tables_in_its_texts_and_in_the_constants_it_names(file):
    access = table_access(classes(file))
    touched = {name: sorted(set(group.table)) for name, group in access.groupby("component")}
    assert touched == {"Orders": ["carts", "orders", "stock"], "Payments": ["payments"], "Stock": ["stock"]}


def test_a_table_that_two_classes_touch_is_shared_and_says_who_writes(file):
    shared = shared_tables(table_access(classes(file)))
    assert shared.to_dict("records") == [
        {"table": "stock", "components": "Orders, Stock", "writers": "Stock"}
    ]


def test_classes_with_a_table_each_share_none(file):
    assert shared_tables(table_access(classes(file, ["Stock", "Payments"]))).empty


def test_a_module_counts_its_own_constants_once(file):
    assert (table_access(modules(file.parent)).table == "stock").sum() == 2
