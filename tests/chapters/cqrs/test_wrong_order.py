"""Which read models bear events twice and in the wrong order: those that add, that set, and that insert differ."""

import pytest

from archlab.chapters.cqrs import wrong_order
from archlab.chapters.cqrs.wrong_order import FAULTS, GUARDS, Question, run, told, wrong_share
from archlab.chapters.cqrs.wrong_order_figures import figure

ADDS = ["product page", "best sellers", "stock overview"]
INSERTS = ["product page", "order page", "order history", "search"]


@pytest.fixture(scope="module")
def table():
    return wrong_order.every_case(seeds=range(4))


@pytest.fixture(scope="module")
def means(table):
    return table.groupby(["fault", "guard", "question"])[["wrong", "stuck"]].mean()


def test_once_and_in_order_every_answer_is_that_of_the_joins(table):
    right = table[(table.fault == "once, in order") | (table.guard == "waits for gaps")]
    assert len(right) == 4 * 6 * (len(GUARDS) + len(FAULTS) - 1)
    assert (right.wrong == 0).all()
    assert not right.stuck.any()


def test_a_model_that_adds_counts_twice_and_one_that_sets_does_not(means):
    skipped = means.loc["twice", "errors skipped"].wrong
    assert (skipped[ADDS] > 0.2).all()
    assert (skipped.drop(ADDS) == 0).all()
    assert (means.loc["twice", "place kept"].wrong == 0).all()


def test_a_row_that_is_there_already_stops_a_model_that_inserts(means):
    stuck = means.loc["twice", "none"].stuck
    assert (stuck[["order page", "order history"]] == 1).all()
    assert (stuck[[name for name in stuck.index if name not in INSERTS]] == 0).all()


def test_a_kept_place_makes_it_worse_when_events_come_late(means):
    without, kept = means.loc["late", "none"].wrong, means.loc["late", "place kept"].wrong
    assert (kept > without).all()
    assert (kept == means.loc["twice and late", "place kept"].wrong).all()


def test_sums_do_not_mind_the_order_and_an_update_before_its_row_is_lost(means):
    late = means.loc["late", "none"].wrong
    assert late["stock overview"] == 0
    assert late["product page"] > 0.02


def test_a_page_is_wrong_or_not_and_a_list_by_its_rows():
    assert wrong_share("tea", "coffee") == 1
    assert wrong_share([1, 2, 3], [1, 3, 2]) == pytest.approx(2 / 3)
    assert wrong_share([], [1]) == 1
    assert wrong_share([], []) == 0


def test_the_picture_has_its_numbers_in_words(table):
    told_of = figure(table, "Only who waits for gaps bears both").alt
    assert "late, guard waits for gaps: product page 0," in told_of
    assert "stuck" in told_of


def test_what_cannot_be_is_refused():
    story = told(orders=5)
    with pytest.raises(ValueError, match="guard"):
        run(story, Question.STOCK, "twice", "hope", seed=1)
    with pytest.raises(ValueError, match="orders"):
        told(orders=0)
