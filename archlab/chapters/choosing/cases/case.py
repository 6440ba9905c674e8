"""Cases: what was published of a move, in one place with our verdict on it.

>>> from archlab.chapters.choosing.cases.case import published
>>> published("istio").quantity.tolist()
['parts before: Pilot, Galley, Citadel, injector', 'parts after: istiod']
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from inspect import signature

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


def require_at_most_taken(judge: Callable[..., Judgement], guesses: tuple[float, ...]) -> None:
    """Raise `ValueError` when there are more values than the function takes."""
    taken = list(signature(judge).parameters)
    if len(guesses) > len(taken):
        raise ValueError(
            f"guesses is {guesses}; it must be {len(taken)} at most: {', '.join(taken) or 'none'}"
        )


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
        judge: runs the experiment and judges. It may be given another value of one guess.
        says: gives what the model says, in words with its figures.
        elsewhere: gives what the same rule says of somebody who did the opposite, or of a fairer opponent.
        draw: gives the picture.
    """

    name: str
    told: str
    figures: Callable[[], pd.DataFrame]
    judge: Callable[..., Judgement]
    says: Callable[[], str]
    elsewhere: Callable[[], str]
    draw: Callable[[], Picture]

    @property
    def published(self) -> pd.DataFrame:
        """A row a published figure: case, quantity, value, unit, source, year, url, mark."""
        return self.figures()

    def verdict(self, *guesses: float) -> Judgement:
        """Whether the model would have foretold it.

        Args:
            guesses: other values of what the `verdict` of the case's module takes, such as the transitions a second
                of the step functions; by default the usual ones.

        Raises:
            ValueError: when there are more values than it takes, or one is out of range.
        """
        require_at_most_taken(self.judge, guesses)
        return self.judge(*guesses)

    def figure(self) -> Picture:
        """What the model says beside what was published."""
        return self.draw()
