"""A reader's guesses are kept in one file, which may be missing, broken, or switched off."""

import json
from pathlib import Path

import pytest

from archlab.course.guess import guesses
from archlab.course.guess.store import FILE, OFF, VARIABLE, Guesses
from archlab.course.labs import nbval_plugin
from archlab.course.notebooks import GUESSES, NO_GUESSES


@pytest.fixture
def kept(tmp_path: Path) -> Guesses:
    return Guesses(tmp_path / "guesses.json")


def test_a_guess_that_was_kept_is_found_by_another_program(kept: Guesses):
    kept.keep("load.growth", 2.5, unit="times")
    kept.keep("load.first", "the queue")
    again = Guesses(kept.path)
    assert dict(again) == {"load.growth": 2.5, "load.first": "the queue"}
    assert again.given()["load.growth"].unit == "times"


def test_the_latest_guess_counts_and_one_can_be_taken_back(kept: Guesses):
    for value in (2.0, 3.0):
        kept.keep("growth", value)
    assert kept["growth"] == 3
    kept.forget("growth")
    kept.forget("growth")
    assert "growth" not in kept


def test_the_line_holds_all_guesses_or_those_of_one_chapter(kept: Guesses):
    assert kept.line() == "guesses v1"
    kept.keep("load.growth", 2.0, unit="times")
    kept.keep("load.most", 1500000.0)
    kept.keep("pool.first", "the queue")
    assert kept.line() == "guesses v1; load.growth=2 times; load.most=1.5e+06; pool.first=[the queue]"
    assert kept.line("pool") == "guesses v1; pool.first=[the queue]"


def test_they_are_in_the_notebooks_folder_unless_the_variable_names_a_file(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    assert guesses.path == tmp_path / FILE
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mine.json"))
    assert guesses.path == tmp_path / "mine.json"


def test_switched_off_nothing_is_read_or_written(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mine.json"))
    guesses.keep("growth", 2.0)
    monkeypatch.setenv(VARIABLE, OFF)
    monkeypatch.chdir(tmp_path)
    guesses.keep("growth", 3.0)
    assert len(guesses) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mine.json"]


def test_the_course_runs_its_own_notebooks_without_guesses():
    assert (GUESSES, NO_GUESSES) == (VARIABLE, OFF)
    assert f'os.environ["{VARIABLE}"] = "{OFF}"' in Path(nbval_plugin.__file__).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "3", "null", '{"guesses": 3}', '{"guesses": {"a": 1}}', "\x00\x01", "[" * 100_000],
)
def test_a_broken_file_holds_no_guesses_and_is_kept_aside_when_one_is_given(kept: Guesses, content: str):
    assert kept.path is not None
    kept.path.write_text(content, encoding="utf-8")
    assert dict(kept) == {}
    kept.keep("growth", 2.0)
    assert dict(kept) == {"growth": 2.0}
    aside = kept.path.with_name("guesses.json.unreadable")
    assert not aside.exists() or aside.read_text(encoding="utf-8") == content


@pytest.mark.parametrize(
    "entry",
    [
        3,
        None,
        {},
        {"value": None},
        {"value": True},
        {"value": 1e400},
        {"value": "a;b"},
        {"value": 1, "unit": 2},
    ],
)
def test_an_entry_that_is_no_guess_is_left_out(kept: Guesses, entry: object):
    assert kept.path is not None
    content = {"guesses": {"good": {"value": 4}, "bad": entry, "Not a name": {"value": 1}}}
    kept.path.write_text(json.dumps(content), encoding="utf-8")
    assert dict(kept) == {"good": 4}


@pytest.mark.parametrize("name", ["", "Growth", "a b", "a=b", "-a", "a..b", "ä", None])
def test_a_name_that_cannot_stand_in_a_line_is_refused(kept: Guesses, name):
    with pytest.raises(ValueError, match="it must be of small letters and digits"):
        kept.keep(name, 2.0)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e16, "two\nlines", "a;b", "[a]", "x" * 201])
def test_a_value_that_cannot_stand_in_a_line_is_refused(kept: Guesses, value):
    with pytest.raises(ValueError, match="guess is"):
        kept.keep("growth", value)
    assert dict(kept) == {}


def test_a_folder_that_cannot_be_written_is_told_and_not_hidden(tmp_path: Path):
    with pytest.raises(OSError, match="guesses"):
        Guesses(tmp_path / "nowhere" / "guesses.json").keep("growth", 2.0)
