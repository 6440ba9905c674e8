"""Quantities in words: one way to write a figure and its unit, in tables, labels and alternative texts.

Names carry their unit at the end (`latency_ms`, `rate_per_s`), so the words can be made from the name. A figure that
knows its interval is written with the digits that the interval supports, and with the interval.

>>> describe("p99_with_six_hops_ms", 15.431)
'p99 with six hops: 15.4 ms'
>>> with_interval("served_percent", 79.314, low=76.0, high=81.7)
'79 % (76 to 82)'
>>> axis_label("throughput_per_s")
'Throughput [requests/s]'
"""

import math
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Protocol, runtime_checkable

import numpy as np

UNITS = {
    "usd_per_hour": "US$/h",
    "usd_per_month": "US$/month",
    "usd": "US$",
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


@runtime_checkable
class WithInterval(Protocol):
    """A figure that knows the interval in which it may be: `archlab.course.claims.OverSeeds`, for one."""

    @property
    def low(self) -> float: ...

    @property
    def high(self) -> float: ...


def number(value: float) -> str:
    """Return `value` to three significant digits, with thousands set apart; yes or no for a truth value.

    A figure with an interval is written with it, in the digits that the interval supports: "79 (76 to 82)".
    """
    if isinstance(value, WithInterval):
        return _with_interval(float(value), value.low, value.high, unit="")
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not math.isfinite(value):
        return "none" if math.isnan(value) else ("above all tried" if value > 0 else "below all tried")
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.2e}"
    if abs(value) < 1e-4:
        return f"{value:.2e}"
    text = f"{value:.{2 - math.floor(math.log10(abs(value)))}f}"
    return text.rstrip("0").rstrip(".")


def rounded(value: float, low: float, high: float) -> tuple[str, str]:
    """Return a figure and its interval in words, in the digits that the interval supports.

    The last digit is the first in which the ends differ, and the ends are rounded outwards: (79.3, 76.2, 81.7)
    becomes ("79", "76 to 82"). The interval is empty where its ends are the same in three digits.

    Raises:
        ValueError: when one is NaN, or `value` is not between `low` and `high`.
    """
    if not low <= value <= high:
        raise ValueError(f"value is {value!r}; it must be between low and high, {low!r} and {high!r}")
    place = _place([end for end in (low, value, high) if math.isfinite(end)])
    is_hidden = place is not None and high - low < 10.0**place and _at(low, place) == _at(high, place)
    if low == high or is_hidden:
        return number(value), ""
    return _at(value, place), f"{_at(low, place, math.floor)} to {_at(high, place, math.ceil)}"


def about(value: float) -> str:
    """Return a figure as a sentence needs it: "about 2.1 (1.9 to 2.4)", and just "2.1" where no digit is in doubt."""
    text = number(value)
    return f"about {text}" if "(" in text else text


def _with_interval(value: float, low: float, high: float, unit: str) -> str:
    figure, interval = rounded(value, low, high)
    text = f"{figure} {unit}" if unit and math.isfinite(value) else figure
    return f"{text} ({interval})" if interval else text


def _place(finite: Sequence[float]) -> int | None:
    """Return the power of ten of the last digit worth writing of values that may be as far apart as these.

    None when they are not apart. An infinite end says nothing about the digits, so it is not among them.
    """
    width = float(f"{max(finite, default=0.0) - min(finite, default=0.0):.6g}")
    if not width:
        return None
    finest = min(0, math.floor(math.log10(max(abs(end) for end in finite))) - DIGITS + 1)
    return max(finest, math.floor(math.log10(width)))


def _at(value: float, place: int | None, rounding: Callable[[float], float] = round) -> str:
    """Return a number rounded at a power of ten. A millionth of the last digit is dust of floats."""
    if place is None or math.isinf(value):
        return number(value)
    digit = rounding(round(value / 10.0**place, 6))
    return f"{digit * 10.0**place:,.{max(0, -place)}f}"


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


def with_interval(name: str, value: float, low: float, high: float) -> str:
    """Return a figure with its unit and its interval, as `rounded` does: "79 % (76 to 82)"."""
    return _with_interval(value, low, high, words_and_unit(name)[1])


def with_unit(name: str, value: float) -> str:
    """Return the value in words with the unit that its name carries: ("p99_ms", 15.4) -> "15.4 ms".

    A figure with an interval is written with it: "79 % (76 to 82)".
    """
    if isinstance(value, WithInterval):
        return with_interval(name, float(value), value.low, value.high)
    unit = words_and_unit(name)[1]
    return f"{number(value)} {unit}" if unit and math.isfinite(value) else number(value)


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
