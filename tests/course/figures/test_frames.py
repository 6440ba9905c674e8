"""A process is a frame around its modules, and its workers are discs that stand where they wait."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import Rectangle

from archlab.course.figures import topology
from archlab.course.figures.discs import capacities, workers_in_words
from archlab.course.figures.frames import arranged
from archlab.course.figures.shapes import HEIGHT, LID, WIDTH
from archlab.course.figures.tokens import MOST, pile, tokens, whereabouts, workers_a_token
from archlab.course.style import LAB, SLIDES
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim import Simulation

MODULES = {"catalogue", "orders", "inventory", "payments", "notifications"}


def shop(**config) -> nx.DiGraph:
    return Monolith(Simulation(seed=1), MonolithConfig(**config)).topology()


# The frame -----------------------------------------------------------------------------------------------


def test_the_modules_lie_in_the_frame_of_their_process_and_nothing_else_does():
    arrangement = arranged(shop())
    frame = arrangement.frames["shop-1"]
    assert set(frame.members) == MODULES
    assert "shop-1" not in arrangement.places
    for node, (x, y) in arrangement.places.items():
        inside = frame.x0 < x - WIDTH / 2 and x + WIDTH / 2 < frame.x1
        inside = inside and frame.y0 < y - HEIGHT / 2 and y + HEIGHT / 2 < frame.y1
        assert inside == (node in MODULES), node
        assert inside or not frame.holds((x, y))


def test_customers_call_the_frame_and_not_the_modules_in_it():
    graph = shop()
    arrangement = arranged(graph)
    frame = arrangement.frames["shop-1"]
    ends = [tuple(path.vertices[-1]) for path in arrangement.routes(graph)]
    assert sum(x == frame.x0 for x, _ in ends) == 1
    into_modules = [end for end in ends if end[0] == arrangement.places["catalogue"][0] - WIDTH / 2]
    assert len(into_modules) == 4
    assert len(ends) == graph.number_of_edges() - 2


def test_clones_are_shapes_and_have_no_frame():
    arrangement = arranged(shop(clones=3))
    assert arrangement.frames == {}
    assert {"shop-1", "shop-2", "shop-3"} <= set(arrangement.places)


def test_a_process_that_calls_others_by_itself_is_a_shape_beside_its_modules():
    graph = nx.DiGraph([("customers", "shop"), ("shop", "orders"), ("shop", "mail")])
    graph.nodes["orders"]["inside"] = "shop"
    assert arranged(graph).frames == {}
    assert set(arranged(graph).places) == set(graph)


def test_there_is_no_frame_in_which_a_stranger_would_lie():
    graph = nx.DiGraph([("shop", "orders"), ("orders", "cache"), ("cache", "stock"), ("shop", "stock")])
    for module in ("orders", "stock"):
        graph.nodes[module]["inside"] = "shop"
    assert arranged(graph).frames == {}


def test_a_part_that_a_module_calls_stands_behind_the_frame():
    graph = nx.DiGraph([("shop", "orders"), ("orders", "mail"), ("orders", "stock"), ("stock", "database")])
    for module in ("orders", "stock"):
        graph.nodes[module]["inside"] = "shop"
    arrangement = arranged(graph)
    assert list(arrangement.frames) == ["shop"]
    assert arrangement.places["mail"][0] == arrangement.places["database"][0]


def test_the_picture_has_an_outline_and_a_strip_with_the_name():
    panel = topology(shop(), "One process").figure.axes[0]
    rectangles = [patch for patch in panel.patches if type(patch) is Rectangle]
    assert len(rectangles) == 2
    assert "shop-1 (process)" in [text.get_text() for text in panel.texts]


def test_a_process_that_is_down_says_so_in_its_strip():
    picture = topology(shop(), "It is down", down=["shop-1"])
    (hatched,) = [patch for patch in picture.figure.axes[0].patches if patch.get_hatch()]
    assert hatched.get_linestyle() in ("--", "dashed")
    assert "shop-1 ✘ DOWN (process)" in [text.get_text() for text in picture.figure.axes[0].texts]
    assert "Workers" not in picture.alt


@pytest.mark.parametrize("size", [LAB, SLIDES], ids=["lab", "slides"])
def test_everything_is_inside_the_picture(size):
    figure = topology(shop(), "One process", waiting={"payment provider": 16}, size=size).figure
    figure.draw_without_rendering()
    panel = figure.axes[0]
    (discs,) = panel.collections
    assert all(
        figure.bbox.padded(-5).contains(*place) for place in panel.transData.transform(discs.get_offsets())
    )
    for artist in [*panel.patches, *panel.texts]:
        box = artist.get_window_extent()
        assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 <= box.y1 <= figure.bbox.y1


# A cylinder ----------------------------------------------------------------------------------------------


def test_a_database_never_has_three_lines_in_its_cylinder():
    import pandas as pd

    graph = nx.DiGraph([("notifications", "notifications database")])
    graph.nodes["notifications database"].update(kind="database", part="db")
    busy = pd.DataFrame({"utilisation": [0.5]}, index=["db"])
    picture = topology(graph, "A database", parts=busy)
    (text,) = [text for text in picture.figure.axes[0].texts if "%" in text.get_text()]
    assert text.get_text() == "notifications\n50 %"
    assert text.get_position()[1] == -LID
    assert "notifications database (database, 50 % busy)" in picture.alt


# The workers ---------------------------------------------------------------------------------------------


def test_busy_workers_are_where_their_requests_are_and_the_rest_waits_for_the_provider():
    graph = shop()
    inside = {"shop-1 cpu": 3, "shop-1 connections": 4}
    where = whereabouts(graph, "shop-1", busy=16, inside=inside)
    assert where == {"shop-1": 3, "database": 4, "payment provider": 9}


@given(st.integers(0, 16), st.integers(0, 40), st.integers(0, 40))
def test_no_worker_is_lost_or_in_two_places(busy: int, at_cores: int, at_database: int):
    graph = shop()
    inside = {"shop-1 cpu": at_cores, "shop-1 connections": at_database}
    where = whereabouts(graph, "shop-1", busy, inside)
    assert sum(where.values()) == busy
    assert min(where.values()) >= 0
    found = tokens(arranged(graph), {"shop-1": where}, {"shop-1": 16})
    assert len(found.places) == 16
    assert found.are_free.sum() == 16 - busy
    assert len({tuple(place) for place in found.places.round(6)}) == 16


def test_workers_of_bulkheads_belong_to_their_process():
    graph = shop(bulkheads={"place_order": 6})
    assert capacities(graph) == {"shop-1": 16}
    assert graph.nodes["shop-1"]["pools"] == ("shop-1", "shop-1 place_order")


def test_waiting_workers_pile_up_below_the_provider_and_free_ones_stay_in_the_frame():
    graph = shop()
    arrangement = arranged(graph)
    found = tokens(arrangement, {"shop-1": {"payment provider": 12}}, {"shop-1": 16})
    x, y = arrangement.places["payment provider"]
    waiting = found.places[~found.are_free]
    assert (abs(waiting[:, 0] - x) <= WIDTH / 2).all()
    assert (waiting[:, 1] < y - HEIGHT / 2).all()
    frame = arrangement.frames["shop-1"]
    free = found.places[found.are_free]
    assert ((frame.x0 < free[:, 0]) & (free[:, 0] < frame.x1) & (frame.y0 < free[:, 1])).all()


def test_of_many_workers_a_disc_stands_for_several():
    assert workers_a_token({"shop-1": MOST}) == 1
    assert workers_a_token({"shop-1": MOST + 1}) == 2
    found = tokens(arranged(shop()), {"shop-1": {"database": 1}}, {"shop-1": 200})
    assert len(found.places) <= MOST + 1
    assert (~found.are_free).sum() == 1


@given(st.integers(0, 60), st.integers(1, 30))
def test_a_pile_has_no_two_discs_in_one_place(count: int, columns: int):
    places = pile((3.0, 1.0), count, columns)
    assert len(set(places)) == len(places) == count
    if places:
        assert np.mean([x for x, y in places if y == places[0][1]]) == pytest.approx(3.0)


def test_the_words_say_where_the_workers_are():
    picture = topology(shop(), "They wait", waiting={"payment provider": 15, "shop-1": 1})
    assert picture.alt.endswith("Workers of shop-1: 15 wait at payment provider, 1 works inside, 0 are free.")
    assert topology(shop(), "Idle").alt.endswith("Workers of shop-1: 16 are free.")
    assert workers_in_words({}, {}) == ""


@pytest.mark.parametrize("waiting", [{"nowhere": 1}, {"payment provider": 17}, {"database": -1}])
def test_workers_that_do_not_exist_cannot_wait(waiting):
    with pytest.raises(
        ValueError, match=r"waiting is .*; it must hold nodes of the graph, and at most 16 workers"
    ):
        topology(shop(), "They wait", waiting=waiting)


def test_more_workers_wait_than_one_clone_has_when_there_are_more_clones():
    alt = topology(shop(clones=2), "They wait", waiting={"payment provider": 20}).alt
    assert "Workers of shop-1: 16 wait at payment provider, 0 are free." in alt
    assert "Workers of shop-2: 4 wait at payment provider, 12 are free." in alt
