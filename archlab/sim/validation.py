"""Checks of parameters: the plain words you get when a value makes no sense.

Every part of the kit checks its parameters when you build it, so that a wrong value fails there
and not as a strange picture ten cells later. The message names the parameter, the value and what is allowed.
A number that is out of range is a `ValueError`; a thing of another kind than was asked for is a `TypeError`.

>>> require_positive("mean", -2.0)
Traceback (most recent call last):
ValueError: mean is -2.0; it must be a finite number above 0
>>> require_function("handler", None)
Traceback (most recent call last):
TypeError: handler is None; it must be a function
"""

import math
from collections.abc import Collection
from numbers import Integral, Real
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

LONGEST = 200
"""A value is shown with so many letters at most."""


def require_number(name: str, value: float) -> None:
    """Raise `ValueError` unless `value` is a finite number."""
    _require(is_finite(value), name, value, "a finite number")


def require_positive(name: str, value: float) -> None:
    """Raise `ValueError` unless `value` is a finite number above 0."""
    _require(is_finite(value) and value > 0, name, value, "a finite number above 0")


def require_non_negative(name: str, value: float) -> None:
    """Raise `ValueError` unless `value` is a finite number, 0 or more."""
    _require(is_finite(value) and value >= 0, name, value, "a finite number, 0 or more")


def require_seconds(name: str, value: float) -> None:
    """Raise `ValueError` unless `value` is a finite number of seconds, 0 or more."""
    _require(is_finite(value) and value >= 0, name, value, "a number of seconds, 0 or more")


def require_at_least(name: str, value: float, least: float, what: str) -> None:
    """Raise `ValueError` unless `value` is a number, or infinite, and not below `least`, which is `what`."""
    allowed = f"{what}, {least!r}, or more"
    _require(_is_number(value) and value >= least, name, value, allowed)


def require_fraction(name: str, value: float) -> None:
    """Raise `ValueError` unless `value` is between 0 and 1, both allowed."""
    _require(is_finite(value) and 0 <= value <= 1, name, value, "between 0 and 1")


def require_percent(name: str, value: float) -> None:
    """Raise `ValueError` unless `value` is between 0 and 100, both allowed."""
    _require(is_finite(value) and 0 <= value <= 100, name, value, "between 0 and 100")


def require_whole(name: str, value: int, at_least: int) -> None:
    """Raise `ValueError` unless `value` is a whole number and not below `at_least`."""
    _require(is_whole(value) and value >= at_least, name, value, f"a whole number, {at_least} or more")


def require_lasting(name: str, value: float | None) -> None:
    """Raise `ValueError` unless `value` is a finite number of seconds above 0, or None, which means for ever."""
    allowed = "a finite number above 0, or None: it never ends"
    _require(value is None or (is_finite(value) and value > 0), name, value, allowed)


def require_text(name: str, value: str) -> None:
    """Raise `ValueError` unless `value` is a text of at least one character."""
    _require(isinstance(value, str) and value != "", name, value, "a text of at least one character")


def require_texts(name: str, values: Collection[str], of: str) -> None:
    """Raise `ValueError` unless `values` holds one text or more, each a name `of` something, and is none itself."""
    named = isinstance(values, Collection) and not isinstance(values, (str, bytes)) and len(values) > 0
    holds = named and all(isinstance(value, str) and value for value in values)
    _require(holds, name, values, f"a list of names of {of}, at least one")


def require_one_of(name: str, value: str, allowed: Collection[str]) -> None:
    """Raise `ValueError` unless `value` is one of the texts in `allowed`."""
    holds = isinstance(value, str) and value in allowed
    _require(holds, name, value, f"one of {', '.join(map(repr, allowed))}")


def require_flag(name: str, value: bool) -> None:
    """Raise `TypeError` unless `value` is True or False."""
    if not isinstance(value, bool):
        refuse(TypeError, name, value, "True or False")


def require_function(name: str, value: Any) -> None:
    """Raise `TypeError` unless `value` can be called."""
    if not callable(value):
        refuse(TypeError, name, value, "a function")


def require_instance(name: str, value: Any, kind: type | tuple[type, ...], what: str) -> None:
    """Raise `TypeError` unless `value` is an object of this `kind`, called `what` in the message."""
    if not isinstance(value, kind):
        refuse(TypeError, name, value, what)


def require_failures(name: str, kinds: Any) -> None:
    """Raise `TypeError` unless `kinds` is a tuple of classes of exceptions, as `except` takes it."""
    holds = isinstance(kinds, tuple) and all(
        isinstance(k, type) and issubclass(k, BaseException) for k in kinds
    )
    if not holds:
        refuse(TypeError, name, kinds, "a tuple of classes of failures, such as (TimedOut, Refused)")


def numbers_in(name: str, values: Any, what: str) -> npt.NDArray[np.float64]:
    """Return `values` as an array of one dimension. Raise `ValueError` unless it is a list of `what`: of numbers."""
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = np.empty(0)
    _require(numbers.ndim == 1 and numbers.size > 0, name, values, f"a list of {what}")
    return numbers


def is_finite(value: object) -> bool:
    """Whether it is a finite number."""
    if value.__class__ is float:  # nearly always
        return math.isfinite(value)
    try:
        return _is_number(value) and math.isfinite(value)  # type: ignore[arg-type]
    except OverflowError:  # a whole number beyond all floating-point numbers
        return False


def refuse(error: type[Exception], name: str, value: Any, allowed: str) -> NoReturn:
    """Raise `error` with the name of a parameter, its value and what is allowed."""
    raise error(f"{name} is {shown(value)}; it must be {allowed}")


def shown(value: Any) -> str:
    """How a value looks in a message: as Python writes it, cut short when that is long.

    >>> shown([1, 2]), len(shown(list(range(1000))))
    ('[1, 2]', 203)
    """
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real)


def is_whole(value: object) -> bool:
    """Whether it is a whole number."""
    return value.__class__ is int or (not isinstance(value, bool) and isinstance(value, Integral))


def _require(holds: bool, name: str, value: object, allowed: str) -> None:
    if not holds:
        refuse(ValueError, name, value, allowed)
