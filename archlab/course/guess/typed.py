"""What people type when they are asked for a number: "2", "2x", "about 1,5 s", "40 %", "1 500".

>>> to_number("2 times as long", "times"), to_number("1,5 s", "ms"), to_number("12,000", "requests/s")
(2.0, 1500.0, 12000.0)
"""

import math
import re

LARGEST = 1e15
NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:[ '’]\d{3})+(?!\d)|[\d.,]*\d)(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
BEFORE = {"", "~", "≈", "about", "around", "ca", "circa", "roughly", "approximately", "some", "$", "us$", "€"}
"""What may stand before the number."""
SPELLINGS = {
    "x": "time", "×": "time", "fold": "time", "-fold": "time",
    "percent": "%", "per cent": "%", "pct": "%",
    "us": "µs", "μs": "µs", "microsecond": "µs", "millisecond": "ms", "msec": "ms", "second": "s", "sec": "s",
    "minute": "min", "hour": "h", "d": "day",
    "req/s": "request/s", "rps": "request/s", "1/s": "request/s", "/s": "request/s", "per second": "request/s",
    "requests/s": "request/s", "requests per second": "request/s", "requests a second": "request/s",
}  # fmt: skip
SECONDS = {"µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0, "week": 604800.0}


def to_number(text: str, unit: str = "") -> float:
    """Return the number in `text`, in `unit`, whether or not that unit was typed with it.

    A comma is a decimal point ("1,5"), unless it sets thousands apart ("1,500"). Times are converted.

    Raises:
        ValueError: when there is not exactly one number, it is too large, or has another unit.
    """
    value, typed_unit = number_and_unit(text)
    converted = value * _factor(typed_unit, unit)
    if math.isnan(converted):
        raise ValueError(f"guess is {text!r}; it must be one number{_in_unit(unit)}")
    return checked(converted)


def number_and_unit(text: str) -> tuple[float, str]:
    """Return the only number in a text, and what stands behind it; NaN when there is not exactly one.

    >>> number_and_unit("about 10x"), number_and_unit("2 to 3")
    ((10.0, 'x'), (nan, ''))
    """
    plain = re.sub(r"\s", " ", text.replace("−", "-")).strip()
    found = list(NUMBER.finditer(plain))
    if len(found) != 1 or plain[: found[0].start()].strip(" .").lower() not in BEFORE:
        return math.nan, ""
    return _value(found[0].group()), plain[found[0].end() :].strip()


def checked(value: float) -> float:
    """Return a number that can be kept and drawn. Raises `ValueError` when it is not finite or too large."""
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise ValueError(f"guess is {value:g}; it must be a number between -{LARGEST:g} and {LARGEST:g}")
    return float(value)


def _value(digits: str) -> float:
    """The number that the digits stand for; NaN when points and commas make no sense."""
    digits = re.sub(r"[ '’]", "", digits)
    mantissa, exponent = re.fullmatch(r"([^eE]*)(.*)", digits).groups()  # type: ignore[union-attr]
    if re.fullmatch(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", mantissa):
        mantissa = mantissa.replace(",", "")
    elif re.fullmatch(r"[-+]?[1-9]\d{0,2}(\.\d{3})+,\d+|[-+]?[1-9]\d{0,2}(\.\d{3}){2,}", mantissa):
        mantissa = mantissa.replace(".", "").replace(",", ".")
    else:
        mantissa = mantissa.replace(",", ".")
    try:
        return float(mantissa + exponent)
    except ValueError:
        return math.nan


def _factor(typed: str, unit: str) -> float:
    """What a number with the unit `typed` is multiplied with, to be in `unit`; NaN when that makes no sense."""
    one, other = canonical(typed), canonical(unit)
    if one in ("", other):
        return 1.0
    known = one in SECONDS and other in SECONDS
    return SECONDS[one] / SECONDS[other] if known else math.nan


def canonical(unit: str) -> str:
    """Return one spelling for a unit, whatever follows it.

    >>> canonical("times as long"), canonical(" Seconds."), canonical("requests/s"), canonical("")
    ('time', 's', 'request/s', '')
    """
    words = unit.lower().strip(" .!?").split()
    for length in range(len(words), 0, -1):
        start = " ".join(words[:length])
        one = _singular(start)
        known = {*SPELLINGS.values(), *SECONDS}
        if start in SPELLINGS or one in SPELLINGS or one in known:
            return SPELLINGS.get(start, SPELLINGS.get(one, one))
    return _singular(words[0]) if words else ""


def _singular(word: str) -> str:
    return word.removesuffix("s") if len(word) > 2 and not word.endswith("/s") else word


def _in_unit(unit: str) -> str:
    return f" ({unit}), such as 2.5" if unit else ", such as 2.5"
