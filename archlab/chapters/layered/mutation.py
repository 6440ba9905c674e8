"""Mutation testing: put one mistake at a time into the shop, and see at which layer tests notice it, and at what cost.

The mistakes are those of `archlab.chapters.layered.mutants`, the tests the promises of
`archlab.chapters.layered.promises`, which are the same at each door. A mistake is noticed when a promise is broken, or
when the program breaks, or runs on for more than `MOST_LINES` (then it is stopped by the count, not by a clock).

*The rules* are the functions of `archlab.shop.domain` that an order uses, and the business layer; in the monolith the
same functions, and in its modules what they decide. *Around them* is the rest that an order passes: JSON, use cases,
repositories, transactions. Only mistakes in lines that some promise runs are made. The others nobody could notice; they
are left out at all doors alike.

A promise that does not run the changed line cannot notice it. It is not run again: its lines are counted as they were.

>>> table = noticed("layered", only=("archlab.shop.layered.business.rules",))
>>> shares(table).set_index("suite").noticed_percent.round().astype(int).to_dict()["functions"]
0
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from linecache import getline
from types import FrameType
from typing import TYPE_CHECKING, Any

import pandas as pd

from archlab.chapters.layered.mutants import Mutant, in_place, mutants
from archlab.chapters.layered.promises import DOORS, Promise, suites
from archlab.chapters.layered.tests_by_layer import SHOP
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, LAB, Size, variants
from archlab.sim.validation import require_one_of

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

MOST_LINES = 20_000
"""Lines of the shop in one promise. The longest needs less than a tenth."""
RULES, AROUND = "rules", "around"
DECIDES = "monolithic.architecture"
WHERE: Mapping[str, Mapping[str, str]] = {
    "layered": {
        "archlab.shop.domain": RULES,
        "archlab.shop.layered.business.rules": RULES,
        "archlab.shop.layered.application.use_cases": AROUND,
        "archlab.shop.layered.presentation.json_api": AROUND,
        "archlab.shop.layered.data_access.sqlite": AROUND,
        "archlab.shop.store": AROUND,
        "archlab.shop.database": AROUND,
    },
    "monolithic": {
        "archlab.shop.domain": RULES,
        "archlab.shop.monolithic.architecture": RULES,
        "archlab.shop.store": AROUND,
        "archlab.shop.database": AROUND,
    },
}
"""A shop -> its modules, and whether they hold rules or what is around them. Of the monolith's modules this counts all
that they do as rules, wiring too. Some of that is around them; see `OWN_MODULES`."""
OWN_MODULES = ("Catalogue", "Inventory", "Payments", "Orders", "Notifications")
"""The classes in the monolith's file that have rules. The rest of the file is around them."""
SUITES: Mapping[str, tuple[str, ...]] = {
    "layered": ("functions", "rules", "use cases", "whole"),
    "monolithic": ("functions", "monolith on fakes", "monolith whole"),
}
ONLY_TIME = (
    "flush()",
    "queries.run()",
    "cpu.serve(",
    "timeout(",
    "_settle_for_ever",
    "clone.leak(",
    "yield connection",
    "config.calls",
)
"""What a line has that stands for time or memory of a machine, or for the background. No promise is about these."""
NO_DIFFERENCE: Mapping[tuple[str, str, str], str] = {
    (
        "reserve",
        "number",
        "on_hand.get(line.product, 0)",
    ): "a product in the catalogue has its row in the stock",
    ("OrderRepository.status", "SQL", "LEFT JOIN"): "an order has its payment from the same transaction",
}
"""Function, kind and a piece of the source -> why a mutant in it makes no difference in these shops."""
MODEL = ("DatabaseServer", "Queries")
"""Classes that stand for a machine and its time. No promise is about time, so they are left as they are."""


@dataclass
class _Watch:
    """Counts the lines of the shop that run, notes which, and stops a program that runs on."""

    lines: int = 0
    seen: set[tuple[str, int]] = field(default_factory=set)
    notes: bool = False

    def call(self, frame: FrameType, event: str, _: Any) -> Any:
        return self.line if frame.f_code.co_filename.startswith(SHOP) else None

    def line(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            self.lines += 1
            if self.notes:
                self.seen.add((frame.f_code.co_filename, frame.f_lineno))
            if self.lines > MOST_LINES:
                raise _RunsOnError
        return self.line


class _RunsOnError(BaseException):
    """A program has run for more than `MOST_LINES`."""


def _ask(promise: Promise, suite: str, watch: _Watch) -> bool:
    """Return whether a promise is broken at a door, and count its lines."""
    before = sys.gettrace()
    sys.settrace(watch.call)
    try:
        promise(DOORS[suite])
    except (Exception, _RunsOnError):
        return True
    finally:
        sys.settrace(before)
    return False


@cache
def _usual(suite: str) -> Mapping[str, _Watch]:
    """What each promise of a suite runs when there is no mistake."""
    watches = {}
    for promise in suites()[suite]:
        watches[promise.__name__] = watch = _Watch(notes=True)
        if _ask(promise, suite, watch):
            raise ValueError(f"{promise.__name__} is broken at {suite}; it must be kept without a mistake")
    return watches


def lines_of(suite: str) -> int:
    """Return how many lines of the shop a suite runs when nothing is wrong."""
    require_one_of("suite", suite, DOORS)
    return sum(watch.lines for watch in _usual(suite).values())


def tried(mutant: Mutant, suite: str) -> tuple[bool, int]:
    """Return whether a suite notices a mutant, and how many lines of the shop it runs until then, or in all."""
    lines, place = 0, _place(mutant)
    with in_place(mutant):
        for promise in suites()[suite]:
            usual = _usual(suite)[promise.__name__]
            if place not in usual.seen:
                lines += usual.lines
                continue
            watch = _Watch()
            broken = _ask(promise, suite, watch)
            lines += watch.lines
            if broken:
                return True, lines
    return False, lines


def made(shop: str, only: Collection[str] = ()) -> list[Mutant]:
    """Return the mutants of a shop in lines that some promise runs, of all its modules or of these only.

    Raises:
        ValueError: when there is no such shop, or it has no such module.
    """
    require_one_of("shop", shop, WHERE)
    for module in only:
        require_one_of("only", module, WHERE[shop])
    run = set().union(*(watch.seen for suite in SUITES[shop] for watch in _usual(suite).values()))
    return [
        mutant
        for module in only or WHERE[shop]
        for mutant in mutants(importlib.import_module(module))
        if _place(mutant) in run
        and mutant.function.split(".")[0] not in MODEL
        and not any(word in mutant.before for word in ONLY_TIME)
    ]


def no_difference(mutant: Mutant) -> str:
    """Return why a mutant does what was there before, or nothing: then somebody could notice it."""
    place = _place(mutant)
    source = getline(*place) + getline(place[0], place[1] + 1)
    for (function, kind, piece), reason in NO_DIFFERENCE.items():
        is_there = (
            mutant.after.count(piece) < source.count(piece) if kind == "SQL" else piece in getline(*place)
        )
        if (function, kind) == (mutant.function, mutant.kind) and is_there:
            return reason
    return ""


def _place(mutant: Mutant) -> tuple[str, int]:
    return mutant.original.__code__.co_filename, mutant.line


def where(shop: str, mutant: Mutant) -> str:
    """Return whether a mutant is in the rules of a shop or around them."""
    apart = mutant.module.endswith(DECIDES) and mutant.function.split(".")[0] not in OWN_MODULES
    return AROUND if apart else WHERE[shop][mutant.module]


def noticed(shop: str, only: Collection[str] = ()) -> pd.DataFrame:
    """Try each mutant of a shop at each of its doors.

    Columns: shop, where ("rules" or "around"), module, line, function, kind, before, after, no_difference (why nobody
    can notice it, else empty), suite, noticed, lines (of the shop that ran until it was noticed, or in all). Raises
    `ValueError` as `made` does.
    """
    rows = []
    for mutant in made(shop, only):
        of = {
            name: getattr(mutant, name) for name in ("module", "line", "function", "kind", "before", "after")
        }
        of = {"shop": shop, "where": where(shop, mutant), **of, "no_difference": no_difference(mutant)}
        for suite in SUITES[shop]:
            seen, lines = tried(mutant, suite)
            rows.append({**of, "suite": suite, "noticed": seen, "lines": lines})
    return pd.DataFrame(rows)


def shares(table: pd.DataFrame, by: Collection[str] = ()) -> pd.DataFrame:
    """Return for each suite (and `by`): mutants that make a difference, noticed_percent of them, and suite_lines, of
    the suite without a mistake.
    """
    groups = table[table.no_difference == ""].groupby([*by, "suite"], sort=False).noticed
    found = groups.agg(mutants="size", noticed_percent=lambda seen: 100 * seen.mean()).reset_index()
    return found.assign(suite_lines=[lines_of(suite) for suite in found.suite])


def missed(table: pd.DataFrame, suite: str) -> pd.DataFrame:
    """Return the mutants that a suite does not notice."""
    return table[(table.suite == suite) & ~table.noticed]


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the share of mutants noticed against what a suite costs: one mark for the rules, one for what is around.

    Takes `noticed`, of one shop or of both together. The functions are the same in both: their first shop is drawn.
    """
    found = shares(table, by=["shop", "where"]).drop_duplicates(["where", "suite"]).sort_values("suite_lines")
    looks, words = variants("layered", [RULES, AROUND]), []
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for place, rows in found.groupby("where", sort=False):
            look, label = looks[str(place)], {RULES: "in the rules", AROUND: "around them"}[str(place)]
            style: dict[str, Any] = {
                "color": look.colour,
                "marker": look.marker,
                "ms": MARKS_PT[str(place)],
                "ls": "none",
            }
            panel.plot(rows.suite_lines, rows.noticed_percent, label=label, **style)
            words += [
                f"{row.suite} ({number(row.suite_lines)} lines), {label}: {number(round(row.noticed_percent))} %."
                for row in rows.itertuples()
            ]
        _name_suites(panel, found.drop_duplicates("suite"))
        panel.set_xscale("log")
        panel.margins(x=0.12)
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        panel.set_ylim(-8, NAMES_AT[-1] + 20)
        panel.set_yticks(range(0, 101, 25))
        panel.set_xlabel("Lines of the shop that the whole suite runs")
        panel.set_ylabel("Mistakes noticed [%]")
        drawing.name_beside(panel)
    return Picture(drawing.figure, f"{title}. {' '.join(words)}")


MARKS_PT = {RULES: 16, AROUND: 8}
"""Sizes of the marks: where both are at one place, both are seen."""
NAMES_AT = (112, 136)
"""Heights at which the names of suites stand in turn, above the points."""


def _name_suites(panel: Axes, found: pd.DataFrame) -> None:
    """Write the name of each suite above its points, with a thin line down to them."""
    for place, row in enumerate(found.itertuples()):
        height = NAMES_AT[place % len(NAMES_AT)]
        panel.plot([row.suite_lines] * 2, [0, height], color=GREY, lw=0.8, zorder=0)
        panel.text(row.suite_lines, height, str(row.suite), ha="center", va="bottom")
