"""Predict first, really: where a notebook gives an answer away before its reader has guessed.

A question is a text cell with a quotation that begins with "Predict". What belongs to it are the code cells below, up
to the next heading, question or folded answer.

>>> from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
>>> answer = new_code_cell("6 * 7", outputs=[new_output("execute_result", {"text/plain": "42"})])
>>> for giveaway in giveaways(new_notebook(cells=[new_markdown_cell("> **Predict first.** How much?"), answer])):
...     print(giveaway)
cell 1 (question): no guess(...) stands under it
cell 2: its output answers the question and is not hidden
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from archlab.course.hidden import is_folded, is_hidden, shows_nothing

QUESTION = re.compile(r"^>\s*\**Predict\b", re.MULTILINE | re.IGNORECASE)
END = re.compile(r"^#{1,6} |<details", re.MULTILINE)
"""A text cell with one of these ends what belongs to the question above it."""
GUESS = "guess"


@dataclass(frozen=True)
class Giveaway:
    """A cell, counted from 1, and what it tells too early."""

    cell: int
    what: str

    def __str__(self) -> str:
        return f"cell {self.cell}{self.what}"


def giveaways(notebook: NotebookNode) -> list[Giveaway]:
    """Return where a notebook answers its own questions, in the order of its cells."""
    numbered = list(enumerate(notebook.cells, 1))
    code = [(n, cell) for n, cell in numbered if cell.cell_type == "code"]
    everywhere = [Giveaway(n, what) for n, cell in code for what in _anywhere(cell)]
    under = [found for n, below in questions(numbered) for found in _under(n, below)]
    return sorted(everywhere + under, key=lambda found: found.cell)


def questions(
    numbered: list[tuple[int, NotebookNode]],
) -> Iterator[tuple[int, list[tuple[int, NotebookNode]]]]:
    """Give the number of each question, and the code cells that belong to it with theirs."""
    for place, (number, cell) in enumerate(numbered):
        if is_question(cell):
            below = []
            for other_number, other in numbered[place + 1 :]:
                if other.cell_type == "markdown" and (END.search(other.source) or is_question(other)):
                    break
                below += [(other_number, other)] if other.cell_type == "code" else []
            yield number, below


def is_question(cell: NotebookNode) -> bool:
    """Whether a text cell asks the reader to predict something."""
    return cell.cell_type == "markdown" and QUESTION.search(cell.source) is not None


def is_field(output: NotebookNode) -> bool:
    """Whether an output is a field for a guess, which tells nothing."""
    return "\nTo answer: guess(" in output.get("data", {}).get("text/plain", "")


def calls(source: str, name: str) -> bool:
    """Whether a cell calls a function of that name. A cell that is no plain Python calls none.

    >>> calls("guess('idle', 'How long?')", "guess"), calls("guesses['idle']", "guess")
    (True, False)
    """
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return False
    return any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == name for n in nodes)


def _anywhere(cell: NotebookNode) -> Iterator[str]:
    """What no cell may show, under a question or not."""
    lines = [line for line in cell.source.splitlines() if line.strip()]
    if is_folded(cell) and lines and not lines[0].lstrip().startswith("#"):
        yield ": its source is folded, but JupyterLab shows the first line; begin with a comment"
    if not is_folded(cell) and any(re.match(r"\s*assert\b", line) for line in lines):
        yield ": its source shows an assert; fold it"


def _under(number: int, below: list[tuple[int, NotebookNode]]) -> Iterator[Giveaway]:
    """What the cells that belong to a question tell."""
    if not any(calls(cell.source, GUESS) for _, cell in below):
        yield Giveaway(number, " (question): no guess(...) stands under it")
    for n, cell in below:
        shows = [output for output in cell.outputs if not (shows_nothing(output) or is_field(output))]
        if shows and not is_hidden(cell):
            yield Giveaway(n, ": its output answers the question and is not hidden")
        if not is_folded(cell) and re.search(r"\btitle\s*=", cell.source):
            yield Giveaway(n, ": its source shows the title of a figure, which is the answer; fold it")
