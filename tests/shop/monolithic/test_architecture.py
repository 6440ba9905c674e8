"""The monolithic shop: a program with real rows, and a model that obeys the laws of queues."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.shop.architecture import SHOP_MIX, Assortment
from archlab.shop.crash_points import crash_points
from archlab.shop.day import Users, run_shop
from archlab.shop.domain import OutOfStock
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import CALLS_PER_ORDER, MonolithConfig
from archlab.sim import Crash, Exponential, Failure, Poisson, Simulation, SlowDown, Unavailable
from archlab.sim.scalability import fit_usl
from archlab.sim.theory import mg1, mgc_ps, mmc_response_percentile

FIXED = {
    "browse_cpu_s": 0.005,
    "order_cpu_s": 0.010,
    "track_cpu_s": 0.0025,
    "query_s": 0.0005,
    "commit_s": 0.0003,
    "provider_s": 0.1,
}
"""Service times without luck, so that latencies can be added up by hand."""


def shop_of(**changed):
    return Monolith(Simulation(seed=1), MonolithConfig(**changed))


def run(load, faults=(), seed=1, duration_s=30, **changed):
    mix = changed.pop("mix", SHOP_MIX)
    options = {name: changed.pop(name) for name in ("timeout_s", "warmup_s", "drain_s") if name in changed}
    config = MonolithConfig(**changed)
    return run_shop(lambda sim: Monolith(sim, config), load, faults, seed, duration_s, mix=mix, **options)


# A program


def test_a_program_that_is_down_answers_nobody():
    shop = shop_of()
    shop.clones["shop-1"].crash()
    for use_case in (shop.browse(1), shop.place_order(7, {1: 1}), shop.track_order(7)):
        with pytest.raises(Unavailable):
            shop.answer(use_case)


# Latency


def latency_of(use_case, **changed):
    shop = shop_of(**FIXED | changed)
    shop.answer(use_case(shop))
    return shop.sim.now


def test_browsing_an_empty_shop_takes_the_sum_of_its_demands():
    assert latency_of(lambda shop: shop.browse(1)) == pytest.approx(0.005 + 0.0005)


def test_an_order_takes_its_processor_time_its_queries_its_commit_and_the_provider():
    queries = 2 + 2 + 1 + 3 + 1  # read, check; reserve 2 lines; payment; order and 2 lines; notification
    expected = 0.010 + queries * 0.0005 + 0.0003 + 0.1
    assert latency_of(lambda shop: shop.place_order(7, {1: 1, 2: 1})) == pytest.approx(expected)


def test_without_a_transaction_each_statement_pays_for_its_own_commit():
    def order(shop):
        return shop.place_order(7, {1: 1, 2: 1})

    writes = 2 + 1 + 3 + 1
    extra = latency_of(order, transactions=False) - latency_of(order)
    assert extra == pytest.approx((writes - 1) * 0.0003)


def test_calls_over_a_network_cost_two_messages_each_and_nothing_else():
    def order(shop):
        return shop.place_order(7, {1: 1})

    hop_s, encode_and_decode_s = 0.002, 2 * 4096 / (100 * 2**20)
    apart = latency_of(order, calls="network", hop_s=hop_s, message_bytes=4096)
    messages = 2 * CALLS_PER_ORDER
    assert apart - latency_of(order) == pytest.approx(messages * (hop_s + encode_and_decode_s))


def test_the_demands_are_what_a_request_takes_when_nobody_else_is_there():
    config = MonolithConfig(calls="network")
    quiet = run(Poisson(2), duration_s=2000, calls="network", drain_s=0)
    expected = config.demands_s().sum(axis=1)
    for kind in ("browse", "place_order", "track_order"):
        assert quiet.result.mean_latency_s(kind) == pytest.approx(expected[kind], rel=0.06)


@pytest.mark.parametrize("rate_per_s", [1600, 2000])
def test_browsing_is_an_m_m_c_queue_when_only_the_workers_are_scarce(rate_per_s):
    alone = {"workers": 8, "cores": 8, "browse_cpu_s": Exponential(0.003), "query_s": 0.0}
    day = run(Poisson(rate_per_s), mix={"browse": 1.0}, duration_s=15, warmup_s=2, drain_s=0, **alone)
    for q in (50, 95, 99):
        theory_s = mmc_response_percentile(q, rate_per_s, 0.003, servers=8)
        assert day.result.latency_s(q) == pytest.approx(theory_s, rel=0.05)


@pytest.mark.parametrize("cores_share", [True, False])
def test_cores_share_their_time_unless_told_to_do_one_thing_after_the_other(cores_share):
    """With pages that all take as long, the mean of M/D/1-PS is that of M/M/1, and in turn they wait half as long."""
    alone = {"cores": 1, "workers": 500, "connections": 500, "query_s": 0.0, "browse_cpu_s": 0.005}
    options = {"mix": {"browse": 1.0}, "duration_s": 150, "warmup_s": 5, "drain_s": 0}
    day = run(Poisson(120), **options, **alone, cores_share=cores_share)
    theory = mgc_ps(120, 0.005) if cores_share else mg1(120, 0.005, service_cv=0)
    assert day.result.mean_latency_s() == pytest.approx(theory.response_s, rel=0.05)


# Scaling


BOTTLENECKS = {
    "cpu": {},
    "database": {"cores": 32, "workers": 300, "connections": 300, "database_cores": 1},
    "log": {
        "cores": 32,
        "workers": 300,
        "connections": 300,
        "database_cores": 8,
        "commit_s": Exponential(0.02),
    },
    "workers": {"cores": 32, "workers": 4, "database_cores": 8},
}


def saturated_per_s(users, duration_s, **changed):
    """The throughput when `users` hardly think, so that something is always busy."""
    day = run(Users(users, 0.01), warmup_s=0.5, duration_s=duration_s, drain_s=0, **changed)
    return day.result.throughput_per_s()


@pytest.mark.parametrize("bottleneck", BOTTLENECKS)
def test_the_capacity_is_that_of_the_bottleneck(bottleneck):
    changed = BOTTLENECKS[bottleneck] | {"coherency": 0.0}
    capacity = MonolithConfig(**changed).capacity_per_s(SHOP_MIX.shares)
    assert capacity.idxmin() == bottleneck
    assert saturated_per_s(400, 6, **changed) == pytest.approx(capacity.min(), rel=0.05)


def test_more_clones_help_until_the_shared_database_is_the_bottleneck():
    small = {"coherency": 0.0, "database_cores": 1}
    rates = {clones: saturated_per_s(60 * clones, 3, clones=clones, **small) for clones in (1, 2, 4, 6)}
    assert rates[2] == pytest.approx(2 * rates[1], rel=0.08)
    assert rates[6] == pytest.approx(rates[4], rel=0.05)


def test_sessions_that_slow_each_other_make_more_workers_worse():
    def throughput(workers, coherency):
        large = {"cores": 64, "workers": workers, "connections": workers, "database_cores": 16}
        slow = {"query_s": 0.005, "provider_s": 0.01, "mix": {"place_order": 1.0}}
        return saturated_per_s(2 * workers, 4, coherency=coherency, **large, **slow)

    assert throughput(96, coherency=0.05) < 0.8 * throughput(24, coherency=0.05)
    assert throughput(96, coherency=0.0) >= throughput(24, coherency=0.0)


def test_the_universal_scalability_law_finds_the_contention_that_was_put_in():
    workers = np.array([1, 4, 8, 16, 32, 64])
    large = {
        "cores": 64,
        "database_cores": 64,
        "query_s": Exponential(0.005),
        "order_cpu_s": Exponential(0.001),
    }
    orders = large | {"provider_s": 0.0, "mix": {"place_order": 1.0}, "coherency": 0.02}
    rates = [saturated_per_s(3 * n, 2, workers=n, connections=n, **orders) for n in workers.tolist()]
    fit = fit_usl(workers, np.array(rates))
    assert fit.alpha == pytest.approx(0.02, rel=0.25)
    assert fit.r_squared > 0.999


# Failure


def outcomes(day, kind, start_s, end_s):
    """The outcomes of the requests of a kind that arrived in a span of time."""
    rows = day.result.requests
    rows = rows[(rows.kind == kind) & rows.arrived_s.between(start_s, end_s)]
    return Counter(rows.outcome)


@pytest.mark.parametrize("kind", ["browse", "place_order", "track_order"])
def test_a_crash_takes_every_use_case_down_for_the_restart_time(kind):
    day = run(Poisson(100), [Crash("shop-1", at_s=10, restart_after_s=5)])
    down = outcomes(day, kind, 10, 15)
    assert down["unavailable"] == down.total()
    assert outcomes(day, kind, 15.1, 29)["ok"] == outcomes(day, kind, 15.1, 29).total()


def test_a_second_clone_carries_on_once_the_balancer_has_noticed():
    crash = Crash("shop-1", at_s=10, restart_after_s=15)
    days = [run(Poisson(100), [crash], seed, clones=2, health_check_s=3) for seed in (1, 2, 3)]
    before = sum((outcomes(day, "browse", 10, 13) for day in days), Counter())
    after = sum((outcomes(day, "browse", 13.1, 24) for day in days), Counter())
    assert after["ok"] == after.total()
    assert 0.5 * before.total() < before["ok"] < before.total()


SLOW_PROVIDER = SlowDown("payment provider", at_s=5, for_s=20, factor=40)


def test_a_slow_provider_drains_the_shared_workers_so_that_browsing_dies_of_it():
    day = run(Poisson(150), [SLOW_PROVIDER], timeout_s=3)
    browsing = outcomes(day, "browse", 12, 25)
    assert browsing["timed_out"] > 0.5 * browsing.total()
    assert day.audit.ok


def test_a_bulkhead_keeps_browsing_alive_and_does_not_help_the_orders():
    day = run(Poisson(150), [SLOW_PROVIDER], timeout_s=3, bulkheads={"place_order": 6})
    browsing, orders = outcomes(day, "browse", 12, 25), outcomes(day, "place_order", 12, 25)
    assert browsing["ok"] == browsing.total()
    assert orders["ok"] < 0.2 * orders.total()


def test_a_slow_query_of_one_module_reaches_the_others_through_the_shared_workers():
    slow = SlowDown("payments queries", at_s=5, for_s=20, factor=6000)
    shared = run(Poisson(100), [slow], timeout_s=3, database_cores=32)
    apart = run(Poisson(100), [slow], timeout_s=3, database_cores=32, bulkheads={"place_order": 6})
    assert shared.result.availability("browse") < 0.9 < apart.result.availability("browse")


def test_a_leak_in_the_orders_module_takes_browsing_down_with_it():
    leaking = {"leak_mb_per_order": 20.0, "restart_s": 8.0}
    day = run(Poisson(100), **leaking)
    assert day.result.availability("browse") < 0.9
    only_browsing = run(Poisson(100), mix={"browse": 1.0}, **leaking)
    assert only_browsing.result.availability("browse") == 1.0
    assert day.audit.ok


def test_a_time_out_on_the_provider_frees_the_workers_and_charges_nobody_for_nothing():
    day = run(Poisson(150), [SLOW_PROVIDER], payment_timeout_s=0.5, bulkheads=None, workers=32)
    assert day.result.availability("browse") == 1.0
    assert outcomes(day, "place_order", 6, 24)["timed_out"] > 0
    assert day.audit.ok
    assert day.audit.orders == day.audit.acknowledged_orders


# What is left in the rows


@pytest.mark.parametrize("seed", [1, 2])
def test_no_crash_point_of_an_order_leaves_an_anomaly_when_it_is_one_transaction(seed):
    table = crash_points(Monolith, "shop-1", np.linspace(0, 0.3, 60), seed=seed)
    assert table.anomalies.max() == 0
    assert set(table.placed) == {True, False}
    assert (table.placed >= table.told).all()


def test_without_a_transaction_some_crash_points_leave_half_an_order():
    config = MonolithConfig(transactions=False, **FIXED)
    order_s = latency_of(lambda shop: shop.place_order(7, {1: 1, 2: 1, 3: 1}), transactions=False)
    table = crash_points(lambda sim: Monolith(sim, config), "shop-1", np.linspace(0, order_s, 300))
    assert table.stock_mismatches.max() > 0
    assert table.payments_without_order.max() > 0
    assert table.wrong_totals.max() > 0
    assert table.money_difference_cents.max() > 0, "somebody was charged for an order that does not exist"
    assert table.anomalies.iloc[0] == table.anomalies.iloc[-1] == 0


crashes = st.lists(st.tuples(st.floats(0.5, 9), st.floats(0.05, 1)), max_size=6)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 1000), crashes=crashes, clones=st.integers(1, 2), stock=st.sampled_from([3, 10_000])
)
def test_money_and_stock_add_up_after_any_crashes(seed, crashes, clones, stock):
    sim = Simulation(seed)
    slow_rows = {"query_s": Exponential(0.01), "commit_s": Exponential(0.005), "settle_every_s": 1.0}
    config = MonolithConfig(clones=clones, assortment=Assortment(products=20, stock=stock), **slow_rows)
    shop = Monolith(sim, config)
    sim.open_load(Poisson(40), shop.handle, mix={"place_order": 1.0})
    sim.inject(*[Crash("shop-1", at_s, for_s) for at_s, for_s in crashes], Crash("payment provider", 4, 0.5))
    sim.run(until=10)
    sim.parts["shop-1"].restart()
    last = Crash("payment provider", 10, 100)  # nobody starts a new order, all under way come to their end
    sim.inject(last)
    sim.run(until=12)
    stocks, lines = shop.rows("stock"), shop.rows("order_lines")
    assert stocks.on_hand.min() >= 0
    assert (stocks.initial - stocks.on_hand).sum() == lines.quantity.sum()
    paid = shop.rows("payments").set_index("order_id").amount_cents
    assert paid.to_dict() == shop.rows("orders").set_index("order_id").total_cents.to_dict()
    assert shop.audit().ok


def test_a_hot_product_is_never_sold_more_often_than_it_was_there():
    few = Assortment(products=5, stock=40)
    large = {"cores": 8, "workers": 64, "connections": 64, "database_cores": 8, "query_s": Exponential(0.005)}
    day = run(Poisson(200), duration_s=10, mix={"place_order": 1.0}, assortment=few, **large)
    assert day.result.outcomes()["out_of_stock"] > 0
    assert day.audit.ok
    assert 0 < day.audit.orders <= 5 * 40


def test_a_customer_who_gave_up_was_told_nothing_though_the_order_may_stand():
    day = run(Poisson(20), mix={"place_order": 1.0}, timeout_s=0.05, duration_s=5, **FIXED)
    assert day.audit.acknowledged_orders == 0
    assert day.audit.orders > 50
    assert day.audit.ok


# Face


def test_the_price_is_the_sum_of_what_is_rented():
    shop = shop_of(clones=3, cores=4, database_cores=8)
    machines = (3 * 4 + 8) / 2 * 0.096
    storage, balancer = 100 * 0.115 / 730, 0.0416
    assert shop.price_per_hour_usd() == pytest.approx(machines + storage + balancer)
    assert shop_of().price_per_hour_usd() == pytest.approx(2 * 0.096 + storage)


def test_a_database_that_is_down_fails_what_needs_it_and_loses_no_row():
    shop = shop_of()
    shop.answer(shop.place_order(7, {1: 1}))
    shop.database.crash()
    with pytest.raises(Failure):
        shop.answer(shop.browse(1))
    shop.database.restart()
    assert shop.answer(shop.track_order(7)).order_id == 7


# The same order, sent again


def rows_of(shop):
    tables = ("orders", "order_lines", "payments", "notifications", "stock", "ledger")
    return {table: shop.rows(table).to_dict("records") for table in tables}


@pytest.mark.parametrize("basket", [{1: 2}, {2: 1}, {1: 10**9}])
def test_an_order_that_is_sent_again_is_the_order_that_is_there(basket):
    shop = shop_of()
    placed = shop.answer(shop.place_order(7, {1: 2}))
    before = rows_of(shop)
    assert shop.answer(shop.place_order(7, basket)) == placed
    assert rows_of(shop) == before
    assert shop.audit().ok


def test_an_order_that_is_sent_twice_at_once_is_placed_and_paid_once():
    shop = shop_of()
    orders = [shop.sim.start(shop.place_order(7, {1: 2})) for _ in range(2)]
    shop.sim.run(until=60)
    one, other = (order.value for order in orders)
    assert one == other
    assert [len(shop.rows(table)) for table in ("orders", "payments", "ledger")] == [1, 1, 1]
    assert shop.audit().ok


def test_an_order_that_was_refused_may_be_sent_again():
    shop = shop_of()
    with pytest.raises(OutOfStock):
        shop.answer(shop.place_order(7, {1: 10**9}))
    assert shop.answer(shop.place_order(7, {1: 1})).id == 7
