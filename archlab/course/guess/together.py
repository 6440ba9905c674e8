"""The guesses of a class in one picture, beside the measured value.

>>> from archlab.course.guess.hand_in import collect
>>> collected = collect(["guesses v1; growth=2 times", "guesses v1; growth=10x"])
>>> together(collected, "growth", "One too low, one too high", measured=6.4).alt.split(". ", 1)[1]
'2 guesses [times]: from 2 to 10, median 6, the middle half from 4 to 8. Measured: 6.4.'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import Canvas, canvas
from archlab.course.figures.picture import Picture
from archlab.course.guess.hand_in import Collected, has_numbers
from archlab.course.guess.typed import canonical, to_number
from archlab.course.quantity import number
from archlab.course.style import ARCHITECTURES, INK, LAB, Size

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

BINS = 40
"""How many dots fit beside each other."""
WIDE = 30
"""Guesses whose largest is so many times the smallest get a logarithmic axis."""
DOT = ARCHITECTURES["monolithic"].colour


def together(
    collected: Collected,
    name: str,
    title: str,
    measured: float | str | None = None,
    size: Size = LAB,
) -> Picture:
    """Draw the guesses of a class, a dot a person or a bar a choice, beside the measured value.

    Args:
        name: of the question.
        title: what the class should see.
        measured: a number in the unit of the guesses, or the choice that came out; None: not yet shown.

    Raises:
        ValueError: when nobody answered the question, or `measured` is of another kind than the guesses.
    """
    rows = collected.frame[collected.frame["name"] == name]
    if len(rows) == 0:
        known = ", ".join(sorted(set(collected.frame["name"]))) or "none"
        raise ValueError(f"name is {name!r}; it must be a question that somebody answered: {known}")
    if measured is not None and isinstance(measured, str) is has_numbers(rows):
        kind = "a number" if has_numbers(rows) else "one of the choices"
        raise ValueError(f"measured is {measured!r}; it must be {kind}")
    draw = _draw_dots if has_numbers(rows) else _draw_choices
    with canvas(title, size) as drawing:
        words = draw(drawing, rows, measured)  # type: ignore[arg-type]
    return Picture(drawing.figure, f"{title.rstrip('.')}. {words}")


def _draw_dots(drawing: Canvas, rows: pd.DataFrame, measured: float | None) -> str:
    """Stack a dot for each guess over its number, and mark the measured value by a line."""
    from matplotlib.ticker import MaxNLocator

    panel, unit, values = drawing.panels[0], *_in_one_unit(rows)
    seen = np.append(values, [] if measured is None else measured)
    is_log = bool(seen.min() > 0 and seen.max() > WIDE * seen.min())
    places, heights = stacked(values, seen, is_log)
    dot_pt = 0.75 * drawing.size.font_pt
    panel.plot(places, heights, "o", color=DOT, markeredgecolor="white", markersize=dot_pt, clip_on=False)
    if measured is not None:
        panel.axvline(measured, color=INK, linewidth=2)
        drawing.name_line(panel, measured, f"measured: {number(measured)} {unit}".rstrip())
    panel.set(
        xlabel=f"Guess [{unit}]" if unit else "Guess", ylabel="People", ylim=(0, 1.1 * heights.max() + 1)
    )
    _scale(panel, seen, is_log)
    panel.yaxis.set_major_locator(MaxNLocator(integer=True))
    return _dots_in_words(values, unit, measured)


def _scale(panel: Axes, seen: np.ndarray, is_log: bool) -> None:
    """Write plain numbers below; a linear axis starts at 0 when no guess is below."""
    from matplotlib.ticker import LogLocator

    if is_log:
        panel.set_xscale("log")
        few = seen.max() < 1000 * seen.min()
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=8))
    elif seen.min() >= 0:
        panel.set_xlim(left=0)
    panel.minorticks_off()
    panel.xaxis.set_major_formatter(lambda value, _: number(value))


def _in_one_unit(rows: pd.DataFrame) -> tuple[str, np.ndarray]:
    """The unit that most people used, and all guesses in it; those that cannot be converted are left out."""
    numbers = rows[rows["value"].notna()]
    unit = str(numbers["unit"].mode().iloc[0])
    values = []
    for value, own in zip(numbers["value"], numbers["unit"], strict=True):
        try:
            values.append(to_number(f"{value!r} {own}", unit) if canonical(own) != canonical(unit) else value)
        except ValueError:
            continue
    return unit, np.array(values, dtype=float)


def stacked(values: np.ndarray, seen: np.ndarray, is_log: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return a place and a height for each value: those that would lie on each other stand on each other.

    >>> stacked(np.array([1.0, 1.0, 9.0]), np.array([1.0, 9.0]), is_log=False)[1].tolist()
    [1, 2, 1]
    """
    scale = np.log10 if is_log else np.asarray
    low, high = float(scale(seen).min()), float(scale(seen).max())
    width = (high - low) / BINS or 1.0
    bins = np.round((scale(np.sort(values)) - low) / width).astype(int)
    heights = np.array([int((bins[: k + 1] == one).sum()) for k, one in enumerate(bins)])
    centres = low + bins * width
    return (10.0**centres if is_log else centres), heights


def _dots_in_words(values: np.ndarray, unit: str, measured: float | None) -> str:
    low, first, middle, third, high = (number(v) for v in np.percentile(values, (0, 25, 50, 75, 100)))
    told = f"{len(values)} guesses{f' [{unit}]' if unit else ''}: from {low} to {high}, median {middle}"
    half = f", the middle half from {first} to {third}" if len(values) > 1 else ""
    return f"{told}{half}." + ("" if measured is None else f" Measured: {number(measured)}.")


def _draw_choices(drawing: Canvas, rows: pd.DataFrame, measured: str | None) -> str:
    """Draw a bar a choice, the commonest on top, and mark the one that came out."""
    from matplotlib.ticker import MaxNLocator

    counts = rows.loc[rows["choice"] != "", "choice"].value_counts()
    if measured is not None and measured not in counts.index:
        counts[measured] = 0
    panel = drawing.panels[0]
    panel.barh(range(len(counts)), counts.to_numpy(), height=0.6, color=DOT)
    for place, (choice, count) in enumerate(counts.items()):
        text = f"{count}, and this is the answer" if choice == measured else f"{count}"
        weight = "bold" if choice == measured else "normal"
        place_of_text: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontweight": weight}
        panel.annotate(text, (count, place), (8, 0), **place_of_text)
    name_rows(panel, [str(choice) for choice in counts.index])
    panel.set(xlabel="People", xlim=(0, 1.5 * max(1, counts.max())))
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    told = ", ".join(f"{choice} {count}" for choice, count in counts.items())
    return f"{counts.sum()} guesses: {told}." + ("" if measured is None else f" Answer: {measured}.")
