"""The needs that a decision is made for."""

from dataclasses import fields

import pytest

from archlab.chapters.choosing.needs import WORDS, Needs


def test_every_need_has_words():
    assert set(WORDS) == {field.name for field in fields(Needs)}


def test_the_mean_of_a_day_counts_the_hours_of_the_peak():
    needs = Needs(per_s=10, peak_times=25, peak_h=6)
    assert needs.peak_per_s == 250
    assert needs.mean_per_s == pytest.approx((18 * 10 + 6 * 250) / 24)


def test_the_mix_has_the_share_of_orders():
    assert Needs(order_percent=30).mix.shares["place_order"] == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"per_s": 0}, "per_s is 0; it must be a finite number above 0"),
        ({"budget_usd_per_h": -1}, "budget_usd_per_h is -1; it must be a finite number above 0"),
        ({"order_percent": 95}, "order_percent is 95; it must be from 1 to 90"),
        ({"peak_times": 0.5}, "peak_times is 0.5; it must be from 1 to 1000"),
        ({"peak_h": 25}, "peak_h is 25; it must be from 0 to 24"),
        ({"keeps_percent": 101}, "keeps_percent is 101"),
        ({"old_up_to_s": -1}, "old_up_to_s is -1"),
        ({"copies": 0}, "copies is 0; it must be a whole number, 1 or more"),
        ({"teams": 41}, "teams is 41; it must be from 1 to 40"),
        ({"sharing": "all"}, "sharing is 'all'; it must be one of 'nothing'"),
        ({"lead_h": 0}, "lead_h is 0; it must be a finite number above 0"),
    ],
)
def test_a_need_that_cannot_be_is_named(wrong, words):
    with pytest.raises(ValueError, match=words):
        Needs(**wrong)


def test_an_answer_that_is_neither_yes_nor_no_is_named():
    with pytest.raises(TypeError, match=r"^is_foreseen is 'yes'; it must be True or False"):
        Needs(is_foreseen="yes")


def test_a_fault_that_takes_a_copy_needs_two():
    with pytest.raises(ValueError, match="copies is 1; it must be 2 or more to bear 'one machine dies'"):
        Needs(faults=("one machine dies",))
    assert Needs(faults=("one machine dies",), copies=2).copies == 2
