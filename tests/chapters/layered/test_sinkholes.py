"""Sinkholes: which layers only hand on, seen in the running program."""

import pytest

import archlab.shop.layered as layered_shop
from archlab.chapters.layered.opened import shop_with
from archlab.chapters.layered.sinkholes import (
    ORDER,
    REQUESTS,
    figure,
    methods,
    sinkhole_percent,
    sinkholes,
    watch,
    watched,
)


@pytest.fixture(scope="module")
def table():
    return watched()


def test_looks_pass_through_two_layers_and_orders_through_none(table):
    assert sinkholes(table) == {"browse", "track_order"}
    assert table[table.use_case == "place_order"].does.all()


def test_the_share_follows_the_mix(table):
    assert sinkhole_percent(table) == pytest.approx(88)
    assert sinkhole_percent(table, {"browse": 1, "track_order": 0, "place_order": 3}) == pytest.approx(25)
    assert sinkhole_percent(table, {"browse": 0, "track_order": 0, "place_order": 1}) == 0


def test_a_layer_with_a_rule_about_looking_does_something():
    table = watched(shop_with(rule=True)).set_index(["use_case", "layer"])
    assert table.does["browse", "business"]
    assert not table.does["track_order", "business"]


def test_a_generator_that_goes_on_is_one_call():
    order = watch(layered_shop, REQUESTS["place_order"])
    names = [call.name for call in order.entries()]
    assert names.count("place") == names.count("draft") == names.count("commit") == 1
    assert names.count("reserve") == 2  # two products


def test_calls_belong_to_the_layer_that_made_them():
    (handle,) = watch(layered_shop, REQUESTS["browse"]).first
    path = []
    ahead = [handle]
    while ahead:
        path.append((ahead[0].layer, ahead[0].name))
        ahead = ahead[0].on()
    assert path == [
        ("presentation", "handle"),
        ("application", "browse"),
        ("business", "page"),
        ("data access", "page"),
    ]


def test_the_functions_of_the_business_layer_that_only_hand_on_are_named():
    found = methods()
    assert {name for name, hands_on in found.items() if hands_on} == {"page", "status", "placed"}
    assert {name for name, hands_on in found.items() if not hands_on} == {"draft", "paid", "place"}


def test_watching_changes_no_answer():
    watcher = watch(layered_shop, ORDER)  # order 7 is sent again
    assert '"state": "placed"' in watcher.first[0].result


def test_the_figure_says_who_only_hands_on(table):
    alt = figure(table, "Two layers").alt
    assert "browse, 80 % of requests: application and business only hand on" in alt
    assert "place order, 12 % of requests: all four layers do something" in alt
