"""What an answer must leave as it is: what its check knows by name.

That is what the check's module holds, and what the modules of a chapter hold that it has imported. Of the classes of
chapters among them, it is the methods and properties, too.

>>> names = {"LOST": 0.02}
>>> given = Given(names)
>>> names["LOST"] = 0
>>> given.expect_unchanged()
Traceback (most recent call last):
AssertionError: your answer changes LOST: leave it as it is
>>> names
{'LOST': 0.02}
"""

from __future__ import annotations

from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from archlab.course.labs.expectations import expect

SCENARIOS = "archlab.chapters."
"""So begin the names of modules that hold what a check and a notebook share."""


METHODS = (FunctionType, property, classmethod, staticmethod)
"""What is held of a class. Its data may change while it is used."""


@dataclass(frozen=True)
class Held:
    """What one name stood for, among `names` or in a class, and how it looked when it was a constant."""

    names: dict[str, Any] | type
    name: str
    value: Any
    look: str

    @property
    def is_unchanged(self) -> bool:
        names = vars(self.names) if isinstance(self.names, type) else self.names
        return names.get(self.name) is self.value and _look(self.name, self.value) == self.look

    def restore(self) -> None:
        """Let the name stand for the same again. What was changed inside stays changed."""
        if isinstance(self.names, type):
            setattr(self.names, self.name, self.value)
        else:
            self.names[self.name] = self.value


class Given:
    """The names among `names` and in the modules of chapters among them, as they are when this is made."""

    def __init__(self, names: dict[str, Any]) -> None:
        places = [("", names), *_scenarios(names)]
        self._held = {prefix + held.name: held for prefix, place in places for held in _own(place)}
        for name, held in list(self._held.items()):
            self._held |= {f"{name}.{one.name}": one for one in _methods(held.value)}

    def expect_unchanged(self) -> None:
        """Raise `AssertionError`, which names what was changed, after it stands for the same as before again."""
        changed = self.restore()
        expect(not changed, f"your answer changes {', '.join(changed)}: leave it as it is")

    def restore(self) -> list[str]:
        """Let what was changed stand for the same as before again, and return its names."""
        changed = {name: held for name, held in self._held.items() if not held.is_unchanged}
        for held in changed.values():
            held.restore()
        return list(changed)


def _scenarios(names: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The names in each module of a chapter, with the name that the check has for it before them."""
    modules = [(name, value) for name, value in names.items() if isinstance(value, ModuleType)]
    return [(f"{name}.", vars(module)) for name, module in modules if module.__name__.startswith(SCENARIOS)]


def _own(names: dict[str, Any]) -> list[Held]:
    return [
        Held(names, name, value, _look(name, value))
        for name, value in names.items()
        if not name.startswith("__")
    ]


def _methods(value: Any) -> list[Held]:
    """What is held of a class of a chapter; nothing of anything else."""
    if not isinstance(value, type) or not value.__module__.startswith(SCENARIOS):
        return []
    return [Held(value, name, one, "") for name, one in vars(value).items() if isinstance(one, METHODS)]


def _look(name: str, value: Any) -> str:
    return repr(value) if name.isupper() else ""
