"""Services with copies of what they need: they answer alone, and take a yes back when the pieces are gone."""

import pytest

from archlab.shop.config import Assortment
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.copies import CopyingShop
from archlab.sim import Simulation


def shop_with(stock):
    return CopyingShop(Simulation(seed=1), MicroservicesConfig(assortment=Assortment(stock=stock)))


def test_an_order_taken_while_the_pieces_are_gone_is_cancelled_later_and_nothing_is_sold_twice():
    shop = shop_with(stock=1)
    for order_id in (1, 2):
        assert shop.answer(shop.place_order(order_id, {1: 1})).state.value == "pending"
    shop.sim.run(until=shop.sim.now + 10)
    assert sorted(shop.rows("orders").state) == ["cancelled", "placed"]
    assert shop.rows("stock").on_hand.min() == 0
    assert shop.audit().ok


def test_a_page_shows_what_the_catalogue_last_heard():
    shop = shop_with(stock=5)
    shop.answer(shop.place_order(1, {1: 2}))
    assert shop.services["catalogue"].stock.on_hand([1]) == {1: 5}
    shop.sim.run(until=shop.sim.now + 10)
    assert shop.answer(shop.browse(1)).on_hand == shop.services["inventory"].rows.on_hand([1])[1] == 3


def test_an_order_shows_a_payment_once_it_is_placed():
    shop = shop_with(stock=5)
    shop.answer(shop.place_order(1, {1: 2}))
    assert shop.answer(shop.track_order(1)).payment is None
    shop.sim.run(until=shop.sim.now + 5)
    assert shop.answer(shop.track_order(1)).payment.value == "authorised"


@pytest.mark.parametrize("dead", ["inventory-1", "payments-1", "catalogue-1", "notifications-1"])
def test_an_order_is_taken_whoever_else_is_dead(dead):
    shop = shop_with(stock=5)
    shop.instances[dead].crash()
    assert shop.answer(shop.place_order(1, {1: 1})).state.value == "pending"
