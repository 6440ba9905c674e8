"""The figure of replays shows what was recorded, and no more."""

import numpy as np
import pytest

from archlab.chapters.event_driven import replaying
from archlab.chapters.event_driven.replay_figure import replay_times


@pytest.fixture(scope="module")
def picture():
    return replay_times(replaying.recorded(), "A straight line")


def test_the_points_are_the_medians_of_the_record(picture):
    table = replaying.recorded()
    panel = picture.figure.axes[0]
    points = next(line for line in panel.get_lines() if line.get_marker() == "o")
    medians = table[(table.what == "replay") & (table.events > 0)].groupby("events").ms.median()
    np.testing.assert_allclose(points.get_ydata(), medians)
    assert tuple(points.get_xdata()) == replaying.LENGTHS


def test_the_line_ends_at_a_product_of_a_year(picture):
    dashed = picture.figure.axes[0].get_lines()[0]
    assert dashed.get_xdata()[-1] == pytest.approx(1e6 * replaying.MILLION_EVENTS_A_PRODUCT)
    assert "from a snapshot 0.007" in picture.alt
