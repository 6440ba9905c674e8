"""Files that are no notebook, or not the one asked for, are refused in words; odd ones that are one are read."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.course.labs import cells
from archlab.course.labs.cells import Cell, UnreadableNotebook, parse, read_cells
from archlab.course.labs.judge import Judge
from archlab.course.labs.lab import Lab
from archlab.course.labs.limits import Limits, confine

CONFLICT = '{"cells": [\n<<<<<<< HEAD\n{"cell_type": "code"}\n=======\n>>>>>>> theirs\n]}'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "not a whole notebook"),
        (b'{"cells": [', "not a whole notebook"),
        (b"My answer is 42.", "not a whole notebook"),
        (b"[1, 2, 3]", "holds no cells"),
        (b'{"cells": 3}', "holds no cells"),
        (b'{"worksheets": [], "nbformat": 3}', "holds no cells"),
        (b"null", "holds no cells"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "something else than text"),
        (CONFLICT.encode(), "merge conflict"),
        (b"[" * 100_000, "not a whole notebook"),
        (
            json.dumps({"cells": [{"cell_type": "code", "source": "x = 1"}]}).encode(),
            "not a lab of this course",
        ),
    ],
)
def test_a_file_that_is_no_lab_is_refused_in_words(
    labs: dict[str, Lab], tmp_path: Path, content: bytes, words: str
):
    path = tmp_path / "handed-in.ipynb"
    path.write_bytes(content)
    verdict = Judge(labs).verdict(path)
    assert words in verdict.problem
    assert not verdict.passed


def test_a_python_file_a_folder_and_a_file_that_is_not_there_are_refused_in_words(tmp_path: Path):
    script = tmp_path / "lab.py"
    script.write_text("x = 1")
    folder = tmp_path / "lab.ipynb"
    folder.mkdir()
    for path, words in [
        (script, "ends in .py"),
        (folder, "not a file"),
        (tmp_path / "no.ipynb", "No such file"),
    ]:
        with pytest.raises(UnreadableNotebook, match=words):
            read_cells(path)


def test_a_file_too_large_to_be_a_lab_is_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "large.ipynb"
    path.write_text(" " * 101)
    monkeypatch.setattr(cells, "LARGEST_FILE_BYTES", 100)
    with pytest.raises(UnreadableNotebook, match="larger than"):
        read_cells(path)


def test_another_labs_notebook_is_refused_where_a_certain_lab_is_expected(
    labs: dict[str, Lab], lab: Lab, fill: Callable[..., Any], hand_in: Callable[..., Path]
):
    both = labs | {"91_shelf": Lab("91_shelf", lab.cells[:1])}
    verdict = Judge(both).verdict(hand_in(fill({})), expected="91_shelf")
    assert verdict.problem == "This is lab 90_till, not lab 91_shelf."


def test_a_byte_order_mark_changes_nothing(fill: Callable[..., Any], hand_in: Callable[..., Path]):
    notebook = fill({})
    assert read_cells(hand_in(notebook, "bom.ipynb", "utf-8-sig")) == read_cells(hand_in(notebook))


def test_what_is_missing_or_of_the_wrong_type_in_a_cell_is_taken_as_empty():
    odd = [
        {"cell_type": 3, "source": None, "id": [], "metadata": []},
        {"cell_type": "code", "source": ["a", 1, "b"], "metadata": {"nbgrader": "yes"}},
        {"cell_type": "code", "source": "\ud800", "metadata": {"nbgrader": {"grade_id": 7}}},
        "no cell",
    ]
    assert parse(json.dumps({"cells": odd})) == [Cell("", ""), Cell("code", "ab"), Cell("code", "?")]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["cells", "source", "metadata", "id"]), inner)
    ),
)


@given(content=JSON)
def test_no_json_whatever_raises_anything_else(content: Any):
    with contextlib.suppress(UnreadableNotebook):
        assert all(isinstance(cell, Cell) for cell in parse(json.dumps(content)))


def test_a_limit_that_allows_nothing_is_refused():
    with pytest.raises(ValueError, match=r"cell_s is 0; it must be above 0"):
        Limits(cell_s=0)


def test_what_a_system_cannot_limit_is_said_in_words(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "resource", None)
    assert "no limit on memory" in confine(1, 1, 1)
