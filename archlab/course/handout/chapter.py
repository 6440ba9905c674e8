"""A notebook as a list of pieces: text, code, what it shows, and the answers, which a form of the handout may fold away
or leave out.

>>> from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
>>> told = new_output("execute_result", {"text/plain": "42"})
>>> cells = [new_markdown_cell("# 09 Sums"), new_code_cell("6 * 7", outputs=[told], metadata={"tags": ["answer"]})]
>>> chapter = chapter_of("09_sums", new_notebook(cells=cells))
>>> chapter.title, [(piece.kind, piece.answer) for piece in chapter.pieces]
('09 Sums', [('text', False), ('code', True), ('output', True)])
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Literal

from nbformat import NotebookNode

from archlab.course.handout.headings import Headings, Section
from archlab.course.handout.outputs import (
    card_of,
    claim_of,
    field_of,
    output_html,
    records_of,
    tells_a_verdict,
    words_of,
)
from archlab.course.handout.text import text_parts
from archlab.course.hidden import is_folded, is_hidden, shows_nothing
from archlab.course.notebooks import read

Kind = Literal["text", "code", "output", "field", "card", "scorecard"]


@dataclass(frozen=True)
class Piece:
    """One thing on a page.

    Attributes:
        kind: what it is.
        html: how it is shown; for code its source, as it stands in the notebook.
        answer: whether it tells the answer to a question, or the verdict on a claim.
        folded: whether JupyterLab shows it folded away.
        summary: what stands on the fold of a folded text.
        claims: the ids of the claims on it, of a card or a scorecard.
        words: an output as plain words; empty for text and code.
        section: the heading under which it stands or which it begins with; None before the first.
    """

    kind: Kind
    html: str
    answer: bool = False
    folded: bool = False
    summary: str = ""
    claims: tuple[str, ...] = ()
    words: str = ""
    section: Section | None = None


@dataclass(frozen=True)
class Chapter:
    """A notebook's name without ending, its title, pieces and headings, and the rows of its scorecards by claim."""

    name: str
    title: str
    pieces: tuple[Piece, ...]
    sections: tuple[Section, ...]
    settled: dict[str, NotebookNode]

    @property
    def page(self) -> str:
        """The name of its file in the handout."""
        return f"{self.name}.html"


def read_chapters(notebooks: list[Path]) -> list[Chapter]:
    """Return the chapters in these notebooks, in this order. Raises `NotebookProblem` when one cannot be read."""
    return [chapter_of(path.stem, read(path)) for path in notebooks]


def chapter_of(name: str, notebook: NotebookNode) -> Chapter:
    """Return a notebook as a chapter. Its title is its first heading of the first level, else its name."""
    settled = {row["claim"]: row for cell in notebook.cells for row in _rows(cell)}
    patterns = tuple(dict.fromkeys(row["pattern"] for row in settled.values()))
    headings = Headings()
    pieces = tuple(_pieces(notebook, patterns, headings))
    title = headings.sections[0].title if headings.sections else name
    return Chapter(name, title, pieces, tuple(headings.sections), settled)


def _rows(cell: NotebookNode) -> list[NotebookNode]:
    return [row for output in cell.get("outputs", []) for row in records_of(output)]


def _pieces(notebook: NotebookNode, patterns: tuple[str, ...], headings: Headings) -> Iterator[Piece]:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield from _addressed(cell.id, _text_pieces(cell.source, headings))
        elif cell.cell_type == "code" and cell.source.strip():
            for piece in _code_pieces(cell, patterns):
                yield replace(piece, section=headings.section)


def _addressed(cell_id: str, pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces of a cell, the first that is no answer with the address that JupyterLab gives the cell."""
    address = f'<span id="cell-id={escape(cell_id)}"></span>'
    for piece in pieces:
        if piece.answer:
            yield piece
        else:
            yield replace(piece, html=address + piece.html)
            address = ""


def _text_pieces(source: str, headings: Headings) -> Iterator[Piece]:
    """The text of a cell, cut at its headings and around its folded answers."""
    for part in text_parts(source):
        fold = bool(part.summary)
        for html in headings.split(part.html):
            yield Piece("text", html, fold, fold, part.summary, section=headings.section)


def _code_pieces(cell: NotebookNode, patterns: tuple[str, ...]) -> Iterator[Piece]:
    """A code cell and its outputs. All of it is an answer when it hides its output, or shows a verdict.

    A field for a guess comes before an answer.
    """
    outputs = [output for output in cell.outputs if not shows_nothing(output)]
    answer = is_hidden(cell) or any(card_of(output) or tells_a_verdict(output) for output in outputs)
    pieces = [_output_piece(output, answer, patterns) for output in outputs]
    first = [piece for piece in pieces if answer and piece.kind == "field"]
    yield from first
    yield Piece("code", cell.source, answer=answer, folded=is_folded(cell))
    yield from (piece for piece in pieces if piece not in first)


def _output_piece(output: NotebookNode, answer: bool, patterns: tuple[str, ...]) -> Piece:
    words, html = words_of(output), output_html(output)
    if (field := field_of(output)) is not None:
        return Piece("field", field.html, words=words)
    if records := records_of(output):
        return Piece("scorecard", html, answer, claims=tuple(row["claim"] for row in records), words=words)
    if (card := card_of(output)) and (claim := claim_of(card, patterns)):
        return Piece("card", html, answer, claims=(claim.id,), words=words)
    return Piece("output", html, answer, words=words)
