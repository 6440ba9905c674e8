"""The lines that a class hands in, as one table.

A line is what `guesses.line()` gives. Whatever stands before it, a name for instance, says who it is from.

>>> collected = collect(["Ada: guesses v1; load.growth=2 times; load.first=[the queue]", "hello"])
>>> collected.frame.to_dict("records")[0]
{'who': 'Ada', 'name': 'load.growth', 'value': 2.0, 'unit': 'times', 'choice': ''}
>>> collected.problems
('line 2: it holds no guesses: hello',)
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from archlab.course.guess.store import NAME, VERSION
from archlab.course.guess.typed import LARGEST, number_and_unit

HEAD = re.compile(r"guesses\s+v(\d+)\s*(?:;|$)", re.IGNORECASE)
COLUMNS = ("who", "name", "value", "unit", "choice")
LONGEST_QUOTE = 40


@dataclass(frozen=True)
class Collected:
    """What a class handed in.

    `frame`: a row a guess, with `who`, `name`, `value` (NaN for a choice), `unit` and `choice` ("" for a number).
    `problems`: what could not be used, in words.
    """

    frame: pd.DataFrame
    problems: tuple[str, ...] = ()

    def summary(self) -> pd.DataFrame:
        """Return a row a question: how many answered, the median and the quartiles, or the commonest choice."""
        rows = [_summed_up(str(name), rows) for name, rows in self.frame.groupby("name", sort=True)]
        columns = ["name", "answers", "median", "from", "to", "unit", "commonest"]
        return pd.DataFrame(rows, columns=columns).set_index("name")


@dataclass
class _Reader:
    """The rows and problems found so far. Of two lines from one person the later one counts."""

    people: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def read(self, number_of_line: int, line: str) -> None:
        where = f"line {number_of_line}"
        head = HEAD.search(line)
        if head is None:
            self.problems += [f"{where}: it holds no guesses: {_quote(line)}"] if line.strip() else []
            return
        if int(head[1]) != VERSION:
            self.problems.append(f"{where}: its version is {head[1]}; only version {VERSION} can be read")
            return
        who = line[: head.start()].strip(" \t,;:|-<>\"'") or where
        if who in self.people:
            self.problems.append(f"{where}: {who} handed in before; the later line counts")
        self.people[who] = list(self._entries(where, who, line[head.end() :]))

    def _entries(self, where: str, who: str, text: str) -> Iterator[dict[str, object]]:
        found: dict[str, dict[str, object]] = {}
        for entry in filter(str.strip, text.split(";")):
            name, _, answer = (part.strip() for part in entry.partition("="))
            row = _row(who, name, answer)
            if row is None:
                self.problems.append(f"{where}: it holds something else than a guess: {_quote(entry)}")
                continue
            if name in found:
                self.problems.append(f"{where}: {name} is in it twice; the later one counts")
            found[name] = row
        return iter(found.values())


def collect(lines: Iterable[str]) -> Collected:
    """Read the lines of a class. Nothing in them raises an error: what cannot be used is told in `problems`."""
    reader = _Reader()
    for number_of_line, line in enumerate(lines, 1):
        reader.read(number_of_line, line)
    rows = [row for person in reader.people.values() for row in person]
    return Collected(pd.DataFrame(rows, columns=list(COLUMNS)), tuple(reader.problems))


def _row(who: str, name: str, answer: str) -> dict[str, object] | None:
    """One guess as a row; None when it is none."""
    if not NAME.fullmatch(name):
        return None
    if choice := re.fullmatch(r"\[(.+)\]", answer):
        return dict(zip(COLUMNS, (who, name, np.nan, "", choice[1].strip()), strict=True))
    value, unit = number_and_unit(answer)
    if not abs(value) <= LARGEST:
        return None
    return dict(zip(COLUMNS, (who, name, value, unit, ""), strict=True))


def _quote(text: str) -> str:
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return plain if len(plain) <= LONGEST_QUOTE else f"{plain[:LONGEST_QUOTE]} …"


def _summed_up(name: str, rows: pd.DataFrame) -> tuple[object, ...]:
    low, middle, high = (
        np.percentile(rows["value"].dropna(), (25, 50, 75)) if has_numbers(rows) else (np.nan,) * 3
    )
    choices = rows.loc[rows["choice"] != "", "choice"]
    commonest = str(choices.mode().iloc[0]) if len(choices) else ""
    unit = str(rows["unit"].mode().iloc[0])
    return name, len(rows), float(middle), float(low), float(high), unit, commonest


def has_numbers(rows: pd.DataFrame) -> bool:
    """Whether the rows of a question hold numbers, and not choices."""
    return bool(rows["value"].notna().any())
