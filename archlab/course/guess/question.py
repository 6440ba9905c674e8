"""A question with a field for the reader's guess. Make `guess(...)` the last line of a cell.

In JupyterLab it is a field, or a group of buttons, whose content is kept at once. Elsewhere it is the question in
words, and a line of code sets the answer. What is saved with a notebook never holds anybody's guess.

>>> guess("load.growth", "How many times as long does p99 become?", unit="times")
How many times as long does p99 become? [times]
To answer: guess("load.growth").value = 3
>>> guess("load.first", "What fills up first?", choices=["the cores", "the workers"])
What fills up first? [the cores / the workers]
To answer: guess("load.first").value = "the cores"
"""

from collections.abc import Sequence
from html import escape
from typing import Any

from archlab.course.guess.field import field
from archlab.course.guess.store import Guesses, require_name, require_plain
from archlab.course.guess.typed import checked, to_number
from archlab.course.live import bundle


def guess(name: str, question: str = "", unit: str = "", choices: Sequence[str] = ()) -> "Guess":
    """Ask for a guess, and keep what the reader answers.

    Args:
        name: what the guess is called later, unique in the course, such as "load.growth": small letters, digits,
            hyphens, and a point behind the name of the chapter or section, if it has one.
        question: in words. Without it this is the guess that was asked for elsewhere.
        unit: of the number, such as "times", "ms" or "%".
        choices: two or more answers to choose from; empty: a number is asked for.

    Raises:
        ValueError: when the name, the unit or a choice is not allowed.
    """
    return Guess(name, question, unit, tuple(choices) if not isinstance(choices, str) else (choices,))


class Guess:
    """One question and the reader's answer. Made by `guess`."""

    def __init__(
        self,
        name: str,
        question: str,
        unit: str = "",
        choices: tuple[str, ...] = (),
        kept: Guesses | None = None,
    ) -> None:
        require_name(name)
        require_plain("unit", unit)
        for choice in choices:
            require_plain("choice", choice)
        if len(choices) == 1 or len(set(choices)) < len(choices):
            raise ValueError(f"choices is {choices}; it must hold two or more different answers, or none")
        self.name, self.question, self.unit, self.choices = name, question, unit, choices
        self._kept = kept if kept is not None else Guesses()

    @property
    def value(self) -> float | str | None:
        """The answer, or None. What you set may be a number, or a text with one, or a choice."""
        return self._kept.get(self.name)

    @value.setter
    def value(self, answer: float | str | None) -> None:
        if answer is None or (isinstance(answer, str) and not answer.strip()):
            self._kept.forget(self.name)
        else:
            self._kept.keep(self.name, self.understood(answer), self.unit)

    def understood(self, answer: float | str) -> float | str:
        """Return the number or the choice that an answer means. Raises `ValueError` when it means neither."""
        if self.choices:
            if answer not in self.choices:
                raise ValueError(f"guess is {answer!r}; it must be one of {', '.join(self.choices)}")
            return answer
        if isinstance(answer, str):
            return to_number(answer, self.unit) if self.question else _any_answer(answer)
        return checked(answer)

    @property
    def label(self) -> str:
        """The question, and the unit of the answer."""
        return f"{self.question or self.name}{f' [{self.unit}]' if self.unit else ''}"

    @property
    def words(self) -> str:
        """The same with the choices, for where there are no buttons."""
        return f"{self.label} [{' / '.join(self.choices)}]" if self.choices else self.label

    def __repr__(self) -> str:
        example = f'"{self.choices[0]}"' if self.choices else "3"
        return f'{self.words}\nTo answer: guess("{self.name}").value = {example}'

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The field; where there is none, the question and how to get the field."""
        html = f"<p><b>Your guess:</b> {escape(self.words)} <i>Run this cell to write it down.</i></p>"
        return bundle(field(self), html, repr(self))


def _any_answer(answer: str) -> float | str:
    """What an answer means when the question is not known: a number if it is one."""
    try:
        return to_number(answer)
    except ValueError:
        return answer.strip()
