"""The explorers of failure: what their models do at the ends of the sliders, and what their views read off a run."""

import pytest

from archlab.chapters.microservices import explorers, failure
from archlab.course.explorer import explore


def test_a_bulkhead_that_is_too_small_turns_orders_away_on_a_good_day():
    tight = explorers.cascade(times_slower=1, timeout_s=None, bulkhead=2, breaker=False)
    assert (tight.result.requests.outcome == "bulkhead_full").mean() > 0.05


def test_the_explorer_of_the_cascade_tells_who_suffers():
    ex = explore(
        explorers.cascade,
        view=explorers.UseCasesOverTime(),
        times_slower=(1, 60, 40),
        timeout_s=(None, 0.5),
        bulkhead=(0, 16, 0),
        breaker=(False, True),
    )
    assert ex.figures["pages_percent"] < 50
    assert ex.set(timeout_s=0.5).figures["pages_percent"] == 100
    result = explorers.cascade(40, 0.5, 0, False).result
    shares = failure.shares_percent(result, explorers.FAULT_AT_S, explorers.FAULT_S)
    assert ex.figures["orders_percent"] == pytest.approx(shares["place_order_percent"])


def test_the_view_of_a_storm_tells_the_published_rates():
    reading = explorers.StormOverTime().read(explorers.retry_storm(280, 1, None, None))
    assert reading.figures["arriving_in_the_end_per_s"] == pytest.approx(560)
    assert reading.figures["in_time_in_the_end_per_s"] == 0
    assert reading.figures["ill_after_the_outage_s"] == "to the end"
    well = explorers.StormOverTime().read(explorers.retry_storm(280, 1, None, 0.9))
    assert well.figures["ill_after_the_outage_s"] < 10
    assert (reading.windows[0].start, reading.windows[0].end) == (20, 30)
    assert [curve.name for curve in reading.curves] == ["arrive", "in time", "database"]


def pages_percent(*cascade):
    return explorers.UseCasesOverTime().read(explorers.cascade(*cascade)).figures["pages_percent"]


def test_whether_a_breaker_saves_pages_behind_a_time_out_of_2_s_is_luck():
    day = explorers.cascade(40, 2.0, 0, True, seed=2)
    assert explorers.UseCasesOverTime().read(day).figures["pages_percent"] < 80
    assert pages_percent(40, 2.0, 0, True) == 100


def test_what_the_chapter_says_is_found_in_the_cascade():
    assert pages_percent(12, None, 0, False) == 100
    assert pages_percent(40, None, 0, False) < 50
    assert 50 < pages_percent(40, 2.0, 0, False) < 80
    assert pages_percent(40, 2.0, 0, True) == 100
    assert pages_percent(40, None, 0, False, 512) == 100
    tight = explorers.cascade(1, None, 2, False).result
    assert 0.4 < tight.availability("place_order") < 0.6


@pytest.mark.parametrize(
    ("load_per_s", "retries", "recovers"), [(140, 1, True), (145, 1, False), (70, 3, True), (75, 3, False)]
)
def test_a_storm_ends_below_the_capacity_divided_by_the_calls_for_each_query(load_per_s, retries, recovers):
    ill_s = explorers.retry_storm(load_per_s, retries, None, None).recovery_s
    assert (ill_s >= 0) == recovers


def test_with_three_retries_a_budget_and_shedding_in_time_are_ways_out():
    assert 120 < explorers.retry_storm(280, 3, 0.1, None).recovery_s < 140
    assert explorers.retry_storm(280, 3, None, 0.9).recovery_s < 10
