"""The lines that a class hands in, as one table.

A line is what `guesses.line()` gives. Whatever stands before it, a name for instance, says who it is from.

>>> collected = collect(["Ada: guesses v1; load.growth=2 times; load.first=[the queue]", "hello"])
>>> collected.frame.to_dict("records")[0]
{'who': 'Ada', 'name': 'load.growth', 'value': 2.0, 'unit': 'times', 'choice': ''}
>>> collected.problems
('line 2: it holds no guesses: hello',)
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from archlab.course.guess.store import NAME, VERSION
from archlab.course.guess.typed import LARGEST, number_and_unit
from archlab.course.handed_in import HandedIn, HandIns, quoted

COLUMNS = ("who", "name", "value", "unit", "choice")


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


def collect(lines: Iterable[str]) -> Collected:
    """Read the lines of a class. Nothing in them raises an error: what cannot be used is told in `problems`."""
    given: HandIns[list[dict[str, object]]] = HandIns("guesses", VERSION)
    for line in given.read(lines):
        given.keep(line, _entries(line, given))
    rows = [row for person in given.people.values() for row in person]
    return Collected(pd.DataFrame(rows, columns=list(COLUMNS)), tuple(given.problems))


def _entries(line: HandedIn, given: HandIns[list[dict[str, object]]]) -> list[dict[str, object]]:
    """The guesses in a line, a row each. Of two guesses with one name the later one counts."""
    found: dict[str, dict[str, object]] = {}
    for entry in filter(str.strip, line.text.split(";")):
        name, _, answer = (part.strip() for part in entry.partition("="))
        row = _row(line.who, name, answer)
        if row is None:
            given.problem(line, f"it holds something else than a guess: {quoted(entry)}")
            continue
        if name in found:
            given.problem(line, f"{name} is in it twice; the later one counts")
        found[name] = row
    return list(found.values())


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
