"""Names do not overlap, and calls do not cross parts, whatever the figures and the graph are."""

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.path import Path

from archlab.course.figures.routes import layered, route
from archlab.course.figures.shapes import HEIGHT, WIDTH
from archlab.course.figures.spread import places

some_heights = st.lists(st.tuples(st.floats(-50, 150), st.floats(1, 10)), min_size=1, max_size=8)


@given(some_heights)
def test_names_never_overlap_and_stay_inside(things):
    wanted, heights = map(np.array, zip(*things, strict=True))
    placed = places(wanted, heights, 0, 100)
    low, high = np.sort(placed - heights / 2), np.sort(placed + heights / 2)
    assert (low[1:] >= high[:-1] - 1e-6).all()
    assert low[0] >= -1e-6
    assert high[-1] <= 100 + 1e-6


def test_names_that_do_not_overlap_stay_where_they_are():
    assert places([80, 20, 50], [10, 10, 10], 0, 100).tolist() == [80, 20, 50]


def test_two_names_in_one_place_move_apart_by_the_same_way():
    assert sorted(places([50, 50], [10, 10], 0, 100)) == [45, 55]


@st.composite
def calls(draw):
    """A random graph of calls without circles."""
    size = draw(st.integers(2, 9))
    pairs = [(a, b) for a in range(size) for b in range(a + 1, size)]
    graph = nx.DiGraph(draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=14, unique=True)))
    return graph


@given(calls())
def test_a_call_goes_from_left_to_right(graph):
    where = layered(graph)
    assert all(where[caller][0] < where[called][0] for caller, called in graph.edges)
    assert len(set(where.values())) == len(graph)


@given(calls())
def test_no_call_crosses_a_part(graph):
    where = layered(graph)
    for caller, called in graph.edges:
        corners = route(where, caller, called).cleaned(curves=False).vertices[:-1]
        points = Path(corners).interpolated(20).vertices
        for node in set(graph) - {caller, called}:
            x, y = where[node]
            inside = (abs(points[:, 0] - x) < 0.99 * WIDTH / 2) & (abs(points[:, 1] - y) < 0.99 * HEIGHT / 2)
            assert not inside.any(), (caller, called, node)


def test_parts_that_call_each_other_share_a_layer():
    where = layered(nx.DiGraph([("shop", "orders"), ("orders", "payments"), ("payments", "orders")]))
    assert where["orders"][0] == where["payments"][0] == 1
    assert route(where, "payments", "orders").vertices.shape == (4, 2)
