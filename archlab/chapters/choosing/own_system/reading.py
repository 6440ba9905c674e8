"""Reading a description: lines of text become parts, routes, load and faults, or an error that names the line.

>>> shop = read('''
... load 50 per second: browse 100 %
... part web: 2 cores
... store database: 1 core
... browse = web 5 ms [database 1 ms]
... ''')
>>> shop.rate_per_s, shop.asked
(50.0, ('web', 'database'))
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from archlab.chapters.choosing.own_system.description import (
    CUSTOMERS,
    Calls,
    Description,
    FaultLine,
    Part,
    Route,
    calls_in,
)
from archlab.chapters.choosing.own_system.hints import hint_for_word
from archlab.chapters.choosing.own_system.lines import Line, lines_of
from archlab.chapters.choosing.own_system.reading_parts import calls_of, fault_of, load_of, parts_in
from archlab.chapters.choosing.own_system.reading_routes import RouteReader

WORDS = ("system", "load", "calls", "part", "store", "outside", "fault")
"""The words with which a line may begin; any other begins with the name of a route and `=`."""
ONCE = ("system", "load", "calls")


def read(text: str) -> Description:
    """Return what a text describes.

    Raises:
        ValueError: when it cannot be read, says too little or contradicts itself: it names the line.
        TypeError: when `text` is no text.
    """
    lines = lines_of(text)
    by_word = _by_word(lines)
    calls = calls_of(by_word["calls"][0]) if by_word["calls"] else Calls()
    parts = _parts(by_word, calls)
    if not by_word["load"]:
        lines[-1].refuse(
            "no line says what the load is", "needed: as in load 120 per second: browse 80 %, buy 20 %"
        )
    load_line = by_word["load"][0]
    load = load_of(load_line)
    routes = _Routes(by_word["="], parts)
    kinds = {kind: routes.of_kind(load_line, kind) for kind in load.shares}
    routes.refuse_unused()
    _refuse_unused(by_word, parts, kinds)
    faults = tuple(_fault(line, parts, kinds) for line in by_word["fault"])
    title = by_word["system"][0].text.removeprefix("system").strip() if by_word["system"] else "your system"
    return Description(title, parts, kinds, load.shares, load.rate_per_s, load.patience_s, calls, faults)


def _by_word(lines: list[Line]) -> dict[str, list[Line]]:
    """The lines by the word that they begin with; routes under `=`."""
    found: dict[str, list[Line]] = {word: [] for word in (*WORDS, "=")}
    for line in lines:
        word = line.text.split(":")[0].split(" ")[0]
        if "=" in line.text and word not in WORDS:
            word = "="
        elif word not in WORDS:
            allowed = f"allowed: {', '.join(WORDS)}, or a route, as in browse = web 5 ms"
            line.refuse(f"it begins with {word!r}", hint_for_word(word) or allowed)
        if word in ONCE and found[word]:
            line.refuse(
                f"there is a line with {word!r} already, line {found[word][0].number}", "allowed: one"
            )
        found[word].append(line)
    return found


def _parts(by_word: Mapping[str, list[Line]], calls: Calls) -> dict[str, Part]:
    """The parts by their names, in the order of their lines."""
    parts: dict[str, Part] = {}
    lines = sorted((line for word in ("part", "store", "outside") for line in by_word[word]), key=_number)
    for line in lines:
        for part in parts_in(line, calls):
            if part.name in parts:
                line.refuse(f"there is a part {part.name!r} already", "allowed: each name once")
            parts[part.name] = part
    return parts


def _number(line: Line) -> int:
    return line.number


class _Routes:
    """The lines with `=`. Each is read when somebody asks for it, so their order does not matter."""

    def __init__(self, lines: list[Line], parts: Mapping[str, Part]) -> None:
        self._parts = parts
        self._texts: dict[str, tuple[Line, str]] = {}
        self._open: list[str] = []
        self._read: dict[str, Route] = {}
        for line in lines:
            name, _, text = line.text.partition("=")
            name = line.name(name.strip(), "route")
            if name in self._texts or name in parts:
                line.refuse(f"there is a part or route {name!r} already", "allowed: each name once")
            self._texts[name] = (line, text)

    def of_kind(self, load_line: Line, kind: str) -> Route:
        """The route of a kind of request."""
        if kind not in self._texts:
            load_line.refuse_unknown(kind, "route", self._texts)
        route = self._of(load_line, kind)
        _refuse_circles(self._texts[kind][0], route)
        return route

    def _of(self, asked_by: Line, name: str) -> Route:
        if name in self._open:
            circle = " -> ".join([*self._open[self._open.index(name) :], name])
            asked_by.refuse(
                f"the routes go round in a circle: {circle}", "allowed: routes that come to an end"
            )
        if name not in self._read:
            line, text = self._texts[name]
            self._open.append(name)
            named = {other: partial(self._named, other) for other in self._texts}
            self._read[name] = RouteReader(line, self._parts, named).read(text)
            self._open.pop()
        return self._read[name]

    def _named(self, name: str, asked_by: Line) -> Route:
        return self._of(asked_by, name)

    def refuse_unused(self) -> None:
        """Refuse a route that no request takes."""
        for name, (line, _) in self._texts.items():
            if name not in self._read:
                line.refuse(f"no request takes the route {name!r}", "name it in the load or in another route")


def _refuse_circles(line: Line, route: Route, above: tuple[str, ...] = ()) -> None:
    """Refuse a part that calls itself, straight or through others: it would wait for a worker that waits for it."""
    for group in route.groups:
        for step in group:
            if isinstance(step, Route):
                _refuse_circles(line, step, above)
                continue
            if step.part in above:
                circle = " -> ".join([*above[above.index(step.part) :], step.part])
                line.refuse(f"the calls go round in a circle: {circle}", "allowed: calls that come to an end")
            _refuse_circles(line, step.route, (*above, step.part))


def _refuse_unused(
    by_word: Mapping[str, list[Line]], parts: Mapping[str, Part], routes: Mapping[str, Route]
) -> None:
    """Refuse a part that nobody calls, unless it says that it is idle; and an idle one that is called."""
    called = {call.part for route in routes.values() for _, call, _ in calls_in(route)}
    lines = [line for word in ("part", "store", "outside") for line in by_word[word]]
    for name, part in parts.items():
        line = next(line for line in lines if name in _names(line))
        if name not in called and not part.is_idle:
            line.refuse(f"no request asks {name!r}", "call it in a route, or say: idle")
        if name in called and part.is_idle:
            line.refuse(f"{name!r} is idle, but a route asks it", "allowed: the one or the other")


def _names(line: Line) -> list[str]:
    """The names of the parts that a line declares."""
    return [name.strip() for name in line.text.split(":")[0].partition(" ")[2].split(",")]


def _fault(line: Line, parts: Mapping[str, Part], routes: Mapping[str, Route]) -> FaultLine:
    """Return a fault. It must hit something that is asked; lost messages must be noticed by those who sent them."""
    fault = fault_of(line, parts)
    part = parts[fault.part]
    if part.is_idle:
        line.refuse(f"no request asks {part.name!r}", "allowed: faults of parts that are asked")
    callers = [
        (caller, call)
        for route in routes.values()
        for caller, call, _ in calls_in(route)
        if call.part == part.name
    ]
    if fault.kind == "outage" and any(call.later for _, call in callers):
        line.refuse(
            f"{part.name!r} is asked later, and its messages wait in a queue", "allowed: crash or slow"
        )
    if (
        fault.kind == "outage"
        and part.timeout_s is None
        and any(caller != CUSTOMERS for caller, _ in callers)
    ):
        line.refuse(
            f"messages to {part.name!r} would get lost, and nobody would notice",
            "give the part a timeout, such as timeout 1 s",
        )
    return fault
