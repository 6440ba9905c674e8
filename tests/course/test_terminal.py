"""A command goes on where a terminal has no letter for a name."""

import io

from archlab.course.terminal import show_what_it_can


def test_a_letter_that_a_terminal_lacks_becomes_a_question_mark():
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    show_what_it_can(terminal)
    print("Zoë, Λ", end="", file=terminal, flush=True)
    assert terminal.buffer.getvalue() == "Zoë, ?".encode("cp1252")


def test_a_stream_that_is_no_terminal_stays_as_it_is():
    show_what_it_can(io.StringIO())
