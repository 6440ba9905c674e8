"""How long a change takes to production, in one unit and in parts."""

import pytest

from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.chapters.choosing.lead_times import ONE_UNIT, lead_time_h
from archlab.chapters.microservices.people import DELIVERY


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_units_of_one_kind_take_alike(architecture):
    like = "monolithic" if architecture in ONE_UNIT else "microservices"
    assert lead_time_h(architecture, teams=3) == lead_time_h(like, teams=3)


def test_one_unit_is_sooner_at_the_same_money_and_later_when_its_tests_cannot_be_divided():
    parts = lead_time_h("microservices", teams=4)
    assert lead_time_h("monolithic", teams=4) < parts < lead_time_h("monolithic", 4, are_tests_parallel=False)


def test_changes_that_cross_take_longer_in_parts_and_not_in_one_unit():
    assert lead_time_h("microservices", 4, 60) > lead_time_h("microservices", 4, 0)
    assert lead_time_h("monolithic", 4, 60) == lead_time_h("monolithic", 4, 0)


def test_no_change_is_out_before_it_was_built_and_tested():
    assert lead_time_h("microservices", 2, 0) > DELIVERY.build_and_test_s / 3600


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (("chaos", 2), "architecture is 'chaos'; it must be one of 'monolithic'"),
        (("cqrs", 0), "teams is 0; it must be from 1 to 40"),
        (("cqrs", 2, 120), "crossing_percent is 120"),
    ],
)
def test_bad_questions_are_named(wrong, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        lead_time_h(*wrong)
