"""A chapter in both forms: what is folded, what is left out, what there is to write on."""

import re

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from archlab.course.handout import Chapter, chapter_of, handout
from tests.course.handout.small_notebook import ALT, notebook, png


@pytest.fixture(scope="module")
def chapter() -> Chapter:
    return chapter_of("09_small", notebook())


@pytest.fixture(scope="module")
def full(chapter: Chapter) -> dict[str, bytes]:
    return handout([chapter])


@pytest.fixture(scope="module")
def blank(chapter: Chapter) -> dict[str, bytes]:
    return handout([chapter], with_answers=False)


def soup(files: dict[str, bytes], page: str = "09_small.html") -> BeautifulSoup:
    return BeautifulSoup(files[page], "html.parser")


def test_answers_are_folded_away_and_nothing_else_stands_open_that_jupyterlab_folds(full):
    folds = {fold.summary.get_text(): fold for fold in soup(full).find_all("details")}
    assert "Answer: The figure, and the claim" in folds
    assert "What you saw" in folds
    assert "Code: What this chapter uses" in folds
    assert not any(fold.has_attr("open") for fold in folds.values())
    assert folds["Answer: The figure, and the claim"].find("img", alt=ALT)
    assert "Holds" in folds["Answer: The figure, and the claim"].get_text()


def test_what_stands_outside_a_fold_tells_no_answer(full):
    page = soup(full)
    for fold in page.find_all("details"):
        fold.decompose()
    left = page.get_text() + str(page.find_all("img"))
    assert "Go on." in left
    assert not re.search(r"measured:|Half a|Holds|commit|grow old|assert", left)


TOLD = [
    "measured: 0.5",
    "answer: the",
    "Half a",
    "commit",
    "grow old",
    "0.49",
    "0.51",
    "Holds",
    "projector comes",
    "stale reads",
]


@pytest.mark.parametrize("told", TOLD)
def test_without_answers_no_file_holds_one(blank, full, told: str):
    assert [
        name for name, content in blank.items() if name.endswith(".html") and told in content.decode()
    ] == []
    assert any(told in content.decode() for name, content in full.items() if name.endswith(".html"))


def test_without_answers_their_figures_are_no_files_either(full, blank):
    assert full["figures/09_small-01.png"] == png()
    assert [name for name in blank if name.endswith(".png")] == []


def test_without_answers_there_is_room_to_write_once_for_neighbours(blank):
    boxes = [box.get_text() for box in soup(blank).find_all(class_="write")]
    assert len(boxes) == 2
    assert "Claim (definition): Eventual consistency between models. Your verdict:" in boxes[0]
    assert "Your verdict" in boxes[1]


def test_a_field_is_a_line_with_its_unit_or_boxes_to_tick(blank):
    guesses = [field.get_text(" ", strip=True) for field in soup(blank).find_all(class_="guess")]
    assert guesses == ["Your guess. How old is a page? s", "Your guess. Who notices?"]
    assert soup(blank).find(class_="choices").get_text("|", strip=True) == "☐|the customer|☐|nobody"


def test_what_a_verdict_stands_in_is_an_answer_even_when_its_cell_is_not_hidden():
    told = new_output("execute_result", {"text/plain": "◐ Scalability: Holds when: up to 7"})
    odd = new_notebook(cells=[new_markdown_cell("# A\n\n**clone**"), new_code_cell("table", outputs=[told])])
    assert [piece.answer for piece in chapter_of("a", odd).pieces] == [False, True, True]


def test_a_field_in_the_cell_of_its_answer_comes_before_the_fold():
    asked = new_output("display_data", {"text/plain": 'How many?\nTo answer: guess("a.b").value = 3'})
    told = new_output("execute_result", {"text/plain": "42"})
    cell = new_code_cell("run()", outputs=[told, asked], metadata={"tags": ["answer"]})
    pieces = chapter_of("a", new_notebook(cells=[new_markdown_cell("# A **clone**"), cell])).pieces
    assert [(piece.kind, piece.answer) for piece in pieces[1:]] == [
        ("field", False),
        ("code", True),
        ("output", True),
    ]


def test_the_code_that_a_reader_changes_stays_and_folded_code_is_left_out(blank):
    assert "load" in soup(blank).find(class_="code").get_text()
    assert "import archlab" not in soup(blank).get_text()


def test_each_page_has_one_title_a_language_and_landmarks(full):
    for name in ("index.html", "09_small.html"):
        page = soup(full, name)
        assert page.html["lang"] == "en"
        assert [len(page.find_all(tag)) for tag in ("h1", "main", "header")] == [1, 1, 1]
        assert page.find("a", class_="skip")["href"] == "#main"
    assert soup(full).title.get_text() == "09 Small: a chapter | System Architecture Patterns"


def test_links_lead_to_pages_and_what_is_not_there_becomes_words(full):
    first = soup(full).find("p", string=None)
    assert first.find("a")["href"] == "#Lag"
    assert "lab (in the course: labs/x.ipynb)" in first.get_text()
    assert "next (in the course: 08_other.ipynb)" in first.get_text()


def test_a_link_that_leads_nowhere_is_named():
    lost = new_notebook(cells=[new_markdown_cell("# A\n\n[b](#Lost)")])
    with pytest.raises(ValueError, match=r"a\.html: #Lost"):
        handout([chapter_of("a", lost)])


def test_a_handout_of_nothing_is_refused():
    with pytest.raises(ValueError, match="chapters is empty"):
        handout([])


def test_the_headers_of_a_table_say_what_they_stand_for(full):
    table = soup(full).find("table", class_="dataframe")
    assert [(cell.get_text(), cell["scope"]) for cell in table.find_all("th")] == [
        ("p99_ms", "col"),
        ("1", "row"),
    ]
    assert table.parent["tabindex"] == "0"
    assert not soup(full).find("style")


def test_printed_text_is_shown_as_it_was(full):
    assert "3 < 4" in [pre.get_text() for pre in soup(full).find_all("pre", class_="printed")]


@pytest.mark.parametrize("with_answers", [True, False])
def test_the_same_notebook_gives_the_same_bytes(chapter, with_answers: bool):
    again = chapter_of("09_small", notebook())
    assert handout([chapter], with_answers) == handout([again], with_answers)


def test_the_index_says_the_verdict_and_leads_to_the_card(full, blank):
    entry = soup(full, "index.html").find(id="claims").find_next("table").tbody.tr
    assert entry.a["href"] == "09_small.html#claim.cqrs.definition.eventual-consistency-between-models"
    assert "Holds" in entry.get_text()
    assert soup(full).find(id="claim.cqrs.definition.eventual-consistency-between-models").find(role="group")
    assert soup(blank).find(id="claim.cqrs.definition.eventual-consistency-between-models").name == "p"


def test_the_index_of_terms_leads_to_where_a_term_stands_in_bold(full):
    assert soup(full, "index.html").find(class_="terms").a["href"] == "09_small.html#term.projector"
    assert soup(full).find(id="term.projector").get_text() == "projector"


def test_a_system_that_is_only_named_is_said_to_be_never_measured(full):
    rows = {
        row.th.get_text(): row.get_text(" ")
        for row in soup(full, "index.html").find(id="systems").find_next("tbody")
    }
    assert "Never measured here." in rows["Kafka"]
    assert "09 Lag" in rows["Kafka"]
    assert len(rows) == 13
