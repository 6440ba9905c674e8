"""The receipt of one budget, and what else it could have bought."""

import pytest

from archlab.chapters.choosing.against_load import BUDGET_USD_PER_H, bought
from archlab.chapters.choosing.bought_instead import cores, figure, instead, parts, spent
from archlab.chapters.choosing.forms import ARCHITECTURES


@pytest.fixture(scope="module")
def receipt():
    return spent()


def test_every_receipt_adds_up_to_the_budget(receipt):
    assert receipt.groupby("architecture").usd_per_h.sum().tolist() == pytest.approx([BUDGET_USD_PER_H] * 6)
    assert (receipt.usd_per_h > -1e-9).all()


@pytest.mark.parametrize("budget", [0.8, 1.0, 1.25, 2.0])
def test_nothing_else_that_the_money_could_buy_serves_more(budget):
    assert (instead(budget).less_percent > -1e-9).all()


def test_every_architecture_is_shown_with_something_else():
    assert set(instead().architecture) == set(ARCHITECTURES)


def test_the_parts_are_those_of_the_shop():
    offer = bought()["microservices"]
    assert sum(cores(offer).values()) == offer.config.cores_in_all
    assert "catalogue cpu 6" in parts(offer)


def test_only_the_event_driven_shop_pays_for_a_broker(receipt):
    broker = receipt[receipt.kind == "broker"].set_index("architecture").usd_per_h
    assert broker["event-driven"] == pytest.approx(0.096)
    assert broker.drop("event-driven").abs().max() < 1e-9


def test_the_figure_says_what_each_serves(receipt):
    serves = {name: offer.serves_per_s for name, offer in bought().items()}
    assert "serves 2,165/s" in figure(receipt, "What one dollar bought", serves).alt
