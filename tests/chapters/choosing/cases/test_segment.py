"""Segment, and Monzo against it."""

import pytest

from archlab.chapters.choosing.cases import segment
from archlab.chapters.choosing.cases.judging import Foretold


def test_the_published_factor_is_that_of_the_rates_by_month():
    assert segment.published_times() == pytest.approx((46 / 6) / (32 / 12))


def test_copies_without_any_work_change_nothing():
    assert segment.times(per_copy_percent=0) == 1


def test_the_limit_is_the_one_of_the_formula():
    """1 + 140 h = f (1 + h)."""
    exact = 100 * (segment.published_times() - 1) / (140 - segment.published_times())
    assert float(segment.question().limit()) == pytest.approx(exact, rel=0.002)
    assert segment.merges_from_percent(140) == pytest.approx(exact)


def test_the_verdict_hangs_on_the_hands_work_for_a_copy():
    judgement = segment.verdict()
    assert judgement.foretold is Foretold.WHEN
    assert judgement.decides.startswith("hours for it after")


def test_with_as_many_more_hours_no_copies_are_needed_to_explain_it():
    turn = (
        segment.verdict()
        .sensitivity.set_index("guess")
        .yes_at["hours for it after, in times of those before"]
    )
    assert turn == pytest.approx(segment.published_times(), rel=0.02)
    assert segment.verdict(hours=2 * segment.published_times()).foretold is Foretold.YES


def test_with_hardly_any_hours_it_would_not_have_foretold_it():
    assert segment.verdict(hours=0.03).foretold is Foretold.NO


def test_the_same_work_for_a_copy_tells_monzo_to_merge_and_work_by_program_does_not():
    at_segment = float(segment.question().limit())
    assert segment.times(at_segment, services=2800) > 10 * segment.published_times()
    by_program = 0.9 * segment.merges_from_percent(2800)
    assert segment.times(by_program, services=2800) < segment.published_times()


def test_a_tenth_of_the_work_for_a_copy_says_far_too_much():
    assert segment.times(per_copy_percent=10) > 4 * segment.published_times()


def test_the_picture_names_both_companies():
    assert "Monzo" in segment.figure().alt
    assert "published: 2.88 times" in segment.figure().alt


@pytest.mark.parametrize(
    ("name", "value"), [("per_copy_percent", -1), ("reached_percent", 101), ("hours", 0)]
)
def test_what_cannot_be_is_refused(name, value):
    with pytest.raises(ValueError, match=name):
        segment.times(**({"per_copy_percent": 1} | {name: value}))
