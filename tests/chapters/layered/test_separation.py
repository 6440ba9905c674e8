"""Forbidden imports, counted one by one and in random choices; and the verdict turns with code that is changed."""

import networkx as nx
import numpy as np
import pytest

from archlab.chapters.layered import concerns, separation
from archlab.chapters.layered.dependencies import dependencies, layer_of
from archlab.chapters.layered.separation import Reach
from archlab.course.claims.verdict import Outcome
from archlab.shop.code.propagation import in_circles, propagation_cost

RULES = "shop/layered/business/rules.py"
API = "shop/layered/presentation/json_api.py"


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


def test_the_median_overtakes_at_the_first_number_at_which_half_the_choices_are_above():
    level = separation.baseline("monolithic")
    for seed in range(1, 11):
        costs, _ = separation.choices(seed)
        first = int(separation.overtakes_at(separation.against_imports(seed), level))
        assert (costs[:, first] > level).mean() >= 0.5 >= (costs[:, first - 1] > level).mean()
    assert separation.overtakes_at(separation.against_imports(), 0.0) == 0
    assert separation.overtakes_at(separation.against_imports(), 101.0) == np.inf


def test_ten_seeds_agree_where_the_median_overtakes_the_monolith():
    level = separation.baseline("monolithic")
    at = {separation.overtakes_at(separation.against_imports(seed), level) for seed in range(1, 11)}
    assert len(at) == 1


def test_separation_holds_up_to_some_places_in_a_wrong_layer(figures):
    verdict = separation.clear_separation(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.flips_at > 0
    home = figures["places"] * figures["at_home_percent"] / 100
    level = figures["places"] * figures["modules_percent"] / 100
    assert home - verdict.flips_at > level >= home - verdict.flips_at - 1
    assert "less than half" not in verdict.words
    assert "reach is not what layers are better at" in verdict.words


@pytest.mark.parametrize(
    ("places", "home", "modules", "limit"), [(4, 75, 50, 0), (4, 100, 50, 1), (10, 90, 0, 8)]
)
def test_the_last_place_that_fits_leaves_more_at_home_than_modules_have(places, home, modules, limit):
    assert separation.further_places(places, home, modules) == limit
    assert separation.further_places(places, modules, home) == -np.inf
    assert separation.further_places(places, home, home) == -np.inf


def test_as_many_places_as_the_limit_says_may_stand_in_a_wrong_layer_and_not_one_more(monkeypatch, figures):
    limit = int(separation.clear_separation(**figures).flips_at)
    for wrong, outcome in ((limit, Outcome.HOLDS_WHEN), (limit + 1, Outcome.DOES_NOT_HOLD)):
        with monkeypatch.context() as patch:
            patch.setattr(separation, "concerns", _with_rows_in_business(wrong))
            found = separation.separation_figures()
        assert found["places"] == figures["places"]
        assert separation.clear_separation(**found).outcome is outcome


def test_a_concern_of_which_less_than_half_is_at_home_is_named(monkeypatch):
    files = dict(concerns.sources("layered"))
    files[API] += "\n\ndef quickly():\n" + "    raise OutOfStock('no')\n" * 6
    monkeypatch.setattr(concerns, "sources", _with("layered", files))
    verdict = separation.clear_separation(**separation.separation_figures())
    assert "less than half is at home of decisions (36 %)" in verdict.words


def test_a_shop_that_writes_everything_in_one_layer_separates_nothing(monkeypatch):
    files = dict(concerns.sources("layered"))
    lines = ("self.begin()", "json.dumps(1)", "rows.execute('SELECT name FROM products')")
    leaks = "\n\ndef leak_{n}(self, rows, json):\n    " + "\n    ".join(lines) + "\n"
    files[RULES] += "".join(leaks.format(n=n) for n in range(60))
    monkeypatch.setattr(concerns, "sources", _with("layered", files))
    verdict = separation.clear_separation(**separation.separation_figures())
    assert verdict.outcome is Outcome.DOES_NOT_HOLD


def test_layers_through_which_a_change_reaches_least_are_not_said_to_be_worse(monkeypatch):
    """A graph without imports; where concerns stand is the same, so the verdict is, too."""
    graph = nx.create_empty_copy(dependencies("layered"))
    monkeypatch.setattr(
        separation,
        "dependencies",
        lambda name, **ways: graph if name == "layered" else dependencies(name, **ways),
    )
    verdict = separation.clear_separation(**separation.separation_figures())
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert "reach is not" not in verdict.words


def test_the_figure_names_its_numbers():
    picture = separation.figure(separation.against_imports(), "Few imports are enough", 31.0, 16.4)
    assert "Monolith as written: 31" in picture.alt


def _with(shop, files):
    real = concerns.sources
    return lambda name: files if name == shop else real(name)


def _with_rows_in_business(wrong):
    """What is counted, with so many of the layers' places of SQL in business instead of data access."""

    def moved(shop):
        table = concerns.concerns(shop)
        if shop != "layered":
            return table
        each = table.loc[table.index.repeat(table["count"])].assign(count=1).reset_index(drop=True)
        each.loc[each.index[each.concern == "rows"][:wrong], "part"] = "business"
        return each

    return moved
