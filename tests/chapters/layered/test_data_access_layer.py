"""Three kinds of rows take each other's place, and are felt all the same."""

from dataclasses import replace

import pytest

from archlab.chapters.layered import concerns, data_access_layer
from archlab.chapters.layered.data_access_layer import compare, unhidden
from archlab.course.claims.verdict import Outcome
from archlab.shop.layered.data_access import MemoryData


@pytest.fixture(scope="module")
def figures():
    return data_access_layer.data_access_figures()


def test_sqlite_agrees_with_itself_in_everything():
    assert set(compare("sqlite", seed=3).values()) == {0}


@pytest.mark.parametrize("storage", ["key-value", "memory"])
def test_another_kind_has_the_same_rows_and_decides_the_same(storage):
    found = compare(storage, seed=12)
    assert (found["differing_rows"], found["differing_decisions"]) == (0, 0)


def test_the_lines_of_an_order_that_is_found_come_back_in_another_order(figures):
    assert max(figures["other_order"].per_seed) > 0


def test_queries_are_those_of_the_statements_and_keys():
    found = unhidden([1]).set_index("storage")
    # two products in one statement each for prices and stock, two reservations, payment, order, two lines, message
    assert found.order_queries["sqlite"] == 2 + 2 + 1 + 1 + 2 + 1
    # a key each for prices and stock, two reservations, the held money, and the document
    assert found.order_queries["key-value"] == 4 + 2 + 1 + 1
    assert found.queries["memory"] == 0


def test_a_crash_leaves_rows_on_disk_and_none_in_memory():
    found = unhidden([1]).set_index("storage").orders_after_crash
    assert found.to_dict() == {"sqlite": 10, "key-value": 10, "memory": 0}


def test_an_order_takes_the_time_of_its_queries_and_its_commit():
    found = unhidden(range(1, 41)).set_index("storage")
    assert found.order_ms["sqlite"] == pytest.approx(9 * 0.5 + 0.3, rel=0.2)
    assert found.order_ms["memory"] == 0


def test_it_holds_for_every_seed(figures):
    verdict = data_access_layer.data_access_layer(**figures)
    assert verdict.outcome is Outcome.HOLDS
    assert verdict.is_stable


def test_a_kind_with_other_prices_turns_the_verdict(monkeypatch):
    real = MemoryData.products

    def dearer(self, ids):
        found = yield from real(self, ids)
        return [replace(one, price_cents=one.price_cents + 1) for one in found]

    monkeypatch.setattr(MemoryData, "products", dearer)
    figures = data_access_layer.data_access_figures(seeds=(1,))
    assert figures["differing_rows"] > 0
    assert data_access_layer.data_access_layer(**figures).outcome is Outcome.DOES_NOT_HOLD


def test_sql_in_another_layer_turns_the_verdict(monkeypatch):
    files = dict(concerns.sources("layered, all kinds"))
    files["shop/layered/business/rules.py"] += (
        "\n\ndef ask(rows):\n    rows.execute('SELECT name FROM products')\n"
    )
    monkeypatch.setattr(concerns, "sources", lambda shop: files)
    figures = data_access_layer.data_access_figures(seeds=(1,))
    assert figures["rows_percent"] < 100
    assert data_access_layer.data_access_layer(**figures).outcome is Outcome.DOES_NOT_HOLD
