"""The explorers of failure: what their models do at the ends of the sliders, and what their views read off a run."""

import math

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
    assert math.isnan(reading.figures["ill_after_the_outage_s"])
    assert (reading.windows[0].start, reading.windows[0].end) == (20, 30)
    assert [curve.name for curve in reading.curves] == ["arrive", "in time", "database"]
