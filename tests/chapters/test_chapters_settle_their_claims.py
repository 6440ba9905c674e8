"""Each chapter that exists has a rule for every claim of its pattern, and settles each in one place."""

import ast
from collections import Counter
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import nbformat
import pytest

from archlab import chapters
from archlab.course.claims.claim import all_claims, claims_of
from archlab.course.claims.rule import Evidence

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


@pytest.mark.parametrize("name", MODULES)
def test_the_verdict_of_every_rule_depends_on_its_figures(name):
    for rule in import_module(f"{chapters.__name__}.{name}.rules").RULES:
        names = {
            node.id
            for node in ast.walk(ast.parse(f"if 1:\n{indented(rule.source)}"))
            if isinstance(node, ast.Name)
        }
        assert rule.evidence is Evidence.NONE or names & set(rule.figures), rule.claim


def indented(source: str) -> str:
    return "\n".join(f"    {line}" for line in source.replace("return ", "_ = ").splitlines())


@pytest.mark.parametrize("name", MODULES)
def test_a_chapter_settles_every_claim_of_its_pattern_once(name):
    (notebook,) = ROOT.glob(f"notebooks/*_{name}.ipynb")
    assert settled_in(notebook) == Counter(list(claims_of(name.replace("_", "-"))))


def test_a_claim_settled_twice_would_be_found(tmp_path):
    cells = ['claims.settle("a.b", "Why.", x=1)', 'print(1)\nother.settle("a.b", "Why.", x=2)']
    path = tmp_path / "twice.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)
    assert settled_in(path) == {"a.b": 2}
