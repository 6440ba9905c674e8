"""Lines of a class are told from the chat around them, whoever's they are and whatever stands between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.course.handed_in import HandIns, name_in, read_lines


def read(lines: list[str]) -> HandIns[str]:
    given: HandIns[str] = HandIns("colours", version=1)
    for line in given.read(lines):
        given.keep(line, line.text)
    return given


@pytest.mark.parametrize(
    "before",
    [
        "Ada: ",
        "Ada - ",
        "  <Ada> ",
        "10:42 Ada: ",
        "[10:42:13 AM] Ada: ",
        "[12/03/2026, 10:42] Ada: ",
        "2026-03-12 10:42, Ada | ",
        "10:42:03 From Ada to Everyone: ",
        "| Ada | ",
    ],
)
def test_the_name_is_found_among_what_a_chat_puts_before_it(before: str):
    assert read([f"{before}colours v1; red"]).people == {"Ada": "red"}


@pytest.mark.parametrize("above", ["Ada  10:42 AM", "[10:42] Ada", "10:42:03 From Ada to Everyone:"])
def test_the_line_above_says_the_name_where_a_chat_puts_it_there(above: str):
    found = read(["good morning", above, "", "\tcolours v1; red"])
    assert found.people == {"Ada": "red"}
    assert found.problems == ["line 1: it holds no colours: good morning"]


def test_a_line_above_without_a_time_of_day_is_no_name():
    found = read(["I am done", "colours v1; red"])
    assert found.people == {"line 2": "red"}
    assert found.problems == ["line 1: it holds no colours: I am done"]


def test_a_name_that_is_a_sentence_with_from_and_to_stays_whole():
    assert name_in("From Ada to Bob:") == "From Ada to Bob"


def test_what_is_said_between_two_lines_is_told_in_its_place():
    found = read(
        ["10:40 Bob: is it on?", "10:41 Ada: colours v1; red", "Ada: colours v1; blue", "colours v2; x"]
    )
    assert found.people == {"Ada": "blue"}
    assert found.problems == [
        "line 1: it holds no colours: 10:40 Bob: is it on?",
        "line 3: Ada handed in before; the later line counts",
        "line 4: its version is 2; only version 1 can be read",
    ]


@given(st.lists(st.text(max_size=40), max_size=8))
def test_no_text_is_too_odd(lines: list[str]):
    found = read([*lines, *(f"{line} colours v1; {line}" for line in lines)])
    assert len(found.people) <= 2 * len(lines)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_whatever_program_saved_it(tmp_path, encoding: str):
    path = tmp_path / "lines.txt"
    path.write_bytes("Zoë: colours v1; red\r\nΛ: colours v1; blue".encode(encoding))
    assert read(read_lines(path)).people == {"Zoë": "red", "Λ": "blue"}
