"""Testable: the rule comes out otherwise when the code is another."""

import pytest

from archlab.chapters.layered import testable as chapter
from archlab.chapters.layered.testable import can_be_tested, figures
from archlab.course.claims import Outcome


@pytest.fixture(scope="module")
def seen():
    return figures()


def test_it_holds_from_a_time_of_a_test_of_the_whole(seen):
    verdict = can_be_tested(**seen)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    both_us = verdict.flips_at + seen["runner_us"], seen["rule_us"] + seen["runner_us"]
    assert both_us[0] / both_us[1] == pytest.approx(1.1, rel=0.01)


def test_with_tables_in_memory_the_difference_is_hardly_noticed_and_on_a_server_it_is(seen):
    limit_us = can_be_tested(**seen).flips_at
    assert seen["whole_us"] == pytest.approx(limit_us, rel=0.3)
    assert 10 * limit_us < seen["whole_anew_us"] < seen["whole_on_server_us"]


def test_without_a_runner_a_few_microseconds_would_decide():
    assert chapter.noticeable_from_us(rule_us=10.0, runner_us=0.0) == pytest.approx(11.0)


def test_it_does_not_hold_when_a_test_of_the_rules_takes_longer_than_the_whole(seen):
    assert can_be_tested(**seen | {"rule_us": 2 * seen["whole_us"]}).outcome is Outcome.DOES_NOT_HOLD


def test_it_does_not_hold_for_a_shop_whose_rules_can_only_be_asked_with_sql():
    assert can_be_tested(**figures(rules="whole")).outcome is Outcome.DOES_NOT_HOLD


def test_it_does_not_hold_for_functions_alone_that_leave_a_fifth_of_the_mistakes():
    assert can_be_tested(**figures(rules="functions")).outcome is Outcome.DOES_NOT_HOLD


def test_the_verdict_says_that_a_monolith_on_fakes_is_tested_as_well(seen):
    assert "A monolith on fakes is tested as well" in can_be_tested(**seen).words
    assert "is not tested as well" in can_be_tested(**seen | {"noticed_by_monolith_percent": 50}).words


def test_every_figure_has_words(seen):
    assert set(chapter.SAYS) == set(seen)
