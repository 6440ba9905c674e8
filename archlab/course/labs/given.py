"""What an answer must leave as it is: what its check knows by name.

That is what the check's module holds, and what the modules of a chapter hold that it has imported.

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
from types import ModuleType
from typing import Any

from archlab.course.labs.expectations import expect

SCENARIOS = "archlab.chapters."
"""So begin the names of modules that hold what a check and a notebook share."""


@dataclass(frozen=True)
class Held:
    """What one name stood for, among `names`, and how it looked when it was a constant."""

    names: dict[str, Any]
    name: str
    value: Any
    look: str

    @property
    def is_unchanged(self) -> bool:
        return self.names.get(self.name) is self.value and _look(self.name, self.value) == self.look

    def restore(self) -> None:
        """Let the name stand for the same again. What was changed inside stays changed."""
        self.names[self.name] = self.value


class Given:
    """The names among `names` and in the modules of chapters among them, as they are when this is made."""

    def __init__(self, names: dict[str, Any]) -> None:
        places = [("", names), *_scenarios(names)]
        self._held = {prefix + held.name: held for prefix, place in places for held in _own(place)}

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


def _look(name: str, value: Any) -> str:
    return repr(value) if name.isupper() else ""
