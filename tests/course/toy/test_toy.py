"""The toy goes on under the reader's hand, and what is saved of it is the same whatever was done with it."""

import time

import pytest

from archlab.course.live import WIDGET_VIEW
from archlab.course.toy import Moment, Toy
from archlab.course.toy import toy as toy_module
from archlab.course.toy.crowd import LEAST_MOST, MOST_DOTS, Crowd
from archlab.course.toy.toy import TICK_S


class Tub:
    """It fills up while the load is above 100."""

    def __init__(self) -> None:
        self.time_s, self.waiting = 0.0, 0

    def advance(self, load_percent: float, seconds: float) -> None:
        self.time_s += seconds
        self.waiting = max(0, self.waiting + (1 if load_percent > 100 else -1))

    def moment(self, load_percent: float) -> Moment:
        return Moment(self.time_s, load_percent, self.waiting, 0, self.waiting > 0, self.waiting, 0)


def toy() -> Toy:
    return Toy(Tub, "A tub", load_percent=(0, 120, 50))


def until(condition) -> None:
    for _ in range(1500):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail("it did not become so")


# Without a browser ---------------------------------------------------------------------------------------


def test_it_goes_on_at_the_load_that_is_set():
    one = toy().set(110).run(seconds=10 * TICK_S)
    assert (one.load_percent, one.moment.waiting) == (110, 10)
    assert one.set(90).run(seconds=4 * TICK_S).moment.waiting == 6


def test_the_same_hand_gives_the_same_picture():
    one, other = (toy().set(110).run(3).set(80).run(1) for _ in range(2))
    assert one.picture().png == other.picture().png
    assert repr(one) == repr(other)


def test_begun_again_it_is_as_at_first():
    one = toy().set(110).run(5).reset()
    assert (one.picture().png, one.load_percent) == (toy().picture().png, 50)


@pytest.mark.parametrize("load", [-1, 121, "80", None])
def test_a_load_that_the_slider_has_not_is_refused(load):
    with pytest.raises(ValueError, match=r"load_percent is .*; it must be a whole number from 0 to 120"):
        toy().set(load)


# The picture ---------------------------------------------------------------------------------------------


def moment(waiting: int, came_now: int = 0, time_s: float = 1.0) -> Moment:
    return Moment(time_s, 80, waiting, came_now, True, waiting, 0, 0.4)


def test_every_request_is_one_dot_those_that_come_at_the_entrance():
    crowd = Crowd(toy_module.LAB)
    crowd.show(moment(waiting=12, came_now=2))
    places = {tuple(place) for place in crowd.dots.get_offsets()}
    assert len(places) == 1 + 10
    assert len(crowd.newcomers.get_offsets()) == 2
    assert max(x for x, _ in crowd.newcomers.get_offsets()) < min(x for x, _ in places)


def test_of_a_longer_queue_than_fits_it_says_how_many_are_not_drawn():
    crowd = Crowd(toy_module.LAB)
    crowd.show(moment(waiting=MOST_DOTS + 7))
    assert len(crowd.dots.get_offsets()) == MOST_DOTS + 1
    assert crowd._count.get_text() == f"{MOST_DOTS + 7} waiting (7 not drawn)"


def test_the_last_minute_is_kept_and_its_axis_holds_it():
    crowd = Crowd(toy_module.LAB)
    for second in range(200):
        crowd.show(moment(waiting=second, time_s=second))
    ago_s, waiting = crowd._line.get_data()
    assert (ago_s[0], ago_s[-1], waiting[-1]) == (-60, 0, 199)
    assert crowd._history.get_ylim()[1] >= 199
    crowd.show(moment(waiting=0, time_s=500.0))
    assert crowd._history.get_ylim() == (0, LEAST_MOST)


def test_no_text_lies_on_another_or_beyond_the_picture():
    crowd = Crowd(toy_module.LAB)
    crowd.show(moment(waiting=MOST_DOTS + 1000, came_now=3, time_s=12345.0))
    crowd.figure.draw_without_rendering()
    texts = [text for text in crowd.figure.axes[0].texts if text.get_text()]
    boxes = [text.get_window_extent() for text in texts]
    assert all(
        crowd.figure.bbox.fully_containsx(b.x0) and crowd.figure.bbox.fully_containsx(b.x1) for b in boxes
    )
    assert not [1 for k, one in enumerate(boxes) for other in boxes[:k] if one.overlaps(other)]


def test_a_frame_drawn_on_the_kept_image_equals_one_drawn_anew():
    used, fresh = Crowd(toy_module.LAB), Crowd(toy_module.LAB)
    for waiting in (3, 40, 7):
        used.show(moment(waiting))
        used.png()
    for waiting in (3, 40, 7):
        fresh.show(moment(waiting))
    assert used.png() == fresh.png()


# In a notebook -------------------------------------------------------------------------------------------


def test_what_is_saved_is_the_first_picture_and_how_to_play():
    one = toy()
    before = one._repr_mimebundle_()
    after = one.set(110).run(20)._repr_mimebundle_()
    assert set(before) == {WIDGET_VIEW, "text/html", "text/plain"}
    for kind in ("text/html", "text/plain"):
        assert before[kind] == after[kind] == toy()._repr_mimebundle_()[kind]
    assert "<b>A tub</b>" in before["text/html"]
    assert "Run this cell, then move the slider" in before["text/html"]


def test_moving_the_slider_starts_it_and_the_queue_grows(monkeypatch):
    one = toy()
    one._repr_mimebundle_()
    before = one._picture.value
    one._slider.value = 110
    until(lambda: one.moment.waiting >= 2)
    assert one._button.description == "Pause"
    assert one._picture.value != before
    one._pause()
    assert not one._player.is_playing
    assert one._button.description == "Play"


def test_beginning_again_pauses_and_sets_the_slider_back():
    one = toy()
    one._repr_mimebundle_()
    one._slider.value = 110
    until(lambda: one.moment.waiting >= 2)
    one._begin_again()
    assert (one._slider.value, one.load_percent, one.moment) == (50, 50, toy().moment)
    assert not one._player.is_playing


def test_untouched_for_long_it_pauses_by_itself(monkeypatch):
    monkeypatch.setattr(toy_module, "REST_S", 2 * TICK_S)
    one = toy()
    one._repr_mimebundle_()
    one._play()
    assert one._player.wait(timeout_s=30)
    assert one._button.description == "Play"
