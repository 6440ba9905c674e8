"""A matrix: what each of several ways does in each of several cases, as a sign in a cell.

>>> import pandas as pd
>>> frame = pd.DataFrame({"question": ["who?", "why?"], "states": [True, False], "events": [True, True]})
>>> matrix(frame, "Events tell why", "question", {"states": "a table", "events": "events"}).alt
'Events tell why. who?: a table yes, events yes. why?: a table no, events yes.'
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import require_columns
from archlab.course.figures.picture import Picture
from archlab.course.style import GREY, INK, LAB, Size

ROOM = 0.6
"""Room around the cells, in cells."""


@dataclass(frozen=True)
class Sign:
    """How a value is drawn, and how it is read out. The sign and the word tell it without the colour."""

    text: str
    words: str
    colour: str


GOOD = "#00775A"
YES_NO: Mapping[Hashable, Sign] = {True: Sign("●", "yes", GOOD), False: Sign("–", "no", GREY)}
HOW_OFTEN: Mapping[Hashable, Sign] = {
    "always": Sign("●", "always", GOOD),
    "sometimes": Sign("◐", "sometimes", GREY),
    "never": Sign("–", "never", GREY),
}
OUTCOMES: Mapping[Hashable, Sign] = {
    "right": Sign("● right", "right", GOOD),
    "breaks": Sign("✖ breaks", "breaks", INK),
    "wrong": Sign("▲ wrong", "wrong", "#A84A00"),
}


def matrix(
    frame: pd.DataFrame,
    title: str,
    row: str,
    columns: Mapping[str, str],
    signs: Mapping[Hashable, Sign] = YES_NO,
    size: Size = LAB,
) -> Picture:
    """Draw a row for each row of the frame, and a column for each of `columns` (name in the frame -> words above it).

    Raises:
        ValueError: when the frame lacks rows or columns, or a value has no sign.
    """
    require_columns("frame", frame, row, *columns)
    values = frame[list(columns)].to_numpy()
    unknown = sorted({str(value) for line in values for value in line if value not in signs})
    if unknown:
        raise ValueError(f"frame has {unknown}; it must have values among {list(signs)}")
    with canvas(title, size, tall=len(frame) > 7) as drawing:
        panel = drawing.panels[0]
        for y, line in enumerate(values):
            for x, value in enumerate(line):
                sign = signs[value]
                panel.text(x, y, sign.text, ha="center", va="center", color=sign.colour)
        panel.hlines(
            [y + 0.5 for y in range(len(frame) - 1)], -ROOM, len(columns) - 1 + ROOM, color="#DDDDDD", lw=0.8
        )
        panel.set(xlim=(-ROOM, len(columns) - 1 + ROOM), ylim=(len(frame) - 0.5, -0.5))
        panel.set_xticks(range(len(columns)), list(columns.values()))
        panel.set_yticks(range(len(frame)), [str(words) for words in frame[row]])
        panel.tick_params(length=0, top=False, labeltop=True, labelbottom=False)
        panel.set_xlabel(_legend(signs))
        for side in panel.spines.values():
            side.set_visible(False)
    told = [
        f"{words}: {_in_words(columns, signs, line)}" for words, line in zip(frame[row], values, strict=True)
    ]
    return Picture(drawing.figure, f"{title.rstrip('.')}. {'. '.join(told)}.".replace("\n", " "))


def _legend(signs: Mapping[Hashable, Sign]) -> str:
    """What the signs mean, where they do not say it themselves."""
    return "   ".join(f"{sign.text} {sign.words}" for sign in signs.values() if sign.words not in sign.text)


def _in_words(columns: Mapping[str, str], signs: Mapping[Hashable, Sign], line: Iterable[Hashable]) -> str:
    return ", ".join(
        f"{name} {signs[value].words}" for name, value in zip(columns.values(), line, strict=True)
    )
