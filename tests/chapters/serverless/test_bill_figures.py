"""The figures of the money section say in words what they show."""

import pytest

from archlab.chapters.serverless import bill_figures, crossings, paid_for, transitions


def test_the_crossing_has_a_panel_a_shape_and_tells_its_marks():
    table = crossings.against_load([1.0, 20.0, 100.0])
    picture = bill_figures.crossing(table, "They cross", {"18/s": 18.0})
    assert len(picture.figure.axes) == 3
    assert picture.alt.endswith("18/s: 18.")
    assert "spikes, functions from" in picture.alt


def test_a_frame_without_its_columns_is_refused():
    with pytest.raises(ValueError, match="table"):
        bill_figures.crossing(crossings.against_load([1.0]).drop(columns="shape"), "They cross", {})


def test_waiting_and_transitions_are_drawn_with_the_title_given():
    assert bill_figures.waiting(paid_for.against_waiting(), "It pays").alt.startswith("It pays.")
    assert "flips: 16.2." in bill_figures.moved_back(transitions.against_transitions(), "Back").alt
