"""What an answer must leave as it is: what its check knows by name.

That is what the check's module holds, and what the modules of a chapter hold that it has imported. Of the classes of
chapters among them it is the methods and properties, too, and so it is of the configurations of shops: of each class
itself, and of those that it inherits from.

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

from collections.abc import Mapping
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from archlab.course.labs.expectations import expect

SCENARIOS = "archlab.chapters."
"""So begin the names of modules that hold what a check and a notebook share."""
CONFIGURATIONS = "archlab.shop.config"
"""Where the class stands that all configurations of shops inherit from. Its name is enough: loading it takes time."""
COURSE = "archlab."
METHODS = (FunctionType, property, classmethod, staticmethod)
"""What is held of a class. Its data may change while it is used."""
FIXED = (bool, int, float, str, type(None))
"""What looks as it does for as long as it is there."""
ABSENT = object()
"""What a name stands for that a class has from those it inherits from, and not of its own."""


@dataclass(frozen=True)
class Held:
    """What one name stood for, among `names` or in a class, and how it looked when it was a constant."""

    names: dict[str, Any] | type
    name: str
    value: Any
    look: str

    @property
    def place(self) -> Mapping[str, Any]:
        """Where the name stands, as it is now and will be."""
        return vars(self.names) if isinstance(self.names, type) else self.names

    @property
    def may_look_otherwise(self) -> bool:
        """Whether it is a constant that can be changed inside."""
        return bool(self.look) and not _is_fixed(self.value)

    @property
    def is_unchanged(self) -> bool:
        return self.place.get(self.name, ABSENT) is self.value and _look(self.name, self.value) == self.look

    def restore(self) -> None:
        """Let the name stand for the same again. What was changed inside stays changed."""
        if not isinstance(self.names, type):
            self.names[self.name] = self.value
        elif self.value is ABSENT:
            delattr(self.names, self.name)
        else:
            setattr(self.names, self.name, self.value)


class Given:
    """The names among `names` and in the modules of chapters among them, as they are when this is made."""

    def __init__(self, names: dict[str, Any]) -> None:
        places = [("", names), *_scenarios(names)]
        self._held = {prefix + held.name: held for prefix, place in places for held in _own(place)}
        for name, of in _classes(self._held).items():
            self._held |= {f"{name}.{one.name}": one for one in _methods(of)}
        all_held = list(self._held.values())
        self._values = [(held.place.get, held.name, held.value) for held in all_held]
        self._looks = {
            id(held.value): (held.value, held.look) for held in all_held if held.may_look_otherwise
        }

    def expect_unchanged(self) -> None:
        """Raise `AssertionError`, which names what was changed, after it stands for the same as before again."""
        changed = self.restore()
        expect(not changed, f"your answer changes {', '.join(changed)}: leave it as it is")

    def restore(self) -> list[str]:
        """Let what was changed stand for the same as before again, and return its names."""
        if self._is_unchanged():
            return []
        changed = {name: held for name, held in self._held.items() if not held.is_unchanged}
        for held in changed.values():
            held.restore()
        return list(changed)

    def _is_unchanged(self) -> bool:
        """Whether all is unchanged. It is asked after each call of an answer, and there may be thousands of calls."""
        for get, name, value in self._values:
            if get(name, ABSENT) is not value:
                return False
        for value, look in self._looks.values():  # noqa: SIM110 - an answer may change what `all` means
            if repr(value) != look:
                return False
        return True


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


def _classes(held: dict[str, Held]) -> dict[str, type]:
    """The classes whose methods are held, each once, and those of the course that they inherit from."""
    names: dict[type, str] = {}
    for name, one in held.items():
        if _is_lent(one.value):
            names.setdefault(one.value, name)
    for of in list(names):
        for base in of.__mro__:
            if base.__module__.startswith(COURSE):
                names.setdefault(base, base.__name__)
    return {name: of for of, name in names.items()}


def _is_lent(value: Any) -> bool:
    """Whether something is a class of a chapter, or the configuration of a shop."""
    if not isinstance(value, type):
        return False
    is_configuration = any(base.__module__ == CONFIGURATIONS for base in value.__mro__)
    return is_configuration or value.__module__.startswith(SCENARIOS)


def _methods(of: type) -> list[Held]:
    """The methods and properties of a class, and the names of those that it inherits.

    Python itself gives a class some names with two underscores when it is first used.
    """
    own = vars(of)
    names = {name for base in of.__mro__ for name, one in vars(base).items() if isinstance(one, METHODS)}
    return [
        Held(of, name, own.get(name, ABSENT), "")
        for name in names
        if name in own or not name.startswith("__")
    ]


def _is_fixed(value: Any) -> bool:
    """Whether nothing can be changed inside: a number, a text, or a tuple of such.

    >>> _is_fixed((0.5, "s")), _is_fixed(([],))
    (True, False)
    """
    return type(value) in FIXED or (type(value) is tuple and all(map(_is_fixed, value)))


def _look(name: str, value: Any) -> str:
    return repr(value) if name.isupper() else ""
