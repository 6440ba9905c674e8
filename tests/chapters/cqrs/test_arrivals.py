"""Events twice and late: what comes is the same events, and guards keep the words they are called by."""

import numpy as np
import pytest

from archlab.chapters.cqrs import arrivals
from archlab.chapters.cqrs.arrivals import FAULTS, PLACES, after_the_place, coming, without_gaps
from archlab.shop.events.event import Event

EVENTS = [Event(place, "order", place, "OrderPlaced", {}, 0.0, "") for place in range(1, 5001)]


def positions(events):
    return [event.position for event in events]


def test_no_fault_loses_an_event_and_only_twice_repeats_some():
    for fault in FAULTS:
        found = positions(coming(EVENTS, fault, seed=1))
        assert set(found) == set(positions(EVENTS))
        assert (len(found) > len(EVENTS)) == ("twice" in fault)


def test_a_tenth_of_the_batches_comes_twice():
    more = [len(coming(EVENTS, "twice", seed)) - len(EVENTS) for seed in range(10)]
    assert np.mean(more) == pytest.approx(arrivals.TWICE * len(EVENTS), rel=0.2)


def test_an_event_is_late_by_some_places_at_most():
    found = np.array(positions(coming(EVENTS, "late", seed=1)))
    moved = np.arange(1, len(found) + 1) - found
    assert 0 < moved.max() <= PLACES
    later = (np.maximum.accumulate(found) > found).mean()  # some that come before it have a higher position
    assert later == pytest.approx(arrivals.LATE, rel=0.2)


def test_a_place_that_is_kept_loses_what_comes_late():
    came = coming(EVENTS, "late", seed=1)
    taken = positions(after_the_place(came))
    assert taken == sorted(taken)
    assert len(came) - len(taken) == int((np.maximum.accumulate(positions(came)) > positions(came)).sum())


@pytest.mark.parametrize("fault", FAULTS)
def test_who_waits_for_gaps_sees_each_event_once_in_order(fault):
    ready, held = without_gaps(coming(EVENTS, fault, seed=2))
    assert positions(ready) == positions(EVENTS)
    assert (held > 0) == ("late" in fault)


def test_behind_an_event_that_never_comes_everything_waits():
    ready, held = without_gaps(EVENTS[:3] + EVENTS[4:10])
    assert positions(ready) == [1, 2, 3]
    assert held == 6


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="fault"):
        coming(EVENTS, "never", seed=1)
