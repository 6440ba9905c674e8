"""Predict, run, explain in JupyterLab: answers are hidden until they are run, and guesses are kept and revealed."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Locator

from archlab.course.hidden import ANSWER
from archlab.course.notebooks import execute, normalise
from tests.browser.notebook_page import NotebookPage

GROWTH, FIRST, ANSWERED, CHECK, REVEAL, LINE, FIGURE, TWO = range(8)
CELLS = (
    'from archlab.course.guess import guess, guesses, reveal\nguess("growth", "How many?", unit="times")',
    'guess("first", "What fills up first?", choices=["the cores", "the workers", "the disk"])',
    "print('forty-two', 6 * 7)\n6 * 7",
    "# A check of the authors\nassert 6 * 7 == 42",
    'reveal("growth", measured=6.41, unit="times")',
    "guesses.line()",
    "# Run this cell: the figure\n'forty' + '-' + 'three'",
    'display(guess("sky", "Which sky?", choices=["blue", "grey"]))\n'
    'display(guess("sea", "Which sea?", choices=["calm", "rough"]))',
)
ANSWERS = [ANSWERED, REVEAL, LINE, FIGURE]
TEXT = "() => document.querySelector('.jp-Notebook').innerText"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small notebook with answers, as the course keeps it. It is run before there is a browser."""
    cells = [new_code_cell(source, id=f"cell-{k}") for k, source in enumerate(CELLS)]
    for number in ANSWERS:
        cells[number].metadata["tags"] = [ANSWER]
    for number in (CHECK, FIGURE):
        cells[number].metadata["jupyter"] = {"source_hidden": True}
    notebook = new_notebook(cells=[new_markdown_cell("> **Predict first.** How many?"), *cells])
    path = tmp_path_factory.mktemp("saved") / "asking.ipynb"
    nbformat.write(normalise(execute(notebook, path.parent)), path)
    return path


@pytest.fixture(scope="module")
def opened(saved: Path, notebook_page: NotebookPage) -> NotebookPage:
    """The notebook, opened and not run."""
    shutil.copy(saved, notebook_page.server.folder)
    notebook_page.open(saved.name)
    return notebook_page


def text(page: NotebookPage) -> str:
    return str(page.page.evaluate(TEXT))


def kept(page: NotebookPage, words: str) -> Locator:
    found = page.page.get_by_role("status").filter(has_text=f"Kept: {words}")
    found.wait_for()
    return found


def test_a_saved_notebook_opens_without_its_answers(opened: NotebookPage):
    cells = opened.cells()
    assert [number for number, cell in enumerate(cells) if cell["hidden"]] == ANSWERS
    assert [number for number, cell in enumerate(cells) if cell["folded"]] == [CHECK, FIGURE]
    for answer in ("forty-two 42", "forty-three", "6.41 times", "guesses v1", "assert"):
        assert answer not in text(opened)
    assert "A check of the authors" in text(opened)
    assert "How many? [times]" in text(opened)


def test_running_a_cell_shows_its_answer_and_no_other(opened: NotebookPage):
    opened.run_cell(ANSWERED)
    assert "forty-two 42" in text(opened)
    cells = opened.cells()
    assert [number for number, cell in enumerate(cells) if cell["hidden"]] == ANSWERS[1:]
    assert ANSWER in cells[ANSWERED]["tags"]


def test_a_folded_source_stays_folded_when_it_is_run(opened: NotebookPage):
    opened.run_cell(CHECK)
    assert opened.cells()[CHECK]["folded"]
    assert "assert" not in text(opened)


def test_of_a_cell_that_is_folded_and_hidden_its_comment_is_seen_and_running_it_shows_the_output(
    opened: NotebookPage,
):
    assert "Run this cell: the figure" in text(opened)
    opened.run_cell(FIGURE)
    assert "forty-three" in text(opened)
    assert opened.cells()[FIGURE]["folded"]


def test_a_number_is_typed_under_its_question_and_kept(opened: NotebookPage):
    opened.run_cell(GROWTH)
    field = opened.output(GROWTH).get_by_role("textbox", name="How many? [times]")
    field.focus()
    opened.page.keyboard.type("2x")
    opened.page.keyboard.press("Enter")
    assert kept(opened, "2 times").count() == 1
    field.fill("many")
    opened.page.keyboard.press("Enter")
    alert = opened.output(GROWTH).get_by_role("alert")
    alert.wait_for()
    assert "it must be one number (times)" in alert.inner_text()


def test_a_choice_is_made_by_keyboard_alone(opened: NotebookPage):
    opened.run_cell(FIRST)
    group = opened.output(FIRST).get_by_role("radiogroup", name="What fills up first?")
    group.wait_for()
    group.get_by_role("radio").first.focus()
    opened.page.keyboard.press("Space")
    kept(opened, "the cores")
    opened.page.keyboard.press("ArrowDown")
    assert kept(opened, "the workers").count() == 1
    assert group.get_by_role("radio", name="the workers", checked=True).count() == 1


def test_an_answer_to_one_question_leaves_those_to_others_chosen(opened: NotebookPage):
    opened.run_cell(TWO)
    chosen = {"What fills up first?": "the workers", "Which sky?": "grey", "Which sea?": "calm"}
    radios = [
        opened.page.get_by_role("radiogroup", name=question).get_by_role("radio", name=answer)
        for question, answer in chosen.items()
    ]
    for radio, answer in zip(radios[1:], list(chosen.values())[1:], strict=True):
        radio.check()
        kept(opened, answer)
    assert [radio.is_checked() for radio in radios] == [True, True, True]


def test_the_guess_is_revealed_beside_the_measured_value_and_can_be_handed_in(opened: NotebookPage):
    opened.run_cell(REVEAL)
    opened.run_cell(LINE)
    assert "you: 2 times, measured: 6.41 times" in text(opened)
    assert "guesses v1; growth=2 times; first=[the workers]; sky=[grey]; sea=[calm]" in text(opened)


def test_the_field_shows_the_guess_again_the_next_time(opened: NotebookPage):
    opened.run_cell(GROWTH)
    field = opened.output(GROWTH).get_by_role("textbox", name="How many? [times]")
    field.wait_for()
    assert field.input_value() == "2"


def test_axe_finds_nothing_wrong(opened: NotebookPage):
    assert opened.violations(".jp-OutputArea") == []


def test_a_readers_own_file_is_written_beside_the_notebook(opened: NotebookPage):
    assert (Path(opened.server.folder) / ".guesses.json").is_file()
