"""What a change touches is counted alike, however its lines are broken and whatever its comments say."""

import pytest

from archlab.shop.code.touched import touched

BEFORE = '''"""A module."""

import os


class Orders:
    """Orders."""

    def place(self, order, customer):
        """Place."""
        self.check(order)
        return order


class Stock:
    pieces = 5
'''


def counted(after, before=BEFORE):
    return {
        (row.file, row.place): (row.is_new, row.added, row.removed)
        for row in touched({"shop.py": before}, after).itertuples()
    }


def test_a_line_more_and_a_line_altered_are_found_where_they_are():
    after = BEFORE.replace("        return order", "        self.earn(order)\n        return order")
    assert counted({"shop.py": after.replace("5", "6")}) == {
        ("shop.py", "Orders"): (False, 1, 0),
        ("shop.py", "Stock"): (False, 1, 1),
    }


def test_comments_docstrings_and_the_way_lines_are_broken_do_not_count():
    after = BEFORE.replace(
        "self, order, customer", "\n        self,\n        order,\n        customer,\n    "
    )
    after = after.replace('"""Place."""', '"""Place an order."""').replace("import os", "import os  # more")
    assert after != BEFORE
    assert counted({"shop.py": after}) == {}


def test_new_files_and_new_classes_are_new_and_old_ones_that_are_gone_are_not():
    assert counted({"shop.py": BEFORE, "new.py": "import os\n\n\nclass New:\n    pass\n"}) == {
        ("new.py", ""): (True, 1, 0),
        ("new.py", "New"): (True, 2, 0),
    }
    assert counted({}) == {
        ("shop.py", ""): (False, 0, 1),
        ("shop.py", "Orders"): (False, 0, 4),
        ("shop.py", "Stock"): (False, 0, 2),
    }


def test_what_is_no_python_is_refused():
    with pytest.raises(ValueError, match=r"shop\.py is no Python"):
        counted({"shop.py": "class"})
