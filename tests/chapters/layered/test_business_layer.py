"""The rules work without a machine, decide the same on all rows, and are not enough by themselves."""

import sqlite3

import numpy as np
import pytest

from archlab.chapters.layered import business_layer, concerns
from archlab.chapters.layered.business_layer import (
    calls_outside,
    enough_up_to,
    loaded_with,
    needed_from,
    overselling,
    oversold,
)
from archlab.chapters.layered.histories import small_shop
from archlab.chapters.layered.traced import ROOT
from archlab.course.claims.verdict import Outcome
from archlab.shop.code.source import modules
from archlab.shop.domain import Product
from archlab.shop.layered.business import Rules
from archlab.shop.layered.data_access import MemoryData

TEA = [Product(1, "tea", 450)]


@pytest.fixture(scope="module")
def figures():
    return business_layer.business_figures()


def test_a_database_and_simulated_time_are_loaded_with_the_rules_which_need_two_records_of_that_file():
    assert loaded_with().library.tolist() == ["simpy", "sqlite3"]
    (rules,) = [one for one in modules(ROOT / "shop") if one.name.endswith("business.rules")]
    assert needed_from(rules, "archlab.shop.store") == ["OrderStatus", "ProductPage"]


def test_what_is_loaded_agrees_with_python_itself():
    import subprocess
    import sys

    code = "import sys, archlab.shop.layered.business.rules; print('sqlite3' in sys.modules, 'simpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["True", "True"]


def test_rules_alone_call_no_database_and_the_shop_on_sqlite_does():
    assert calls_outside(lambda: business_layer.rules_alone(TEA, [{1: 2}], stock=1)) == 0
    shop = small_shop()
    assert calls_outside(lambda: shop.answer(shop.browse(1))) > 0
    assert calls_outside(lambda: sqlite3.connect(":memory:").close()) > 0


def test_rules_alone_refuse_as_the_shop_does():
    found = business_layer.rules_alone(TEA, [{1: 2}, {1: 2}, {9: 1}, {1: 1}], stock=3)
    assert [getattr(one, "total_cents", one) for one in found] == [900, "out_of_stock", "not_found", 450]


def test_two_orders_at_the_same_moment_sell_a_piece_twice_without_the_condition():
    assert [overselling(count, condition=False) for count in (1, 2, 3)] == [0, 1, 2]
    assert [overselling(count, condition=True) for count in (1, 2, 3, 20)] == [0, 0, 0, 0]
    assert enough_up_to(condition=True) == np.inf


def test_as_many_pieces_too_many_as_orders_less_one_are_sold_when_all_look_before_any_writes():
    """No number of workers stands in the way; how many are quick enough is luck, and differs."""
    many = oversold(20, condition=False)
    assert many.n == 10
    assert max(many.per_seed) == 19
    assert min(many.per_seed) >= 1
    assert len(set(many.per_seed)) > 1
    assert oversold(20, condition=True).per_seed == (0,) * 10


def test_no_order_waits_for_a_worker(monkeypatch):
    seen = []

    class Seen(business_layer.Layered):
        def __init__(self, sim, config):
            seen.append(config.workers)
            super().__init__(sim, config)

    monkeypatch.setattr(business_layer, "Layered", Seen)
    overselling(40, condition=False)
    overselling(1, condition=False)
    assert seen == [40, business_layer.LayeredConfig().workers]


def test_a_number_of_orders_below_one_is_refused():
    with pytest.raises(ValueError, match="orders"):
        overselling(0, condition=True)


def test_the_places_that_refuse_by_a_rule_are_the_decisions_of_the_other_verdicts(figures):
    found = concerns.at_home(concerns.concerns("layered"), concerns.HOMES).set_index("concern").percent
    assert figures["rules_here_percent"] == found["decisions"]


def test_the_rules_are_enough_for_one_order_at_a_time(figures):
    verdict = business_layer.business_layer(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.flips_at == 1
    assert verdict.is_stable


def test_rules_that_are_enough_at_any_number_of_orders_turn_the_verdict(monkeypatch):
    monkeypatch.setattr(business_layer, "NoCondition", business_layer.StockRepository)
    figures = business_layer.business_figures(seeds=(1, 2))
    assert business_layer.business_layer(**figures).outcome is Outcome.HOLDS


def test_a_rule_that_asks_a_database_itself_turns_the_verdict(monkeypatch):
    real = Rules.paid

    def paid(self, order, authorisation):
        sqlite3.connect(":memory:").execute("SELECT 1").fetchone()
        return real(self, order, authorisation)

    monkeypatch.setattr(Rules, "paid", paid)
    figures = business_layer.business_figures(seeds=(1,))
    assert figures["calls_outside"] > 0
    assert business_layer.business_layer(**figures).outcome is Outcome.DOES_NOT_HOLD


def test_rows_that_lead_to_other_decisions_turn_the_verdict(monkeypatch):
    monkeypatch.setattr(MemoryData, "on_hand", lambda self, ids: _nothing_there(ids))
    figures = business_layer.business_figures(seeds=(1,))
    assert figures["differing_decisions"] > 0
    assert business_layer.business_layer(**figures).outcome is Outcome.DOES_NOT_HOLD


def _nothing_there(ids):
    yield from ()
    return dict.fromkeys(ids, 0)
