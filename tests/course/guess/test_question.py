"""A question asks in words or with a field, keeps the answer, and saves none of it with the notebook."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from archlab.course.figures import comparison
from archlab.course.guess import guess, guesses, reveal
from archlab.course.guess.field import field
from archlab.course.guess.store import FILE, VARIABLE
from archlab.course.live import WIDGET_VIEW
from archlab.course.notebooks import execute, normalise

QUESTION = "How many times as long does p99 become?"
CELLS = (
    'from archlab.course.guess import guess, guesses, reveal\nguess("growth", "How many?", unit="times")',
    'guess("first", "What fills up first?", choices=["cores", "workers"])',
    'reveal("growth", measured=6.41, unit="times")',
)


@pytest.fixture(autouse=True)
def own_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / FILE


def test_asking_alone_writes_nothing(own_file: Path):
    repr(guess("growth", QUESTION, unit="times"))
    assert not own_file.exists()


@pytest.mark.parametrize("answer", [2, 2.0, "2", "2x", "2,0 times"])
def test_an_answer_is_kept_as_a_number(answer):
    asked = guess("growth", QUESTION, unit="times")
    asked.value = answer
    assert (asked.value, guesses["growth"], guess("growth").value) == (2, 2, 2)
    assert guesses.line() == "guesses v1; growth=2 times"


def test_an_answer_can_be_set_without_repeating_the_question():
    guess("growth").value = "2.5"
    guess("first").value = "the queue"
    assert dict(guesses) == {"growth": 2.5, "first": "the queue"}


def test_an_empty_answer_takes_the_guess_back():
    asked = guess("growth", QUESTION)
    asked.value = 2
    asked.value = " "
    assert asked.value is None


def test_what_is_no_choice_is_refused_with_those_that_are():
    asked = guess("first", "What?", choices=["cores", "workers"])
    with pytest.raises(ValueError, match="guess is 'disk'; it must be one of cores, workers"):
        asked.value = "disk"


@pytest.mark.parametrize("choices", [["one"], ["a", "a"], ["a;b", "c"], "cores"])
def test_choices_that_make_no_sense_are_refused(choices):
    with pytest.raises(ValueError, match="choice"):
        guess("first", "What?", choices=choices)


# The field -----------------------------------------------------------------------------------------------


def test_the_field_keeps_what_is_typed_and_says_what_it_understood():
    asked = guess("growth", QUESTION, unit="times")
    control, said = field(asked).children[:2]
    assert control.description == f"{QUESTION} [times]"
    control.value = "1,5x"
    assert guesses["growth"] == 1.5
    assert "Kept: <b>1.5 times</b>" in said.value
    control.value = "a lot"
    assert 'role="alert"' in said.value
    assert guesses["growth"] == 1.5
    control.value = ""
    assert "growth" not in guesses


def test_the_field_shows_what_was_kept_before():
    guess("growth").value = 2
    guess("first").value = "workers"
    assert field(guess("growth", QUESTION)).children[0].value == "2"
    assert field(guess("first", "What?", choices=["cores", "workers"])).children[0].value == "workers"


def test_nothing_is_chosen_before_the_reader_has_chosen():
    control = field(guess("first", "What?", choices=["cores", "workers"])).children[0]
    assert control.value is None
    control.value = "cores"
    assert guesses["first"] == "cores"


def test_a_guess_that_cannot_be_written_is_told_in_the_field(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nowhere" / "guesses.json"))
    control, said = field(guess("growth", QUESTION)).children[:2]
    control.value = "2"
    assert "Not kept:" in said.value


# In a notebook -------------------------------------------------------------------------------------------


def test_what_is_shown_without_a_field_is_the_question_and_nobodys_guess():
    asked = guess("growth", "Is 1 < 2?", unit="times")
    before = asked._repr_mimebundle_()
    asked.value = 77
    after = asked._repr_mimebundle_()
    assert set(before) == {WIDGET_VIEW, "text/html", "text/plain"}
    assert before["text/html"] == after["text/html"]
    assert before["text/plain"] == after["text/plain"] == repr(asked)
    assert "Is 1 &lt; 2? [times]" in before["text/html"]
    assert 'guess("growth").value = 3' in before["text/plain"]


def test_a_notebook_that_is_run_to_be_kept_shows_and_keeps_no_guess(own_file: Path, tmp_path: Path):
    guess("growth").value = 77
    notebook = new_notebook(cells=[new_code_cell(cell, id=f"c{k}") for k, cell in enumerate(CELLS)])
    first = nbformat.writes(normalise(execute(notebook, tmp_path)))
    own_file.unlink()
    second = nbformat.writes(normalise(execute(notebook, tmp_path)))
    assert first == second
    assert "77" not in first
    assert WIDGET_VIEW not in first
    assert not own_file.exists()


def test_nbval_compares_a_notebook_without_anybodys_guesses(own_file: Path, tmp_path: Path):
    notebook = new_notebook(cells=[new_code_cell(cell, id=f"c{k}") for k, cell in enumerate(CELLS)])
    nbformat.write(normalise(execute(notebook, tmp_path)), tmp_path / "asking.ipynb")
    guess("growth").value = 77
    kept = own_file.read_bytes()
    options = ["--nbval", "--nbval-current-env", "-p", "archlab.course.labs.nbval_plugin", "-q"]
    command = [sys.executable, "-m", "pytest", *options, "-p", "no:cacheprovider", "asking.ipynb"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "3 passed" in result.stdout, result.stdout
    assert own_file.read_bytes() == kept


# The reveal ----------------------------------------------------------------------------------------------


def test_the_reveal_shows_the_guess_beside_the_measured_value_without_a_judgement():
    assert repr(reveal("growth", 6.41, "times")) == "measured: 6.41 times"
    guess("growth").value = 2
    assert repr(reveal("growth", 6.41, "times")) == "you: 2 times, measured: 6.41 times"
    assert repr(reveal("growth", 6.41, "times", interval=(5.8, 7.0))) == (
        "you: 2 times, measured: 6.4 times (5.8 to 7.0)"
    )


def test_a_choice_is_revealed_in_its_own_words():
    guess("first").value = "cores"
    shown = reveal("first", "workers & queues")
    assert repr(shown) == "you: cores, answer: workers & queues"
    assert "workers &amp; queues" in shown._repr_mimebundle_()["text/html"]


def test_a_picture_can_carry_the_line_under_it():
    import pandas as pd

    frame = pd.DataFrame({"design": ["one", "two"], "p99_ms": [180.0, 95.0]})
    picture = comparison(frame, "Two are quicker", value="p99_ms")
    bundle = reveal("growth", 1.9, "times").under(picture)._repr_mimebundle_()
    assert bundle["text/html"].startswith("<img alt=")
    assert bundle["text/html"].endswith("<b>measured: 1.9 times</b></p>")
    assert bundle["text/plain"] == f"{picture.alt}\nmeasured: 1.9 times"


@pytest.mark.parametrize(("typed", "asks"), [("0.5", True), ("50", False), ("0", False), ("1", False)])
def test_a_share_typed_as_a_fraction_is_kept_and_asked_about(typed, asks):
    question = guess("busy", "Which share?", unit="%")
    box = field(question)
    box.children[0].value = typed
    assert question.value == float(typed)
    assert ("You wrote 0.5 %. Did you mean 50?" in box.children[1].value) is asks
