"""Propagation cost, against Warshall's algorithm by hand and against powers of the dependency matrix."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import shortest_path

from archlab.shop.code.propagation import in_circles, must_be_tested_again, propagation_cost, visibility


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 8))
    node = st.integers(0, count - 1)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from(draw(st.lists(st.tuples(node, node), max_size=20)))
    return graph


def warshall(graph):
    """The transitive closure with every node itself, by three loops."""
    count = len(graph)
    seen = [[a == b or graph.has_edge(a, b) for b in range(count)] for a in range(count)]
    for k in range(count):
        for a in range(count):
            for b in range(count):
                seen[a][b] = seen[a][b] or (seen[a][k] and seen[k][b])
    return np.array(seen)


@given(graphs())
def test_the_visibility_matrix_is_the_transitive_closure(graph):
    seen = visibility(graph).sort_index().sort_index(axis=1).to_numpy()
    assert (seen == warshall(graph)).all()
    lengths = shortest_path(nx.to_numpy_array(graph, nodelist=range(len(graph))), unweighted=True)
    assert (seen == np.isfinite(lengths)).all()
    assert propagation_cost(graph) == pytest.approx(warshall(graph).mean())


@given(graphs())
def test_it_lies_between_one_by_n_and_one(graph):
    assert 1 / len(graph) - 1e-12 <= propagation_cost(graph) <= 1


@given(graphs(), st.data())
def test_one_more_dependency_never_lowers_it(graph, data):
    node = st.integers(0, len(graph) - 1)
    before = propagation_cost(graph)
    graph.add_edge(data.draw(node), data.draw(node))
    assert propagation_cost(graph) >= before


@given(graphs())
def test_what_must_be_tested_again_adds_up_to_it(graph):
    again = sum(len(must_be_tested_again(graph, node)) for node in graph)
    assert again == pytest.approx(propagation_cost(graph) * len(graph) ** 2)


def test_the_ends_are_a_program_without_dependencies_and_one_circle():
    assert propagation_cost(nx.empty_graph(5, create_using=nx.DiGraph)) == 1 / 5
    circle = nx.cycle_graph(5, create_using=nx.DiGraph)
    assert propagation_cost(circle) == 1
    assert in_circles(circle) == set(range(5))


def test_a_change_of_the_lowest_of_a_chain_reaches_all_and_of_the_highest_itself():
    chain = nx.path_graph(4, create_using=nx.DiGraph)
    assert must_be_tested_again(chain, 3) == {0, 1, 2, 3}
    assert must_be_tested_again(chain, 0) == {0}
    assert in_circles(chain) == set()


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="graph has 0 modules; it must have 1"):
        propagation_cost(nx.DiGraph())
    with pytest.raises(ValueError, match="module is 'x'; it must be one of the 0"):
        must_be_tested_again(nx.DiGraph(), "x")
