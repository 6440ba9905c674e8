"""The handout of the real chapters: every claim, term and system has its place, and no answer slips through."""

import re
from html import unescape
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from archlab.course.claims import all_claims
from archlab.course.claims.scorecard import MIME
from archlab.course.handout import Chapter, handout, read_chapters, slides
from archlab.course.handout.__main__ import main
from archlab.course.handout.experiments import experiments
from archlab.course.handout.systems import named_systems, whereabouts
from archlab.course.hidden import is_hidden
from archlab.course.kept import chapter_notebooks
from archlab.course.notebooks import ROOT
from archlab.course.predictions import is_question
from archlab.data import load

NOTEBOOKS = chapter_notebooks(ROOT)
LARGEST_MB = 40
SHORTEST = 25
"""So many letters may be no accident."""


@pytest.fixture(scope="module")
def chapters() -> list[Chapter]:
    return read_chapters(NOTEBOOKS)


@pytest.fixture(scope="module")
def full(chapters: list[Chapter]) -> dict[str, bytes]:
    return handout(chapters)


@pytest.fixture(scope="module")
def blank(chapters: list[Chapter]) -> dict[str, bytes]:
    return handout(chapters, with_answers=False)


def words(html: str) -> str:
    """The letters and digits of a text without its tags; signs and blanks count alike."""
    return letters(re.sub(r"<[^>]+>", " ", html))


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", " ", unescape(text)).strip()


def everything(html: str) -> str:
    """A page's words, and its source with all attributes."""
    return f"{words(html)} | {letters(html)}"


def test_every_chapter_has_a_page_and_all_fits_in_a_mail(full):
    assert {f"{path.stem}.html" for path in NOTEBOOKS} < full.keys()
    assert sum(map(len, full.values())) < LARGEST_MB * 1e6


def test_every_claim_is_in_the_index_and_leads_to_its_card(full, blank):
    for files in (full, blank):
        index = BeautifulSoup(files["index.html"], "html.parser")
        linked = {
            str(link["href"]).split("#claim.")[-1]
            for link in index.find_all("a", href=re.compile(r"#claim\."))
        }
        assert linked == {claim.id for claim in all_claims()}


def test_every_term_of_the_list_is_explained_somewhere(full):
    page = BeautifulSoup(full["index.html"], "html.parser")
    found = {item.get_text().rsplit(": ", 1)[0] for item in page.find(class_="terms").find_all("li")}
    assert found == set(load("terms").term)


def test_every_named_system_is_measured_where_its_claims_are_settled(chapters):
    """The claims on the named systems all have experiments. Should one lose its own, the index will say so."""
    places = {system.name: whereabouts(system, chapters).measured for system in named_systems()}
    assert all(places.values())
    assert {chapter.name for chapter, _ in places["Kafka"]} >= {"03_event_driven"}
    assert {section.title for _, section in places["Eureka"]} == {"Service discovery"}


def answers(path: Path) -> list[str]:
    """What a notebook tells in answers, found without the handout's own rules."""
    told: list[str] = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            for fold in re.findall(r"</summary>(.*?)</details>", cell.source, re.DOTALL):
                told += re.split(r"\n+|(?<=\.) ", re.sub(r"\]\([^)]*\)", "", fold))
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            told += [row["detail"] for row in data.get(MIME, [])]
            if is_hidden(cell):
                html = re.sub(r"<style.*?</style>", "", data.get("text/html", ""), flags=re.DOTALL)
                told += [html, *re.findall(r'alt="([^"]*)"', html), *output.get("text", "").splitlines()]
    found = [words(one) for one in told]
    return [one for one in found if len(one) >= SHORTEST and not one.startswith("Claim")]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_without_answers_nothing_of_one_is_left(path: Path, full, blank):
    told = answers(path)
    with_them = everything(full[f"{path.stem}.html"].decode())
    assert sum(one in with_them for one in told) > 0.85 * len(told) > 30
    left = " ".join(everything(blank[page].decode()) for page in (f"{path.stem}.html", "index.html"))
    assert [one for one in told if one in left] == []


def test_without_answers_no_page_shows_a_measured_value_beside_a_guess(blank):
    pages = {name: content.decode() for name, content in blank.items() if name.endswith(".html")}
    assert [name for name, page in pages.items() if re.search(r"\b(measured|answer): ", page)] == []
    assert [name for name, page in pages.items() if re.search("[✔◐✘≡⚄]", page)] == []


def test_every_question_has_its_two_slides(chapters):
    asked = [
        cell for path in NOTEBOOKS for cell in nbformat.read(path, as_version=4).cells if is_question(cell)
    ]
    found = [experiment for chapter in chapters for experiment in experiments(chapter)]
    assert len(found) == len(asked)
    assert all(experiment.answer and experiment.fields for experiment in found)
    assert sum(bool(experiment.figure) for experiment in found) > 0.8 * len(found)
    (content,) = slides(chapters).values()
    assert content.count(b"<section") == 1 + len({c.name for c in chapters if experiments(c)}) + 2 * len(
        found
    )


def test_the_command_writes_and_says_where(tmp_path: Path, capsys):
    assert main(["handout", str(tmp_path / "out"), "--without-answers"]) == 0
    assert (tmp_path / "out" / "index.html").is_file()
    assert re.search(r"files, \d+\.\d MB\. Open .*index\.html in a browser", capsys.readouterr().out)
    assert main(["slides", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("*.html")) == ["slides.html"]


def test_the_command_refuses_a_folder_of_others_in_words(tmp_path: Path, capsys):
    (tmp_path / "mine").write_text("mine")
    assert main(["handout", str(tmp_path)]) == 1
    assert "holds other files" in capsys.readouterr().err
