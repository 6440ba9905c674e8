"""Orders with a saga log: what a crash leaves in the rows, with a note and without."""

import numpy as np
import pytest

from archlab.chapters.microservices import saga_log
from archlab.chapters.microservices.saga_log import SagaOrder, ShopWith, naive
from archlab.shop.domain import Order
from archlab.shop.microservices.instance import Instance, Steps
from archlab.sim import Failure, Simulation

FEW = {"orders-1": 12, "inventory-1": 4, "payments-1": 4}


def noted(saga: SagaOrder, here: Instance, order: Order) -> Steps[Order]:
    yield from saga.note(order)
    yield from naive(saga, here, order)
    yield from saga.close(order)
    return order


def noted_twice(saga: SagaOrder, here: Instance, order: Order) -> Steps[Order]:
    yield from noted(saga, here, order)
    return (yield from noted(saga, here, order))


def never_closed(saga: SagaOrder, here: Instance, order: Order) -> Steps[Order]:
    yield from saga.note(order)
    return (yield from naive(saga, here, order))


def only_noted(saga: SagaOrder, here: Instance, order: Order) -> Steps[Order]:
    yield from saga.note(order)
    raise Failure("the first attempt")


def test_a_noted_order_survives_every_crash():
    frame = saga_log.crashes_while_ordering(noted, seed=1, crashing=FEW)
    assert (frame[["anomalies", "money_difference_cents", "untold_orders", "notes_left"]] == 0).all().all()


def test_an_order_that_was_noted_is_placed_in_the_end():
    frame = saga_log.crashes_while_ordering(noted, seed=1, crashing={"orders-1": 12})
    told_of_failure = frame[~frame.told]
    assert told_of_failure.placed.sum() > 5


def test_an_order_without_a_note_loses_stock_and_money():
    frame = saga_log.crashes_while_ordering(naive, seed=1)
    assert (frame.stock_mismatches > 0).sum() > 3
    assert (frame.payments_without_order > 0).sum() > 1


def test_steps_that_are_repeated_are_done_once():
    shop, _ = saga_log.order_placed(noted_twice, seed=1)
    tables = ("orders", "payments", "notifications", "ledger")
    assert [len(shop.rows(table)) for table in tables] == [1, 1, 1, 1]
    assert shop.audit().ok


def test_a_note_that_nobody_closes_stays():
    shop, _ = saga_log.order_placed(never_closed, seed=1)
    assert saga_log.notes_left(shop) == 1


def test_a_note_holds_the_whole_order():
    shop = ShopWith(Simulation(1), only_noted)
    with pytest.raises(Failure):
        shop.answer(shop.place_order(7, {1: 2, 3: 1}))
    [order] = shop.saga.notes()
    assert (order.id, [(line.product, line.quantity) for line in order.lines]) == (7, [(1, 2), (3, 1)])
    assert shop.saga.notes(older_than_s=5) == []


def test_a_declined_payment_ends_the_order_and_the_note():
    shop = saga_log.order_declined(noted, seed=1)
    assert (shop.audit().ok, len(shop.rows("orders")), saga_log.notes_left(shop)) == (True, 0, 0)


def test_every_part_of_the_order_is_tried():
    end_s = saga_log.order_placed(naive, seed=1)[0].sim.now
    moments = saga_log.crashes_while_ordering(naive, seed=1, crashing={"orders-1": 10}).at_s
    assert np.floor(10 * moments / end_s).tolist() == list(range(10))


def test_no_crash_at_all_is_refused():
    with pytest.raises(ValueError, match="crashes is 0"):
        saga_log.crashes_while_ordering(naive, seed=1, crashing={"orders-1": 0})


def closed_too_soon(saga: SagaOrder, here: Instance, order: Order) -> Steps[Order]:
    yield from saga.note(order)
    yield from here.call("inventory", "check", order)
    payment = yield from here.call("payments", "authorise", order)
    yield from here.call("inventory", "reserve", order)
    yield from here.call("payments", "record", payment)
    yield from saga.create(order)
    yield from saga.close(order)
    yield from saga.announce(here, order)
    return order


def test_a_message_after_the_note_was_closed_is_lost_when_notifications_die():
    frame = saga_log.crashes_while_ordering(closed_too_soon, seed=1, crashing={"notifications-1": 8})
    assert (frame.untold_orders > 0).any()
