"""Credit and the flush: who gains from a faster disk."""

import pytest

from archlab.chapters.event_driven import group_commit, prefetch, starved
from archlab.published.group_commit import FLUSH_S, WORK_S


@pytest.fixture(scope="module")
def frame():
    return group_commit.against_credit(credits=(32, 128, 2000), messages=3200)


def test_half_the_flush_helps_only_where_the_disk_limits(frame):
    gains = group_commit.gain_by_half_the_flush(frame)
    assert gains[32] > gains[128] > 1.8
    assert gains[2000] == pytest.approx(1.0, abs=0.001)


def test_a_small_credit_is_worth_half_of_itself_for_each_flush(frame):
    usual = frame[frame.flush_ms == 1000 * FLUSH_S].set_index("credit")
    assert usual.messages_per_flush[32] == pytest.approx(16, rel=0.01)
    assert usual.messages_per_flush[128] == pytest.approx(64, rel=0.01)


def test_a_large_credit_fills_the_core_and_costs_latency(frame):
    usual = frame[frame.flush_ms == 1000 * FLUSH_S].set_index("credit")
    assert usual.rate_per_s[2000] == pytest.approx(1 / WORK_S, rel=0.001)
    assert usual.p50_ms[2000] > 1.3 * usual.p50_ms[128]


def test_the_published_points_stand_in_the_figure(frame):
    picture = group_commit.figure(frame, "A title.")
    above, below = picture.figure.axes
    assert any(9986 in line.get_ydata() for line in above.get_lines())
    assert any(35 in line.get_ydata() for line in below.get_lines())
    assert "flush 2.95 ms" in picture.alt


# Prefetch ----------------------------------------------------------------------------------------------------


def test_a_far_worker_is_as_busy_as_by_hand():
    frame = prefetch.far_worker((1, 10, 26, 100))
    assert frame.busy_percent.to_numpy() == pytest.approx(frame.by_hand_percent.to_numpy())
    assert frame.waits_ms.iloc[-1] == pytest.approx(100 * 4 - 104)


# The starved consumer ----------------------------------------------------------------------------------------


def test_the_percentiles_reject_the_average_and_not_the_starved_consumer():
    frame = starved.beside_published()
    assert starved.worst_error_percent(frame, "sender first") < 8
    assert starved.worst_error_percent(frame, "average") > 50
    picture = starved.figure(frame, "A title")
    assert "measured: from 23.1 at 25 to 24.9 at 100" in picture.alt
