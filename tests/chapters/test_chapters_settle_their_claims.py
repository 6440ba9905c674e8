"""Each chapter that exists has a rule for every claim of its pattern, and settles each in one place."""

import ast
import inspect
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from string import Formatter
from typing import Any

import nbformat
import pytest

from archlab import chapters
from archlab.course.claims.bisection import bisect
from archlab.course.claims.claim import all_claims, claims_of
from archlab.course.claims.rule import Evidence, Rule, settles
from archlab.course.claims.scorecard import MIME
from archlab.course.claims.verdict import ENOUGH_SEEDS, Outcome, Verdict, holds_if
from archlab.course.kept import chapter_notebooks

ROOT = Path(__file__).resolve().parents[2]
PATTERNS = {claim.pattern for claim in all_claims()}
MODULES = [m.name for m in iter_modules(chapters.__path__) if m.name.replace("_", "-") in PATTERNS]


def settled_in(notebook: Path) -> Counter[str]:
    """How often each claim is settled: the first arguments of all calls `....settle("...")` in the code."""
    cells = nbformat.read(notebook, as_version=4).cells
    trees = [ast.parse(cell.source) for cell in cells if cell.cell_type == "code"]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return Counter(
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "settle" and call.args
    )


@pytest.mark.parametrize("name", MODULES)
def test_a_chapter_has_one_rule_for_every_claim_of_its_pattern(name):
    rules = import_module(f"{chapters.__name__}.{name}.rules").RULES
    assert Counter(rule.claim for rule in rules) == Counter(list(claims_of(name.replace("_", "-"))))


def function_of(decide: Callable[..., Any]) -> ast.FunctionDef:
    """The source of a function, as a tree without its docstring."""
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(decide))).body
    assert isinstance(function, ast.FunctionDef)
    function.body = function.body[1:] if ast.get_docstring(function) else function.body
    return function


def names_in(function: ast.FunctionDef) -> set[str]:
    """The names that a function uses, but those of its own parameters."""
    nodes = [node for line in function.body for node in ast.walk(line)]
    return {node.id for node in nodes if isinstance(node, ast.Name)} - {arg.arg for arg in function.args.args}


def operands_in(function: ast.FunctionDef) -> set[str]:
    """The names that a function compares or computes with, rather than hands on to an experiment."""
    nodes = [
        child
        for node in ast.walk(function)
        if isinstance(node, ast.Compare | ast.BinOp)
        for child in ast.iter_child_nodes(node)
    ]
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def called_in(function: ast.FunctionDef) -> set[str]:
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {called.id for called in calls if isinstance(called, ast.Name)}


def constants_in(function: ast.FunctionDef) -> list[Any]:
    """All that is typed in a function, but for the formats of f-strings."""
    specs = [n.format_spec for n in ast.walk(function) if isinstance(n, ast.FormattedValue) and n.format_spec]
    formats = {id(node) for spec in specs for node in ast.walk(spec)}
    nodes = [node for node in ast.walk(function) if isinstance(node, ast.Constant)]
    return [node.value for node in nodes if id(node) not in formats]


def thresholds_of(rule: Rule[...]) -> set[str]:
    """The numbers that decide: all that a rule and its helpers use, and those with which its figures are made.

    A figure is made by the function of the rule's module that has its name, and by the margin which that one hands to
    `bisect`. What these call are experiments, whose numbers decide nothing.
    """
    known = vars(sys.modules[rule.decide.__module__])

    def here(names: set[str]) -> list[ast.FunctionDef]:
        functions = [known[name] for name in sorted(names) if inspect.isfunction(known.get(name))]
        return [
            function_of(function) for function in functions if function.__module__ == rule.decide.__module__
        ]

    judges = [function_of(rule.decide), *here(names_in(function_of(rule.decide)))]
    makers = here(set(rule.figures))
    makers += [margin for maker in makers for margin in here(names_in(maker) - called_in(maker))]
    used = set().union(*map(names_in, judges), *map(operands_in, makers))
    return {name for name in used if name.isupper() and isinstance(known.get(name), int | float)}


def named_in(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name is not None}


EVERY_RULE = [
    pytest.param(rule, id=f"{name} {rule.claim}")
    for name in MODULES
    for rule in import_module(f"{chapters.__name__}.{name}.rules").RULES
]
JUDGING = [rule for rule in EVERY_RULE if rule.values[0].evidence is not Evidence.NONE]
TYPED = re.compile(r"(?<![a-zA-Z\d])\d")
"""A number that is typed. The one in "p99" is a name."""


@pytest.mark.parametrize("rule", JUDGING)
def test_the_verdict_of_every_rule_depends_on_each_of_its_figures(rule):
    used = {node.id for node in ast.walk(function_of(rule.decide)) if isinstance(node, ast.Name)}
    assert used >= set(rule.figures)


@pytest.mark.parametrize("rule", JUDGING)
def test_the_words_of_a_rule_name_every_threshold_that_it_uses(rule):
    assert thresholds_of(rule) <= named_in(rule.decide.__doc__)


@pytest.mark.parametrize("rule", JUDGING)
def test_the_words_of_a_rule_say_when_the_claim_holds_and_hold_no_python(rule):
    assert rule.words.startswith(("Holds when ", "Holds from ", "Holds up to "))
    assert rule.words.endswith(".")
    assert not set(rule.words) & set("`_{}=<>[]")


@pytest.mark.parametrize("rule", JUDGING)
def test_no_number_of_a_rule_is_typed_in_words_or_code(rule):
    """Not in its docstring, nor in the words of its verdict. In its code are counts of 0, 1 and 2, and 100 per cent."""
    constants = constants_in(function_of(rule.decide))
    texts = [text for text, *_ in Formatter().parse(rule.decide.__doc__)]
    texts += [value for value in constants if isinstance(value, str) and value != rule.claim]
    assert [text for text in texts if TYPED.search(text)] == []
    assert {value for value in constants if isinstance(value, int | float)} <= {0, 1, 2, 100}


SOME_MS, OTHER_MS, HELPERS_MS, COMPARED_MS, MARGINS_MS, RATE_PER_S = 1.0, 2.0, 3.0, 4.0, 5.0, 6.0


def limit_ms() -> float:
    """Makes the figure of the rule below."""
    limit = bisect(_margin, between=(0, RATE_PER_S), holds="up to")
    return limit if limit > COMPARED_MS else _experiment(RATE_PER_S)


def _margin(seed: int, value: float) -> float:
    return _experiment(value) - MARGINS_MS


def _experiment(value: float) -> float:
    return value * RATE_PER_S


def _helper(limit_ms: float) -> bool:
    return limit_ms < HELPERS_MS


def test_a_threshold_that_the_words_leave_out_would_be_found():
    """In the rule, in its helpers, in what makes its figure and in the margin of that; not in the experiment."""

    def decide(limit_ms: float) -> Verdict:
        """Holds up to {SOME_MS} ms."""
        return holds_if(_helper(limit_ms) and limit_ms > OTHER_MS)

    rule = settles("pros.better-performance-no-network-calls", evidence=Evidence.SIMULATED)(decide)
    assert thresholds_of(rule) == {"OTHER_MS", "HELPERS_MS", "COMPARED_MS", "MARGINS_MS"}
    assert named_in(decide.__doc__) == {"SOME_MS"}


@pytest.mark.parametrize("path", chapter_notebooks(ROOT), ids=lambda path: path.stem)
def test_no_verdict_that_is_printed_depends_on_luck(path):
    """Every verdict stands, and where its figures have seeds, over ten or more."""
    cells = nbformat.read(path, as_version=4).cells
    bundles = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    for record in [record for bundle in bundles for record in bundle.get(MIME, [])]:
        assert record["verdict"] != Outcome.BY_LUCK, record["claim"]
        assert (record.get("seeds") or ENOUGH_SEEDS) >= ENOUGH_SEEDS, record["claim"]


@pytest.mark.parametrize("name", MODULES)
def test_a_chapter_settles_every_claim_of_its_pattern_once(name):
    (notebook,) = ROOT.glob(f"notebooks/*_{name}.ipynb")
    assert settled_in(notebook) == Counter(list(claims_of(name.replace("_", "-"))))


def test_a_claim_settled_twice_would_be_found(tmp_path):
    cells = ['claims.settle("a.b", "Why.", x=1)', 'print(1)\nother.settle("a.b", "Why.", x=2)']
    path = tmp_path / "twice.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)
    assert settled_in(path) == {"a.b": 2}
