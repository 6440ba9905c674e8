"""The experiments of a chapter: each question, the figure that answers it, and the answer in a line.

A question is a text that begins "Predict first"; what belongs to it are the answers below, up to the next question or
heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from bs4 import BeautifulSoup

from archlab.course.handout.chapter import Chapter, Piece
from archlab.course.handout.headings import Section
from archlab.course.handout.text import first_sentence

TOLD = re.compile(r"^(measured|answer): (.+)$", re.MULTILINE)
MOST_LINES = 3
"""So many measured values fit under a figure."""


@dataclass(frozen=True)
class Experiment:
    """One experiment.

    Attributes:
        section: the heading under which it stands.
        question: the question in words, as HTML.
        fields: what to guess, as HTML.
        figure: the `img` of its first figure as HTML; empty when the answer has none.
        table: the first table of its answer as HTML; empty when it has none.
        answer: what was measured, and the first sentence of the reason, in words.
    """

    section: Section | None
    question: str
    fields: tuple[str, ...]
    figure: str
    table: str
    answer: str


def experiments(chapter: Chapter) -> list[Experiment]:
    """Return the experiments of a chapter, in their order."""
    return [_experiment(question, below) for question, below in _questions(chapter.pieces)]


def _questions(pieces: Sequence[Piece]) -> Iterator[tuple[Piece, list[Piece]]]:
    starts = [number for number, piece in enumerate(pieces) if _asked(piece) is not None]
    for start, end in pairwise([*starts, len(pieces)]):
        section = pieces[start].section
        yield pieces[start], [piece for piece in pieces[start + 1 : end] if piece.section == section]


def _asked(piece: Piece) -> str | None:
    """The question in a text, without the words "Predict first"; None when there is none."""
    if piece.kind != "text" or piece.folded:
        return None
    for quote in BeautifulSoup(piece.html, "html.parser").find_all("blockquote"):
        if quote.get_text().strip().startswith("Predict"):
            if quote.strong and quote.strong.get_text().startswith("Predict"):
                quote.strong.decompose()
            return re.sub(r"<p>\s+", "<p>", quote.decode_contents().strip(), count=1)
    return None


def _experiment(question: Piece, below: Sequence[Piece]) -> Experiment:
    shown = [
        BeautifulSoup(piece.html, "html.parser") for piece in below if piece.answer and piece.kind == "output"
    ]
    figures = [str(image) for soup in shown for image in soup.find_all("img")]
    tables = [str(table) for soup in shown for table in soup.find_all("table")]
    return Experiment(
        question.section,
        _asked(question) or "",
        tuple(piece.html for piece in below if piece.kind == "field"),
        figures[0] if figures else "",
        tables[0] if tables else "",
        _answer(below),
    )


def _answer(below: Sequence[Piece]) -> str:
    """What was measured beside the guesses; then the first sentence of the folded text."""
    told = [line for piece in below if piece.kind == "output" for line in TOLD.findall(piece.words)]
    folds = [piece.html for piece in below if piece.kind == "text" and piece.folded]
    reason = first_sentence(_first_words(folds[0])) if folds else ""
    return " ".join(filter(None, [*_labelled(told[:MOST_LINES]), reason]))


def _labelled(told: list[tuple[str, str]]) -> Iterator[str]:
    """What was told, in order; one label for neighbours that share it."""
    for label, lines in groupby(told, key=lambda line: line[0]):
        yield f"{label.capitalize()}: {'; '.join(words for _, words in lines)}."


def _first_words(html: str) -> str:
    """The first paragraph or item in words, without a label such as "Your guess." before it."""
    soup = BeautifulSoup(html, "html.parser")
    block = soup.find(["p", "li"])
    if block is None:
        return ""
    if (
        block.em
        and block.get_text().strip().startswith(block.em.get_text())
        and block.em.get_text().endswith(".")
    ):
        block.em.decompose()
    return " ".join(block.get_text().split())
