"""Quantities in words: one way to write a figure and its unit, in tables, labels and alternative texts.

Names carry their unit at the end (`latency_ms`, `rate_per_s`), so the words can be made from the name.

>>> describe("p99_with_six_hops_ms", 15.431)
'p99 with six hops: 15.4 ms'
>>> axis_label("throughput_per_s")
'Throughput [requests/s]'
"""

import math
from numbers import Real

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


def number(value: float) -> str:
    """Return `value` to three significant digits, with thousands set apart; yes or no for a truth value."""
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


def percent(share: float) -> str:
    """Return a share (0 to 1) in per cent, to a tenth. Less than all is never written as 100, nor some as 0."""
    tenths = round(100 * share, 1)
    if 0 < share < 1 and tenths in (0, 100):
        return "over 99.9 %" if tenths else "under 0.1 %"
    return f"{number(tenths)} %"


def with_interval(value: float, low: float, high: float) -> str:
    """Return a value and its interval, with as many digits as half the interval leaves certain.

    An interval without width leaves the value alone.

    >>> with_interval(93.94, 88.7, 99.2), with_interval(2.43, 2.22, 2.63), with_interval(742, 553, 931)
    ('94 (89 to 99)', '2.4 (2.2 to 2.6)', '700 (600 to 900)')
    """
    half = (high - low) / 2
    if not (math.isfinite(half) and half > 0):
        return number(value)
    decimals = -math.floor(math.log10(half))
    one, least, most = (_rounded(figure, decimals) for figure in (value, low, high))
    return f"{one} ({least} to {most})"


def _rounded(value: float, decimals: int) -> str:
    """The value to that many decimals, below 0 to tens and hundreds; never "-0"."""
    return f"{round(value, decimals) + 0.0:,.{max(0, decimals)}f}"


def words_and_unit(name: str) -> tuple[str, str]:
    """Split a name into words and unit: "p99_ms" -> ("p99", "ms"). The unit may be empty."""
    for ending, unit in UNITS.items():
        if name.endswith(f"_{ending}"):
            return name.removesuffix(f"_{ending}").replace("_", " "), unit
    return name.replace("_", " "), ""


def with_unit(name: str, value: float) -> str:
    """Return the value in words with the unit that its name carries: ("p99_ms", 15.4) -> "15.4 ms"."""
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
