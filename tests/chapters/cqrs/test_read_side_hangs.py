"""A read model that hangs takes the workers of all pages, unless each question has a time limit."""

import pytest

from archlab.chapters.cqrs import read_side_hangs as hangs
from archlab.chapters.cqrs.side_down import DOWN_S, config_of

OTHERS = ["browse", "history", "track_order", "best_sellers"]


@pytest.fixture(scope="module")
def means():
    table = hangs.every_case(limits_s=(None, 0.5), seeds=range(6))
    return table.assign(limit_s=table.limit_s.fillna(0)).groupby("limit_s").mean()


def test_what_hangs_answers_nothing(means):
    assert (means.search == 0).all()


def test_without_a_limit_pages_are_answered_until_all_workers_wait(means):
    expected = hangs.empty_after_s(config_of("separate").workers) / DOWN_S
    assert means.loc[0, "browse"] == pytest.approx(expected, rel=0.25)
    assert (means.loc[0, OTHERS] < 0.75).all()


def test_with_a_limit_only_the_page_that_hangs_is_lost(means):
    assert (means.loc[0.5, OTHERS] > 0.99).all()


def test_orders_have_a_program_of_their_own(means):
    assert (means.place_order > 0.99).all()


def test_a_limit_must_be_above_zero():
    with pytest.raises(ValueError, match="limit_s"):
        hangs.pages(0.0, seed=1)
