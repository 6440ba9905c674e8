"""Cards: the cases one below the other, each as a card that a narrow page has room for.

>>> from archlab.chapters.choosing.cases.case import Case
>>> from archlab.chapters.choosing.cases.judging import not_testable
>>> case = Case("a move", "5 became 1", None, lambda: not_testable("no figure"), lambda: "3", lambda: "stay", None)
>>> print(Cards((case,)))
Case 1: a move
  Published: 5 became 1.
  Our model says: 3.
  Foretold? Not testable here: no figure.
  What decides: Nothing published to compare with.
  Asked about others: Stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from archlab.chapters.choosing.cases.case import Case
from archlab.course.claims.settled import CARD, shown


@dataclass(frozen=True)
class Cards:
    """Cases that show themselves in a notebook as a card each."""

    cases: tuple[Case, ...]

    def _told(self) -> Iterator[tuple[int, Case, list[tuple[str, str]]]]:
        """The number of each card, its case, and its lines: a label and a sentence."""
        for number, case in enumerate(self.cases, start=1):
            yield number, case, [(label, _sentence(words)) for label, words in _lines(case)]

    def __str__(self) -> str:
        return "\n".join(
            "\n".join([f"Case {number}: {case.name}", *(f"  {label} {words}" for label, words in lines)])
            for number, case, lines in self._told()
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        html = "".join(_card(number, case, lines) for number, case, lines in self._told())
        return {"text/html": html, "text/plain": str(self)}


def _lines(case: Case) -> list[tuple[str, str]]:
    verdict = case.verdict()
    return [
        ("Published:", case.told),
        ("Our model says:", case.says()),
        ("Foretold?", verdict.words),
        ("What decides:", verdict.decides),
        ("Asked about others:", case.elsewhere()),
    ]


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def _card(number: int, case: Case, lines: list[tuple[str, str]]) -> str:
    told = "".join(f"<p><em>{escape(label)}</em> {shown(words)}</p>" for label, words in lines)
    return (
        f'<div role="group" aria-label="{escape(f"Case {number}: {case.name}")}" style="{CARD}">'
        f"<p><strong>{number}. {escape(case.name)}</strong></p>{told}</div>"
    )
