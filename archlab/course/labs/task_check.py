"""The check of a task: a function that gets the learner's answer, and nothing else of the notebook.

Checks stand in `archlab.chapters.<pattern>.lab_checks`. So what a check calls its variables is no business of the
notebook's, and what the notebook calls its own is no business of the check's. A check states what it expects, and
returns what it saw, for the one line that is printed when all of it holds.

>>> from archlab.course.labs.expectations import expect, stream
>>> @task_check
... def capacity(servers_needed: Answer) -> str:
...     load = stream("capacity").uniform(2, 20)
...     expect(servers_needed(load) > load, "fewer servers than the offered load: the queue grows for ever")
...     return f"{servers_needed(7.4)} servers for a load of 7.4"
>>> capacity(lambda offered_load: int(offered_load) + 1)
capacity: passed with seed 1. 8 servers for a load of 7.4
>>> capacity(5)
Traceback (most recent call last):
AssertionError: The answer is 5; it must be a function
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from archlab.course.labs.expectations import USED, expect, seed
from archlab.course.labs.given import Given

Answer = Callable[..., Any]
"""What a learner wrote: a function, or anything else that can be called."""

BEFORE_AN_EVENT = re.compile(r"'(\w+)' object is not iterable")
BEFORE_A_GENERATOR = re.compile(r"generator object (\S+)")
A_CELL = re.compile(r"ipykernel_|ipython-input")
"""In the file name of code that stands in a notebook's cell."""


def task_check(check: Callable[..., str]) -> Callable[..., None]:
    """Make a check from a function that takes answers, is named after its task, and returns what it saw.

    The check raises `AssertionError`, in words that help, where an answer is wrong in one of the usual ways. What the
    check knows by name, such as the constants of a scenario, an answer must leave as it is.
    """

    @wraps(check)
    def judge(*answers: Answer) -> None:
        USED.set(0.0)
        given = Given(check.__globals__)
        try:
            seen = check(*(watched(answer, given) for answer in answers))
        except (AssertionError, NotImplementedError):
            raise
        except Exception as error:
            advice = about_yield(error) or in_a_cell(error)
            if not advice:
                raise
            raise AssertionError(advice) from error
        else:
            given.expect_unchanged()
        finally:
            given.restore()  # for the next check, whatever this one says
        announce(check.__name__, seen)

    return judge


def announce(task: str, seen: str) -> None:
    """Print the line that says a task is solved. An answer that has closed the output loses the line, no more."""
    with suppress(OSError, ValueError):
        print(f"{passed_words(task)} with seed {seed()}. {' '.join(seen.split())}")


def passed_words(task: str) -> str:
    """How the line begins that says a task is solved.

    >>> passed_words("capacity")
    'capacity: passed'
    """
    return f"{task}: passed"


def watched(answer: Answer, around: Given | None = None) -> Answer:
    """The same function, that says so when it returns nothing, or a method that was not called, or changes what is
    `around`.

    >>> def p99_ms(result):
    ...     sorted(result)
    >>> watched(p99_ms)([3, 1])
    Traceback (most recent call last):
    AssertionError: p99_ms returns nothing: is there a return?
    """
    expect(callable(answer), f"The answer is {answer!r}; it must be a function")
    name = getattr(answer, "__name__", type(answer).__name__)

    @wraps(answer, updated=())
    def call(*values: Any, **named: Any) -> Any:
        given = answer(*values, **named)
        if around is not None:
            around.expect_unchanged()
        expect(given is not None or returns(answer), f"{name} returns nothing: is there a return?")
        expect(not inspect.isroutine(given), f"{name} returns {given!r}, not called: put () behind it")
        return given

    return call


def returns(answer: Answer) -> bool:
    """Whether a function has a `return` with a value, as far as its source can be read."""
    try:
        nodes = list(ast.walk(ast.parse(textwrap.dedent(inspect.getsource(answer)))))
    except (OSError, TypeError, SyntaxError):
        return True
    has_return = any(isinstance(node, ast.Return) and node.value is not None for node in nodes)
    return has_return or any(isinstance(node, ast.Lambda) for node in nodes)


def about_yield(error: Exception) -> str:
    """What to do about a `yield` of the wrong kind; empty when the error is another one."""
    frames = traceback.extract_tb(error.__traceback__)
    event = BEFORE_AN_EVENT.search(str(error))
    if event and frames and "yield from" in (frames[-1].line or ""):
        if event.group(1) == "NoneType":
            return "`yield from` stands before a call that returns nothing: make the call without it"
        return f"`yield from` stands before an event ({event.group(1)}): write `yield` without `from` there"
    steps = BEFORE_A_GENERATOR.search(str(error))
    if steps and "yield" in str(error):
        return f"`yield` stands before the steps of {steps.group(1)}: write `yield from` there"
    return ""


def in_a_cell(error: Exception) -> str:
    """What went wrong in the learner's own code, and in which line of the cell; empty when it was not there."""
    raised: BaseException | None = error
    lines: list[int] = []
    while raised is not None and not lines:
        frames = traceback.extract_tb(raised.__traceback__)
        lines = [frame.lineno or 0 for frame in frames if A_CELL.search(frame.filename)]
        raised = raised.__cause__
    return f"{type(error).__name__}: {error}, in your cell, line {lines[-1]}" if lines else ""
