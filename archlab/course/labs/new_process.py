"""A learner's function as a program has it that was started anew: what its earlier runs have remembered is gone.

A check that kills a program must also take its memory. The function is copied with all that it can remember in: the
global names that it and its helpers use, what its closure holds, its default values and its attributes. The function
itself is left as it is, so that each copy begins with what was there before the first run.

What is not taken: attributes of classes, files, and random generators, which a new program would begin elsewhere.

>>> seen = []
>>> def remember(word):
...     seen.append(word)
...     return list(seen)
>>> in_new_process(remember)("a"), in_new_process(remember)("b")
(['a'], ['b'])
>>> seen
[]
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

SHARED = (ModuleType, type, random.Random, np.random.Generator, np.random.RandomState)


def in_new_process(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a copy of a function that shares no memory with it. What cannot be copied is shared."""
    wrapped: Any = getattr(function, "__wrapped__", None)
    if not isinstance(function, FunctionType):  # an object, or a cache around a function
        return _copied(function) if wrapped is None else in_new_process(wrapped)
    if getattr(wrapped, "__globals__", function.__globals__) is not function.__globals__:
        return _around(in_new_process(wrapped), wrapped, function)
    return _Copies(function.__globals__).of(function)


def _around(new: Any, old: Any, wrapper: FunctionType) -> FunctionType:
    """The same wrapper of a library, such as the one that watches an answer, around another function."""
    cells = tuple(CellType(new) if cell.cell_contents is old else cell for cell in wrapper.__closure__ or ())
    return FunctionType(wrapper.__code__, wrapper.__globals__, wrapper.__name__, wrapper.__defaults__, cells)


def _copied(value: Any) -> Any:
    if isinstance(value, SHARED):
        return value
    try:
        return deepcopy(value)
    except Exception:  # a connection, a generator, an object that raises what it likes
        return value


class _Copies:
    """Copies of functions that share their global names, and of what stands in these names."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names, self._old = dict(names), names
        self._of: dict[int, FunctionType] = {}

    def of(self, value: Any) -> Any:
        if not isinstance(value, FunctionType):
            return _copied(value)
        if value.__globals__ is not self._old:  # of a library
            return value
        if id(value) not in self._of:
            self._copy(value)
        return self._of[id(value)]

    def _copy(self, old: FunctionType) -> None:
        cells = tuple(CellType() for _ in old.__closure__ or ())
        new = FunctionType(old.__code__, self._names, old.__name__, None, cells)
        self._of[id(old)] = new  # before what it uses: functions may call one another
        new.__defaults__ = self._all(old.__defaults__)
        new.__kwdefaults__ = self._all(old.__kwdefaults__)
        new.__dict__.update({name: self.of(value) for name, value in vars(old).items()})
        for cell, held in zip(cells, old.__closure__ or (), strict=True):
            if held != CellType():
                cell.cell_contents = self.of(held.cell_contents)
        for name in _names_in(old.__code__):
            if name in self._old and self._names[name] is self._old[name]:
                self._names[name] = self.of(self._old[name])

    def _all(self, values: Any) -> Any:
        if isinstance(values, dict):
            return {name: self.of(value) for name, value in values.items()}
        return None if values is None else tuple(map(self.of, values))


def _names_in(code: CodeType) -> Iterator[str]:
    """All names that a piece of code uses, those of the functions in it as well."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)
