"""An explorer works without a browser: it sets, pins, resets, tabulates, and tells what a model refuses."""

import io
import math
import re
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from archlab.course.explorer import Columns, LatencyAndQueue, OverTime, explore
from archlab.course.explorer.explorer import Explorer
from archlab.course.explorer.parameter import Choice, Range, parameter
from archlab.course.explorer.plot import NOW, PINS, Plot
from archlab.course.explorer.run import Run
from archlab.course.explorer.view import Curve, Panel, Reading, Window
from archlab.course.explorer.words import html_both_ways
from archlab.course.live import WIDGET_VIEW
from archlab.course.style import ARCHITECTURES, LAB
from archlab.sim import Exponential, Poisson, Result, Simulation, SlowDown, Station

WORKERS = 4
SERVICE_S = 0.02


def station(rate_per_s: float, workers: int, discipline: str = "fifo") -> Result:
    if rate_per_s > 60 * workers:
        raise ValueError(f"rate_per_s is {rate_per_s}; it must be at most 60 for each of {workers} workers")
    sim = Simulation(seed=1)
    web = Station(sim, "web", workers, discipline=discipline)
    service_s = sim.draws("service", Exponential(SERVICE_S))

    def handle(request: Any):
        yield web.serve(service_s())

    sim.open_load(Poisson(rate_per_s), handle)
    sim.inject(SlowDown("web", at_s=4, for_s=2, factor=2))
    return sim.measure(duration_s=10)


def square(side: int, colour: str = "red") -> pd.DataFrame:
    return pd.DataFrame({"x": [0, side], "area": [0.0, float(side**2)]})


def new(**more: Any) -> Explorer:
    return explore(
        station, rate_per_s=(1, 240, 80), workers=(1, 8, WORKERS), discipline=("fifo", "lifo"), **more
    )


def squares() -> Explorer:
    return explore(
        square, view=Columns("x", ("area",)), title="Squares", side=(1, 9, 2), colour=("red", "blue")
    )


# Parameters ----------------------------------------------------------------------------------------------


def test_three_numbers_are_a_range_and_anything_else_is_a_choice():
    assert parameter("rate_per_s", (1, 200, 80)) == Range("rate_per_s", 1, 200, 80)
    assert parameter("discipline", ("fifo", "lifo")) == Choice("discipline", ("fifo", "lifo"))
    assert parameter("sizes", [1, 10, 100]) == Choice("sizes", (1, 10, 100))
    assert parameter("crash", (False, True)).start is False


def test_whole_numbers_stay_whole_and_fractions_get_about_a_hundred_round_steps():
    whole, share = parameter("workers", (1, 32, 4)), parameter("share", (0.0, 1.0, 0.5))
    assert (whole.step, whole.checked(7.0), type(whole.checked(7.0))) == (1, 7, int)
    assert (share.step, share.decimals) == (0.01, 2)
    assert parameter("factor", (1.0, 60.0, 40.0)).step == 1.0


@pytest.mark.parametrize("spec", [(5, 1, 3), (1, 5, 9), ("only one",), ("twice", "twice"), 80, "fifo"])
def test_a_parameter_that_makes_no_sense_is_refused_by_name(spec: Any):
    with pytest.raises(ValueError, match="rate_per_s is"):
        parameter("rate_per_s", spec)


@pytest.mark.parametrize("value", [0, 241, 80.5, "80", None, True, float("nan")])
def test_a_value_out_of_its_range_is_refused_with_what_is_allowed(value: Any):
    with pytest.raises(ValueError, match="must be a whole number from 1 to 240"):
        new().set(rate_per_s=value)


def test_a_choice_that_is_not_offered_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match="discipline is 'random'; it must be one of 'fifo', 'lifo'"):
        new().set(discipline="random")


def test_an_unknown_parameter_style_or_none_at_all_is_refused():
    with pytest.raises(ValueError, match="speed is no parameter; the parameters are rate_per_s"):
        new().set(speed=1)
    with pytest.raises(ValueError, match="style is 'poster'; it must be one of lab, slides"):
        explore(station, style="poster", rate_per_s=(1, 2, 1))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="architecture is 'two'; it must be one of 'monolithic'"):
        explore(station, architecture="two", rate_per_s=(1, 2, 1))
    with pytest.raises(ValueError, match="no parameter"):
        explore(station)


# Runs ----------------------------------------------------------------------------------------------------


def test_the_figures_are_those_of_the_models_own_result():
    explorer = new().set(rate_per_s=150)
    result = station(150, WORKERS)
    assert explorer.figures["p99_ms"] == pytest.approx(1000 * result.latency_s(99))
    assert explorer.figures["completed_percent"] == pytest.approx(100 * result.completed / result.arrived)
    assert explorer.figures["throughput_per_s"] == result.throughput_per_s()
    assert explorer.values == {"rate_per_s": 150, "workers": WORKERS, "discipline": "fifo"}


def test_the_same_values_give_the_same_picture_whatever_came_before():
    straight = new().set(rate_per_s=100, workers=2)
    around = new().set(rate_per_s=230).pin().set(discipline="lifo").reset().set(workers=2).set(rate_per_s=100)
    assert straight.picture().png == around.picture().png
    assert straight.to_csv() == around.to_csv()


def test_the_quick_picture_shows_the_same_lines_as_one_drawn_anew():
    explorer = squares().pin().set(side=3)
    explorer.picture().png  # noqa: B018 - it draws on a canvas of its own
    explorer.set(side=9)
    explorer.set(side=8)
    explorer._draw()
    quick = np.asarray(Image.open(io.BytesIO(explorer._plot.png())).convert("L"), dtype=int)
    anew = np.asarray(Image.open(io.BytesIO(explorer.picture().png)).convert("L"), dtype=int)
    assert (abs(quick - anew) > 64).mean() < 0.001
    explorer.set(side=9)
    explorer._draw()
    other = np.asarray(Image.open(io.BytesIO(explorer._plot.png())).convert("L"), dtype=int)
    assert (abs(other - quick) > 64).mean() > 0.001


def test_pinned_runs_stay_in_picture_and_table_until_reset():
    explorer = squares().pin().set(side=3).pin().set(side=4)
    frame = explorer.frame()
    assert frame.index.tolist() == ["now", "A", "B"]
    assert frame["highest_area"].tolist() == [16, 4, 9]
    lines = [line for line in explorer.picture().figure.axes[0].lines if line.get_visible()]
    assert sorted(float(np.max(line.get_ydata())) for line in lines) == [4, 9, 16]
    assert len({line.get_linestyle() for line in lines}) == 3
    assert squares().frame().equals(explorer.reset().frame())


def test_two_lines_of_one_run_are_of_different_shades_and_widths():
    explorer = new(view=OverTime(parts=("web",)))
    p50, p99 = explorer.picture().figure.axes[0].lines
    assert p50.get_color() != p99.get_color()
    assert p50.get_linewidth() > p99.get_linewidth()


def test_of_four_pinned_runs_the_oldest_goes_and_its_name_is_free_again():
    explorer = squares()
    for side in (2, 3, 4, 5):
        explorer.set(side=side).pin()
    assert explorer.frame()["side"].to_dict() == {"now": 5, "B": 3, "C": 4, "A": 5}


def test_a_run_is_pinned_once():
    assert len(squares().pin().pin().frame()) == 2


def test_what_the_model_refuses_is_said_in_its_own_words_and_the_pinned_runs_stay():
    explorer = new().pin().set(rate_per_s=240, workers=1)
    assert explorer.problem == "rate_per_s is 240; it must be at most 60 for each of 1 workers"
    assert explorer.figures == {}
    html = explorer._repr_mimebundle_()["text/html"]
    assert 'role="alert"' in html
    assert "at most 60 for each" in html
    assert pd.notna(explorer.frame().loc["A", "p99_ms"])
    assert explorer.pin().frame().index.tolist() == ["now", "A"]


def test_an_error_of_the_model_that_is_no_value_error_is_raised():
    def broken(side: int) -> pd.DataFrame:
        raise RuntimeError("out of paper")

    with pytest.raises(RuntimeError, match="out of paper"):
        explore(broken, view=Columns("x", ("area",)), side=(1, 9, 2))


def test_the_csv_holds_the_frame(tmp_path):
    explorer = new().pin().set(workers=8)
    path = tmp_path / "runs.csv"
    text = explorer.to_csv(path)
    assert path.read_text(encoding="utf-8") == text
    back = pd.read_csv(io.StringIO(text), index_col="run")
    pd.testing.assert_frame_equal(back, explorer.frame(), check_dtype=False)


# Views ---------------------------------------------------------------------------------------------------


def test_the_survival_curve_is_the_share_of_completed_requests_that_took_longer():
    result = station(150, WORKERS)
    curve = LatencyAndQueue().read(result).curves[0]
    ok_ms = 1000 * result.requests.loc[result.requests["outcome"] == "ok", "latency_s"]
    for k in (0, len(curve.x) // 2, len(curve.x) - 1):
        assert curve.y[k] == pytest.approx(100 * (ok_ms > curve.x[k]).mean())


def test_over_time_shades_the_fault_and_shows_the_queue_of_the_named_part():
    reading = OverTime(parts=("web",)).read(station(150, WORKERS))
    assert [(window.start, window.end, window.name) for window in reading.windows] == [(4, 6, "web")]
    assert [curve.name for curve in reading.curves] == ["p50", "p99", "web"]
    with pytest.raises(ValueError, match="part is 'database'; it must be one of web"):
        OverTime(parts=("database",)).read(station(150, WORKERS))


def test_a_fault_that_never_ends_is_shaded_to_the_end_of_every_panel():
    panels = (Panel("Time [s]", "Latency [ms]"), Panel("Time [s]", "Waiting [requests]"))
    plot = Plot(panels, LAB)
    curves = tuple(Curve(number, "", [0, 60], [1, 2]) for number in range(2))
    plot.show({NOW: Reading(curves, {}, (Window(20, math.inf, "web"),))})
    plot.png()
    for axes in plot.axes:
        (window,) = axes.patches
        assert (window.get_x(), window.get_x() + window.get_width()) == (20, axes.get_xlim()[1])


def test_the_run_that_is_set_has_the_colour_of_its_architecture_and_no_pinned_one_shares_it():
    for architecture, look in ARCHITECTURES.items():
        plot = Plot((Panel("Time [s]", "Lag [s]"),), LAB, architecture)
        reading = Reading((Curve(0, "", [0, 1], [1, 2]),), {})
        plot.show(dict.fromkeys((NOW, *PINS), reading))
        colours = [line.get_color() for line in plot.axes[0].get_lines()]
        assert colours[0] == look.colour
        assert len(set(colours)) == 1 + len(PINS)


def test_a_view_of_results_says_what_it_needs_when_it_gets_something_else():
    with pytest.raises(ValueError, match="answer is a DataFrame; this view needs a Result"):
        explore(square, side=(1, 9, 2))


def test_a_saturated_station_has_no_latencies_to_show():
    def swamped(rate_per_s: float) -> Result:
        sim = Simulation(seed=1)
        web = Station(sim, "web")

        def handle(request: Any):
            yield web.serve(0.1)

        sim.open_load(Poisson(rate_per_s), handle)
        return sim.measure(duration_s=60)

    figures = explore(swamped, rate_per_s=(1, 50, 30)).figures
    assert figures["busiest_part"] == "web 100 % (saturated)"
    assert np.isnan(figures["p99_ms"])


def test_no_name_of_a_line_reaches_beyond_the_picture():
    explorer = new(view=OverTime(parts=("web",))).pin().set(workers=2).pin().set(discipline="lifo")
    figure = explorer.picture().figure
    width, height = figure.get_size_inches() * figure.dpi
    figure.canvas.draw()
    for axes in figure.axes:
        for text in (text for text in axes.texts if text.get_visible() and text.get_text()):
            box = text.get_window_extent()
            assert 0 <= box.x0 <= box.x1 <= width, text.get_text()
            assert 0 <= box.y0 <= box.y1 <= height, text.get_text()


# In a notebook -------------------------------------------------------------------------------------------


def test_without_a_browser_the_output_is_picture_table_and_words():
    explorer = squares().pin()
    bundle = explorer._repr_mimebundle_()
    assert set(bundle) == {WIDGET_VIEW, "text/html", "text/plain"}
    assert 'src="data:image/png;base64,' in bundle["text/html"]
    words = "Squares. Area against X. Now (side 2, colour red): highest area 4. A (side 2, colour red): highest area 4."
    assert bundle["text/plain"] == words
    assert f'alt="{words}"' in bundle["text/html"]
    assert "<th scope=" in bundle["text/html"].replace("  ", " ")


def test_the_title_stands_above_the_controls_and_above_the_saved_picture():
    explorer = squares()
    head = explorer.panel.box.children[0]
    assert "<b>Squares</b>" in head.children[0].value
    html = explorer._repr_mimebundle_()["text/html"]
    assert html.index("<b>Squares</b>") < html.index("<img")


def test_where_there_are_no_controls_a_sentence_says_how_to_get_them():
    html = squares()._repr_mimebundle_()["text/html"]
    assert "Run this cell to get sliders and buttons for: side and colour." in html
    one = explore(square, view=Columns("x", ("area",)), side=(1, 9, 2))
    assert "buttons for: side." in one._repr_mimebundle_()["text/html"]


def test_while_a_run_takes_long_it_is_said_beside_the_controls_and_the_picture_is_dimmed():
    panel = squares().panel
    head, picture = panel.box.children[0], panel._picture
    panel.show_waiting()
    assert 'role="status"' in head.children[1].value
    assert "Simulating" in head.children[1].value
    assert "archlab-waiting" in picture._dom_classes
    panel.show(b"", "A picture", "", "")
    assert head.children[1].value == ""
    assert "archlab-waiting" not in picture._dom_classes


def tables(html: str) -> list[list[list[str]]]:
    """The texts of all tables in a piece of HTML: table, row, cell."""
    return [
        [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", table)]
        for table in re.findall(r"<table.*?</table>", html)
    ]


def test_the_narrow_table_says_the_same_as_the_wide_one():
    explorer = squares().pin().set(side=3)
    wide, tall = tables(explorer.panel._table.value)
    assert wide == [list(row) for row in zip(*tall, strict=True)]
    assert wide == [
        ["run", "Side", "Colour", "Highest area"],
        ["now", "3", "red", "9"],
        ["A", "2", "red", "4"],
    ]


def test_with_a_figure_that_is_a_sentence_the_table_is_upright_on_a_wide_page_too():
    known = {"side": parameter("side", (1, 9, 2))}
    for figure, count in (("short", 2), ("a long reason " * 9, 1)):
        shown = html_both_ways(known, {NOW: Run({"side": 2}, Reading((), {"why": figure}))})
        assert len(tables(shown)) == count
        assert [row[0] for row in tables(shown)[-1]] == ["run", "Side", "Why"]


def test_moving_a_control_runs_the_model_and_shows_its_picture():
    explorer = squares()
    panel = explorer.panel
    before = panel._picture.value
    panel._controls["side"].value = 7
    assert explorer.wait()
    assert explorer.figures == {"highest_area": 49.0}
    assert panel._picture.value != before
    assert "highest area 49" in panel._picture.value
    assert ">49<" in panel._table.value


def test_setting_in_code_moves_the_controls_and_runs_the_model_once():
    asked: list[int] = []

    def counted(side: int) -> pd.DataFrame:
        asked.append(side)
        return square(side)

    explorer = explore(counted, view=Columns("x", ("area",)), side=(1, 9, 2))
    panel = explorer.panel
    explorer.set(side=5)
    assert explorer.wait()
    assert (panel.values, asked) == ({"side": 5}, [2, 5])


def test_the_buttons_pin_and_reset():
    explorer = squares()
    panel = explorer.panel
    panel._controls["side"].value = 7
    explorer.wait()
    panel.on_pin()
    assert explorer.frame().index.tolist() == ["now", "A"]
    panel.on_reset()
    assert explorer.wait()
    assert explorer.frame().index.tolist() == ["now"]
    assert panel.values == {"side": 2, "colour": "red"}


def test_a_control_moved_right_after_a_reset_wins_and_one_before_it_loses():
    gate = threading.Event()

    def slow(side: int) -> pd.DataFrame:
        if threading.current_thread() is not threading.main_thread():
            gate.wait(30)
        return square(side)

    explorer = explore(slow, view=Columns("x", ("area",)), side=(1, 9, 2))
    panel = explorer.panel
    panel._controls["side"].value = 5
    panel.on_reset()
    panel._controls["side"].value = 7
    gate.set()
    assert explorer.wait()
    assert (explorer.values, panel.values) == ({"side": 7}, {"side": 7})
    panel.on_reset()
    assert explorer.wait()
    assert (explorer.values, panel.values) == ({"side": 2}, {"side": 2})


def test_a_control_moved_in_another_thread_while_values_are_set_is_not_overheard():
    panel = squares().panel
    moved: list[dict[str, Any]] = []

    def by_hand(change: object) -> None:
        hand = threading.Thread(target=lambda: setattr(panel._controls["colour"], "value", "blue"))
        hand.start()
        hand.join()

    panel.on_change = moved.append
    panel._controls["side"].observe(by_hand, names="value")
    panel.set_values({"side": 4})
    assert moved == [{"side": 4, "colour": "blue"}]


def test_an_error_behind_the_controls_is_told_in_the_panel():
    def fragile(side: int) -> pd.DataFrame:
        if side > 5:
            raise RuntimeError("out of paper")
        return square(side)

    explorer = explore(fragile, view=Columns("x", ("area",)), side=(1, 9, 2))
    panel = explorer.panel
    panel._controls["side"].value = 7
    explorer.wait()
    assert "RuntimeError: out of paper" in panel._table.value


def test_slides_are_larger_than_a_laptops_picture():
    wide = explore(square, view=Columns("x", ("area",)), style="slides", side=(1, 9, 2))
    assert wide.picture().figure.get_figwidth() > LAB.width_in
