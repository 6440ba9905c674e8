"""Slides: for each experiment a question, and its figure with the answer in a line."""

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from archlab.course.handout import chapter_of, slides
from archlab.course.handout.experiments import experiments
from tests.course.handout.small_notebook import ALT, notebook


@pytest.fixture(scope="module")
def found() -> list[BeautifulSoup]:
    (content,) = slides([chapter_of("09_small", notebook())]).values()
    return BeautifulSoup(content, "html.parser").find_all("section")


def test_a_chapter_has_a_title_and_two_slides_an_experiment(found):
    assert [slide.find(["h1", "h2", "h3"]).get_text() for slide in found] == [
        "System Architecture Patterns",
        "09 Small: a chapter",
        "Predict first: How old?",
        "Pages grow old by half a second.",
    ]


def test_the_question_has_its_fields_and_no_answer(found):
    question = found[2].get_text()
    assert "How old is a page?" in question
    assert "nobody" in question
    assert "Half" not in question
    assert not found[2].find("img")


def test_the_answer_has_the_figure_with_its_words_and_one_line(found):
    assert found[3].img["alt"] == ALT
    assert found[3].img["src"].startswith("data:image/png")
    assert (
        found[3].find(class_="answer").get_text() == "Measured: 0.5 s. Answer: the customer. Half a second."
    )


def rows(count: int) -> str:
    return f"<table><tr><th>head</th></tr>{'<tr><td>7</td></tr>' * count}</table>"


@pytest.mark.parametrize(("count", "fits"), [(8, True), (9, False)])
def test_an_answer_without_a_figure_shows_its_table_when_that_fits(count: int, fits: bool):
    told = new_output("display_data", {"text/html": rows(count), "text/plain": "7"})
    cells = [
        new_markdown_cell("# A\n\n> **Predict first.** How many?"),
        new_code_cell("table", metadata={"tags": ["answer"]}, outputs=[told]),
    ]
    (content,) = slides([chapter_of("a", new_notebook(cells=cells))]).values()
    assert (b"<table>" in content, b"The table is in the notebook" in content) == (fits, not fits)


def test_what_stands_under_the_next_heading_belongs_to_no_question():
    cells = [
        new_markdown_cell("# A\n\n> **Predict first.** How many?"),
        new_markdown_cell("## B\n\n<details><summary>Why</summary>Ten.</details>"),
    ]
    (only,) = experiments(chapter_of("a", new_notebook(cells=cells)))
    assert (only.question, only.answer, only.figure) == ("<p>How many?</p>", "", "")


def test_a_course_without_questions_has_no_slides():
    with pytest.raises(ValueError, match="Predict first"):
        slides([chapter_of("a", new_notebook(cells=[new_markdown_cell("# A")]))])
