"""A monolith that accepts an order and pays later: nothing is lost or doubled, whoever dies on the way."""

import pytest

from archlab.chapters.event_driven.pays_later import PayingLater
from archlab.shop.architecture import Assortment
from archlab.shop.domain import OutOfStock
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.faults import Crash
from archlab.sim.simulation import Simulation

BASKET = {1: 2}


def _shop(seed: int = 1, **parameters: object) -> PayingLater:
    config = MonolithConfig(assortment=Assortment(products=3, stock=3), settle_every_s=3.0, **parameters)
    return PayingLater(Simulation(seed), config)


def test_an_order_is_pending_when_the_customer_has_the_answer_and_placed_when_it_is_paid():
    shop = _shop()
    assert shop.answer(shop.place_order(7, BASKET)).state.value == "pending"
    shop.sim.run(until=10)
    assert shop.rows("orders").state.tolist() == ["placed"]
    assert shop.rows("ledger").state.tolist() == ["captured"]
    assert shop.audit().ok


def test_an_order_that_was_sent_before_is_returned_as_it_is_now():
    shop = _shop()
    shop.answer(shop.place_order(7, BASKET))
    shop.sim.run(until=10)
    assert shop.answer(shop.place_order(7, BASKET)).state.value == "placed"
    assert len(shop.rows("ledger")) == 1


def test_what_is_not_there_is_refused_at_once():
    shop = _shop()
    with pytest.raises(OutOfStock):
        shop.answer(shop.place_order(7, {1: 4}))
    assert shop.rows("orders").empty


def test_a_declined_payment_cancels_the_order_and_puts_the_pieces_back():
    shop = _shop(declined=1.0)
    shop.answer(shop.place_order(7, BASKET))
    shop.sim.run(until=10)
    assert shop.rows("orders").state.tolist() == ["cancelled"]
    assert (shop.rows("stock").on_hand == 3).all()
    assert shop.rows("notifications").empty


@pytest.mark.parametrize("part", ["jobs", "database", "payment provider"])
def test_a_part_that_dies_again_and_again_loses_nothing_and_doubles_nothing(part):
    for seed in range(10):
        shop = _shop(seed)
        gaps_s = shop.sim.stream("deaths").uniform(0.1, 0.7, 6)
        shop.sim.inject(*(Crash(part, at_s, 0.05) for at_s in 0.4 + gaps_s.cumsum()))
        shop.answer(shop.place_order(7, BASKET))
        shop.sim.run(until=20)
        assert shop.rows("orders").state.tolist() == ["placed"]
        assert len(shop.rows("ledger")) == len(shop.rows("notifications")) == 1
        assert shop.audit().ok
