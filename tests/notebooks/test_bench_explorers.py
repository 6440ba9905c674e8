"""What the benchmark runs of a chapter to make an explorer: what the call needs, and nothing else."""

import ast

from tests.bench.explorers import _needed


def needed(call: str, *above: str) -> list[str]:
    expression = ast.parse(call, mode="eval").body
    assert isinstance(expression, ast.Call)
    kept = _needed(expression, [statement for line in above for statement in ast.parse(line).body])
    return [ast.unparse(statement) for statement in kept]


def test_of_statements_that_give_a_name_anew_the_last_is_needed():
    above = ("title = slow()", "x = 1", "title = 'Clones'")
    assert needed("explore(model, title=title)", *above) == ["title = 'Clones'"]


def test_what_adds_to_a_name_needs_what_it_adds_to():
    above = ("ranges = {'a': 9}", "ranges = {'a': low}", "other = 2", "ranges |= {'b': 2}")
    assert needed("explore(model, **ranges)", "low = 1", *above) == ["low = 1", above[1], above[3]]


def test_a_name_that_is_made_from_itself_needs_what_it_was():
    above = ("n = 1", "n = n + 1")
    assert needed("explore(model, n=n)", *above) == list(above)
