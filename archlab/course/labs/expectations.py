"""What a check is written with: it draws what it checks with, and states what it expects.

Whoever judges an answer runs its check twice, with two seeds. So draw what you check with from `stream`, and give
`seed` to what you simulate. Numbers are accepted in any form that a learner may reasonably return.

>>> load = stream("capacity").uniform(2, 20)
>>> expect(load > 1, "too little work for two servers")
>>> expect_numbers({"p50": 3, "p99": 9.5}, 2, "percentiles")
(3.0, 9.5)
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

USED: ContextVar[float] = ContextVar("the share of a tolerance that was used", default=0.0)
"""The largest share since the check began, for authors: `python run.py labs --try` prints it."""

SEED_VARIABLE = "ARCHLAB_LAB_SEED"
USUAL_SEED = 1

UNITS_APART = {1000: "1,000 times", 100: "100 times", 60: "60 times", 3600: "3,600 times"}
"""Factors between units that are taken for one another: s and ms, shares and per cent, seconds and minutes or hours."""


def seed() -> int:
    """The seed of this run: 1 in the notebook, another one when an answer is judged a second time.

    It comes from the environment variable `ARCHLAB_LAB_SEED`. Raises `ValueError` when that is no whole number.
    """
    return int(os.environ.get(SEED_VARIABLE, USUAL_SEED))


def stream(task: str) -> np.random.Generator:
    """Random numbers for the check of one task, decided by the seed of this run and the task's name."""
    from archlab.sim import Streams

    return Streams(seed()).stream(task)


def expect(condition: object, message: str) -> None:
    """Raise `AssertionError` with `message` unless the condition is true. Works under `python -O` as well."""
    if not condition:
        raise AssertionError(message)


def expect_close(actual: Any, wanted: float, what: str, relative: float = 0.01) -> None:
    """Raise `AssertionError`, with both figures, unless `actual` is a number within `relative` of `wanted`.

    >>> expect_close(0.1 + 0.2, 0.3, "the mean latency in seconds")
    >>> expect_close(300, 0.3, "the mean latency in seconds")
    Traceback (most recent call last):
    AssertionError: the mean latency in seconds is 300; it should be 0.3, within 1 %. It is 1,000 times too large: \
which unit?
    """
    figure = expect_number(actual, what)
    hint = unit_hint(figure, wanted, relative)
    expect(
        math.isclose(figure, wanted, rel_tol=relative),
        f"{what} is {figure:.6g}; it should be {wanted:.6g}, within {100 * relative:g} %{hint}",
    )
    use(abs(figure - wanted) / (relative * max(abs(figure), abs(wanted))) if figure != wanted else 0.0)


def expect_at_most(figure: float, most: float, message: str) -> None:
    """Raise `AssertionError` with `message` when `figure` is above `most`, which is positive."""
    expect(figure <= most, message)
    use(figure / most)


def expect_at_least(figure: float, least: float, message: str) -> None:
    """Raise `AssertionError` with `message` when `figure` is below `least`, which is positive."""
    expect(figure >= least, message)
    use(least / figure)


def use(share: float) -> None:
    """Note that an answer used this share of what a check allows."""
    USED.set(max(USED.get(), share))


def expect_number(given: Any, what: str) -> float:
    """Return a number as a float: Python's, NumPy's, or an array or Series that holds one. Else `AssertionError`.

    >>> expect_number(None, "the mean latency in seconds")
    Traceback (most recent call last):
    AssertionError: the mean latency in seconds is None; it must be a number. Is there a return?
    """
    expect(not callable(given), f"{what} is {given!r}, not called; put () behind it")
    value = given.item() if getattr(given, "size", 0) == 1 and hasattr(given, "item") else given
    is_number = hasattr(value, "__float__") and not isinstance(value, bool) and not hasattr(value, "__len__")
    expect(is_number, f"{what} is {given!r}; it must be a number. Is there a return?")
    return float(value)


def expect_numbers(given: Any, count: int, what: str) -> tuple[float, ...]:
    """Return `count` numbers as floats, from a tuple, list, array, Series, dictionary, or two from an interval.

    Raises `AssertionError` when these are not so many numbers.
    """
    wanted = f"{what} gives {given!r}; {count} numbers are wanted"
    if count == 2 and hasattr(given, "low") and hasattr(given, "high"):
        given = (given.low, given.high)
    expect(isinstance(given, Iterable) and not isinstance(given, str), wanted)
    values = list(given.values() if isinstance(given, Mapping) else given)
    expect(len(values) == count, wanted)
    return tuple(
        expect_number(value, f"number {n} of what {what} gives") for n, value in enumerate(values, 1)
    )


def expect_mapping(given: Any, what: str) -> dict[str, Any]:
    """Return a dictionary, a Series or any other mapping as a dictionary, with plain strings. Else `AssertionError`.

    >>> expect_mapping([5], "bulkheads")
    Traceback (most recent call last):
    AssertionError: bulkheads gives [5]; a dictionary is wanted
    """
    expect(
        hasattr(given, "keys") and hasattr(given, "items"), f"{what} gives {given!r}; a dictionary is wanted"
    )
    return {expect_text(key, f"a key of what {what} gives"): value for key, value in given.items()}


def expect_text(given: Any, what: str) -> str:
    """Return a text as a plain string: Python's, NumPy's, or a member of a `StrEnum`. Else `AssertionError`.

    >>> expect_text(None, "the rule")
    Traceback (most recent call last):
    AssertionError: the rule is None; it must be a text
    """
    value = given.item() if getattr(given, "size", 0) == 1 and hasattr(given, "item") else given
    expect(isinstance(value, str), f"{what} is {given!r}; it must be a text")
    return str.__str__(value)


def expect_steps(answer: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same function, that says so when what it gives is no generator."""
    name = getattr(answer, "__name__", type(answer).__name__)

    @wraps(answer, updated=())
    def call(*values: Any, **named: Any) -> Any:
        steps = answer(*values, **named)
        expect(hasattr(steps, "send"), f"{name} is no generator: is there a `yield from`?")
        return steps

    return call


def unit_hint(figure: float, wanted: float, relative: float) -> str:
    """A question about the unit when a figure is too large or too small by a factor between two units."""
    for factor, times in UNITS_APART.items():
        if math.isclose(figure, wanted * factor, rel_tol=relative):
            return f". It is {times} too large: which unit?"
        if math.isclose(figure * factor, wanted, rel_tol=relative):
            return f". It is {times} too small: which unit?"
    return ""
