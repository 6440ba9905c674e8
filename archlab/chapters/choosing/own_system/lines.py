"""Lines of a description: what is read, what is left out, and the words for a line that cannot be read.

Everything after `#` is a comment. Empty lines and lines with nothing but a comment do not count.

>>> [line.number for line in lines_of("part web: 4 cores  # two machines")]
[1]
>>> lines_of("part web: 4 cores")[0].refuse("'web' is there twice", "each name stands for one part")
Traceback (most recent call last):
ValueError: line 1, 'part web: 4 cores': 'web' is there twice; each name stands for one part
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from archlab.sim.validation import require_text

MOST_LINES = 30
"""More lines than this are no description of a system but a copy of it."""

NAME = re.compile(r"[A-Za-z][\w.-]*")
RESERVED = ("later", "x", "for", "exactly", "p99", "patience", "customers")
"""Words that mean something inside a line, so no part or kind of request may have them as its name."""


@dataclass(frozen=True)
class Line:
    """A line of the description: its number in the text, counted from 1, and what it says without its comment."""

    number: int
    text: str

    def refuse(self, what: str, allowed: str) -> NoReturn:
        """Raise `ValueError` with the number of the line, the line, what is wrong and what is allowed."""
        raise ValueError(f"line {self.number}, {self.text!r}: {what}; {allowed}")

    def refuse_unknown(self, name: str, what: str, known: Collection[str]) -> NoReturn:
        """The same for a name that nobody declared: name those that are known, the closest one first."""
        close = get_close_matches(name, known, n=1)
        hint = f" Did you mean {_with_number_of(name, close[0])!r}?" if close else ""
        listed = ", ".join(known) or "none yet"
        self.refuse(f"{name!r} is no {what}", f"known: {listed}.{hint}")

    def name(self, text: str, what: str) -> str:
        """Return a name, or refuse what cannot be one."""
        if not NAME.fullmatch(text) or text in RESERVED:
            allowed = f"letters, digits, - . and _, a letter first, and none of {', '.join(RESERVED)}"
            self.refuse(f"{text!r} is no name of a {what}", f"allowed: {allowed}")
        return text


def _with_number_of(text: str, example: str) -> str:
    """The example with the number that the text begins with, so that nobody is told another size than theirs."""
    own, others = re.match(r"\d+(?= )", text), re.match(r"\d+(?= )", example)
    return f"{own[0]}{example[others.end() :]}" if own and others else example


def lines_of(text: str) -> list[Line]:
    """Return the lines that say something.

    Raises:
        TypeError: when `text` is no text.
        ValueError: when nothing is left, or more than `MOST_LINES` lines.
    """
    if not isinstance(text, str):
        raise TypeError(f"text is {text!r}; it must be a description: lines of text")
    stripped = [(number, line.split("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [Line(number, " ".join(line.split())) for number, line in stripped if line]
    if not lines:
        require_text("text", "")
    if len(lines) > MOST_LINES:
        lines[MOST_LINES].refuse(
            f"this is one line more than {MOST_LINES}",
            "join parts that are alike, as in: part users, orders: 2 cores; comments do not count",
        )
    return lines
