"""What names a word in six shops, by one list and one way to count."""

import ast
from pathlib import Path

import pytest

from archlab.chapters.choosing.renamed_words import COUNTED, impact, means, renamed, words
from archlab.chapters.choosing.shop_sources import NO_UNIT, PACKAGE, SHOPS, part_at, sources
from archlab.shop.code.source import modules
from archlab.shop.microservices.config import SERVICES
from archlab.shop.serverless.steps import FUNCTIONS
from archlab.shop.store import SCHEMAS


@pytest.fixture(scope="module")
def table():
    return renamed().set_index(["word", "architecture"])


def units_of(name: str) -> set[str]:
    shop = SHOPS[name]
    found = set()
    for component in sources(shop):
        classes = [node.name for node in component.module.body if isinstance(node, ast.ClassDef)]
        found |= {part_at(shop, component.path, place) for place in ["", *classes]}
    return found - set(NO_UNIT)


def test_the_words_are_columns_of_the_schemas_and_no_words_of_the_kit():
    assert all(any(word in schema for schema in SCHEMAS) for word in words())
    assert not {"name", "state", "text", "product", "order_id"} & set(words())
    kit = "".join(file.read_text(encoding="utf-8") for file in (PACKAGE / "sim").rglob("*.py"))
    assert not [word for word in words() if f".{word}" in kit]
    assert "on_hand" in words()


def test_every_shop_is_counted_with_every_word_once(table):
    assert len(table) == len(words()) * len(SHOPS)
    assert not table.index.duplicated().any()


def test_units_are_those_that_the_shops_have_themselves():
    assert units_of("microservices") == set(SERVICES)
    assert units_of("layered") == {"presentation", "application", "business", "data access"}
    assert units_of("serverless") <= set(FUNCTIONS)
    assert units_of("cqrs") == {"commands", "queries", "projectors"}


def test_the_monolith_counts_what_a_search_in_its_files_finds(table):
    files = [
        *(PACKAGE / "shop/monolithic").glob("*.py"),
        PACKAGE / "shop/domain.py",
        PACKAGE / "shop/store.py",
    ]

    def names(file: Path, word: str) -> bool:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        return any(
            word
            in {
                getattr(node, "id", ""),
                getattr(node, "attr", ""),
                getattr(node, "arg", ""),
                getattr(node, "name", ""),
            }
            or (isinstance(node, ast.Constant) and id(node) not in told and word in str(node.value))
            for node in ast.walk(tree)
        )

    for word in words():
        assert table.loc[(word, "monolithic"), "files"] == sum(names(file, word) for file in files), word


def test_one_program_is_released_once_whatever_changes(table):
    for name in ("monolithic", "layered"):
        assert set(table.xs(name, level="architecture").programs_high) == {1}


def test_low_counts_are_at_least_one_and_never_above_high_ones(table):
    for what in ("units", "programs"):
        assert (table[f"{what}_low"] <= table[f"{what}_high"]).all()
    assert (table.programs_low >= 1).all()


def test_where_views_keep_copies_of_rows_most_files_name_a_word():
    files = means().files
    assert files.idxmax() == "cqrs"
    assert files.idxmin() == "monolithic"
    assert list(means().columns) == list(COUNTED)


def test_a_service_that_only_uses_a_shared_definition_is_in_the_high_count_alone(table):
    row = table.loc[("payment_id", "microservices")]
    assert (row.units_low, row.units_high) == (1, 2)


def test_a_further_file_that_names_the_word_is_counted(tmp_path):
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "one.py").write_text("def f(row):\n    return row['on_hand']\n")
    (tmp_path / "two.py").write_text('"""on_hand only in words"""\nx = 1\n')
    found = impact(modules(tmp_path), "on_hand")
    assert found.file.tolist() == ["one.py"]
    (tmp_path / "three.py").write_text("on_hand = 2\n")
    assert impact(modules(tmp_path), "on_hand").file.nunique() == 2


def test_what_is_left_out_is_there_to_be_left_out():
    for shop in SHOPS.values():
        inside = [
            file.relative_to(PACKAGE / shop.folder).as_posix()
            for file in (PACKAGE / shop.folder).rglob("*.py")
        ]
        assert all(any(path.startswith(beginning) for path in inside) for beginning in shop.left_out)
