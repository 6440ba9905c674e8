"""One order, followed event by event."""

from archlab.chapters.event_driven.one_order import alone, components_with_rows, happened
from archlab.shop.event_driven import EventDriven
from archlab.sim import Simulation


def test_the_story_of_an_order_is_told_by_four_stores_in_the_order_of_time():
    shop = EventDriven(Simulation(seed=1), alone())
    for number in (7, 8):
        shop.answer(shop.place_order(number, {1: 2}))
    shop.sim.run(until=3)
    story = happened(shop, order_id=8)
    assert story.component.tolist() == ["orders", "inventory", "payments", "orders", "notifications"]
    assert story.ms.is_monotonic_increasing
    assert story.caused_by.tolist() == ["a customer", *story.id[:-1]]
    assert set(story.request) == {"request-8"}


def test_only_orders_knows_when_the_customer_has_the_answer():
    shop = EventDriven(Simulation(seed=1), alone())
    assert components_with_rows(shop) == []
    shop.answer(shop.place_order(7, {1: 2}))
    assert components_with_rows(shop) == ["orders"]
    shop.sim.run(until=3)
    assert set(components_with_rows(shop)) == set(shop.components)
