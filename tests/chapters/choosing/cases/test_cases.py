"""The face of the cases: each has its figures, its verdict, its picture and its place in the table."""

import re

import pytest

from archlab.chapters.choosing import cases
from archlab.chapters.choosing.cases import CASES, Foretold, Judgement, figure_of, published, segment
from archlab.course.figures.picture import Picture
from archlab.data import load


@pytest.fixture(scope="module")
def table():
    return cases.table()


def test_there_are_the_five_cases_and_twitters(table):
    assert table.case.tolist() == [
        "step functions",
        "segment",
        "istio",
        "uber",
        "stack overflow",
        "timelines",
    ]


def test_every_case_has_figures_with_a_source_that_was_read():
    for case in CASES.values():
        assert len(case.published) > 0
        assert set(case.published.mark) <= {"seen", "seen-2nd", "derived"}


def test_every_number_in_what_was_told_is_a_published_one():
    derived = {round(segment.published_times(), 1)}
    words = {"one": 1, "four": 4, "nine": 9}
    for case in CASES.values():
        numbers = {float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\.?\d*", case.told)}
        numbers |= {value for word, value in words.items() if re.search(rf"\b{word}\b", case.told)}
        assert numbers - derived <= set(case.published.value) | (
            {1.0} if case.name == "step functions" else set()
        )


def test_every_case_has_a_verdict_and_a_picture():
    for case in CASES.values():
        assert isinstance(case.verdict(), Judgement)
        assert isinstance(case.figure(), Picture)


def test_no_model_foretold_a_case_without_a_condition(table):
    answers = table.set_index("case").foretold
    assert answers.drop("uber").unique().tolist() == [Foretold.WHEN]
    assert answers["uber"] == Foretold.NOT_TESTABLE


def test_every_row_says_what_decides_and_what_the_rule_says_elsewhere(table):
    assert (table.drop(columns="case").map(len) > 4).all(axis=None)


def test_the_counter_examples_stand_in_the_table():
    assert {"monzo"} <= set(load("published_moves").case)
    assert "Monzo" in CASES["segment"].elsewhere()
    assert "Monzo" in CASES["uber"].elsewhere()


def test_a_case_or_a_figure_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(ValueError, match=r"name is 'shopify'; it must be one of .*segment"):
        published("shopify")
    with pytest.raises(ValueError, match=r"begins is 'people'; it must begin one of services before"):
        figure_of("segment", "people")
    with pytest.raises(ValueError, match="begins is 'months'"):
        figure_of("segment", "months")
