"""Reading a route: what a request asks of which part, in which order.

    route   = group , group ...          one after the other
    group   = step & step ...            at the same time; it goes on when all have answered
    step    = [later] PART TIME [x N] [for N %] [ [ route ] ]     or the name of another route, [x N] [for N %]

What stands in brackets behind a part is called by that part, while its worker is held.

>>> from archlab.chapters.choosing.own_system.lines import Line
>>> parts = {name: Part(name) for name in ("web", "database")}
>>> route = RouteReader(Line(1, "buy = web 5 ms [database 2 ms x 3]"), parts, {}).read("web 5 ms [database 2 ms x 3]")
>>> call = route.groups[0][0]
>>> call.part, call.route.groups[0][0].times
('web', 3)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NoReturn

from archlab.chapters.choosing.own_system.amounts import NUMBER, WORK, hint_for_time, percent, whole, work
from archlab.chapters.choosing.own_system.description import Call, Part, Route
from archlab.chapters.choosing.own_system.lines import NAME, Line

TIMES = re.compile(rf"x ?({NUMBER})")
CHANCE = re.compile(rf"for ({NUMBER} ?%)")
EXAMPLE = "web 5 ms [database 2 ms x 3, later mail 3 ms]"


class RouteReader:
    """Reads the text of one route, from left to right.

    Args:
        line: where it stands, for the message when it cannot be read.
        parts: the parts that may be called.
        routes: name -> the function that gives the route of that name.
    """

    def __init__(
        self, line: Line, parts: Mapping[str, Part], routes: Mapping[str, Callable[[Line], Route]]
    ) -> None:
        self._line, self._parts, self._routes = line, parts, routes
        self._left = ""

    def read(self, text: str) -> Route:
        """Return the route. Raises `ValueError` for a text that is none."""
        self._left = text.strip()
        route = self._route()
        if self._left:
            self._unexpected()
        return route

    def _route(self) -> Route:
        groups = [self._group()]
        while self._take(r","):
            groups.append(self._group())
        return Route(tuple(groups))

    def _group(self) -> tuple[Call | Route, ...]:
        steps = [self._step()]
        while self._take(r"&"):
            steps.append(self._step())
        return tuple(steps)

    def _step(self) -> Call | Route:
        later = self._take(r"later\b") is not None
        found = self._take(NAME.pattern)
        name = found[0] if found else self._unexpected()
        if name in self._routes:
            if later:
                self._line.refuse(f"'later' stands before {name!r}", "allowed: only before a part")
            return replace(self._routes[name](self._line), **self._modifiers())
        if name not in self._parts:
            self._line.refuse_unknown(name, "part or route", [*self._parts, *self._routes])
        return self._call(self._parts[name], later)

    def _call(self, part: Part, later: bool) -> Call:
        takes = self._take(WORK.pattern)
        if part.kind == "outside":
            return self._outside(part, takes is not None, later)
        if takes is None:
            words = re.match(rf"{NUMBER} ?[^\W\d]+", self._left)
            hint = hint_for_time(words[0]) if words else ""
            allowed = f"allowed: as in {part.name} 5 ms"
            self._line.refuse(f"no time with a unit stands behind {part.name!r}", hint or allowed)
        modifiers = self._modifiers()
        route = Route()
        if self._take(r"\["):
            route = self._route()
            if not self._take(r"\]"):
                self._unexpected("a ]")
        modifiers |= self._modifiers()
        demand = work(self._line, takes[0], f"the work of {part.name!r}")
        return Call(part.name, demand, route, later=later, **modifiers)

    def _outside(self, part: Part, has_time: bool, later: bool) -> Call:
        assert part.takes is not None
        if has_time or later:
            what = "a time stands behind" if has_time else "'later' stands before"
            allowed = f"its own line says how long it takes, so just: {part.name}"
            self._line.refuse(f"{what} {part.name!r}, which is outside", allowed)
        return Call(part.name, part.takes, **self._modifiers())

    def _modifiers(self) -> dict[str, Any]:
        """How often it is done, and for which share of the requests."""
        found: dict[str, Any] = {}
        while True:
            if times := self._take(TIMES.pattern):
                found["times"] = whole(self._line, times[1], "the number behind x")
            elif chance := self._take(CHANCE.pattern):
                found["chance"] = percent(self._line, chance[1], "the share behind 'for'")
            else:
                return found

    def _take(self, pattern: str) -> re.Match[str] | None:
        """What the pattern finds at the beginning of what is left, which begins behind it from then on."""
        found = re.match(pattern, self._left)
        if found:
            self._left = self._left[found.end() :].lstrip()
        return found

    def _unexpected(self, wanted: str = "a step") -> NoReturn:
        here = repr(self._left) if self._left else "the end of the line"
        self._line.refuse(f"{here} stands where {wanted} should be", f"allowed: as in {EXAMPLE}")
