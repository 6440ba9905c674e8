"""Fan-out on write or on read."""

import pytest

from archlab.chapters.cqrs import fan_out
from archlab.published import timelines


def test_the_ends_of_the_hybrid_are_the_two_plain_ways():
    """Asked on read are all, or nobody. Each read asks for the reader's own timeline besides."""
    plain = fan_out.asked().set_index("way").per_s
    reads = timelines.published("reads of the home timeline")
    nobody, everybody = (fan_out.asked(above).set_index("way").per_s["hybrid"] for above in (1e9, 0.001))
    assert nobody == pytest.approx(plain["on write"])
    assert everybody == pytest.approx(plain["on read"] + reads)


def test_the_higher_the_threshold_the_less_work_and_the_longer_the_slowest_tweet():
    table = fan_out.against_threshold((1e4, 1e6, 3e7))
    assert table.per_s.is_monotonic_decreasing
    assert table.slowest_s.is_monotonic_increasing


def test_a_threshold_of_nothing_is_refused():
    with pytest.raises(ValueError, match="above"):
        fan_out.asked(0)
