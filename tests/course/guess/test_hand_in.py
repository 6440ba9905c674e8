"""A teacher reads the lines of a class, whatever is in them, and shows the guesses beside the measured value."""

import math
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.course.guess import Guesses, collect, together
from archlab.course.guess.__main__ import main, read_lines
from archlab.course.guess.together import stacked
from archlab.course.style import LAB, SLIDES

CLASS = [
    f"Person {k}: guesses v1; load.growth={2 + k % 7} times; load.first=[{'cores' if k % 3 else 'workers'}]"
    for k in range(30)
]


def test_thirty_lines_become_a_row_a_guess():
    collected = collect(CLASS)
    assert collected.problems == ()
    assert len(collected.frame) == 60
    assert collected.frame["who"].nunique() == 30
    summary = collected.summary()
    assert summary.loc["load.growth", ["answers", "unit"]].tolist() == [30, "times"]
    assert summary.loc["load.growth", "median"] == np.median([2 + k % 7 for k in range(30)])
    assert summary.loc["load.first", "commonest"] == "cores"
    assert math.isnan(summary.loc["load.first", "median"])


def test_what_the_store_gives_can_be_read(tmp_path: Path):
    kept = Guesses(tmp_path / "guesses.json")
    kept.keep("load.growth", 2.5, unit="times as long")
    kept.keep("load.first", "the queue, at 1 = 1")
    frame = collect([kept.line()]).frame.set_index("name")
    assert frame.loc["load.growth", ["who", "value", "unit"]].tolist() == ["line 1", 2.5, "times as long"]
    assert frame.loc["load.first", "choice"] == "the queue, at 1 = 1"


def test_garbage_is_told_and_the_rest_is_used():
    collected = collect(
        [
            "",
            "hello world, " * 20,
            "Ada; guesses v1; growth=2 times; nonsense; =3; growth=; b=1..2; Ä=3; most=4",
            "guesses v9; growth=3",
            "Bob - guesses V1; growth=3; growth=4",
            "Ada: guesses v1; growth=5 times",
            "guesses v1",
        ]
    )
    assert collected.frame[["who", "name", "value"]].values.tolist() == [
        ["Ada", "growth", 5.0],
        ["Bob", "growth", 4.0],
    ]
    told = "\n".join(collected.problems)
    assert "line 2: it holds no guesses: hello world" in told
    assert len(collected.problems[0]) < 100
    assert told.count("line 3: it holds something else than a guess") == 5
    assert "line 4: its version is 9; only version 1 can be read" in told
    assert "line 5: growth is in it twice; the later one counts" in told
    assert "line 6: Ada handed in before; the later line counts" in told


@given(st.lists(st.text(max_size=60), max_size=8))
def test_no_text_is_too_odd(lines: list[str]):
    collected = collect([*lines, *(f"guesses v1; a={line}; b=[{line}]" for line in lines)])
    assert collected.frame["value"].dropna().abs().max() <= 1e15 or collected.frame["value"].dropna().empty
    assert list(collected.frame.columns) == ["who", "name", "value", "unit", "choice"]


def test_a_class_that_handed_in_nothing_has_an_empty_table():
    assert len(collect([]).summary()) == 0
    with pytest.raises(
        ValueError, match="name is 'growth'; it must be a question that somebody answered: none"
    ):
        together(collect([]), "growth", "Nothing")


def test_the_picture_tells_the_guesses_and_the_measured_value():
    picture = together(collect(CLASS), "load.growth", "Most of us said five", measured=6.41)
    assert picture.alt == (
        "Most of us said five. 30 guesses [times]: from 2 to 8, median 5, the middle half from 3 to 6.75. "
        "Measured: 6.41."
    )
    panel = picture.figure.axes[0]
    dots, line = panel.lines
    assert len(dots.get_xdata()) == 30
    assert set(line.get_xdata()) == {6.41}


def test_the_choices_of_a_class_are_bars_and_the_measured_one_is_there_even_if_nobody_chose_it():
    picture = together(collect(CLASS), "load.first", "Cores, we said", measured="the database")
    assert picture.alt.endswith("30 guesses: cores 20, workers 10, the database 0. Answer: the database.")
    assert [bar.get_width() for bar in picture.figure.axes[0].patches] == [20, 10, 0]


def test_times_in_other_units_are_converted_and_other_units_left_out():
    lines = [
        "guesses v1; wait=200 ms",
        "guesses v1; wait=400 ms",
        "guesses v1; wait=1 s",
        "guesses v1; wait=3 pigs",
    ]
    assert "3 guesses [ms]: from 200 to 1,000" in together(collect(lines), "wait", "Waits").alt


@pytest.mark.parametrize("values", [[1, 1e15], [-5, 1e9], [0, 0, 0], [3], [1e-9, 1e-9]])
@pytest.mark.parametrize("measured", [None, 6.4])
def test_any_numbers_can_be_drawn(values: list[float], measured: float | None):
    lines = [f"guesses v1; n={value!r}" for value in values]
    assert together(collect(lines), "n", "Anything", measured).png.startswith(b"\x89PNG")


def test_a_measured_value_of_the_other_kind_is_refused():
    with pytest.raises(ValueError, match="measured is 'cores'; it must be a number"):
        together(collect(CLASS), "load.growth", "T", measured="cores")
    with pytest.raises(ValueError, match=r"measured is 3\.0; it must be one of the choices"):
        together(collect(CLASS), "load.first", "T", measured=3.0)


def test_no_two_dots_lie_on_each_other_and_each_stands_near_its_value():
    values = np.array(random.Random(1).choices(range(1, 50), k=60), dtype=float)
    places, heights = stacked(values, values, is_log=False)
    assert len(set(zip(places.round(6), heights, strict=True))) == 60
    assert abs(places - np.sort(values)).max() <= (values.max() - values.min()) / 80 + 1e-9


@pytest.mark.parametrize("size", [LAB, SLIDES], ids=["lab", "slides"])
def test_the_name_of_the_measured_value_is_inside_the_picture(size):
    for measured in (2.0, 8.0):
        figure = together(collect(CLASS), "load.growth", "T", measured, size).figure
        figure.draw_without_rendering()
        (text,) = figure.axes[0].texts
        box = text.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert box.y1 < figure._suptitle.get_window_extent().y0


# The command ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_whatever_program_saved_it(tmp_path: Path, encoding: str):
    path = tmp_path / "lines.txt"
    path.write_bytes("Zoë: guesses v1; growth=2\r\n".encode(encoding))
    assert collect(read_lines(path)).frame["who"].tolist() == ["Zoë"]


def test_the_command_prints_a_table_and_draws_one_question(tmp_path: Path, capsys):
    path = tmp_path / "lines.txt"
    path.write_text("\n".join([*CLASS, "garbage"]), encoding="utf-8")
    options = ["--name", "load.growth", "--measured", "6,4", "--title", "We said five"]
    assert main([str(path), *options]) == 0
    said = capsys.readouterr()
    assert "load.growth" in said.out
    assert "line 31" in said.err
    assert "We said five. 30 guesses" in said.out
    assert (tmp_path / "lines-load.growth.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_says_in_words_what_it_cannot_do(tmp_path: Path, capsys):
    assert main([str(tmp_path / "nothing.txt")]) == 1
    assert "nothing.txt" in capsys.readouterr().err
    path = tmp_path / "lines.txt"
    path.write_text(CLASS[0], encoding="utf-8")
    assert main([str(path), "--name", "unknown"]) == 1
    assert "name is 'unknown'" in capsys.readouterr().err
