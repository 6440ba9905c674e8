"""The chapters' measurements stand side by side as they are, and lists are not mixed."""

import pytest

from archlab.chapters.choosing.change_requests import (
    COLUMNS,
    FUNCTIONS,
    REQUESTS,
    WORD,
    changes_figure,
    side_by_side,
)
from archlab.chapters.choosing.renamed_words import means
from archlab.chapters.event_driven import coupling
from archlab.chapters.layered import maintainable


@pytest.fixture(scope="module")
def table():
    return side_by_side()


def test_only_the_words_put_all_six_side_by_side(table):
    who = table.groupby("list").architecture.apply(set)
    assert len(who[WORD]) == 6
    assert who[FUNCTIONS] == {"monolithic", "microservices", "event-driven"}
    assert who[REQUESTS] == {"monolithic", "layered"}


def test_new_functions_are_what_chapter_03_measured(table):
    each = coupling.changes().set_index(["function", "shop"])
    rows = table[table["list"] == FUNCTIONS].set_index("architecture")
    for shop in rows.index:
        both = each.loc[[("loyalty", shop), ("fraud", shop)]]
        assert rows.files[shop] == (both.files_new + both.files_changed).mean()
        assert rows.deployments[shop] == (both.programs_new + both.programs_changed).mean()
    assert set(rows.changes) == {2}


def test_ten_requests_are_what_chapter_04_measured(table):
    mean = maintainable.changes().groupby("cut")[["files", "parts", "lines"]].mean()
    rows = table[table["list"] == REQUESTS].set_index("architecture")
    assert rows.loc["layered", ["files", "units", "lines"]].tolist() == mean.loc["layers"].tolist()
    assert rows.loc["monolithic", ["files", "units", "lines"]].tolist() == mean.loc["modules"].tolist()
    assert set(rows.changes) == {10}


def test_words_are_the_means_over_the_words(table):
    rows = table[table["list"] == WORD].set_index("architecture")
    assert rows.deployments.to_dict() == means().programs_high.to_dict()
    assert rows.units_low.to_dict() == means().units_low.to_dict()


def test_a_monolith_is_one_deployment_in_every_list(table):
    assert set(table[table.architecture == "monolithic"].deployments) == {1.0}


def test_the_picture_tells_every_row_in_words(table):
    picture = changes_figure(table, "What a change touches")
    assert picture.alt.count("files") == len(table)
    assert "Two new functions: monolithic 2 files, 2 units, 1 deployments" in picture.alt


def test_a_table_without_a_column_is_refused(table):
    with pytest.raises(ValueError, match="units"):
        changes_figure(table.drop(columns="units"), "What a change touches")
    assert list(table.columns) == list(COLUMNS)
