"""Every line carries its name: at its end, or where no other line is near; a legend is the last resort."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.legend import Legend
from matplotlib.text import Annotation

from archlab.course.figures import comparison, latency_against_load, over_time, scaling, survival
from archlab.course.figures.canvas import canvas
from archlab.course.figures.naming import path_px
from archlab.course.style import ARCHITECTURES, INK, contrast, variants

HOT = np.arange(0, 101, 20)
MEETING = {
    "many machines": 0.129 * HOT,
    "8 cores of work": np.array([0, -30.0, -16, -28, -12, 12.9]),
    "the same kind": np.zeros(6),
}


def costs() -> pd.DataFrame:
    frames = [pd.DataFrame({"design": n, "hot_percent": HOT, "extra_percent": y}) for n, y in MEETING.items()]
    return pd.concat(frames)


def drawn() -> Axes:
    looks = variants("monolithic", MEETING)
    picture = scaling(costs(), "They meet at the end", x="hot_percent", y="extra_percent", line_looks=looks)
    picture.figure.draw_without_rendering()
    return picture.figure.axes[0]


def names_of(panel: Axes) -> dict[str, Annotation]:
    return {t.get_text(): t for t in panel.texts if isinstance(t, Annotation) and t.get_text()}


def test_lines_that_end_in_one_place_are_named_where_they_are_apart():
    panel = drawn()
    texts = names_of(panel)
    ends = {name: panel.transData.transform(text.xy) for name, text in texts.items()}
    moved = [name for name in MEETING if texts[name].get_window_extent().x1 < ends[name][0]]
    assert len(moved) == 1
    assert set(moved) <= {"many machines", "8 cores of work"}
    box = texts[moved[0]].get_window_extent()
    own = list(MEETING).index(moved[0])
    near = [
        float(np.hypot(*(path_px(line, panel.bbox) - box.get_points().mean(axis=0)).T).min())
        for line in panel.lines[:3]
    ]
    assert int(np.argmin(near)) == own


def test_no_name_lies_on_a_line():
    panel = drawn()
    for text in names_of(panel).values():
        box = text.get_window_extent()
        for line in panel.lines[:3]:
            x, y = path_px(line, panel.bbox).T
            assert not ((box.x0 < x) & (x < box.x1) & (box.y0 < y) & (y < box.y1)).any(), text.get_text()


def test_a_name_that_had_to_move_far_is_tied_to_its_line():
    ends = {f"design {k}": 100.0 + k for k in range(6)}
    rows = [{"design": name, "n": n, "p99_ms": n * end} for name, end in ends.items() for n in (1, 2)]
    panel = scaling(pd.DataFrame(rows), "Close together", x="n", y="p99_ms").figure.axes[0]
    ties = [text for text in panel.texts if isinstance(text, Annotation) and text.arrow_patch is not None]
    assert 2 <= len(ties) <= 6
    assert len(names_of(panel)) == 6
    boxes = [text.get_window_extent() for text in names_of(panel).values()]
    assert not [1 for one, other in combinations(boxes, 2) if one.overlaps(other)]


def test_names_with_room_stay_at_the_ends_without_a_tie():
    story = pd.DataFrame(
        {"design": ["a", "a", "b", "b"], "time_s": [0, 9, 0, 9], "rate_per_s": [1.0, 9, 1, 2]}
    )
    panel = over_time(story, "Apart", y="rate_per_s").figure.axes[0]
    assert all(text.get_position()[0] == 8 for text in names_of(panel).values())
    assert not [text for text in panel.texts if isinstance(text, Annotation) and text.arrow_patch is not None]


def runs(*scales: float) -> dict[str, pd.DataFrame]:
    latency_s = -np.log(np.linspace(0.0005, 1, 2000))
    return {
        f"run {k}": pd.DataFrame({"latency_s": s * latency_s, "outcome": "ok"}) for k, s in enumerate(scales)
    }


def test_distributions_are_named_along_their_lines():
    figure = survival(runs(0.01, 1.0), "Two tails").figure
    assert figure.findobj(Legend) == []
    assert {"run 0", "run 1"} <= set(names_of(figure.axes[0]))


def test_a_distribution_says_how_many_completed_only_where_some_did_not():
    two = runs(0.01, 1.0)
    two["run 1"].loc[:19, "outcome"] = "crashed"
    names = names_of(survival(two, "Two tails").figure.axes[0])
    assert {"run 0", "run 1\n(99 % completed)"} <= set(names)


def test_lines_without_room_for_their_names_are_listed_beside_inside_the_picture():
    figure = survival(runs(0.1, 0.1, 0.1), "Three alike").figure
    figure.draw_without_rendering()
    (legend,) = figure.findobj(Legend)
    assert legend.get_window_extent().x1 <= figure.bbox.x1
    assert not [name for name in names_of(figure.axes[0]) if name.startswith("run")]


def test_a_line_without_a_number_has_no_name():
    with canvas("Nothing came") as drawing:
        (line,) = drawing.panels[0].plot([1, 2], [np.nan, np.nan])
        drawing.name_end(drawing.panels[0], line, "nobody")
        drawing.name_along(drawing.panels[0], line, "nobody")
    assert names_of(drawing.panels[0]) == {}


# Bands ---------------------------------------------------------------------------------------------------


def lightness(colour: str) -> float:
    return float(np.log(contrast(colour, "white")))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_percentiles_are_apart_in_lightness_the_higher_the_darker(architecture: str):
    sweep = pd.DataFrame({"rate_per_s": [1, 2], **{f"p{q}_ms": [1.0 * q, 2.0 * q] for q in (50, 95, 99)}})
    lines = latency_against_load(sweep, "T", architecture=architecture).figure.axes[0].lines
    three = [to_hex(line.get_color()) for line in lines]
    assert np.diff([lightness(colour) for colour in three]).min() > 0.35


def test_theory_can_be_seen_on_the_darkest_line_of_the_monolith():
    sweep = pd.DataFrame({"rate_per_s": [1, 2], "p99_ms": [1.0, 2.0]})
    p99, theory = latency_against_load(sweep, "T", theory=sweep).figure.axes[0].lines
    assert contrast(to_hex(p99.get_color()), INK) > 1.9
    assert (theory.get_color(), theory.get_zorder() > p99.get_zorder()) == (INK, True)


def test_a_band_has_edges_in_its_lines_colour():
    low_high = {"p99_ms_low": [0.5, 1.5], "p99_ms_high": [1.5, 2.5]}
    sweep = pd.DataFrame({"rate_per_s": [1, 2], "p99_ms": [1.0, 2.0], **low_high})
    panel = latency_against_load(sweep, "T").figure.axes[0]
    fill, edge = panel.collections
    colour = to_hex(panel.lines[0].get_color())
    assert to_hex(fill.get_facecolor()[0]) == to_hex(edge.get_edgecolor()[0]) == colour
    assert edge.get_edgecolor()[0][3] > 2 * fill.get_facecolor()[0][3]


# Of what -------------------------------------------------------------------------------------------------


def test_an_axis_can_say_of_what_it_is_more():
    label = "Extra cost of cloning everything [%]"
    picture = scaling(costs(), "They meet", x="hot_percent", y="extra_percent", y_label=label)
    assert picture.figure.axes[0].get_ylabel().replace("\n", " ") == label
    title, axis = picture.figure._suptitle, picture.figure.axes[0].yaxis.label
    assert axis.get_window_extent().y1 < title.get_window_extent().y0
    assert f"{label} against Hot [%]" in picture.alt
    story = costs().rename(columns={"hot_percent": "time_s"})
    assert f"{label} over time" in over_time(story, "T", y="extra_percent", y_label=label).alt
    saved = pd.DataFrame({"design": ["a"], "saved_ms": [3.0]})
    bars = comparison(saved, "T", value="saved_ms", label="Saved by one pool [ms]")
    assert bars.figure.axes[0].get_xlabel() == "Saved by one pool [ms]"
    assert bars.alt == "T. Saved by one pool [ms]: a 3."
