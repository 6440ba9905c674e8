"""Checks of parameters: the plain words you get when a number makes no sense.

Every part of the kit checks its parameters when you build it, so that a wrong number fails there
and not as a strange picture ten cells later. The message names the parameter, the value and what is allowed.

>>> require_positive("mean", -2.0)
Traceback (most recent call last):
ValueError: mean is -2.0; it must be a finite number above 0
"""

import math
from numbers import Integral, Real


def require_positive(name: str, value: float) -> None:
    """Raise `ValueError` unless `value` is a finite number above 0."""
    _require(_is_finite(value) and value > 0, name, value, "a finite number above 0")


def require_non_negative(name: str, value: float) -> None:
    """Raise `ValueError` unless `value` is a finite number, 0 or more."""
    _require(_is_finite(value) and value >= 0, name, value, "a finite number, 0 or more")


def require_fraction(name: str, value: float) -> None:
    """Raise `ValueError` unless `value` is between 0 and 1, both allowed."""
    _require(_is_finite(value) and 0 <= value <= 1, name, value, "between 0 and 1")


def require_percent(name: str, value: float) -> None:
    """Raise `ValueError` unless `value` is between 0 and 100, both allowed."""
    _require(_is_finite(value) and 0 <= value <= 100, name, value, "between 0 and 100")


def require_whole(name: str, value: int, at_least: int) -> None:
    """Raise `ValueError` unless `value` is a whole number and not below `at_least`."""
    _require(_is_whole(value) and value >= at_least, name, value, f"a whole number, {at_least} or more")


def _is_finite(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


def _is_whole(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral)


def _require(holds: bool, name: str, value: object, allowed: str) -> None:
    if not holds:
        raise ValueError(f"{name} is {value!r}; it must be {allowed}")
