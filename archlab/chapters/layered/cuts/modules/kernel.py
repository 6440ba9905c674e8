"""What all modules share and none of them is about: how requests come in, answers go out, and money is written.

>>> money(1205)
'12.05'
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from archlab.shop.database import Queries
from archlab.shop.domain import Refusal
from archlab.shop.instance import Steps

T = TypeVar("T")
UseCase = Callable[[Mapping[str, Any]], Steps[dict[str, Any]]]
Command = Callable[[Sequence[str]], Steps[str] | None]


def ask(queries: Queries, question: Callable[[], T]) -> Steps[T]:
    """Wait for one query, and return what the rows say at its end."""
    yield from queries.run()
    return question()


def money(cents: int) -> str:
    """Return an amount as people read it."""
    return f"{cents // 100}.{cents % 100:02d}"


class JsonApi:
    """Reads requests and writes answers. What is in them, each module says."""

    def __init__(self, use_cases: Mapping[str, UseCase]) -> None:
        self._use_cases = use_cases

    def handle(self, request: str) -> Steps[str]:
        """Return the answer to a request. Raises `ValueError` for one that cannot be understood."""
        body = json.loads(request)
        kind = body.get("use_case")
        if kind not in self._use_cases:
            raise ValueError(f"use_case is {kind!r}; it must be one of {', '.join(self._use_cases)}")
        try:
            return json.dumps((yield from self._use_cases[kind](body)))
        except KeyError as missing:
            raise ValueError(f"{kind} needs {missing.args[0]!r}; the request has {sorted(body)}") from missing
        except Refusal as refusal:
            return json.dumps({"refused": refusal.reason})


class CommandLine:
    """Reads a line and writes one. What is in them, each module says."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self._commands = commands

    def run(self, line: str) -> Steps[str]:
        """Return what stands on the screen then. Raises `ValueError` for a line that no module knows."""
        try:
            for command in self._commands:
                steps = command(line.split())
                if steps is not None:
                    return (yield from steps)
        except Refusal as refusal:
            return f"refused: {refusal.reason}"
        raise ValueError(f"line is {line!r}; no module knows it")
