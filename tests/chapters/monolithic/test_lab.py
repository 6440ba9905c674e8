"""The days of lab 01: what they show, and what nobody can build."""

from dataclasses import replace

import numpy as np
import pytest

from archlab.chapters.monolithic import lab as sale_day
from archlab.chapters.monolithic.lab import BUDGET_USD_PER_HOUR, OBJECTIVES, TODAY, Objective, SaleDay
from archlab.shop.monolithic.architecture import Monolith, Orders, Program
from archlab.sim import Simulation
from archlab.sim.distributions import as_distribution


def misses(config: object, seed: int) -> list[str]:
    result = SaleDay.drawn(np.random.default_rng(seed)).run(config, seed).result
    return [miss for objective in OBJECTIVES for miss in objective.misses(result)]


def place_as_the_shop_does(program: Program, order_id: int, basket: dict[int, int]):
    return Orders.place(program.orders, order_id, basket)


def place_without_transaction(program: Program, order_id: int, basket: dict[int, int]):
    program.shop.config = replace(program.shop.config, transactions=False)
    return Orders.place(program.orders, order_id, basket)


def test_the_figures_that_the_text_of_the_lab_names():
    day = SaleDay()
    assert (day.duration_s, day.patience_s) == (40, 5)
    assert (day.down_s, day.slow_for_s, day.times_slower) == (10, 8, 40)
    assert (sale_day.PAYMENT_S, sale_day.WORKERS_PER_CORE) == (2, 8)
    assert OBJECTIVES[1] == Objective("place_order", 0.65, 2.0)
    provider = as_distribution(TODAY.provider_s)
    draws = Simulation(1).draws("provider", provider)
    assert np.percentile([draws() for _ in range(20_000)], 99) == pytest.approx(0.4, rel=0.05)


def test_today_s_shop_breaks_the_promise_and_two_clones_with_a_time_out_keep_it():
    assert misses(TODAY, seed=1)
    assert misses(replace(TODAY, clones=2), seed=1)
    assert misses(replace(TODAY, clones=2, payment_timeout_s=0.8), seed=1) == []


def test_two_clones_fit_into_the_budget_and_three_do_not():
    def price(clones: int) -> float:
        return Monolith(Simulation(1), replace(TODAY, clones=clones)).price_per_hour_usd()

    assert price(2) < BUDGET_USD_PER_HOUR < price(3)


def test_an_objective_names_what_was_missed():
    result = SaleDay(duration_s=5, crash_at_s=1).run(TODAY, seed=1).result
    assert "succeeded, promised are 90%" in OBJECTIVES[0].misses(result)[0]
    assert "promised are 1 ms" in Objective("browse", 0.0, 0.001).misses(result)[0]
    assert Objective("browse", 0.0, 10.0).misses(result) == []


def test_an_objective_is_missed_when_no_request_succeeds():
    result = SaleDay(duration_s=2, crash_at_s=0).run(TODAY, seed=1).result
    assert len(Objective("browse", 0.9, 0.1).misses(result)) == 2


def test_facts_of_life_cannot_be_chosen_and_workers_need_memory():
    assert sale_day.impossible(replace(TODAY, clones=2, queue_limit=5, bulkheads={"browse": 3})) == []
    assert sale_day.impossible(replace(TODAY, restart_s=1.0)) == ["restart_s cannot be chosen"]
    assert sale_day.impossible(replace(TODAY, workers=17)) == ["workers is 17; with 2 cores at most 16 fit"]


def test_a_day_can_end_in_each_way():
    day = sale_day.unfinished_day(seed=1)
    ends = set(day.result.outcomes("place_order").index)
    assert {"ok", "refused", "timed_out", "unfinished"} <= ends


@pytest.mark.parametrize("part", sale_day.FULL_PARTS)
def test_the_part_named_is_full_and_what_it_waits_for_is_not(part: str):
    busy = sale_day.day_limited_by(part, np.random.default_rng(1)).parts.utilisation
    waits_for = {
        "shop-1": ["shop-1 cpu", "shop-1 connections", "database"],
        "shop-1 connections": ["database"],
    }
    assert busy[part] > 0.95
    assert busy["shop-1"] > 0.95
    assert all(busy[other] < 0.9 for other in waits_for.get(part, []))


def test_on_a_day_without_a_limit_no_part_is_full():
    busy = sale_day.day_limited_by(None, np.random.default_rng(1)).parts.utilisation
    assert busy.max() < 0.6


def test_an_unknown_limit_is_named():
    with pytest.raises(ValueError, match="part is 'cpu'; it must be None or one of shop-1, shop-1 cpu"):
        sale_day.day_limited_by("cpu", np.random.default_rng(1))


def test_orders_ask_for_more_workers_than_there_are_and_take_the_pages_with_them():
    shared = sale_day.slow_payments(None, 40, 200, 0.005, seed=1)
    walled = sale_day.slow_payments({"place_order": 36}, 40, 200, 0.005, seed=1)
    assert shared.availability("browse") < 0.9 < 0.99 < walled.availability("browse")
    orders_per_s = walled.throughput_per_s("place_order")
    assert orders_per_s == pytest.approx(36 / sale_day.PAYMENT_S, rel=0.05)  # 36 workers, always busy


def test_a_shop_with_the_usual_way_to_order_survives_every_crash():
    frame = sale_day.crashes_while_ordering(place_as_the_shop_does, seed=1, crashes=20)
    assert (frame.anomalies == 0).all()
    assert not frame.placed.any()  # its commit is the last step
    assert sale_day.order_placed(place_as_the_shop_does, seed=1)[0].audit().orders == 1


def test_crashes_find_an_order_that_is_written_piece_by_piece():
    frame = sale_day.crashes_while_ordering(place_without_transaction, seed=1, crashes=20)
    assert (frame.anomalies > 0).sum() > 3


def test_every_part_of_the_order_is_tried():
    end_s = sale_day.order_placed(place_as_the_shop_does, seed=1)[0].sim.now
    moments = sale_day.crashes_while_ordering(place_as_the_shop_does, seed=1, crashes=10).at_s
    assert np.floor(10 * moments / end_s).tolist() == list(range(10))


@pytest.mark.parametrize("name", ["rate_per_s", "down_s", "patience_s", "duration_s"])
def test_a_day_refuses_a_figure_that_is_not_positive(name: str):
    with pytest.raises(ValueError, match=name):
        SaleDay(**{name: 0})


def test_a_message_in_a_transaction_of_its_own_is_lost_with_a_crash_before_it():
    def place(program: Program, order_id: int, basket: dict[int, int]):
        confirm, program.notifications.confirm = program.notifications.confirm, nothing_to_confirm
        order = yield from place_as_the_shop_does(program, order_id, basket)
        with program.connections.hold() as connection:
            yield connection
            work = program.begin()
            yield from confirm(order, work)
            yield from work.commit()
        return order

    frame = sale_day.crashes_while_ordering(place, seed=1)
    assert (frame.untold_orders > 0).any()
    whole = sale_day.crashes_while_ordering(place_as_the_shop_does, seed=1, crashes=10)
    assert (whole.untold_orders == 0).all()


def nothing_to_confirm(order: object, work: object):
    yield from ()


def test_a_telling_day_shows_whose_requests_were_counted():
    result = sale_day.telling_day(seed=1).result
    orders = result.requests[result.requests.kind == "place_order"]
    lost, of_those_that_ended = (orders.outcome != "ok").mean(), 1 - result.availability("place_order")
    assert abs(result.latency_s(99) / result.latency_s(99, "browse") - 1) > 0.03
    assert abs(of_those_that_ended / lost - 1) > 0.03


@pytest.mark.parametrize(
    ("full", "part", "least", "most"),
    [(True, "shop-1", 0.952, 0.968), (False, "shop-1 cpu", 0.91, 0.945)],
)
def test_a_day_near_the_border_is_near_it(full: bool, part: str, least: float, most: float):
    busy = sale_day.day_near_the_border(full, np.random.default_rng(1)).parts.utilisation
    assert least < busy[part] < most


def test_on_the_day_that_the_database_limits_the_connections_are_full_as_well():
    busy = sale_day.day_limited_by("database", np.random.default_rng(1)).parts.utilisation
    assert busy["shop-1 connections"] > 0.95
