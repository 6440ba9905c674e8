"""What a layer costs in one process."""

import pytest

from archlab.chapters.layered import calls
from archlab.chapters.layered.calls import BORDERS, layer_us, layers_in, query_us, recorded


@pytest.fixture(scope="module")
def measured():
    return calls.measure(layers=(0, 2, 4), calls=20, times=2)


@pytest.mark.parametrize("border", BORDERS)
def test_a_page_is_the_same_through_any_number_of_layers(border):
    pages = [calls.read_page(calls.through(border, layers)) for layers in (0, 1, 6)]
    assert pages[0] == pages[1] == pages[2]


@pytest.mark.parametrize(
    ("border", "is_new"), [("handed on", False), ("dataclass", True), ("validated", True)]
)
def test_only_a_layer_that_maps_makes_an_object_of_its_own(border, is_new):
    _, layer = BORDERS[border]
    kept = calls.read_page(calls.through(border, layers=0))

    class Below:
        def page(self, product):
            return kept

    assert (layer(Below()).page(1) is not kept) == is_new


def test_a_layer_that_validates_refuses_what_is_wrong_and_one_that_maps_does_not():
    wrong = {"id": 1, "name": "tea", "price_cents": -450, "on_hand": 5}
    assert calls.SharedPage(**wrong).price_cents == -450
    with pytest.raises(ValueError, match="price_cents"):
        calls.CheckedPage(**wrong)


def test_measuring_gives_a_time_for_each_case(measured):
    assert len(measured) == 3 * len(BORDERS)
    assert (measured.us > 0).all()


def test_what_a_layer_adds_is_the_slope(measured):
    line = measured.assign(us=10.0 + 3.0 * measured.layers)
    assert layer_us(line).tolist() == pytest.approx([3.0] * len(BORDERS))


def test_as_recorded_each_border_costs_more_than_the_one_before():
    adds = layer_us(recorded())
    assert adds.is_monotonic_increasing
    assert adds["handed on"] < 0.05 * query_us(recorded())
    assert adds["validated"] > 10 * adds["handed on"]


def test_a_round_trip_of_half_a_millisecond_is_thousands_of_layers_that_hand_on():
    assert layers_in(0.0005, "handed on") == pytest.approx(500 / layer_us(recorded())["handed on"])
    assert layers_in(0.0005, "handed on") > 1_000 > layers_in(0.0005, "validated") > 50


@pytest.mark.parametrize(("border", "layers"), [("by magic", 1), ("dict", -1), ("dict", 1.5)])
def test_what_is_no_border_or_no_number_of_layers_is_refused(border, layers):
    with pytest.raises(ValueError, match=r"border|layers"):
        calls.through(border, layers)


def test_the_picture_says_what_a_layer_adds():
    assert "handed on: +0.0" in calls.figure(recorded(), "Layers are cheap").alt
