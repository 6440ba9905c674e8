"""Testable: the rule comes out otherwise when the code is another."""

import pytest

from archlab.chapters.layered import testable as chapter
from archlab.chapters.layered.testable import can_be_tested, figures
from archlab.course.claims import Outcome


@pytest.fixture(scope="module")
def seen():
    return figures()


def test_it_holds_from_a_number_of_tests(seen):
    verdict = can_be_tested(**seen)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert 1e6 * chapter.WAIT_S / seen["whole_us"] == pytest.approx(verdict.flips_at, rel=0.05)


def test_it_does_not_hold_for_a_shop_whose_rules_can_only_be_asked_with_sql():
    assert can_be_tested(**figures(rules="whole")).outcome is Outcome.DOES_NOT_HOLD


def test_it_does_not_hold_for_functions_alone_that_leave_a_fifth_of_the_mistakes():
    assert can_be_tested(**figures(rules="functions")).outcome is Outcome.DOES_NOT_HOLD


def test_a_server_and_new_tables_make_it_hold_from_fewer_tests(seen):
    kept, anew, server = (
        chapter.fit_in_the_wait(seen[us]) for us in ("whole_us", "whole_anew_us", "whole_on_server_us")
    )
    assert kept > 5 * anew
    assert anew > 5 * server


def test_the_verdict_says_that_a_monolith_on_fakes_is_tested_as_well(seen):
    assert "A monolith on fakes is tested as well" in can_be_tested(**seen).words
    assert "is not tested as well" in can_be_tested(**seen | {"noticed_by_monolith_percent": 50}).words


def test_every_figure_has_words(seen):
    assert set(chapter.SAYS) == set(seen)
