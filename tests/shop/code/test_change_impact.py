"""What a change request touches, in code where it can be counted by hand."""

import textwrap

import pytest

from archlab.shop.code.change_impact import change_impact, extent
from archlab.shop.code.source import classes, modules

RULES = """
    '''on_hand in prose does not count'''

    def reserve(on_hand, quantity):
        '''on_hand here neither'''
        if on_hand < quantity:
            raise ValueError("on_hand is too low")
        return on_hand - quantity
"""
STORE = """
    from shop.rules import reserve

    TABLE = "CREATE TABLE stock (product, on_hand)"

    class Stock:
        def rows(self):
            return "SELECT product, on_hand FROM stock WHERE on_hands = 1"

        def take(self, row):
            def inner():
                return row["on_hand"]
            return reserve(on_hand=inner(), quantity=self.on_hand)
"""
ORDERS = "def place():\n    return 'INSERT INTO orders VALUES (1)'\n"


@pytest.fixture
def shop(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    for name, text in {"__init__": "", "rules": RULES, "store": STORE, "orders": ORDERS}.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
    return folder


def test_a_renamed_column_touches_every_place_that_names_it_and_no_prose(shop):
    impact = change_impact(modules(shop), "on_hand")
    places = set(zip(impact.file, impact.function, impact.kind, strict=True))
    assert places == {
        ("rules.py", "reserve", "use"),
        ("store.py", "<module>", "SQL"),
        ("store.py", "Stock.rows", "SQL"),
        ("store.py", "Stock.take.inner", "key"),
        ("store.py", "Stock.take", "use"),
    }
    assert extent(impact) == {"files": 2, "components": 2, "functions": 5, "lines": 7}


def test_a_function_is_touched_where_it_is_defined_imported_and_called(shop):
    impact = change_impact(modules(shop), "reserve")
    assert impact.groupby("kind").line.count().to_dict() == {"definition": 1, "use": 2}


def test_another_column_of_a_longer_name_is_not_touched(shop):
    assert change_impact(modules(shop), "on_hands").function.tolist() == ["Stock.rows"]


def test_a_change_nobody_names_touches_nothing(shop):
    assert set(extent(change_impact(modules(shop), "colour")).values()) == {0}


def test_the_impact_on_one_class_leaves_the_rest_of_the_file_out(shop):
    impact = change_impact(classes(shop / "store.py"), "on_hand")
    assert "<module>" not in set(impact.function)
    assert extent(impact)["components"] == 1


def test_a_change_request_that_is_no_identifier_is_refused(shop):
    with pytest.raises(ValueError, match=r"name is 'stock\.on_hand'; it must be one identifier"):
        change_impact(modules(shop), "stock.on_hand")
