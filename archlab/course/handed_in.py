"""The lines that a class hands in: whose each one is, and which cannot be read.

A line to hand in begins with a word and a version, such as `guesses v1; ...`. What stands before it says who it is
from; the time of day and the date that a chat puts there are left out. If nothing stands before it, the line above is
asked: when a time of day is in it, it is a chat's, with the name.

>>> lines = HandIns("colours", version=1)
>>> for line in lines.read(["10:42 Ada: colours v1; red", "[10:43] Bob", "colours v1; blue", "hello"]):
...     lines.keep(line, line.text)
>>> lines.people
{'Ada': 'red', 'Bob': 'blue'}
>>> lines.problems
['line 4: it holds no colours: hello']
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

Content = TypeVar("Content")

UTF_16 = (b"\xff\xfe", b"\xfe\xff")
CLOCK = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?(?:\s*[ap]\.?m\b\.?)?", re.IGNORECASE)
DATE = re.compile(r"\b\d{1,4}([./-])\d{1,2}\1\d{1,4}\b")
FROM_TO = re.compile(r"^\W*from\s+(.+?)\s+to\s+\S.*$", re.IGNORECASE)
"""How a video meeting writes who said it, and to whom."""
AROUND_A_NAME = " \t,;:|-<>\"'()[]`*"
LONGEST_QUOTE = 40


@dataclass(frozen=True)
class HandedIn:
    """One line: its number, counted from 1, whose it is ("line 7" when it has no name), and what it says."""

    number: int
    who: str
    text: str

    @property
    def where(self) -> str:
        """As problems name it."""
        return f"line {self.number}"


class HandIns(Generic[Content]):
    """The lines of a class that begin with `word` and this `version`.

    `people`: what was kept of each person, the latest. `problems`: what could not be used, in words and in order.
    """

    def __init__(self, word: str, version: int) -> None:
        self.word, self.version = word, version
        self.people: dict[str, Content] = {}
        self.problems: list[str] = []
        self._head = re.compile(rf"\b{word}\s+v(\d+)\s*(?:;|$)", re.IGNORECASE)

    def read(self, lines: Iterable[str]) -> Iterator[HandedIn]:
        """Give each line that can be read. Nothing in them raises an error: the others are told in `problems`."""
        above: tuple[int, str] | None = None
        for number, line in enumerate(lines, 1):
            head = self._head.search(line)
            if head is not None:
                who, above = self._who(line[: head.start()], above), None
                yield from self._of_this_version(head, HandedIn(number, who or f"line {number}", line))
            elif line.strip():
                self._cannot_be_read(above)
                above = number, line
        self._cannot_be_read(above)

    def keep(self, line: HandedIn, content: Content) -> None:
        """Keep what a line says. Of two lines from one person the later one counts."""
        if line.who in self.people:
            self.problem(line, f"{quoted(line.who)} handed in before; the later line counts")
        self.people[line.who] = content

    def problem(self, line: HandedIn, what: str) -> None:
        """Say what is wrong with a line."""
        self.problems.append(f"{line.where}: {what}")

    def _who(self, before: str, above: tuple[int, str] | None) -> str:
        """The name before the line, or that above it if this is one, told by the time of day beside it."""
        name = name_in(before)
        if not name and above is not None and CLOCK.search(above[1]):
            return name_in(above[1])
        self._cannot_be_read(above)
        return name

    def _of_this_version(self, head: re.Match[str], line: HandedIn) -> Iterator[HandedIn]:
        if int(head[1]) == self.version:
            yield HandedIn(line.number, line.who, line.text[head.end() :].strip())
        else:
            self.problem(line, f"its version is {head[1]}; only version {self.version} can be read")

    def _cannot_be_read(self, above: tuple[int, str] | None) -> None:
        if above is not None:
            self.problems.append(f"line {above[0]}: it holds no {self.word}: {quoted(above[1])}")


def name_in(before: str) -> str:
    """Return who a line is from, going by what stands before it; empty when nobody is named.

    >>> [name_in(text) for text in ("Table 3: ", "[12/03/2026, 10:42:13] Ada - ", "10:42 From Bob to Everyone:")]
    ['Table 3', 'Ada', 'Bob']
    """
    timeless = CLOCK.sub(" ", DATE.sub(" ", plain(before)))
    spoken = FROM_TO.match(timeless) if CLOCK.search(before) else None
    return (spoken[1] if spoken else " ".join(timeless.split())).strip(AROUND_A_NAME)


def plain(text: str) -> str:
    """Return a text on one line, without what cannot be printed."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def quoted(text: str) -> str:
    """Return the beginning of a text, as it may stand in a message."""
    one_line = plain(text)
    return one_line if len(one_line) <= LONGEST_QUOTE else f"{one_line[:LONGEST_QUOTE]} …"


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file, whatever program saved it. Raises `OSError` when it cannot be read."""
    content = path.read_bytes()
    encoding = "utf-16" if content.startswith(UTF_16) else "utf-8-sig"
    return content.decode(encoding, errors="replace").splitlines()
