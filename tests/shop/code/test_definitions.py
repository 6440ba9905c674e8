"""Which definition names which, followed through imports and through a package's face."""

from pathlib import Path

import pytest

from archlab.shop.code.definitions import definition_graph, definitions
from archlab.shop.code.source import modules

FILES = {
    "__init__.py": "from shop.rows import Rows\n",
    "rows.py": "class Rows:\n    pass\n\ndef unused():\n    return Rows()\n",
    "rules.py": "from shop import Rows as Kept\nimport math\n\nclass Rules(Kept):\n    pass\n",
    "late.py": "def late():\n    from shop.rules import Rules\n    return Rules\n",
    "typed.py": "from shop.rules import Rules\n\ndef typed(a: 'Rules') -> None: ...\n",
    "circle.py": "from shop.face import X\n\ndef f():\n    return X\n",
    "face.py": "from shop.circle import X\n",
}


@pytest.fixture
def graph(tmp_path: Path):
    (tmp_path / "shop").mkdir()
    for name, text in FILES.items():
        (tmp_path / "shop" / name).write_text(text)
    return definition_graph(modules(tmp_path / "shop"))


def test_names_are_followed_to_where_they_are_defined(graph):
    assert set(graph.edges) == {
        ("shop.rows:unused", "shop.rows:Rows"),
        ("shop.rules:Rules", "shop.rows:Rows"),
        ("shop.late:late", "shop.rules:Rules"),
        ("shop.typed:typed", "shop.rules:Rules"),
    }


def test_a_definition_that_names_nobody_is_there_all_the_same(graph):
    assert "shop.circle:f" in graph
    assert graph.degree("shop.circle:f") == 0


def test_only_what_stands_at_the_top_of_a_file_is_a_definition(tmp_path: Path):
    (tmp_path / "one.py").write_text(
        "class A:\n    def f(self): ...\n\ndef g():\n    def h(): ...\n\nx = 1\n"
    )
    (one,) = modules(tmp_path)
    assert list(definitions(one)) == ["A", "g"]
