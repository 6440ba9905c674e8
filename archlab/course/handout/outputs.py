"""What the outputs of a code cell are for a reader: a field for a guess, a claim's card, a scorecard, or a thing shown.

>>> from nbformat.v4 import new_output
>>> asked = 'How many? [times]\\nTo answer: guess("load.growth").value = 3'
>>> field_of(new_output("display_data", {"text/plain": asked}))
Field(question='How many?', unit='times', choices=())
>>> output_html(new_output("stream", text="3 < 4"))
'<pre class="printed">3 &lt; 4</pre>'
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from nbformat import NotebookNode

from archlab.course.claims.claim import Claim, all_claims
from archlab.course.claims.scorecard import MIME
from archlab.course.claims.settled import BUILT_SO
from archlab.course.claims.verdict import SYMBOLS
from archlab.course.handout.text import to_html

ASKED = re.compile(r"\A(?P<words>.*)\nTo answer: guess\(\"[^\"]+\"\)\.value = (?P<example>.*)\Z", re.DOTALL)
IN_BRACKETS = re.compile(r"\A(?P<question>.*?) \[(?P<inside>[^\[\]]*)\]\Z", re.DOTALL)
CARD = re.compile(r"\AClaim \((?P<section>[^)]+)\): (?P<text>[^\n]+)$", re.MULTILINE)
VERDICT = re.compile(f"[{''.join([*SYMBOLS.values(), BUILT_SO])}]")
LINE = '<span class="blank" aria-hidden="true"></span>'


@dataclass(frozen=True)
class Field:
    """A question with a field for the guess: its words, and the unit of a number or the choices."""

    question: str
    unit: str = ""
    choices: tuple[str, ...] = ()

    @property
    def html(self) -> str:
        """A line to write on, or boxes to tick."""
        asked = f'<p class="guess"><strong>Your guess.</strong> {escape(self.question)}'
        if not self.choices:
            return f"{asked} {LINE} {escape(self.unit)}</p>"
        boxes = "".join(f'<li><span aria-hidden="true">☐</span> {escape(one)}</li>' for one in self.choices)
        return f'{asked}</p><ul class="choices">{boxes}</ul>'


def words_of(output: NotebookNode) -> str:
    """An output as plain words."""
    return str(output.get("text") or output.get("data", {}).get("text/plain", ""))


def field_of(output: NotebookNode) -> Field | None:
    """Return the field that an output is, or None."""
    asked = ASKED.match(words_of(output))
    if asked is None:
        return None
    bracket = IN_BRACKETS.match(asked["words"])
    if bracket is None:
        return Field(asked["words"])
    if asked["example"].startswith('"'):
        return Field(bracket["question"], choices=tuple(bracket["inside"].split(" / ")))
    return Field(bracket["question"], bracket["inside"])


def card_of(output: NotebookNode) -> tuple[str, str] | None:
    """Return section and words of the claim whose card an output is, or None."""
    card = CARD.match(words_of(output))
    return None if card is None else (card["section"], card["text"])


def claim_of(card: tuple[str, str], patterns: Sequence[str]) -> Claim | None:
    """Return the claim on a card. Two patterns may have one of the same words: the first of `patterns` has it."""
    found = [claim for claim in all_claims() if (claim.section, claim.text) == card]
    found.sort(key=lambda claim: claim.pattern not in patterns)
    return found[0] if found else None


def tells_a_verdict(output: NotebookNode) -> bool:
    """Whether an output shows one of the signs that stand before a verdict."""
    return VERDICT.search(words_of(output) + output.get("data", {}).get("text/html", "")) is not None


def records_of(output: NotebookNode) -> list[NotebookNode]:
    """Return the rows of the scorecard that an output is; none for another output."""
    return list(output.get("data", {}).get(MIME, []))


def output_html(output: NotebookNode) -> str:
    """Return an output as HTML, in the richest form that it has; empty when it shows nothing."""
    data = output.get("data", {})
    if "text/html" in data:
        return str(data["text/html"])
    if "image/png" in data:
        alt = escape(words_of(output), quote=True)
        return f'<img alt="{alt}" src="data:image/png;base64,{"".join(data["image/png"].split())}">'
    if "text/markdown" in data:
        return to_html(data["text/markdown"])
    words = words_of(output) or "\n".join(output.get("traceback", []))
    return f'<pre class="printed">{escape(words.rstrip())}</pre>' if words.strip() else ""
