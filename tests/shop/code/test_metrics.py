"""Coupling, size and lock-in of a small package whose figures are known."""

import textwrap

import pytest

from archlab.shop.code.metrics import (
    coupling,
    import_graph,
    imported_modules,
    imported_names,
    lines_of_code,
    lock_in,
)
from archlab.shop.code.source import classes, modules

FILES = {
    "__init__.py": "",
    "rules.py": """
        '''Rules.

        import shop.orders  (prose, not an import)
        '''
        # a comment

        def total(lines):
            '''Add up.'''
            return sum(
                price for price in lines  # and a comment behind code
            )
        """,
    "stock.py": """
        import sqlite3
        from . import rules

        def rows(path):
            connection = sqlite3.connect(path)
            try:
                return connection.execute("SELECT 1")
            except sqlite3.Error:
                return None
        """,
    "orders.py": """
        import json
        from shop import rules, stock
        from .stock import rows as stock_rows

        def place():
            import shop.payments.card
            return shop.payments.card.pay(rules.total(stock_rows("x")))
        """,
    "payments/__init__.py": "from .card import pay",
    "payments/card.py": "from ..rules import total\nfrom sqlite3 import connect as rows\nrows('p')\n",
}


@pytest.fixture
def shop(tmp_path):
    for name, text in FILES.items():
        file = tmp_path / "shop" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(textwrap.dedent(text))
    return modules(tmp_path / "shop")


def test_the_import_graph_resolves_absolute_relative_renamed_and_inner_imports(shop):
    assert set(import_graph(shop).edges) == {
        ("shop.stock", "shop.rules"),
        ("shop.orders", "shop.rules"),
        ("shop.orders", "shop.stock"),
        ("shop.orders", "shop.payments.card"),
        ("shop.payments", "shop.payments.card"),
        ("shop.payments.card", "shop.rules"),
    }


def test_coupling_counts_who_depends_on_a_module_and_whom_it_depends_on(shop):
    table = coupling(import_graph(shop)).set_index("component")
    assert tuple(table.loc["shop.rules"]) == (3, 0, 0)
    assert tuple(table.loc["shop.orders"]) == (0, 3, 1)
    assert tuple(table.loc["shop.stock"]) == (1, 1, 0.5)
    assert table.instability.isna().to_dict()["shop"]


def test_lines_of_code_leave_out_blanks_comments_and_docstrings(shop):
    lines = lines_of_code(shop).set_index("component").lines
    assert (lines["shop.rules"], lines["shop.stock"], lines["shop"]) == (4, 8, 0)


def test_the_lines_of_a_class_are_its_own_and_its_decorators(tmp_path):
    file = tmp_path / "shop.py"
    file.write_text("import json\n\n@decorated\nclass A:\n    x = '''\n\n'''\n\nclass B:\n    y = 1\n")
    assert dict(lines_of_code(classes(file)).to_numpy()) == {"A": 5, "B": 2}


def test_lock_in_counts_the_lines_that_import_a_library_and_those_that_name_it(shop):
    table = lock_in(shop, "sqlite3").set_index("component")
    assert table.loc["shop.stock"].tolist() == [1, 2]
    assert table.loc["shop.payments.card"].tolist() == [1, 1]
    assert table.loc["shop.orders"].tolist() == [0, 0]
    assert lock_in(shop, "json").imports.sum() == 1


def test_a_class_is_locked_in_by_what_it_names_not_by_what_its_neighbour_names(tmp_path):
    file = tmp_path / "shop.py"
    file.write_text("import sqlite3\nclass A:\n    x = sqlite3.Row\nclass B:\n    y = 1\n")
    table = lock_in(classes(file), "sqlite3").set_index("component")
    assert (table.uses["A"], table.uses["B"]) == (1, 0)


def test_imported_names_are_known_by_where_they_come_from(tmp_path):
    (tmp_path / "one.py").write_text(
        "import json\nfrom a.b import c as d, e\n\ndef f():\n    from g import h\n"
    )
    (one,) = modules(tmp_path)
    assert imported_names(one) == {"d": ("a.b", "c"), "e": ("a.b", "e"), "h": ("g", "h")}
    assert imported_modules(one) == {"json", "a.b.c", "a.b.e", "g.h"}
