"""A chapter asks before it tells: no picture, check or title gives an answer away before the reader has guessed."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from archlab.course.kept import chapter_notebooks
from archlab.course.predictions import giveaways

ROOT = Path(__file__).resolve().parents[2]
CONVERTED: tuple[str, ...] = (
    "00_start_here",
    "01_monolithic",
    "02_microservices",
    "03_event_driven",
    "04_layered",
    "05_serverless",
    "06_cqrs",
    "07_choosing",
)
"""The chapters that keep to it, such as "00_start_here". A chapter that was converted belongs here."""

QUESTION = new_markdown_cell("### The load\n\n> **Predict first.** How many times as long does p99 become?")
FIELD = new_code_cell('guess("growth", "How many times as long?", unit="times")')
ASKED = 'How many times as long? [times]\nTo answer: guess("growth").value = 3'
ANSWER = new_markdown_cell("<details><summary>What you saw</summary>Ten times.</details>")
PICTURE = {"text/html": '<img alt="Ten times" src="data:image/png;base64,AAAA">', "text/plain": "Ten times"}


def shown(
    source: str = "draw()", data: dict[str, str] | None = None, hidden: bool = False, folded: bool = False
) -> NotebookNode:
    """A code cell with an output, hidden and folded as asked."""
    jupyter = {"outputs_hidden": hidden, "source_hidden": folded}
    outputs = [new_output("display_data", PICTURE if data is None else data)]
    return new_code_cell(source, outputs=outputs, metadata={"jupyter": jupyter})


def found(*cells: NotebookNode) -> list[str]:
    return [str(giveaway) for giveaway in giveaways(new_notebook(cells=list(cells)))]


@pytest.mark.parametrize("chapter", CONVERTED)
def test_a_converted_chapter_gives_no_answer_away(chapter: str):
    notebook = nbformat.read(ROOT / "notebooks" / f"{chapter}.ipynb", as_version=4)
    assert list(map(str, giveaways(notebook))) == []


VAGUE = re.compile(r"\b(Extra|Saved|Slower|Slower by|Faster|Gap|Growth|Added|Difference) \[")
"""A name of an axis that leaves open of what, or than what."""


@pytest.mark.parametrize("chapter", CONVERTED)
def test_every_axis_of_a_converted_chapter_says_of_what(chapter: str):
    notebook = nbformat.read(ROOT / "notebooks" / f"{chapter}.ipynb", as_version=4)
    alts = [output.data.get("text/plain", "") for cell in notebook.cells for output in pictures(cell)]
    assert [VAGUE.findall(alt) for alt in alts if VAGUE.search(alt)] == []


def pictures(cell: NotebookNode) -> list[NotebookNode]:
    outputs = [output for output in cell.get("outputs", []) if "data" in output]
    return [output for output in outputs if "<img" in output.data.get("text/html", "")]


def test_a_vague_axis_is_noticed_and_a_plain_one_is_not():
    assert VAGUE.search("T. Extra [%] against Hot share [%]: a from 0 at 0 to 13 at 100.")
    assert VAGUE.search("T. Saved [ms]: same seeds 2.4")
    assert not VAGUE.search("T. Extra cost of clones [%] against Hot share [%]: a from 0 at 0 to 13 at 100.")


def test_a_picture_under_a_question_must_be_hidden():
    assert found(QUESTION, FIELD, shown()) == ["cell 3: its output answers the question and is not hidden"]
    assert found(QUESTION, FIELD, shown(hidden=True)) == []


def test_a_table_or_a_printed_line_answers_as_well_as_a_picture():
    printed = new_code_cell("print(10)", outputs=[new_output("stream", text="10\n")])
    assert found(QUESTION, FIELD, shown(data={"text/plain": "10"}), printed) == [
        "cell 3: its output answers the question and is not hidden",
        "cell 4: its output answers the question and is not hidden",
    ]


def test_the_tag_hides_an_answer_that_was_run_in_jupyterlab():
    tagged = shown()
    tagged.metadata = {"tags": ["answer"]}
    assert found(QUESTION, FIELD, tagged) == []


def test_an_output_without_content_and_the_field_itself_tell_nothing():
    field = new_code_cell(FIELD.source, outputs=[new_output("display_data", {"text/plain": ASKED})])
    assert found(QUESTION, field, shown(data={})) == []


def test_what_stands_beside_the_field_answers_as_well():
    field = new_code_cell(FIELD.source, outputs=[new_output("display_data", {"text/plain": ASKED})])
    field.outputs.append(new_output("execute_result", {"text/plain": "42"}))
    assert found(QUESTION, field) == ["cell 2: its output answers the question and is not hidden"]


def test_a_question_has_a_field_for_the_guess():
    assert found(QUESTION, shown(hidden=True)) == ["cell 1 (question): no guess(...) stands under it"]


@pytest.mark.parametrize("end", [ANSWER, new_markdown_cell("### Next")], ids=["answer", "heading"])
def test_what_stands_below_the_answer_or_the_next_heading_belongs_to_no_question(end: NotebookNode):
    assert found(QUESTION, FIELD, end, shown()) == []


def test_the_next_question_needs_a_field_of_its_own():
    assert found(
        QUESTION, FIELD, new_markdown_cell("> Predict again: and with two?"), shown(hidden=True)
    ) == ["cell 3 (question): no guess(...) stands under it"]


def test_a_text_in_between_does_not_end_the_question():
    assert found(QUESTION, FIELD, new_markdown_cell("Now run it."), shown()) == [
        "cell 4: its output answers the question and is not hidden"
    ]


def test_an_assert_must_be_folded_anywhere_and_must_not_be_the_first_line():
    check = "# The figures above\nassert growth > 9"
    assert found(shown(check)) == ["cell 1: its source shows an assert; fold it"]
    assert found(shown(check, folded=True)) == []
    assert found(shown("assert growth > 9", folded=True)) == [
        "cell 1: its source is folded, but JupyterLab shows the first line; begin with a comment"
    ]


def test_the_title_of_a_figure_is_the_answer():
    draw = '# The figure\nscaling(frame, title="Ten times", x="n")'
    assert found(QUESTION, FIELD, shown(draw, hidden=True)) == [
        "cell 3: its source shows the title of a figure, which is the answer; fold it"
    ]
    assert found(QUESTION, FIELD, shown(draw, hidden=True, folded=True)) == []


def test_cells_without_a_question_may_show_what_they_like():
    assert found(shown('explore(model, title="Clones", n=(1, 2, 1))'), new_code_cell("%time x = 1")) == []


def test_no_two_chapters_ask_for_a_guess_of_the_same_name():
    asked = re.compile(r'\bguess\("([^"]+)"')
    names = {}
    for path in chapter_notebooks(ROOT):
        code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        for name in {name for source in code for name in asked.findall(source)}:
            names.setdefault(name, []).append(path.stem)
    assert {name: chapters for name, chapters in names.items() if len(chapters) > 1} == {}
