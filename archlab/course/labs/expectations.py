"""What a check cell is written with: it states what it expects, and prints one line when all of it holds.

Whoever judges an answer runs its check twice, with two seeds, and compares the printed lines with those of the
solution. So draw what you check with from `stream`, and put into the line what the answer gave.

>>> def servers_needed(offered_load):
...     return int(offered_load) + 1
>>> load = stream("capacity").uniform(2, 20)
>>> expect(servers_needed(load) > load, "fewer servers than the offered load: the queue grows for ever")
>>> passed("capacity", f"{servers_needed(7.4)} servers for a load of 7.4")
capacity: passed with seed 1. 8 servers for a load of 7.4
"""

from __future__ import annotations

import math
import os
from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

SEED_VARIABLE = "ARCHLAB_LAB_SEED"
USUAL_SEED = 1


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
    """Raise `AssertionError`, with both figures, unless `actual` is within `relative` of `wanted`.

    >>> expect_close(0.1 + 0.2, 0.3, "the mean latency in seconds")
    >>> expect_close(None, 0.3, "the mean latency in seconds")
    Traceback (most recent call last):
    AssertionError: the mean latency in seconds is None; it must be a number. Is there a return?
    """
    expect(
        isinstance(actual, Real) and not isinstance(actual, bool),
        f"{what} is {actual!r}; it must be a number. Is there a return?",
    )
    expect(
        math.isclose(actual, wanted, rel_tol=relative),
        f"{what} is {float(actual):.6g}; it should be {wanted:.6g}",
    )


def passed(task: str, seen: str) -> None:
    """Print the line that says a task is solved: its name, the seed, and in `seen` what the check saw.

    Raises `ValueError` when that would be more than one line.
    """
    line = f"{task}: passed with seed {seed()}. {seen}"
    if len(line.splitlines()) != 1:
        raise ValueError(f"seen is {seen!r}; it must be one line")
    print(line)
