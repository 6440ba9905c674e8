"""The slider shows what was true at each position, also without a browser."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from archlab.chapters.event_driven import time_travel_slider as slider
from archlab.chapters.event_driven.history import play, wishes
from archlab.course.explorer import explore


@pytest.fixture(scope="module")
def history():
    return play(wishes(slider.TRADE, 1))


@pytest.mark.parametrize("position", [13, 60, 150, 230])
def test_what_was_on_hand_is_the_truth_of_that_moment(history, position):
    then = slider.as_it_was(position, product=1)
    reading = slider.Moment().read(then)
    moves = [event_s for event_s, _ in history.shelf[1] if event_s <= then.now.at_s]
    if (
        then.now.at_s not in moves
    ):  # within an order, pieces are set aside between its first and its last event
        assert reading.figures["on_hand"] == history.on_hand(1, then.now.at_s)
    assert reading.windows[0].name == then.now.type


def test_an_order_is_shown_as_it_was_then_not_as_it_became():
    placed = next(
        position for position in range(13, 60) if slider.as_it_was(position).now.type == "OrderPlaced"
    )
    words = [slider.Moment().read(slider.as_it_was(placed + k)).figures["order"] for k in range(4)]
    assert words[0].startswith("pending")
    assert "not set aside" in words[0]
    assert ", set aside, not paid" in words[1]
    assert words[3].startswith("placed")


def test_every_order_and_product_of_the_last_position_is_the_truth(history):
    last = slider.as_it_was(slider.events(), product=2)
    assert last.on_hand[-1] == history.shelf[2][-1][1]
    paid = sum(order.total_cents for order in history.orders.values() if order.state.value == "placed")
    assert last.taken_cents[-1] == paid


def test_the_explorer_moves_and_has_a_picture_beside_it():
    places = {"position": (13, slider.events(), 65), "product": (1, 6, 2)}
    ex = explore(slider.as_it_was, view=slider.Moment(), title="Time travel", **places)
    first = ex.figures["event"]
    assert ex.set(position=66).figures["event"] != first
    assert "<img" in ex._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("position", [0, 10_000, 1.5])
def test_a_position_without_an_event_is_named(position):
    with pytest.raises(ValueError, match=f"position is {position}; it must be from 1 to"):
        slider.as_it_was(position)
    with pytest.raises(ValueError, match="product is 7; it must be from 1 to 6"):
        slider.as_it_was(13, product=7)


def test_the_slider_may_be_moved_from_any_thread():
    """An explorer runs its model beside the notebook, in a thread of its own."""
    here = slider.as_it_was(67, product=2)
    with ThreadPoolExecutor(1) as other:
        there = other.submit(slider.as_it_was, 67, 2).result()
    assert there.now == here.now
    assert there.order == here.order
