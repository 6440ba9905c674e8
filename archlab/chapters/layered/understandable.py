"""Easy to understand: what can be counted, which is how far you must read until you have found an answer.

Ten questions about the shop, fixed beforehand. Each has a place in the code that answers it, and a use case with which
you begin. The way from there to the place is the shortest one along calls that were seen in a run, in the layers and in
the monolith's modules. Counted are the functions on it, the classes they are in, their files and lines, and *guesses*:
steps at which the class of the caller does not name what is called next, so that you must search for it elsewhere or
run the program. That the monolith's five modules stand in one file is by construction: look at classes, not at files.

What this leaves out: people. Whether they understand what they read, how good names are, what they know already, and
the wrong ways they take. A shortest way errs low for everybody. A step at which a function hands on what another one
prepared is counted as one; the layers have more of these, so it errs in their favour.

>>> answers = look_up("layered").set_index("question")
>>> answers.way["Which statement writes a payment?"].split(" > ")[-1]
'PaymentRepository.insert'
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from archlab.chapters.layered.dependencies import SHOPS, calls_of, named
from archlab.chapters.layered.traced import ROOT, Place
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, cannot_be_shown
from archlab.course.quantity import number
from archlab.sim.validation import require_one_of

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

ENTRIES = {
    "layered": {
        "browse": "Application.browse",
        "place_order": "Application.place_order",
        "track_order": "Application.track_order",
    },
    "monolithic": {"browse": "Catalogue.page", "place_order": "Orders.place", "track_order": "Orders.status"},
}
"""Shop -> use case -> the function that begins it, behind the presentation layer that both share."""


@dataclass(frozen=True)
class Question:
    """What somebody wants to know, the use case that it is about, and the function that answers it in each shop."""

    words: str
    use_case: str
    layered: str
    monolithic: str


QUESTIONS = tuple(
    Question(words, use_case, *places)
    for words, use_case, *places in (
        ("Where is the price of an order computed?", "place_order", *["price_order"] * 2),
        ("What is the total of an order?", "place_order", *["Order.total_cents"] * 2),
        ("What happens when stock is short?", "place_order", *["reserve"] * 2),
        ("What keeps two orders from the last piece?", "place_order", *["StockRepository.reserve"] * 2),
        ("What happens when a payment is declined?", "place_order", "Rules.paid", "Payments.authorise"),
        ("Which statement writes a payment?", "place_order", *["PaymentRepository.insert"] * 2),
        ("When is an order durable?", "place_order", *["run_together"] * 2),
        ("What is the customer told?", "place_order", *["confirmation"] * 2),
        ("Which tables does a page read?", "browse", *["CatalogueRepository.page"] * 2),
        ("Where does the state of an order come from?", "track_order", *["OrderRepository.status"] * 2),
    )
)


@cache
def _ways(shop: str) -> nx.DiGraph:
    """Which function was seen to call which."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_edges_from((caller, called) for caller, called in calls_of(shop) if caller is not None)
    graph.add_nodes_from(called for _, called in calls_of(shop))
    return graph


def way(shop: str, question: Question) -> list[Place]:
    """Return the functions on the shortest way from the use case to the answer.

    Raises:
        ValueError: when there is no such shop, or no way in it was seen.
    """
    import networkx as nx

    require_one_of("shop", shop, list(SHOPS))
    graph, target = _ways(shop), getattr(question, shop)
    start, end = _found(graph, ENTRIES[shop][question.use_case]), _found(graph, target)
    try:
        return list(nx.shortest_path(graph, start, end))
    except nx.NetworkXNoPath as none:
        raise ValueError(f"question is {question.words!r}; no way to {target} was seen in {shop}") from none


def _found(graph: nx.DiGraph, function: str) -> Place:
    places: list[Place] = [place for place in graph if place.function == function]
    if len(places) != 1:
        raise ValueError(
            f"function is {function!r}; it must have run once in one file, and did in {len(places)}"
        )
    return places[0]


def look_up(shop: str) -> pd.DataFrame:
    """Return what it takes to answer each of `QUESTIONS`.

    Columns: question, functions, classes (or functions at the top of a file), files, lines (of the functions), guesses,
    way (names of the functions).
    """
    rows = []
    for question in QUESTIONS:
        places = way(shop, question)
        steps = [(a.definition, b.definition) for a, b in pairwise(places)]
        rows.append(
            {
                "question": question.words,
                "functions": len(places),
                "classes": len({place.definition for place in places}),
                "files": len({place.file for place in places}),
                "lines": sum(lines_of(place) for place in places),
                "guesses": sum(a != b and not named().has_edge(a, b) for a, b in steps),
                "way": " > ".join(place.function for place in places),
            }
        )
    return pd.DataFrame(rows)


@cache
def lines_of(place: Place) -> int:
    """Return how many lines a function has, its docstring not counted."""
    tree = ast.parse((ROOT / place.file).read_text(encoding="utf-8"))
    node: ast.AST = tree
    for name in place.function.split("."):
        node = next(one for one in ast.walk(node) if getattr(one, "name", None) == name)
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    told = node.body[0] if ast.get_docstring(node) is not None else None
    text = 0 if told is None else (told.end_lineno or told.lineno) - told.lineno + 1
    return (node.end_lineno or node.lineno) - node.lineno + 1 - text


def compared() -> pd.DataFrame:
    """Return both shops beside each other: columns question, files_layered, files_monolithic, and so on."""
    layers, modules = (look_up(shop).drop(columns="way") for shop in SHOPS)
    return layers.merge(modules, on="question", suffixes=("_layered", "_monolithic"))


def requests() -> pd.DataFrame:
    """Return what one request of each kind runs through: columns shop, use_case, functions, files.

    All that is reached from the function that begins the use case, as it was seen in the run.
    """
    import networkx as nx

    rows = []
    for shop in SHOPS:
        graph = _ways(shop)
        for use_case, entry in ENTRIES[shop].items():
            start = _found(graph, entry)
            reached = {start, *nx.descendants(graph, start)}
            rows.append((shop, use_case, len(reached), len({place.file for place in reached})))
    return pd.DataFrame(rows, columns=["shop", "use_case", "functions", "files"])


# The claim ---------------------------------------------------------------------------------------------------


def understandable_figures() -> dict[str, float]:
    """Return the figures of `easy_to_understand`: means over the questions, of each shop."""
    both = compared()
    names = [
        f"{what}_{shop}" for what in ("classes", "files", "functions", "lines", "guesses") for shop in SHOPS
    ]
    return {name: float(both[name].mean()) for name in names}


SAYS = {
    "classes_layered": "classes to read for an answer in the layers",
    "classes_monolithic": "in the monolith",
    "files_layered": "files to open, in the layers",
    "files_monolithic": "in the monolith, whose modules share one",
    "functions_layered": "functions on the way, in the layers",
    "functions_monolithic": "in the monolith",
    "lines_layered": "lines of these functions, in the layers",
    "lines_monolithic": "in the monolith",
    "guesses_layered": "steps at which the source does not name what comes next, in the layers",
    "guesses_monolithic": "in the monolith",
}


@settles("pros.easy-to-understand", evidence=Evidence.NONE, says=SAYS)
def easy_to_understand(
    classes_layered: float,
    classes_monolithic: float,
    files_layered: float,
    files_monolithic: float,
    functions_layered: float,
    functions_monolithic: float,
    lines_layered: float,
    lines_monolithic: float,
    guesses_layered: float,
    guesses_monolithic: float,
) -> Verdict:
    """Cannot be shown here: what people understand needs people. What can be counted is how far one must read for an
    answer, in both shops; the verdict names it.
    """
    read = f"{number(classes_layered)} classes to read for an answer (monolith: {number(classes_monolithic)})"
    guesses = f"{number(guesses_layered)} of the steps a guess (monolith: {number(guesses_monolithic)})"
    return cannot_be_shown(f"understanding needs people; what was counted: {read}, {guesses}")
