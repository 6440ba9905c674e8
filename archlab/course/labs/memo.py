"""Runs that are made once while the checks of a lab are on trial, though many recorded answers ask for them.

`answers.toml` names the functions: those whose result is decided by their arguments alone. The trial puts a memo before
each of them, and leaves it out for answers that may change what is not their own. Nothing of it is there when a lab is
judged: an answer that was handed in could write into a memo.

>>> import json
>>> remember("json.dumps")
>>> json.dumps({"a": 1}), json.dumps({"a": 1})
('{"a": 1}', '{"a": 1}')
>>> len(json.dumps.results)
1
>>> leave_out("json.dumps")
>>> hasattr(json.dumps, "results")
False
"""

from __future__ import annotations

import ast
import pickle
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from types import ModuleType
from typing import Any

OF_AN_ANSWER = b"__main__"
"""In what is pickled of a class that an answer has defined. The next answer's class may have the same name."""
FAR_NAMES = ("setattr", "delattr", "globals", "vars", "exec", "eval", "sys")
"""Names with which an answer may change what is not its own."""


def remember(*names: str) -> None:
    """Put a memo before each of these functions, named as `module.function`: the same one as before, if there was."""
    for name in names:
        module, own_name = _place(name)
        function = getattr(module, own_name)
        if "results" not in vars(function):
            setattr(module, own_name, vars(function).setdefault("with_memo", _with_memo(function)))


def leave_out(*names: str) -> None:
    """Take the memos before these functions away, for a while."""
    for name in names:
        module, own_name = _place(name)
        setattr(module, own_name, getattr(module, own_name).without_memo)


def _place(name: str) -> tuple[ModuleType, str]:
    module, _, function = name.rpartition(".")
    return import_module(module), function


def _with_memo(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, that gives a new copy of what it gave before for the same arguments."""
    results: dict[bytes, bytes] = {}

    @wraps(function)
    def call(*values: Any, **named: Any) -> Any:
        arguments = _pickled((values, named))
        if arguments is None:
            return function(*values, **named)
        if arguments not in results:
            results[arguments] = pickle.dumps(function(*values, **named))
        return pickle.loads(results[arguments])

    vars(call).update(results=results, without_memo=function)
    return call


def _pickled(arguments: Any) -> bytes | None:
    """Arguments as bytes; None when they cannot be written so, or something in them is an answer's own."""
    try:
        written = pickle.dumps(arguments)
    except Exception:  # a lambda, a connection
        return None
    return None if OF_AN_ANSWER in written else written


def may_change_others(source: str) -> bool:
    """Whether an answer may change what is not its own, so that no memo may stand between it and its check.

    >>> may_change_others("def f(config):\\n    type(config).rented = lambda self: {}")
    True
    >>> may_change_others("def f(config):\\n    figures = {}\\n    figures['usd'] = 3\\n    return figures")
    False
    """
    return any(map(_is_far, ast.walk(ast.parse(source))))


def _is_far(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return not isinstance(node.ctx, ast.Load) or node.attr.startswith("__")
    if isinstance(node, ast.Subscript):
        return not isinstance(node.ctx, ast.Load) and not isinstance(node.value, ast.Name)
    if isinstance(node, ast.Name):
        return node.id in FAR_NAMES
    return isinstance(node, ast.Global)
