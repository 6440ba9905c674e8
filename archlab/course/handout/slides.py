"""Slides for a class, in one file that needs no network: for each experiment its question, then its figure and answer.

Arrow keys turn them. Without a script they stand one below the other; printed, each has a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup

from archlab.course.handout.chapter import Chapter
from archlab.course.handout.experiments import Experiment, experiments
from archlab.course.handout.page import COURSE
from archlab.course.handout.text import first_sentence
from archlab.course.handout.tidy import mark_headers

HERE = Path(__file__).parent
FILE = "slides.html"
MOST_ROWS = 8
"""So many rows below its head may the table on a slide have."""


def slides(chapters: Sequence[Chapter]) -> dict[str, bytes]:
    """Return the file of the slides, by its name. Raises `ValueError` when there is no experiment in these chapters."""
    parts = [slide for chapter in chapters for slide in chapter_slides(chapter)]
    if not parts:
        raise ValueError("chapters has no experiment; it must have a text that begins '> **Predict first.**'")
    numbered = [cover(chapters), *parts]
    sections = "\n".join(_section(number, slide) for number, slide in enumerate(numbered, 1))
    return {FILE: _document(sections).encode()}


def cover(chapters: Sequence[Chapter]) -> str:
    """The first slide: the chapters, as links to theirs."""
    items = "".join(
        f'<li><a href="#{escape(one.name)}">{escape(one.title)}</a></li>'
        for one in chapters
        if experiments(one)
    )
    return f"<h1>{COURSE}</h1><p>Arrow keys turn the slides. Home comes back here.</p><ul>{items}</ul>"


def chapter_slides(chapter: Chapter) -> Iterator[str]:
    """A title, and two slides for each experiment; none without experiments."""
    found = experiments(chapter)
    if found:
        count = f"{len(found)} experiments" if len(found) > 1 else "One experiment"
        title = f'<h2 id="{escape(chapter.name)}" tabindex="-1">{escape(chapter.title)}</h2>'
        yield f"{title}<p>{count}. Guess before you look.</p>"
    for number, experiment in enumerate(found, 1):
        where = f"{chapter.title.split(':')[0]}, experiment {number}"
        yield question_slide(experiment, where)
        yield answer_slide(experiment, where)


def question_slide(experiment: Experiment, where: str) -> str:
    """The question, and what to choose from."""
    title = experiment.section.title if experiment.section else where
    return (
        f'<p class="where">{escape(where)}</p><h3>Predict first: {escape(title)}</h3>'
        f"{experiment.question}{''.join(experiment.fields)}"
    )


def answer_slide(experiment: Experiment, where: str) -> str:
    """The figure, or the table where there is none, and the answer in a line. The figure has its title drawn on it."""
    answer = f'<p class="answer">{escape(experiment.answer)}</p>'
    if experiment.figure:
        image = BeautifulSoup(experiment.figure, "html.parser").img
        assert image is not None
        del image["style"], image["width"], image["height"]
        title = first_sentence(str(image.get("alt", "")))
        return f'<h3 class="unseen">{escape(title)}</h3><figure>{image}</figure>{answer}'
    return f'<p class="where">{escape(where)}</p><h3>What came out</h3>{small(experiment.table)}{answer}'


def small(table: str) -> str:
    """A table that fits on a slide; for a longer one, where to find it."""
    soup = BeautifulSoup(table, "html.parser")
    if soup.table is None or soup.find_all("tr")[MOST_ROWS + 1 :]:
        return "<p>The table is in the notebook.</p>" if table else ""
    mark_headers(soup, soup.table)
    return str(soup)


def _section(number: int, slide: str) -> str:
    return f'<section id="slide-{number}" tabindex="-1" aria-label="Slide {number}">\n{slide}\n</section>'


def _document(sections: str) -> str:
    look, script = ((HERE / name).read_text(encoding="utf-8") for name in ("slides.css", "slides.js"))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slides | {COURSE}</title>
<style>
{look}</style>
</head>
<body>
<main>
{sections}
</main>
<nav aria-label="Slides"><button type="button" id="back">Back</button>
<span id="place" role="status"></span><button type="button" id="next">Next</button></nav>
<script>
{script}</script>
</body>
</html>
"""
