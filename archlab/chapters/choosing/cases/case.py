"""Cases: what was published of a move, in one place with our verdict on it.

>>> from archlab.chapters.choosing.cases.case import published
>>> published("istio").quantity.tolist()
['parts before: Pilot, Galley, Citadel, injector', 'parts after: istiod']
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pandas as pd

from archlab.chapters.choosing.cases.judging import Judgement
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.data import load
from archlab.sim.validation import require_one_of


def published(name: str) -> pd.DataFrame:
    """Return the published figures of a case: rows of `data/published_moves.csv`.

    Raises `ValueError` when there is no such case.
    """
    table = load("published_moves")
    require_one_of("name", name, table.case.unique().tolist())
    return table[table.case == name].reset_index(drop=True)


@cache
def figure_of(name: str, begins: str) -> float:
    """Return the one published figure of a case whose quantity is that, or else begins like that.

    >>> figure_of("segment", "improvements of shared libraries after")
    46.0

    Raises `ValueError` when no figure, or more than one, begins like that.
    """
    table = published(name)
    same = table.quantity == begins
    found = table[same if same.any() else table.quantity.str.startswith(begins)]
    if len(found) != 1:
        raise ValueError(f"begins is {begins!r}; it must begin one of {', '.join(table.quantity)}")
    return float(found.value.iloc[0])


def log_across(picture: Picture, label: str) -> Picture:
    """Make the horizontal axis of a picture with one panel logarithmic, with plain numbers, and name it."""
    (panel,) = picture.figure.axes
    panel.set_xscale("log")
    panel.xaxis.set_major_formatter(lambda value, _: number(value))
    panel.set_xlabel(label)
    return picture


@dataclass(frozen=True)
class Case:
    """A published case as a small experiment.

    Attributes:
        name: as in `CASES`.
        told: what was published, in words with its figures.
        figures: gives the published figures.
        judge: runs the experiment and judges.
        says: gives what the model says, in words with its figures.
        elsewhere: gives what the same rule says of somebody who did the opposite, or of a fairer opponent.
        draw: gives the picture.
    """

    name: str
    told: str
    figures: Callable[[], pd.DataFrame]
    judge: Callable[[], Judgement]
    says: Callable[[], str]
    elsewhere: Callable[[], str]
    draw: Callable[[], Picture]

    @property
    def published(self) -> pd.DataFrame:
        """A row a published figure: case, quantity, value, unit, source, year, url, mark."""
        return self.figures()

    def verdict(self) -> Judgement:
        """Whether the model would have foretold it."""
        return self.judge()

    def figure(self) -> Picture:
        """What the model says beside what was published."""
        return self.draw()
