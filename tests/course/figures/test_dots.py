"""Dots: several figures of several designs on one axis."""

import pandas as pd
import pytest

from archlab.course.figures import dots

FRAME = pd.DataFrame({"design": ["one", "two"], "page_ms": [20.0, 25.0], "order_ms": [400.0, 0.0]})
COLUMNS = {"page_ms": "pages", "order_ms": "orders"}


def test_each_figure_has_its_own_marker_and_what_is_0_has_none():
    panel = dots(FRAME, "Title", COLUMNS, "Time [ms]").figure.axes[0]
    pages, orders = panel.get_lines()
    assert pages.get_marker() != orders.get_marker()
    assert pd.Series(orders.get_xdata()).isna().tolist() == [False, True]


def test_an_axis_that_is_not_logarithmic_begins_at_0():
    panel = dots(FRAME, "Title", COLUMNS, "Time [ms]").figure.axes[0]
    assert panel.get_xlim()[0] == 0


def test_the_words_beside_a_row_are_in_the_alternative_text():
    picture = dots(FRAME.assign(told=["a", "b"]), "Title", COLUMNS, "Time [ms]", beside="told")
    assert "one: pages 20, orders 400, a; two: pages 25, b." in picture.alt


def test_a_frame_without_a_column_is_refused():
    with pytest.raises(ValueError, match="frame has"):
        dots(FRAME.drop(columns="page_ms"), "Title", COLUMNS, "Time [ms]")
