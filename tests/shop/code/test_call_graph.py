"""Direct calls between components, in code whose calls can be counted by hand."""

import textwrap

from archlab.shop.code.call_graph import call_graph
from archlab.shop.code.source import classes, modules

MONOLITH = """
    from dataclasses import dataclass
    from typing import Any

    class Stock:
        def reserve(self): return self.rows()
        def rows(self): return Ledger.open()

    class Payments:
        def __init__(self, stock: "Stock | None" = None):
            self.stock = stock
        def take(self):
            self.stock.reserve()

    @dataclass
    class Orders:
        stock: Stock
        other: Any
        history: list[Stock]

        def __init__(self):
            self.payments = Payments(self.stock)

        def place(self):
            self.stock.reserve()
            self.stock.reserve()
            self.payments.take()
            self.other.reserve()
            self.history.append(1)
            total = sum([1])
            return total

    class Ledger:
        @classmethod
        def open(cls): return cls()
"""


def calls(components):
    return {(a, b): n for a, b, n in call_graph(components).edges(data="calls")}


def test_calls_through_annotated_and_made_attributes_are_counted_and_calls_of_itself_are_not(tmp_path):
    file = tmp_path / "monolith.py"
    file.write_text(textwrap.dedent(MONOLITH))
    assert calls(classes(file)) == {
        ("Stock", "Ledger"): 1,
        ("Payments", "Stock"): 1,
        ("Orders", "Payments"): 2,  # made once, called once
        ("Orders", "Stock"): 2,  # not through Any, not the list's own append
    }


NEIGHBOURS = """
    class Module:
        def __init__(self, program: "Program"):
            self.program = program

    class Stock(Module):
        def reserve(self): ...

    class Orders(Module):
        def place(self):
            program = self.program
            program.begin()
            program.stock.reserve()
            self.program.stock.reserve()
            program.stock.rows.read()
            program.unknown.reserve()

    class Program:
        def __init__(self):
            self.stock = Stock(self)
            self.orders = Orders(self)
        def begin(self): ...
"""


def test_calls_are_followed_through_attributes_of_neighbours_and_of_base_classes(tmp_path):
    file = tmp_path / "monolith.py"
    file.write_text(textwrap.dedent(NEIGHBOURS))
    assert calls(classes(file)) == {
        ("Orders", "Program"): 1,  # begin; what it reaches through the program is not the program's
        ("Orders", "Stock"): 2,
        ("Program", "Stock"): 1,
        ("Program", "Orders"): 1,
    }


def test_modules_call_each_other_through_imported_modules_and_names(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "stock.py").write_text("class Row: ...\ndef reserve(): return len([Row()])\n")
    (folder / "orders.py").write_text(
        "import json\nimport shop.stock\nfrom shop import stock as s\nfrom shop.stock import Row, reserve\n"
        "shop.stock.reserve()\ns.reserve()\nreserve()\nrow = Row()\nrow.update()\njson.dumps(reserve)\n"
    )
    assert calls(modules(folder)) == {("shop.orders", "shop.stock"): 5}
