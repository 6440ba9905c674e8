"""Quantities in words: one way to write a figure and its unit, in tables, labels and alternative texts.

Names carry their unit at the end (`latency_ms`, `rate_per_s`), so the words can be made from the name. A figure that
knows its interval is written with the digits that the interval supports, and with the interval.

>>> describe("p99_with_six_hops_ms", 15.431)
'p99 with six hops: 15.4 ms'
>>> with_interval(79.314, low=76.0, high=81.7, unit="%")
'79 % (76 to 82)'
>>> axis_label("throughput_per_s")
'Throughput [requests/s]'
"""

import math
from collections.abc import Sequence
from numbers import Real
from typing import Protocol, runtime_checkable

import numpy as np

UNITS = {
    "usd_per_hour": "USD/h",
    "usd_per_month": "USD/month",
    "usd": "USD",
    "per_hour": "1/h",
    "per_day": "1/day",
    "per_week": "1/week",
    "per_s": "requests/s",
    "ms": "ms",
    "us": "µs",
    "s": "s",
    "minutes": "min",
    "hours": "h",
    "days": "days",
    "weeks": "weeks",
    "bytes": "bytes",
    "percent": "%",
}
"""Endings of names and the units they stand for. The longest that fits is taken."""


DIGITS = 3
"""The most significant digits of a figure in words."""
FEWEST_DIGITS = 2
"""The fewest for the largest of a figure and the ends of its interval: rounding moves none by more than 5 % of it."""


@runtime_checkable
class WithInterval(Protocol):
    """A figure that knows the interval in which it may be: `archlab.course.claims.OverSeeds`, for one."""

    @property
    def low(self) -> float: ...

    @property
    def high(self) -> float: ...


@runtime_checkable
class WithRange(Protocol):
    """A figure that may be infinite, and then knows what was tried: `archlab.course.claims.Limit`, for one.

    `tried`: the least and the most; None when that is not known.
    """

    @property
    def tried(self) -> tuple[float, float] | None: ...


def number(value: float) -> str:
    """Return `value` to three significant digits, with thousands set apart; yes or no for a truth value.

    A figure with an interval is written with it, in the digits that the interval supports: "79 (76 to 82)".
    """
    if isinstance(value, WithInterval):
        return in_unit(value)
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not math.isfinite(value):
        return "none" if math.isnan(value) else beyond(value)
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.2e}"
    if abs(value) < 1e-4:
        return f"{value:.2e}"
    text = f"{value:.{2 - math.floor(math.log10(abs(value)))}f}"
    return text.rstrip("0").rstrip(".")


def with_interval(value: float, low: float, high: float, unit: str = "") -> str:
    """Return a figure, its unit and its interval, all with the digits of `rounded`.

    The interval is left out where it has no width, is not known (NaN), or is hidden by three digits.

    >>> with_interval(2.43, 2.22, 2.63), with_interval(742, 553, 931), with_interval(0.9451, 0.9449, 0.9452)
    ('2.4 (2.2 to 2.6)', '740 (550 to 930)', '0.945')

    Raises:
        ValueError: when `value` is not between `low` and `high`.
    """
    if not _is_in_doubt(value, low, high):
        return _and_unit(number(value), value, unit)
    figure, least, most = (_at(end, _place((low, value, high))) for end in (value, low, high))
    return f"{_and_unit(figure, value, unit)} ({least} to {most})"


def in_unit(value: float, unit: str = "", low: float = math.nan, high: float = math.nan) -> str:
    """Return a figure and its unit as `with_interval` does, with its own interval if it has one.

    What is beyond all that was tried is said so: "more than 6 teams (the most tried)".
    """
    low, high = (value.low, value.high) if isinstance(value, WithInterval) else (low, high)
    tried = value.tried if isinstance(value, WithRange) else None
    if math.isinf(value) and tried is not None:
        end = "the most tried" if value > 0 else "the least tried"
        other = low if value > 0 else high
        interval = f"; from {number(low)} on" if value > 0 else f"; up to {number(high)}"
        return f"{_and_unit(beyond(value, tried), 0, unit)} ({end}{interval if math.isfinite(other) else ''})"
    text = with_interval(float(value), low, high, unit)
    for limit in (low, high):
        if math.isinf(limit):
            text = text.replace(beyond(limit), beyond(limit, tried))
    return text


def beyond(value: float, tried: tuple[float, float] | None = None) -> str:
    """Return words for an infinite figure: beyond the most, or the least, that was tried.

    >>> beyond(math.inf), beyond(-math.inf), beyond(math.inf, tried=(1, 6))
    ('more than was tried', 'less than was tried', 'more than 6')
    """
    least, most = tried or (math.nan, math.nan)
    if value > 0:
        return "more than was tried" if tried is None else f"more than {number(most)}"
    return "less than was tried" if tried is None else f"less than {number(least)}"


def rounded(value: float, low: float = math.nan, high: float = math.nan) -> str:
    """Return a figure alone, as a label with its interval writes it: for a title over that label.

    The last digit written is the first that half the interval leaves in doubt. But the largest of figure and ends has
    two digits at least: with one, a bar at 45 would be labelled 40. Without an interval there are three digits.

    >>> rounded(742.3, 553, 931), rounded(45.2, 0, 90), rounded(15.432)
    ('740', '45', '15.4')

    Args:
        value: a number, or a figure that knows its interval.
        low, high: the ends of its interval, if it has one.

    Raises:
        ValueError: when `value` is not between `low` and `high`.
    """
    if isinstance(value, WithRange) and math.isinf(value):
        return beyond(value, value.tried)
    if isinstance(value, WithInterval):
        return rounded(float(value), value.low, value.high)
    return _at(value, _place((low, value, high)) if _is_in_doubt(value, low, high) else None)


def about(value: float) -> str:
    """Return a figure as a sentence needs it: "about 2.1 (1.9 to 2.4)", and just "2.1" where no digit is in doubt."""
    text = number(value)
    return f"about {text}" if "(" in text else text


def _and_unit(figure: str, value: float, unit: str) -> str:
    return f"{figure} {unit}" if unit and math.isfinite(value) else figure


def _is_in_doubt(value: float, low: float, high: float) -> bool:
    """Whether a figure has an interval that can be seen in three digits.

    Raises:
        ValueError: when `value` is not between `low` and `high`.
    """
    if low > value or value > high:
        raise ValueError(f"value is {value!r}; it must be between low and high, {low!r} and {high!r}")
    width, place = high - low, _place((low, value, high))
    return not math.isnan(width) and (math.isinf(width) or _at(low, place) != _at(high, place))


def _place(values: Sequence[float]) -> int | None:
    """Return the power of ten of the last digit worth writing of values that may be as far apart as these.

    None when they are not apart. An infinite end says nothing about the digits, so it is not among them. At most three
    digits of the largest value are written, and at least two; whole numbers stay whole.
    """
    finite = [value for value in values if math.isfinite(value)]
    half = float(f"{max(finite, default=0.0) - min(finite, default=0.0):.6g}") / 2
    if not half:
        return None
    first = math.floor(math.log10(max(abs(end) for end in finite)))
    finest = min(0, first - DIGITS + 1)
    if all(end == round(end) for end in finite):
        finest = 0
    return max(finest, min(first - FEWEST_DIGITS + 1, math.floor(math.log10(half))))


def _at(value: float, place: int | None) -> str:
    """Return a number rounded at a power of ten; never "-0"."""
    if place is None or not math.isfinite(value):
        return number(value)
    return f"{round(value, -place) + 0.0:,.{max(0, -place)}f}"


def percent(share: float) -> str:
    """Return a share (0 to 1) in per cent, to a tenth. Less than all is never written as 100, nor some as 0."""
    tenths = round(100 * share, 1)
    if 0 < share < 1 and tenths in (0, 100):
        return "over 99.9 %" if tenths else "under 0.1 %"
    return f"{number(tenths)} %"


def words_and_unit(name: str) -> tuple[str, str]:
    """Split a name into words and unit: "p99_ms" -> ("p99", "ms"). The unit may be empty."""
    for ending, unit in UNITS.items():
        if name.endswith(f"_{ending}"):
            return name.removesuffix(f"_{ending}").replace("_", " "), unit
    return name.replace("_", " "), ""


def with_unit(name: str, value: float) -> str:
    """Return the value in words with the unit that its name carries: ("p99_ms", 15.4) -> "15.4 ms".

    A figure with an interval is written with it: "79 % (76 to 82)".
    """
    return in_unit(value, words_and_unit(name)[1])


def describe(name: str, value: float) -> str:
    """Return name and value in words."""
    return f"{words_and_unit(name)[0]}: {with_unit(name, value)}"


def axis_label(name: str) -> str:
    """Return the label of an axis for a column of that name."""
    words, unit = words_and_unit(name)
    is_percentile = words[:1] == "p" and words[1:2].isdigit()
    start = words if is_percentile else words[:1].upper() + words[1:]
    return f"{start} [{unit}]" if unit else start


def require_figure(name: str, value: object) -> None:
    """Raise `ValueError` unless `value` is a number or a truth value, and not NaN."""
    is_number = isinstance(value, Real | np.bool_)
    if not is_number or math.isnan(float(value)):  # type: ignore[arg-type]
        raise ValueError(f"{name} is {value!r}; it must be a number that is not NaN")
