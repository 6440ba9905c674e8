"""A sliding window against adding up the same counts anew each time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.sim import Simulation
from archlab.sim.resilience.sliding_window import SlidingWindow


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=40),
    st.integers(1, 5),
)
def test_the_total_is_what_was_added_in_the_present_slice_and_those_before_it(adds, buckets):
    """Slices of 4 s; times in whole seconds, so that a slice's number is time // 4."""
    sim = Simulation(seed=1)
    window = SlidingWindow(sim, window_s=4 * buckets, buckets=buckets)
    done = []
    for gap_s, amount in adds:
        sim._now += gap_s
        window.add(amount)
        done.append((sim.now // 4, amount))
        expected = sum(amount for slice_, amount in done if slice_ > sim.now // 4 - buckets)
        assert window.total() == expected


def test_what_leaves_the_window_leaves_a_whole_slice_at_a_time():
    sim = Simulation(seed=1)
    window = SlidingWindow(sim, window_s=10, buckets=5)
    totals = {}
    for at_s in (0.5, 1.5, 2.5):
        sim.call_at(at_s, lambda _: window.add())
    for at_s in (2.6, 9.9, 10.0, 11.9, 12.0):
        sim.call_at(at_s, lambda at_s: totals.update({at_s: window.total()}), at_s)
    sim.run()
    assert totals == {2.6: 3, 9.9: 3, 10.0: 1, 11.9: 1, 12.0: 0}


def test_a_cleared_window_starts_anew():
    sim = Simulation(seed=1)
    window = SlidingWindow(sim, window_s=10, buckets=10)
    window.add(7)
    window.clear()
    window.add(2)
    assert window.total() == 2


@pytest.mark.parametrize(("window_s", "buckets", "name"), [(0, 10, "window_s"), (10, 0, "buckets")])
def test_a_window_needs_a_length_and_slices(window_s, buckets, name):
    with pytest.raises(ValueError, match=f"{name} is 0; it must be"):
        SlidingWindow(Simulation(seed=1), window_s, buckets)
