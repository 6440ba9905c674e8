"""In a notebook a description that cannot be read says why, and nothing else."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from archlab.chapters.choosing.own_system import DescriptionError, describe

BAD = "load 5 per second: browse 100 %\\npart web: two cars\\nbrowse = web 1 ms"


def test_it_is_a_value_error_whose_message_names_the_line():
    with pytest.raises(ValueError, match="line 1, 'part web'") as caught:
        describe("part web")
    assert isinstance(caught.value, DescriptionError)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("text", ["", "load 5 per second: browse 100 %"])
def test_a_description_that_lacks_something_is_shown_the_same_way(text):
    with pytest.raises(DescriptionError):
        describe(text)


def test_a_notebook_shows_its_message_alone(monkeypatch):
    shell, shown = InteractiveShell(), []
    monkeypatch.setattr(shell, "_showtraceback", lambda kind, value, lines: shown.append((kind, lines)))
    shell.run_cell(f"from archlab.chapters.choosing.own_system import describe\ndescribe('{BAD}')")
    ((kind, (line,)),) = shown
    assert kind is DescriptionError
    assert line.startswith(
        "DescriptionError: line 2, 'part web: two cars': 'two cars' is no property; known: "
    )


def test_an_error_that_is_not_the_descriptions_keeps_its_traceback(monkeypatch):
    shell, shown = InteractiveShell(), []
    monkeypatch.setattr(shell, "_showtraceback", lambda kind, value, lines: shown.append(lines))
    shell.run_cell("from archlab.chapters.choosing.own_system import describe\ndescribe(7)")
    assert len("\n".join(shown[0]).splitlines()) > 5
