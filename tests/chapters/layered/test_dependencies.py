"""Who depends on whom in both shops, and what hides it."""

import pytest

from archlab.chapters.layered.dependencies import WIRING, dependencies, layer_of, table
from archlab.shop.code.propagation import in_circles


def named(graph):
    return {(a.rpartition(":")[2], b.rpartition(":")[2]) for a, b in graph.edges}


def test_an_untyped_argument_hides_a_dependency_that_a_run_shows():
    assert ("Application", "Rules") not in named(dependencies("layered", called=False))
    assert ("Application", "Rules") in named(dependencies("layered"))


def test_nobody_beneath_names_or_calls_a_layer_above():
    levels = ["presentation", "application", "business", "data access"]
    for a, b in dependencies("layered").edges:
        if layer_of(a) and layer_of(b):
            assert levels.index(layer_of(a)) <= levels.index(layer_of(b)), (a, b)


def test_the_commit_goes_over_a_layer_though_no_import_does():
    called = named(dependencies("layered")) - named(dependencies("layered", called=False))
    assert ("Application", "SqliteChanges") in called


def test_modules_are_in_a_circle_only_through_the_program():
    assert {"Orders", "Payments", "Program"} <= {
        node.rpartition(":")[2] for node in in_circles(dependencies("monolithic"))
    }
    assert in_circles(dependencies("monolithic", wiring=False)) == set()


def test_wiring_is_left_out_where_asked():
    without = dependencies("monolithic", wiring=False)
    assert not {node.rpartition(":")[2] for node in without} & WIRING


def test_layers_reach_less_than_the_monolith_as_written_and_more_than_its_modules_at_their_best():
    found = table().set_index(["called", "wiring", "shop"]).propagation_percent
    for called in (False, True):
        assert found[called, True, "layered"] < found[called, True, "monolithic"]
        assert found[called, False, "layered"] > found[called, False, "monolithic"]


def test_another_shop_is_refused():
    with pytest.raises(ValueError, match="name"):
        dependencies("cqrs")
