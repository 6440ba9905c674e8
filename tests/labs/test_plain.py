"""What others wrote reaches a screen and a table as words, and no two names become one."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.course.labs.check import told
from archlab.course.labs.judge import Judge
from archlab.course.labs.kernel import Kernel
from archlab.course.labs.plain import for_table, name_in_table, plain

ANY_TEXT = st.text(st.characters())  # with surrogates, controls and all


def test_no_answer_becomes_a_formula_or_a_second_line_in_the_table():
    assert for_table("=1+1\r\nx\x00y") == "'=1+1 x y"
    assert for_table("a" * 1000) == "a" * 300


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b[2Jgone", "gone"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("beep\x07\rover", "beep over"),
        ("\u202eevil\u202c", "evil"),
        ("half \ud800 a letter", "half a letter"),
        ("\x9b2J", "2J"),
    ],
)
def test_what_steers_a_terminal_or_turns_a_line_round_is_taken_out(said: str, shown: str):
    assert plain(said) == shown


def test_a_name_in_the_letters_of_an_old_windows_is_read_as_such():
    assert plain(b"M\xfcller".decode("utf-8", "surrogateescape")) == "Müller"


@given(text=ANY_TEXT)
def test_every_text_can_be_shown_and_written(text: str):
    for shown in (plain(text), for_table(text), name_in_table(text)):
        assert shown.encode("utf-8").decode().isprintable()
    assert not name_in_table(text).startswith(("=", "+", "-", "@", "'"))


@given(names=st.lists(ANY_TEXT | st.text("%25=ab'"), min_size=2, max_size=2, unique=True))
def test_two_names_never_become_one(names: list[str]):
    assert name_in_table(names[0]) != name_in_table(names[1])


@given(name=ANY_TEXT)
def test_a_name_comes_out_of_a_table_as_it_went_in(name: str):
    file = io.StringIO(newline="")
    csv.writer(file).writerow([name_in_table(name), "x"])
    assert next(csv.reader(io.StringIO(file.getvalue(), newline=""))) == [name_in_table(name), "x"]


def test_what_an_exception_in_a_cell_says_comes_out_as_words(tmp_path: Path):
    with Kernel(tmp_path) as kernel:
        ran = kernel.run(
            r"print('\x1b[2Jdone'); raise ValueError('\x1b[2J\x07' + chr(0x202e) + 'no\nway')", clock_s=300
        )
    assert (ran.error, ran.message, ran.line) == ("ValueError", "no way", "done")


def test_the_name_of_a_file_is_shown_as_words_by_the_command_that_checks_it(tmp_path: Path):
    verdict = Judge({}).verdict(tmp_path / "lab.\x1b[2Jpy")
    assert "\x1b" in verdict.problem
    assert "\x1b" not in told(verdict)
