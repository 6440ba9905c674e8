"""A figure over time has a line for each design, shades the faults, and tells both in words."""

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from archlab.course.figures.fault_windows import SHADE
from archlab.course.figures.over_time import over_time
from archlab.course.style import variants

STORY = pd.DataFrame(
    {
        "design": ["arrive"] * 3 + ["in time"] * 3,
        "time_s": [0, 10, 40] * 2,
        "queries_per_s": [280.0, 560, 560, 280, 0, 0],
    }
)
OUTAGE = pd.DataFrame({"fault": ["Outage"], "part": ["database"], "start_s": [5.0], "end_s": [15.0]})


def test_each_design_is_one_line_through_its_points_in_its_own_look():
    chosen = variants("microservices", ["arrive", "in time"])
    panel = over_time(STORY, "A storm", y="queries_per_s", line_looks=chosen).figure.axes[0]
    assert [list(line.get_ydata()) for line in panel.lines] == [[280, 560, 560], [280, 0, 0]]
    assert [to_hex(line.get_color()).upper() for line in panel.lines] == [
        look.colour for look in chosen.values()
    ]
    assert panel.get_ylabel() == "Queries [requests/s]"


def test_the_fault_is_shaded_and_named():
    picture = over_time(STORY, "A storm", y="queries_per_s", faults=OUTAGE)
    panel = picture.figure.axes[0]
    (window,) = [patch for patch in panel.patches if to_hex(patch.get_facecolor()).upper() == SHADE]
    assert (window.get_x(), window.get_x() + window.get_width()) == (5, 15)
    assert "Faults: database: outage from 5 to 15 s." in picture.alt
    assert "in time from 280 at 0 to 0 at 40." in picture.alt


@pytest.mark.parametrize("missing", ["design", "time_s", "queries_per_s"])
def test_a_frame_without_a_needed_column_is_refused(missing):
    with pytest.raises(ValueError, match="columns"):
        over_time(STORY.drop(columns=missing), "A storm", y="queries_per_s")


def test_the_time_may_be_counted_from_something_else_than_the_start():
    panel = over_time(STORY, "A storm", y="queries_per_s", x_label="Time after the outage [s]").figure.axes[0]
    assert panel.get_xlabel() == "Time after the outage [s]"
