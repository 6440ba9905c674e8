"""Twitter's timelines."""

import pytest

from archlab.chapters.choosing.cases import fan_out
from archlab.chapters.choosing.cases.judging import Foretold
from archlab.chapters.cqrs import fan_out as chapter_06


def test_one_for_one_both_ways_ask_what_chapter_06_says():
    asked = chapter_06.asked().set_index("way").per_s
    assert fan_out.on_write_per_s(1) == pytest.approx(asked["on write"])
    assert fan_out.on_read_per_s() == pytest.approx(asked["on read"])


def test_the_limit_is_the_one_of_the_arithmetic():
    exact = (300_000 * 75 - 300_000) / (4600 * 75)
    assert float(fan_out.question().limit()) == pytest.approx(exact, rel=0.002)


def test_the_verdict_is_a_condition_on_the_work_of_a_copy():
    assert fan_out.verdict().foretold is Foretold.WHEN


def test_a_site_written_to_as_often_as_read_is_told_to_ask_on_read():
    assert fan_out.verdict(tweets_times=300_000 / 4600).foretold is Foretold.NO


def test_its_figures_are_those_of_the_timelines():
    assert fan_out.figures().quantity.tolist()[0] == "tweets, on average"
    assert "64.4" in fan_out.figure().alt


def test_work_for_nothing_is_refused():
    with pytest.raises(ValueError, match="looks_a_copy"):
        fan_out.on_write_per_s(0)
