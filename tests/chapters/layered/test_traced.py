"""Calls are seen with their callers, and a function that only runs what it was handed is none."""

import sys

import pytest

from archlab.chapters.layered.traced import Place, traced
from archlab.shop.layered import Layered
from archlab.shop.monolithic.architecture import Monolith
from archlab.sim.simulation import Simulation


def calls_of_an_order(kind):
    shop = kind(Simulation(seed=1))
    calls = traced(lambda: shop.answer(shop.place_order(7, {1: 2})))
    return {(caller.function if caller else None, called.function) for caller, called in calls}


def test_an_order_goes_through_the_layers_and_skips_one_at_its_commit():
    calls = calls_of_an_order(Layered)
    assert ("Application.place_order", "Application._place_new") in calls
    assert ("Application._place_new", "Rules.draft") in calls
    assert ("Rules.draft", "SqliteData.products") in calls
    assert ("SqliteData.products", "CatalogueRepository.products") in calls
    assert ("Application._place_new", "SqliteChanges.commit") in calls
    assert ("Rules.place", "SqliteChanges.commit") not in calls


def test_the_modules_of_the_monolith_call_each_other_and_not_their_program():
    calls = calls_of_an_order(Monolith)
    assert {called for caller, called in calls if caller == "Orders.place_new"} >= {
        "Catalogue.products",
        "Inventory.reserve",
        "Payments.authorise",
        "Notifications.confirm",
    }
    assert ("Program.call", "Catalogue.products") not in calls


def test_a_refusal_that_is_made_by_a_callback_is_no_call():
    shop = Layered(Simulation(seed=1))
    shop.answer(shop.place_order(7, {1: 2}))
    calls = traced(lambda: shop.answer(shop.place_order(7, {1: 2})))
    assert not [
        caller
        for caller, called in calls
        if caller and (caller.function, called.function) == ("Statement.run", "OrderRepository.insert_new")
    ]


def test_the_watching_ends_also_when_the_use_fails():
    with pytest.raises(ZeroDivisionError):
        traced(lambda: 1 / 0)
    assert sys.getprofile() is None
    assert traced(lambda: None) == []


def test_a_place_knows_its_definition():
    assert Place("shop/store.py", "Statement.run").definition == "archlab.shop.store:Statement"
