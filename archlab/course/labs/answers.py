"""Recorded answers: the wrong ones that a check must refuse, and right ones of another style that it must accept.

They are kept in `answers.toml` beside the solution. Each has the task's name, the whole text of the answer cell, and
in words the misconception (of a wrong one) or the style (of a right one).

>>> parse_answers("[[right]]\\ntask = 'capacity'\\nstyle = 'with numpy'\\ncode = 'x = 1'")
[Answer(task='capacity', right=True, words='with numpy', code='x = 1')]
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "answers.toml"


@dataclass(frozen=True)
class Answer:
    """An answer to a task, whether it is right, and what it does in words."""

    task: str
    right: bool
    words: str
    code: str


ONCE = "once"
"""The key of the functions that a trial of the checks calls once only with the same arguments."""


def parse_answers(text: str) -> list[Answer]:
    """The answers in the text of such a file. Raises `ValueError` when it is of another form."""
    content = tomllib.loads(text)
    content.pop(ONCE, None)
    try:
        wrong = [
            Answer(a["task"], False, a["misconception"], a["code"].strip()) for a in content.pop("wrong", [])
        ]
        right = [Answer(a["task"], True, a["style"], a["code"].strip()) for a in content.pop("right", [])]
    except KeyError as missing:
        raise ValueError(f"an answer in {FILE_NAME} has no {missing}") from missing
    if content:
        raise ValueError(f"{FILE_NAME} has [[wrong]] and [[right]] answers, not {', '.join(content)}")
    return wrong + right


def read_answers(solution: Path) -> list[Answer]:
    """The answers recorded beside a solution notebook; none when there is no such file."""
    path = solution.with_name(FILE_NAME)
    return parse_answers(path.read_text(encoding="utf-8")) if path.exists() else []


def read_once(solution: Path) -> tuple[str, ...]:
    """The functions, as `module.function`, that need not do the same again for the next recorded answer."""
    path = solution.with_name(FILE_NAME)
    content = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return tuple(content.get(ONCE, ()))
