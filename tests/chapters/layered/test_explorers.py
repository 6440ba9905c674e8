"""What the explorer of chapter 04 shows."""

import numpy as np
import pytest

from archlab.chapters.layered import explorers
from archlab.chapters.layered.explorers import QUERY_MS, Distance, pages


def test_each_trip_is_two_hops_and_each_row_a_query():
    frame = pages(hop_ms=3.0, calls=20, batch=5)
    assert (frame.trips == 4).all()
    expected_ms = 4 * 2 * 3.0 + 20 * QUERY_MS
    assert 1000 * frame.latency_s.mean() == pytest.approx(expected_ms, rel=0.05)


def test_a_batch_of_all_is_one_trip_and_the_same_queries():
    frame = pages(hop_ms=3.0, calls=20, batch=50)
    assert (frame.trips == 1).all()
    assert (frame["queries"] == 20).all()


def test_a_cache_that_has_nearly_all_leaves_few_trips_and_one_that_has_all_takes_no_time():
    assert pages(hop_ms=3.0, hits_percent=90).trips.mean() == pytest.approx(2, rel=0.1)
    assert pages(hop_ms=3.0, hits_percent=100).latency_s.max() == 0


def test_in_the_same_rack_calls_one_by_one_are_harmless_and_far_away_they_are_not():
    together, one_by_one = (
        {hop: pages(hop_ms=hop, batch=batch).latency_s.median() for hop in (0.05, 5.0)} for batch in (20, 1)
    )
    assert one_by_one[0.05] < 1.5 * together[0.05]
    assert one_by_one[5.0] > 5 * together[5.0]


def test_the_view_draws_what_each_distance_would_make_of_the_page():
    reading = Distance().read(pages(hop_ms=2.0, calls=10))
    elsewhere = np.interp(4.0, explorers.HOPS_MS, reading.curves[1].y)
    again = 1000 * pages(hop_ms=4.0, calls=10).latency_s.mean()
    assert elsewhere == pytest.approx(again, rel=0.01)
    assert reading.figures["trips a page"] == 10


def test_the_view_of_a_page_that_takes_no_time_does_not_fail():
    assert Distance().read(pages(hop_ms=2.0, hits_percent=100)).figures["trips a page"] == 0


@pytest.mark.parametrize("values", [{"hop_ms": -1}, {"calls": 0}, {"batch": 0}, {"hits_percent": 101}])
def test_what_cannot_be_is_refused(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        pages(**{"hop_ms": 1.0, **values})
