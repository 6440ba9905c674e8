"""Types of arguments of commands: each names the value and what is allowed, where argparse alone would name a function.

>>> at_least(1)("two")
Traceback (most recent call last):
argparse.ArgumentTypeError: it is 'two'; it must be a whole number, 1 or more
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path

LISTED = 5


def at_least(least: int) -> Callable[[str], int]:
    """The type of a whole number that is `least` or more. It raises `ArgumentTypeError` for any other text."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise ArgumentTypeError(f"it is {text!r}; it must be a whole number, {least} or more")
        return int(text)

    return number


def a_notebook(text: str) -> Path:
    """The path of a notebook; for a folder, the one notebook in it. Raises `ArgumentTypeError` when there is none."""
    path = Path(text)
    if not path.exists():
        raise ArgumentTypeError(f"{text} is not there; name a notebook, from the folder that you are in")
    if not path.is_dir():
        return path
    found = sorted(path.glob("*.ipynb"))
    if len(found) != 1:
        names = ", ".join(file.name for file in found[:LISTED]) or "no notebook"
        raise ArgumentTypeError(f"{text} is a folder with {names} in it; name one notebook")
    return found[0]
