"""How far a model is behind, what readers see of that, and how a model is made anew."""

import numpy as np
import pytest

from archlab.shop.cqrs import Cqrs, CqrsConfig, Question
from archlab.shop.domain import NotFound, Product
from archlab.shop.events.event_store import VersionConflict
from archlab.sim import Crash, Mix, Poisson, Simulation, SlowDown

STEADY = {"query_s": 0.001, "commit_s": 0.002, "coherency": 0.0, "browse_cpu_s": 0.0, "track_cpu_s": 0.0}


def placed(config, order_id=7):
    shop = Cqrs(Simulation(1), config)
    shop.answer(shop.place_order(order_id, {1: 2}))
    return shop


def test_a_page_is_old_for_as_long_as_the_log_needs_and_its_rows_take():
    shop = placed(CqrsConfig(tail_s=0.5, **STEADY))
    written_s = shop.log.commits[-1].at_s
    shop.sim.run(until=written_s + 0.4)
    assert shop.answer(shop.browse(1)).on_hand == shop.assortment.stock
    (age_s,) = shop.staleness.frame().age_s
    assert age_s == pytest.approx(0.4 + 0.001)  # the answer is given at the end of its query
    shop.sim.run(until=written_s + 0.5 + 0.001 + 0.002 + 1e-6)
    assert shop.answer(shop.browse(1)).on_hand == shop.assortment.stock - 2
    assert shop.audit().stale_reads == 1
    assert shop.audit().max_stale_age_s == age_s


def test_what_did_not_change_is_not_old_however_far_the_model_is_behind():
    shop = placed(CqrsConfig(tail_s=10.0))
    shop.answer(shop.browse(2))
    assert shop.staleness.stale == 0


def test_an_order_that_its_model_has_not_heard_of_is_not_found_and_that_is_an_old_answer():
    shop = placed(CqrsConfig(tail_s=10.0))
    with pytest.raises(NotFound):
        shop.answer(shop.track_order(7))
    assert shop.staleness.stale == 1
    with pytest.raises(NotFound):
        shop.answer(shop.track_order(8))
    assert shop.staleness.stale == 1


@pytest.mark.parametrize("models", ["one", "same database"])
def test_what_is_written_with_the_command_is_never_old(models):
    shop = Cqrs(Simulation(1), CqrsConfig(models=models))
    shop.sim.open_load(Poisson(80), shop.handle, Mix(browse=0.5, place_order=0.3, track_order=0.2))
    shop.sim.measure(10)
    assert len(shop.staleness.frame()) > 100
    assert shop.staleness.stale == 0


def test_a_projector_that_is_stopped_catches_up_at_the_speed_of_its_database():
    config = CqrsConfig(read_models=[Question.ORDER], batch=1, tail_s=0.0, settle_every_s=1e6, **STEADY)
    shop = Cqrs(Simulation(1), config)
    shop.sim.inject(Crash("order page projector", at_s=0.0, restart_after_s=20.0))
    for order_id in range(50):
        shop.answer(shop.place_order(order_id, {1: 1}))
    projector = shop.views[Question.ORDER].follower
    assert projector.behind == 100  # two events an order
    shop.sim.run(until=20.0)
    # OrderPlaced writes a row, StockReserved none here; each is a commit
    expected_s = 50 * (0.001 + 0.002) + 50 * 0.002
    shop.sim.run(until=20.0 + expected_s - 0.01)
    assert projector.behind > 0
    shop.sim.run(until=20.0 + expected_s + 0.01)
    assert projector.behind == 0


def test_a_slow_projector_needs_as_many_times_as_long_for_its_rows():
    shop = Cqrs(Simulation(1), CqrsConfig(tail_s=0.0, **STEADY))
    shop.sim.inject(SlowDown("product page projector", at_s=0.0, for_s=100.0, factor=50))
    shop.sim.run(until=0.1)
    shop.answer(shop.place_order(7, {1: 1, 2: 1}))
    written_s = shop.log.commits[-1].at_s
    view = shop.views[Question.PRODUCT]
    shop.sim.run(until=written_s + 2 * 0.05 + 0.001)
    assert view.follower.behind > 0
    shop.sim.run(until=written_s + 2 * 0.05 + 0.003)
    assert view.follower.behind == 0


def a_busy_shop(**changed):
    shop = Cqrs(Simulation(1), CqrsConfig(batch=10, **changed))
    for order_id in range(40):
        shop.answer(shop.place_order(order_id, {1 + order_id % 5: 1}))
    shop.sim.run(until=shop.sim.now + 5)
    return shop


def stock_seen(shop, until_s):
    """What readers see of a product's stock until then, in the order in which they see it."""
    seen = []
    while shop.sim.now < until_s:
        try:
            seen.append(shop.answer(shop.browse(1)).on_hand)
        except NotFound:
            seen.append(None)
    return list(dict.fromkeys(seen))


def test_readers_see_how_a_model_is_made_anew_in_place():
    shop = a_busy_shop(query_s=0.002)
    (before,) = stock_seen(shop, shop.sim.now + 0.5)
    shop.views[Question.PRODUCT].follower.forget()
    seen = stock_seen(shop, shop.sim.now + 20)
    assert seen[0] is None
    assert seen[-1] == before
    assert len(seen) > 3


def test_readers_see_nothing_of_a_second_version_until_it_has_caught_up_and_is_switched_to():
    shop = a_busy_shop(query_s=0.002)
    (before,) = stock_seen(shop, shop.sim.now + 0.5)
    second = shop.projected(Question.PRODUCT, version=2, from_zero=True)
    assert second.follower.behind > 100
    assert stock_seen(shop, shop.sim.now + 20) == [before]
    assert second.follower.behind == 0
    shop.switch(Question.PRODUCT, second)
    assert shop.read_side.view_of(Question.PRODUCT) is second
    assert stock_seen(shop, shop.sim.now + 0.5) == [before]


def test_who_decided_on_an_old_version_of_a_product_is_refused():
    shop = Cqrs(Simulation(1), CqrsConfig(browse_cpu_s=0.005, query_s=0.001))
    outcomes = []

    def change(price_cents):
        try:
            yield from shop.change_product(Product(1, "tea", price_cents))
            outcomes.append("changed")
        except VersionConflict:
            outcomes.append("refused")

    for price_cents in (100, 200):
        shop.sim.start(change(price_cents))
    shop.sim.run(until=1)
    assert sorted(outcomes) == ["changed", "refused"]


def test_staleness_has_a_row_for_each_read_with_nan_for_fresh_ones():
    shop = placed(CqrsConfig(tail_s=10.0))
    shop.answer(shop.browse(1))
    shop.answer(shop.browse(2))
    frame = shop.staleness.frame()
    assert frame.question.tolist() == ["product page"] * 2
    assert np.isnan(frame.age_s).tolist() == [False, True]
