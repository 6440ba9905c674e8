"""What there is to run and to watch, counted by hand, and how often it pages, by the formula of a Poisson process."""

from math import exp

import pytest

from archlab.chapters.microservices import operations
from archlab.course.claims.verdict import Outcome


def test_pages_are_those_of_a_poisson_process():
    run = operations.Operations(pages_per_part_per_month=6.0)
    mean = 10 * 6 / 30 / 2
    by_hand = 100 * (1 - exp(-mean) * (1 + mean + mean**2 / 2))
    assert run.overloaded_shifts_percent(10) == pytest.approx(by_hand)


def test_parts_are_copies_and_databases_and_what_all_share():
    run = operations.Operations(copies=3, shared_parts=2)
    assert run.parts(4) == 4 * 3 + 4 + 2


def test_many_services_wake_too_many_people_unless_parts_hardly_ever_page():
    def verdict(**changed):
        frame = operations.growth(operations=operations.Operations(**changed))
        figure = operations.too_many_pages_from_services(frame)
        return operations.operational_overhead(too_many_pages_from_services=figure)

    usual = verdict()
    assert usual.outcome is Outcome.HOLDS_WHEN
    assert 15 < usual.flips_at < 30
    assert verdict(on_call=2).flips_at > usual.flips_at
    assert verdict(pages_per_part_per_month=0.05).outcome is Outcome.DOES_NOT_HOLD


def test_wrong_numbers_are_refused_by_name():
    with pytest.raises(ValueError, match="copies"):
        operations.Operations(copies=0)
    with pytest.raises(ValueError, match="services"):
        operations.growth([0])
