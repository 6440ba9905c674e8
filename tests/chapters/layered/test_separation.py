"""Forbidden imports, counted one by one and in random choices; and the verdict turns with code that is changed."""

import networkx as nx
import numpy as np
import pytest

from archlab.chapters.layered import concerns, separation
from archlab.chapters.layered.dependencies import dependencies, layer_of
from archlab.chapters.layered.separation import Reach
from archlab.course.claims.verdict import Outcome
from archlab.shop.code.propagation import in_circles, propagation_cost


@pytest.fixture(scope="module")
def each():
    return separation.each_import()


@pytest.fixture(scope="module")
def figures():
    return separation.separation_figures()


def test_forbidden_imports_go_upwards_or_over_a_layer_and_are_not_there(each):
    graph = dependencies("layered")
    up = each[each.direction == "upwards"]
    assert not [pair for pair in zip(each.importer, each.imported, strict=True) if graph.has_edge(*pair)]
    assert "presentation" not in set(up.importer.map(layer_of))
    over = each[each.direction == "over a layer"]
    assert set(zip(over.importer.map(layer_of), over.imported.map(layer_of), strict=True)) == {
        ("presentation", "business"),
        ("presentation", "data access"),
        ("application", "data access"),
    }


def test_only_imports_upwards_make_circles_and_those_that_do_not_start_below_what_they_import(each):
    graph = dependencies("layered")
    for row in each.itertuples():
        after = nx.DiGraph(graph)
        after.add_edge(row.importer, row.imported)
        new = in_circles(after) - in_circles(graph)
        assert bool(new) == row.makes_circle
        assert not (row.makes_circle and row.direction == "over a layer")


def test_the_quick_way_to_add_imports_agrees_with_the_whole_graph():
    graph = dependencies("layered")
    reach, place = Reach.of(graph), {node: k for k, node in enumerate(graph)}
    rng, after = np.random.default_rng(5), nx.DiGraph(graph)
    pairs = separation.forbidden(graph)
    for choice in rng.permutation(len(pairs))[:20]:
        a, b = pairs[choice]
        assert reach.add(place[a], place[b]) == nx.has_path(after, b, a)
        after.add_edge(a, b)
        assert reach.percent == pytest.approx(100 * propagation_cost(after))


def test_more_imports_never_reach_less_and_start_from_the_shop_as_it_is():
    costs, circles = separation.choices(seed=3, orders=50)
    assert (np.diff(costs, axis=1) >= 0).all()
    assert (np.diff(circles.astype(int), axis=1) >= 0).all()
    assert costs[0, 0] == pytest.approx(separation.baseline("layered"))
    assert not circles[:, 0].any()


def test_random_choices_of_one_import_agree_with_all_of_them(each):
    costs, circles = separation.choices(seed=2, orders=2000)
    assert costs[:, 1].mean() == pytest.approx(each.propagation_percent.mean(), rel=0.03)
    assert circles[:, 1].mean() == pytest.approx(each.makes_circle.mean(), abs=0.04)


def test_the_limit_is_the_last_number_at_which_half_the_choices_are_below():
    level = separation.baseline("monolithic")
    limit = int(separation.imports_that_fit(level, seed=4))
    costs, _ = separation.choices(seed=4)
    assert (costs[:, limit] < level).mean() >= 0.5 > (costs[:, limit + 1] < level).mean()
    assert separation.imports_that_fit(0.0) == -np.inf
    assert separation.imports_that_fit(101.0) == np.inf


def test_separation_holds_for_three_concerns_up_to_some_forbidden_imports(figures):
    verdict = separation.clear_separation(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert verdict.flips_at == figures["imports_that_fit"]
    assert "not for decisions (only 40 % at home)" in verdict.words


def test_decisions_that_move_to_the_business_layer_are_kept_apart(monkeypatch, figures):
    files = {
        path: text.replace("NotFound(", "LookupError(") for path, text in concerns.sources("layered").items()
    }
    files["shop/layered/presentation/json_api.py"] = files["shop/layered/presentation/json_api.py"].replace(
        "raise ValueError", "raise TypeError"
    )
    monkeypatch.setattr(concerns, "sources", _with("layered", files))
    verdict = separation.clear_separation(**separation.separation_figures(seeds=[1]))
    assert "not for" not in verdict.words


def test_a_shop_that_writes_everything_in_one_layer_separates_nothing(monkeypatch):
    files = dict(concerns.sources("layered"))
    lines = ("self.begin()", "json.dumps(1)", "rows.execute('SELECT name FROM products')")
    leaks = "\n\ndef leak_{n}(self, rows, json):\n    " + "\n    ".join(lines) + "\n"
    files["shop/layered/business/rules.py"] += "".join(leaks.format(n=n) for n in range(60))
    monkeypatch.setattr(concerns, "sources", _with("layered", files))
    verdict = separation.clear_separation(**separation.separation_figures(seeds=[1]))
    assert verdict.outcome is Outcome.DOES_NOT_HOLD


def test_layers_that_import_each_other_freely_are_separated_up_to_no_import(monkeypatch):
    graph = nx.DiGraph(dependencies("layered"))
    graph.add_edges_from(separation.forbidden(graph)[::5])
    monkeypatch.setattr(
        separation,
        "dependencies",
        lambda name, **ways: graph if name == "layered" else dependencies(name, **ways),
    )
    separation.choices.cache_clear()
    try:
        verdict = separation.clear_separation(**separation.separation_figures(seeds=[1]))
    finally:
        separation.choices.cache_clear()
    assert verdict.outcome is Outcome.DOES_NOT_HOLD


def test_the_figure_names_its_numbers():
    picture = separation.figure(separation.against_imports(), "Few imports are enough", 31.0, 16.4)
    assert "Monolith as written: 31" in picture.alt


def _with(shop, files):
    real = concerns.sources
    return lambda name: files if name == shop else real(name)
