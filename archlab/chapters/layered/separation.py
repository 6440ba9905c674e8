"""Separation: how clearly the layers keep concerns apart, and how far a change reaches after forbidden imports.

The verdict is about where concerns stand (`archlab.chapters.layered.concerns`): how many more of their places may stand
in a wrong layer until they are no better at home than in the modules of a monolith. These are cut by topics, and do not
mean to keep technical concerns together; a layer is. So it asks how well the layers do what they are for, and for how
long. Reach is told beside it, and decides nothing.

Dependencies are those of `dependencies`. A *forbidden import* is one that the import contract of the course refuses:
upwards, or over a closed layer. All of them between parts that run are tried one by one, and random choices of several.
Each adds one dependency; a real one brings more with it later, so this errs in favour of the layers. The monolith is
looked at as it is written; wired so that each module is handed only what it calls, a change reaches less in it than in
the layers, whatever they do: see `dependencies.table`.

>>> found = each_import()
>>> bool((found.propagation_percent >= baseline("layered")).all()), int(found.makes_circle.sum()) > 0
(True, True)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from archlab.chapters.layered.concerns import HOMES, LAYERS, at_home, concerns
from archlab.chapters.layered.dependencies import dependencies, layer_of
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Outcome, Verdict, holds_up_to
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, for_text, look_of, variants
from archlab.shop.code.propagation import must_be_tested_again, propagation_cost
from archlab.sim.validation import require_whole

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

MOST_IMPORTS = 12
"""Forbidden imports that are added at most."""
ORDERS = 1000
"""Random choices of forbidden imports, each looked at after its first, second, ... one.

With so many, ten seeds agree at which number the median overtakes the monolith."""
RARE = 0.05
"""The range shown leaves out so large a share of the choices at each end."""

Pair = tuple[str, str]


def forbidden(graph: nx.DiGraph) -> list[Pair]:
    """Return every forbidden import that is possible between parts of the layers: importer, imported.

    What is shared by all layers belongs to none of them, and may be imported.
    """
    level = {node: LAYERS.index(layer_of(node)) for node in sorted(graph) if layer_of(node)}
    return [
        (a, b) for a in level for b in level if level[b] - level[a] not in (0, 1) and not graph.has_edge(a, b)
    ]


def each_import() -> pd.DataFrame:
    """Return what each forbidden import does, alone.

    Columns: importer, imported, direction ("upwards" or "over a layer"), propagation_percent, makes_circle,
    tested_more (parts whose change must be tested in more parts), most_more (parts more, for the worst of them).
    """
    import networkx as nx

    graph = dependencies("layered")
    before = {node: len(must_be_tested_again(graph, node)) for node in graph}
    rows = []
    for a, b in forbidden(graph):
        after = nx.DiGraph(graph)
        after.add_edge(a, b)
        more = [len(must_be_tested_again(after, node)) - count for node, count in before.items()]
        up = LAYERS.index(layer_of(b)) < LAYERS.index(layer_of(a))
        cost, circle = 100 * propagation_cost(after), nx.has_path(graph, b, a)
        direction = "upwards" if up else "over a layer"
        rows.append((a, b, direction, cost, circle, sum(one > 0 for one in more), max(more)))
    columns = ["importer", "imported", "direction", "propagation_percent", "makes_circle"]
    return pd.DataFrame(rows, columns=[*columns, "tested_more", "most_more"])


def by_direction(each: pd.DataFrame) -> pd.DataFrame:
    """Sum `each_import` up: columns direction, imports, propagation_percent (mean), circles, tested_more (mean)."""
    groups = each.groupby("direction")
    return groups.agg(
        imports=("importer", "size"),
        propagation_percent=("propagation_percent", "mean"),
        circles=("makes_circle", "sum"),
        tested_more=("tested_more", "mean"),
    ).reset_index()


# Several of them -------------------------------------------------------------------------------------------


@dataclass
class Reach:
    """Which part reaches which, kept up to date while dependencies are added. Sets are the bits of whole numbers."""

    reached: list[int]

    @classmethod
    def of(cls, graph: nx.DiGraph) -> Reach:
        import networkx as nx

        place = {node: k for k, node in enumerate(graph)}
        return cls([sum(1 << place[one] for one in {node, *nx.descendants(graph, node)}) for node in graph])

    @property
    def percent(self) -> float:
        """The propagation cost."""
        return 100 * sum(one.bit_count() for one in self.reached) / len(self.reached) ** 2

    def add(self, a: int, b: int) -> bool:
        """Let a depend on b, by their places. Return whether this makes a circle."""
        circle = bool(self.reached[b] >> a & 1)
        new = self.reached[b]
        self.reached = [one | new if one >> a & 1 else one for one in self.reached]
        return circle


@cache
def choices(seed: int = 1, orders: int = ORDERS) -> tuple[np.ndarray, np.ndarray]:
    """Return of random choices the propagation cost in percent, and whether there is a circle that was not before.

    Both are arrays: a row a choice, a column for each number of forbidden imports from 0 to `MOST_IMPORTS`.

    Raises:
        ValueError: when `orders` is not a whole number above 0.
    """
    require_whole("orders", orders, at_least=1)
    rng, graph = np.random.default_rng(seed), dependencies("layered")
    place = {node: k for k, node in enumerate(graph)}
    pairs, start = forbidden(graph), Reach.of(graph)
    costs, circles = np.zeros((orders, MOST_IMPORTS + 1)), np.zeros((orders, MOST_IMPORTS + 1), dtype=bool)
    for row in range(orders):
        reach = Reach(list(start.reached))
        costs[row, 0] = reach.percent
        for count, choice in enumerate(rng.permutation(len(pairs))[:MOST_IMPORTS], start=1):
            a, b = pairs[choice]
            circle = reach.add(place[a], place[b])
            costs[row, count], circles[row, count] = reach.percent, circles[row, count - 1] or circle
    return costs, circles


def against_imports(seed: int = 1) -> pd.DataFrame:
    """Return propagation cost against the number of forbidden imports, over random choices of them.

    Columns: imports, propagation_percent (median) with _low and _high (all but `RARE` at each end), circles_percent
    (choices that make a circle). With one import all are counted, none is drawn by lot.
    """
    costs, circles = choices(seed)
    each = each_import()
    rows = []
    for count in range(MOST_IMPORTS + 1):
        cost = each.propagation_percent if count == 1 else costs[:, count]
        circle = each.makes_circle if count == 1 else circles[:, count]
        low, middle, high = np.quantile(cost, [RARE, 1 / 2, 1 - RARE])
        rows.append((count, middle, low, high, 100 * float(np.mean(circle))))
    columns = ["imports", *(f"propagation_percent{end}" for end in ("", "_low", "_high")), "circles_percent"]
    return pd.DataFrame(rows, columns=columns)


def baseline(shop: str, wiring: bool = True) -> float:
    """Return the propagation cost of a shop as it is, in percent."""
    return 100 * propagation_cost(dependencies(shop, wiring=wiring))


def overtakes_at(table: pd.DataFrame, level: float) -> float:
    """Return the first number of forbidden imports at which the median of `against_imports` is above a level.

    inf: at none that was tried.
    """
    above = table.imports[table.propagation_percent > level]
    return float(above.min()) if len(above) else math.inf


def figure(table: pd.DataFrame, title: str, level: float, best: float, size: Size = LAB) -> Picture:
    """Draw `against_imports`, with the range of the choices, and the monolith's propagation cost as lines.

    `level`: as it is written. `best`: when each of its modules is handed just what it calls.
    """
    monolith = look_of("monolithic")
    assert monolith is not None
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        look = variants("layered", ["layers"])["layers"]
        draw_with_band(panel, table, "imports", "propagation_percent", look)
        scale(panel, log=False)
        lines = (
            (level, "-", "the monolith as it is written"),
            (best, ":", "its modules, handed just what they call"),
        )
        for height, dash, name in lines:
            panel.axhline(height, color=monolith.colour, linestyle=dash)
            words = f"{name}: {number(round(height))} %"
            place = (table.imports.max(), height - 1)
            panel.text(*place, words, ha="right", va="top", color=for_text(monolith.colour))
        last = table.iloc[-1]
        panel.text(
            last.imports,
            last.propagation_percent + 2,
            f"layers (band: {number(100 - 2 * 100 * RARE)} % of the choices)",
            ha="right",
            va="bottom",
            color=for_text(look.colour),
        )
        panel.set_xticks(table.imports)
        panel.set_xlabel("Forbidden imports that nobody removed")
        panel.set_ylabel("A change reaches\n[% of the parts]")
    text = in_words("Layers, median,", table.imports, table.propagation_percent)
    ends = f"At {MOST_IMPORTS}: {number(last.propagation_percent_low)} to {number(last.propagation_percent_high)}."
    return Picture(
        drawing.figure,
        f"{title}. {text} {ends} Monolith as written: {number(level)}, at its best: {number(best)}.",
    )


# The claim ---------------------------------------------------------------------------------------------------


def separation_figures() -> dict[str, float]:
    """Return the figures of `clear_separation`, by their names."""
    layers, modules = at_home(concerns("layered"), HOMES), at_home(concerns("monolithic"))
    return {
        "places": int(layers.at_home.sum() + layers.elsewhere.sum()),
        "at_home_percent": _pooled(layers),
        "modules_percent": _pooled(modules),
        **{f"{row.concern}_percent": row.percent for row in layers.itertuples()},
        "reach_percent": baseline("layered"),
        "reach_of_monolith_percent": baseline("monolithic"),
        "reach_of_wired_modules_percent": baseline("monolithic", wiring=False),
    }


def _pooled(found: pd.DataFrame) -> float:
    return float(100 * found.at_home.sum() / (found.at_home + found.elsewhere).sum())


def further_places(places: int, at_home_percent: float, modules_percent: float) -> float:
    """Return how many more of the places may stand in a wrong layer, with more at home still than in modules.

    -inf: with none of them there are not more at home.
    """
    home, level = round(places * at_home_percent / 100), places * modules_percent / 100
    fit = [wrong for wrong in range(home + 1) if home - wrong > level]
    return float(fit[-1]) if fit else -math.inf


SAYS = {
    "places": "places of the four technical concerns in the source of the layers",
    "at_home_percent": "of them, in the layer meant for them",
    "modules_percent": "in a monolith's modules, each concern in the one that has most of it",
    "rows_percent": "at home in layers, of the rows",
    "decisions_percent": "of the decisions",
    "formats_percent": "of the formats",
    "steps_percent": "of the steps",
    "reach_percent": "of the parts that a change reaches in the layers, on average, itself among them",
    "reach_of_monolith_percent": "the same in the monolith as it is written",
    "reach_of_wired_modules_percent": "the same when each of its modules is handed just what it calls",
}


@settles("pros.clear-separation-of-concerns", evidence=Evidence.MEASURED, says=SAYS)
def clear_separation(
    places: int,
    at_home_percent: float,
    modules_percent: float,
    rows_percent: float,
    decisions_percent: float,
    formats_percent: float,
    steps_percent: float,
    reach_percent: float,
    reach_of_monolith_percent: float,
    reach_of_wired_modules_percent: float,
) -> Verdict:
    """Holds up to the number of further places of the technical concerns that stand in a wrong layer, until no more of
    them are at home than in the modules of a monolith, each concern in the module that has most of it. A concern of
    which less than half is at home is named. How far a change reaches does not decide; the verdict gives it for the
    layers, for the monolith as written, and for modules that are handed just what they call.
    """
    percents = {
        "rows": rows_percent,
        "decisions": decisions_percent,
        "formats": formats_percent,
        "steps": steps_percent,
    }
    lost = [f"{concern} ({percent:.0f} %)" for concern, percent in percents.items() if 2 * percent < 100]
    reach = (
        f"a change reaches {reach_percent:.0f} % of the parts in the layers, {reach_of_monolith_percent:.0f} % in the "
        f"monolith as written, {reach_of_wired_modules_percent:.0f} % in modules that are handed just what they call"
    )
    told = [
        f"{at_home_percent:.0f} % are at home now, in modules {modules_percent:.0f} %",
        *([f"less than half is at home of {' and '.join(lost)}"] if lost else []),
        reach
        + (
            ""
            if reach_percent < reach_of_wired_modules_percent
            else ": reach is not what layers are better at"
        ),
    ]
    limit = further_places(places, at_home_percent, modules_percent)
    if math.isinf(limit):
        return Verdict(Outcome.DOES_NOT_HOLD, "; ".join(told))
    return holds_up_to(limit, f"further places of {places} in a wrong layer ({'; '.join(told)})")
