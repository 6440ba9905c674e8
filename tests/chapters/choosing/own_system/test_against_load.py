"""Latency and throughput against load, up to past the capacity."""

import numpy as np
import pytest

from archlab.chapters.choosing.own_system import THUMBNAILS, describe
from archlab.sim.theory import mm1

DESK = describe(
    "load 50 per second: ask 60 %, look 40 %\npart desk: 1 server\nask = desk 10 ms\nlook = desk 10 ms"
)


@pytest.fixture(scope="module")
def table():
    return DESK.against_load()


def test_latency_rises_up_to_the_capacity_and_there_is_none_beyond(table):
    steady = table[table.rate_per_s < DESK.limit_per_s]
    assert steady.p50_ms.is_monotonic_increasing
    assert steady.p99_ms.iloc[-1] > 3 * steady.p99_ms.iloc[0]
    beyond = table[table.rate_per_s > DESK.limit_per_s]
    assert len(beyond) == 1
    assert beyond[["p50_ms", "p99_ms"]].isna().all(axis=None)


def test_a_median_is_that_of_theory_within_its_interval(table):
    row = table.iloc[1]
    expected_ms = 1000 * np.log(2) * mm1(row.rate_per_s, 0.010).response_s
    assert row.p50_ms_low * 0.95 < expected_ms < row.p50_ms_high * 1.05


def test_good_answers_follow_the_load_and_stop_at_the_capacity(table):
    below = table[table.rate_per_s < DESK.limit_per_s]
    assert below.throughput_per_s.tolist() == pytest.approx(below.rate_per_s.tolist(), rel=0.06)
    assert table.throughput_per_s.iloc[-1] == pytest.approx(DESK.limit_per_s, rel=0.06)


def test_one_kind_alone_has_its_share_of_the_answers():
    row = DESK.against_load([50.0], seeds=range(2), kind="look").iloc[0]
    assert row.throughput_per_s == pytest.approx(0.4 * 50, rel=0.1)


def test_work_that_is_put_off_is_measured_to_its_end():
    system = describe(THUMBNAILS)
    table = system.against_load([20.0], seeds=range(2), requests=500)
    assert table.done_p99_ms.iloc[0] > 2 * table.p99_ms.iloc[0]
    alt = system.against_load_figure(table).alt
    assert "and until all is done from" in alt
    assert "p99, all done in ms" in alt


def test_the_picture_says_the_capacity_and_both_ends(table):
    picture = DESK.against_load_figure(table)
    assert picture.alt.startswith("From 20 % to 90 % of the capacity p99 goes from")
    assert picture.alt.endswith("Capacity 100.")
    assert DESK.against_load_figure(table, "Mine").alt.startswith("Mine. p50 in ms")


def test_without_a_steady_state_the_picture_says_so():
    table = DESK.against_load([300.0], seeds=range(2), requests=200)
    assert DESK.against_load_figure(table).alt.startswith("No load that was tried has a steady state")


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"rates_per_s is -1\.0; it must be a finite number above 0"):
        DESK.against_load([-1.0])
    with pytest.raises(ValueError, match="kind is 'buy'; it must be one of ask, look"):
        DESK.against_load(kind="buy")
    with pytest.raises(ValueError, match="requests is 3; it must be a whole number, 100 or more"):
        DESK.against_load(requests=3)
