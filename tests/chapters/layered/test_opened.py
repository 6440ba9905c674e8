"""Opened layers: changed source, really run."""

import pytest

import archlab.shop.layered as layered_shop
from archlab.chapters.layered.opened import PATCHES, as_tiers, compared, doors_that_show_it, shop_with, ties
from archlab.chapters.layered.sinkholes import REQUESTS, sinkholes, watched
from archlab.shop.architecture import Assortment
from archlab.shop.layered import LayeredConfig
from archlab.sim.simulation import Simulation


@pytest.fixture(scope="module")
def table():
    return compared().set_index("shop")


def answers(program):
    shop = program.Layered(Simulation(seed=1), program.LayeredConfig(assortment=Assortment(products=20)))
    api = program.JsonApi(shop.application)
    kinds = ["place_order", "browse", "track_order"]
    requests = [REQUESTS[kind].replace('"order_id": 7', '"order_id": 8') for kind in kinds]
    return [shop.answer(api.handle(request)) for request in requests]


@pytest.mark.parametrize("opened", PATCHES)
def test_an_opened_shop_answers_as_the_closed_one(opened):
    assert answers(shop_with(opened)) == answers(layered_shop)


def test_a_rule_that_comes_late_is_kept_by_a_closed_shop_and_broken_by_open_ones(table):
    assert table.doors_that_show_it.to_dict() == {"closed": 0, "business open": 2, "both open": 2}


def test_opening_saves_calls_and_ties_layers(table):
    assert table.calls.diff().dropna().tolist() == [-1, -1]
    assert table.new_ties.tolist() == [0, 1, 2]
    assert table.places.tolist() == [0, 1, 2]


def test_only_the_layers_that_are_skipped_are_gone():
    assert sinkholes(watched(shop_with("both open"))) == set()
    assert ("presentation", "data_access") in ties("both open") - ties()


def test_with_the_late_rule_all_other_products_are_shown():
    assert answers(shop_with("closed", rule=True)) == answers(layered_shop)


@pytest.mark.parametrize("seed", range(1, 4))
def test_as_tiers_a_page_saves_a_way_there_and_back_and_an_order_nothing(seed):
    hop_s = 0.005
    found = as_tiers(seed=seed, duration_s=5, hop_s=hop_s).set_index("shop")
    saved_ms = found.page_ms["closed"] - found.page_ms["both open"]
    assert saved_ms == pytest.approx(2 * 1000 * hop_s, rel=0.05)
    assert found.order_ms["both open"] == pytest.approx(found.order_ms["closed"], rel=0.05)


def test_a_page_takes_on_tiers_what_the_shop_asks_of_its_stations():
    config = LayeredConfig(tiers="three tiers")
    found = as_tiers(seed=1, hop_s=0.00025).set_index("shop")
    mean_ms = 1000 * config.demands_s().loc["browse"].sum()
    assert (
        0.6 * mean_ms < found.page_ms["closed"] < mean_ms
    )  # a median of exponential times is below the mean


def test_an_unknown_way_to_open_is_refused():
    with pytest.raises(ValueError, match="opened is 'a little'"):
        shop_with("a little")
    assert doors_that_show_it("closed") == 0
