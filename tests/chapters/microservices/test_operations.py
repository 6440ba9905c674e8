"""What there is to run and to watch, counted by hand, and how often it alerts, by the formula of a Poisson process."""

from math import exp

import pytest

from archlab.chapters.microservices import operations
from archlab.course.claims.verdict import Outcome


def test_pages_are_those_of_a_poisson_process():
    run = operations.Operations(alerts_per_part_per_month=6.0)
    mean = 10 * 6 / 30 / 2
    by_hand = 100 * (1 - exp(-mean) * (1 + mean + mean**2 / 2))
    assert run.overloaded_shifts_percent(10) == pytest.approx(by_hand)


def test_parts_are_copies_and_databases_and_what_all_share():
    run = operations.Operations(copies=3, shared_parts=2)
    assert run.parts(4) == 4 * 3 + 4 + 2


def test_a_monolith_on_the_same_machines_has_as_many_copies_and_one_database():
    run = operations.Operations(copies=3, shared_parts=2)
    assert run.monolith_parts(4) == 4 * 3 + 1 + 2
    assert operations.growth([4], run).monolith_parts.item() == run.monolith_parts(4)


def verdict(**changed):
    figures = operations.overhead_figures(operations.Operations(**changed))
    return operations.operational_overhead(**figures)


def test_the_limit_is_where_more_than_a_tenth_of_the_shifts_are_too_busy():
    run = operations.Operations()
    limit = int(operations.too_many_alerts_from_services())
    shares = [run.overloaded_shifts_percent(run.parts(services)) for services in (limit - 1, limit)]
    assert shares[0] <= operations.TOO_MANY_SHIFTS_PERCENT < shares[1]
    assert operations.monolith_too_many_alerts_from_services() > limit


def test_many_services_wake_too_many_people_unless_parts_hardly_ever_page():
    usual = verdict()
    assert usual.outcome is Outcome.HOLDS_WHEN
    assert 15 < usual.flips_at < 30
    assert verdict(on_call=2).flips_at > usual.flips_at
    assert (
        verdict(alerts_per_part_per_month=0.9 * operations.alerts_that_decide()).outcome
        is Outcome.DOES_NOT_HOLD
    )
    assert verdict(alerts_per_part_per_month=0).outcome is Outcome.DOES_NOT_HOLD


def test_a_part_that_pages_just_often_enough_makes_the_largest_shop_too_large():
    rate = operations.alerts_that_decide()
    run = operations.Operations(alerts_per_part_per_month=rate)
    share = run.overloaded_shifts_percent(run.parts(operations.MOST_SERVICES))
    assert share == pytest.approx(operations.TOO_MANY_SHIFTS_PERCENT)


def test_wrong_numbers_are_refused_by_name():
    with pytest.raises(ValueError, match="copies"):
        operations.Operations(copies=0)
    with pytest.raises(ValueError, match="services"):
        operations.growth([0])
