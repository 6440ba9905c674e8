"""The shop as microservices: the same shop as the monolith, cut into services that call each other."""

from collections import Counter

import numpy as np
import pytest

from archlab.shop.architecture import SHOP_MIX
from archlab.shop.code.table_access import statement_tables
from archlab.shop.crash_points import crash_points
from archlab.shop.day import Users, run_shop
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import SERVICES, MicroservicesConfig
from archlab.shop.microservices.tokens import Caller
from archlab.sim import Crash, Failure, Partition, Poisson, Simulation, SlowDown

MESSAGE_CPU_S = 2 * 1024 / (100 * 2**20)
PROXY_S, HOP_S = 0.00005, 0.00025
FIXED = {
    "browse_cpu_s": 0.005,
    "order_cpu_s": 0.010,
    "track_cpu_s": 0.0025,
    "query_s": 0.0005,
    "commit_s": 0.0003,
    "provider_s": 0.1,
}
"""Service times without luck, so that latencies can be added up by hand."""

USE_CASES = {
    "browse": lambda shop: shop.browse(1),
    "place_order": lambda shop: shop.place_order(8, {1: 1}),
    "track_order": lambda shop: shop.track_order(7),
}


def shop_of(seed=1, **changed):
    return Microservices(Simulation(seed), MicroservicesConfig(**changed))


def run(load, faults=(), seed=1, duration_s=30, **changed):
    mix = changed.pop("mix", SHOP_MIX)
    options = {name: changed.pop(name) for name in ("timeout_s", "warmup_s", "drain_s") if name in changed}
    config = MicroservicesConfig(**changed)
    build = lambda sim: Microservices(sim, config)  # noqa: E731
    return run_shop(build, load, faults, seed, duration_s, mix=mix, **options)


def outcomes(day, kind, start_s, end_s):
    """The outcomes of the requests of a kind that arrived in a span of time."""
    rows = day.result.requests
    rows = rows[(rows.kind == kind) & rows.arrived_s.between(start_s, end_s)]
    return Counter(rows.outcome)


# A program


def test_no_service_reads_or_writes_the_tables_of_another():
    shop = shop_of()
    shop.gateway.checks.append(lambda request: Caller("customer 7", (), "shop"))
    seen = {name: [] for name in SERVICES}
    for name in SERVICES:
        shop.services[name].database.connection.set_trace_callback(seen[name].append)
    for use_case in (shop.place_order(7, {1: 1, 2: 2}), shop.browse(1), shop.track_order(7)):
        shop.answer(use_case)
    shop.sim.run(until=10)
    owned = {"catalogue": {"products"}, "inventory": {"stock"}, "orders": {"orders", "order_lines", "owners"}}
    owned |= {name: {name} for name in ("payments", "notifications")}
    for name, statements in seen.items():
        assert {table for text in statements for table, _ in statement_tables(text)} - {"handled"} == owned[
            name
        ]
    for name in SERVICES:
        sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
        there = {row[0] for row in shop.services[name].database.connection.execute(sql)}
        assert there == owned[name] | {"handled"}


# Latency


def latency_of(use_case, **changed):
    shop = shop_of(**FIXED | changed)
    shop.answer(use_case(shop))
    return shop.sim.now


def test_a_page_takes_its_work_its_four_messages_and_two_queries():
    work_s = PROXY_S + 0.005 + 2 * 0.0005
    codec_s = (
        3 * MESSAGE_CPU_S
    )  # catalogue answers and asks, inventory answers; the gateway's are in its time
    assert latency_of(USE_CASES["browse"]) == pytest.approx(work_s + 4 * HOP_S + codec_s)


def test_an_order_takes_its_work_its_queries_four_commits_the_provider_and_fourteen_messages():
    queries = 2 + 2 + 1 + 3 + 1  # read, check; reserve 2 lines; payment; order and 2 lines; notification
    codec_s = (1 + 2 * 6) * MESSAGE_CPU_S  # orders answers; then six calls with two sides each
    expected = PROXY_S + 0.010 + queries * 0.0005 + 4 * 0.0003 + 0.1 + 14 * HOP_S + codec_s
    assert latency_of(lambda shop: shop.place_order(7, {1: 1, 2: 1})) == pytest.approx(expected)


@pytest.mark.parametrize(("use_case", "messages"), [("browse", 4), ("place_order", 14), ("track_order", 4)])
def test_a_use_case_crosses_the_network_as_often_as_it_has_calls(use_case, messages):
    shop = shop_of()
    shop.answer(shop.place_order(7, {1: 1}))
    sent = []
    send = shop.network.send
    shop.network.send = lambda source, target, size: (
        sent.append((source, target)) or send(source, target, size)
    )
    shop.answer(USE_CASES[use_case](shop))
    assert len(sent) == messages
    assert sent[0][0] == sent[-1][1] == "gateway-1"


@pytest.mark.parametrize("kind", ["browse", "place_order", "track_order"])
def test_the_demands_are_the_work_that_a_run_measures(kind):
    config = MicroservicesConfig(idempotency_keys=True, coherency=0.0, settle_every_s=1e6)
    sim = Simulation(3)
    shop = Microservices(sim, config)
    shop.answer(shop.place_order(-5, {1: 1}))
    shop.receipts.acknowledge(-5)
    before = {name: part.totals()["busy_s"] for name, part in sim.parts.items()}
    sim.open_load(Poisson(8), shop.handle, mix={kind: 1.0})
    result = sim.measure(duration_s=400)
    demands_s, held_s = config.demands_s().loc[kind], config.held_s().loc[kind]
    parts = {f"{name} cpu": f"{name}-1 cpu" for name in ("gateway", *SERVICES)}
    parts |= {f"{name} database": f"{name} database" for name in SERVICES}
    parts |= {f"{name} log": f"{name} database log" for name in SERVICES}
    for column, part in parts.items():
        measured_s = (sim.parts[part].totals()["busy_s"] - before[part]) / result.arrived
        assert measured_s == pytest.approx(demands_s[column], rel=0.08), column
    for name in ("catalogue", "inventory", "payments", "notifications"):
        measured_s = (sim.parts[f"{name}-1"].totals()["busy_s"] - before[f"{name}-1"]) / result.arrived
        assert measured_s == pytest.approx(held_s[f"{name} workers"], rel=0.08), name
    assert result.mean_latency_s(kind) == pytest.approx(held_s["gateway workers"], rel=0.08)


# Scaling


@pytest.mark.parametrize(
    ("bottleneck", "changed"),
    [
        ("catalogue cpu", {}),
        ("inventory cpu", {"instances": {"catalogue": 6}, "workers": 64}),
        ("orders workers", {"instances": {"catalogue": 6, "inventory": 2}, "workers": 4}),
        ("orders log", {"commit_s": 0.05, "mix": {"place_order": 1.0}, "workers": 64}),
    ],
)
def test_the_capacity_is_that_of_the_bottleneck(bottleneck, changed):
    mix = changed.get("mix", SHOP_MIX.shares)
    config = {name: value for name, value in changed.items() if name != "mix"} | {"coherency": 0.0}
    capacity = MicroservicesConfig(**config).capacity_per_s(mix)
    assert capacity.min() == pytest.approx(capacity[bottleneck])
    day = run(Users(150, 0.01), warmup_s=5, duration_s=15, drain_s=0, **config | {"mix": mix})
    assert day.result.throughput_per_s() == pytest.approx(capacity.min(), rel=0.07)


def test_a_second_instance_of_the_scarce_service_raises_the_capacity_and_one_elsewhere_does_not():
    def throughput(**instances):
        day = run(Users(100, 0.01), warmup_s=2, duration_s=12, drain_s=0, instances=instances)
        return day.result.throughput_per_s()

    one = throughput()
    assert throughput(catalogue=2) == pytest.approx(2 * one, rel=0.1)
    assert throughput(orders=2) == pytest.approx(one, rel=0.05)


# Failure


NEEDED_BY = {
    "gateway": {"browse", "place_order", "track_order"},
    "catalogue": {"browse", "place_order"},
    "inventory": {"browse", "place_order"},
    "orders": {"place_order", "track_order"},
    "payments": {"place_order", "track_order"},
    "notifications": {"place_order"},
}


@pytest.mark.parametrize("program", NEEDED_BY)
def test_a_crash_of_a_service_or_of_its_database_fails_exactly_the_use_cases_that_need_it(program):
    for part in (f"{program}-1", f"{program} database"):
        shop = shop_of()
        shop.answer(shop.place_order(7, {1: 1}))
        if part not in shop.parts:
            continue
        shop.parts[part].crash()
        for kind, use_case in USE_CASES.items():
            if kind in NEEDED_BY[program]:
                with pytest.raises(Failure, match=part):
                    shop.answer(use_case(shop))
            else:
                shop.answer(use_case(shop))


def test_a_provider_that_is_down_fails_orders_only():
    shop = shop_of()
    shop.answer(shop.place_order(7, {1: 1}))
    shop.parts["payment provider"].crash()
    shop.answer(shop.browse(1))
    shop.answer(shop.track_order(7))
    with pytest.raises(Failure, match="payment provider"):
        shop.answer(shop.place_order(8, {1: 1}))


def test_browsing_goes_on_while_payments_is_down_which_a_monolith_cannot_do():
    day = run(Poisson(60), [Crash("payments-1", at_s=5, restart_after_s=10)])
    assert outcomes(day, "browse", 0, 30)["ok"] == outcomes(day, "browse", 0, 30).total()
    down = outcomes(day, "place_order", 5, 15)
    assert down["unavailable"] > 0.9 * down.total()
    assert outcomes(day, "place_order", 15, 29)["ok"] == outcomes(day, "place_order", 15, 29).total()


SLOW_PROVIDER = SlowDown("payment provider", at_s=5, for_s=20, factor=40)


def test_a_slow_provider_drains_the_workers_of_its_callers_and_of_theirs():
    shop = shop_of()
    shop.sim.open_load(Poisson(60), shop.handle, SHOP_MIX)
    shop.sim.inject(SLOW_PROVIDER)
    shop.sim.run(until=24)
    assert shop.instances["payments-1"].busy == shop.instances["orders-1"].busy == 16
    assert shop.instances["orders-1"].queue_length > 10
    assert shop.instances["catalogue-1"].queue_length == 0


def test_tracking_dies_of_a_slow_provider_and_browsing_does_not():
    day = run(Poisson(60), [SLOW_PROVIDER], timeout_s=3)
    tracking, browsing = outcomes(day, "track_order", 12, 25), outcomes(day, "browse", 12, 25)
    assert tracking["timed_out"] > 0.5 * tracking.total()
    assert browsing["ok"] == browsing.total()


def test_browsing_dies_too_behind_a_gateway_that_holds_one_of_few_threads_for_each_request():
    day = run(Poisson(60), [SLOW_PROVIDER], timeout_s=3, gateway_workers=16)
    assert outcomes(day, "browse", 12, 25)["timed_out"] > 0.5 * outcomes(day, "browse", 12, 25).total()


def test_a_second_instance_carries_on_once_the_callers_have_noticed():
    crash = Crash("catalogue-1", at_s=10, restart_after_s=15)
    days = [run(Poisson(60), [crash], s, instances={"catalogue": 2}, health_check_s=3) for s in (1, 2, 3)]
    before = sum((outcomes(day, "browse", 10, 13) for day in days), Counter())
    after = sum((outcomes(day, "browse", 13.1, 24) for day in days), Counter())
    assert after["ok"] == after.total()
    assert 0.4 * before.total() < before["ok"] < before.total()


def test_a_second_gateway_carries_on_once_the_customers_address_book_has_noticed():
    crash = Crash("gateway-1", at_s=10, restart_after_s=15)
    day = run(Poisson(60), [crash], instances={"gateway": 2}, health_check_s=2)
    assert outcomes(day, "browse", 10, 12)["unavailable"] > 0
    assert outcomes(day, "browse", 12.1, 24)["ok"] == outcomes(day, "browse", 12.1, 24).total()


def test_orders_wait_for_ever_behind_a_partition_and_pages_do_not_notice():
    sim = Simulation(1)
    shop = Microservices(sim)
    sim.open_load(Poisson(60), shop.handle, SHOP_MIX)
    sim.inject(Partition(shop.network, ("orders-1",), ("payments-1",), at_s=5, for_s=1e3))
    result = sim.measure(20)
    assert shop.instances["orders-1"].busy == 16
    assert result.availability("browse") == 1.0
    assert not result.requests[
        (result.requests.kind == "place_order") & (result.requests.finished_s > 6)
    ].size


# What is left in the rows


@pytest.mark.parametrize(
    ("part", "left"),
    [
        ("orders-1", {"stock_mismatches", "payments_without_order"}),
        ("inventory-1", set()),
        ("payments-1", {"stock_mismatches"}),
    ],
)
def test_a_naive_order_that_dies_half_way_leaves_what_was_done(part, left):
    config = MicroservicesConfig(**FIXED)
    build = lambda sim: Microservices(sim, config)  # noqa: E731
    order_s = latency_of(lambda shop: shop.place_order(0, {1: 1, 2: 1, 3: 1}))
    table = crash_points(build, part, np.linspace(0, order_s, 150), settled_after_s=11)
    found = {name for name in ("stock_mismatches", "payments_without_order") if table[name].max() > 0}
    assert found == left
    assert (table.money_difference_cents.max() > 0) == ("payments_without_order" in left)
    assert table.anomalies.iloc[0] == 0


def test_an_order_whose_notification_failed_stands_though_its_customer_was_told_it_failed():
    shop = shop_of()
    shop.instances["notifications-1"].crash()
    with pytest.raises(Failure):
        shop.answer(shop.place_order(7, {1: 1}))
    assert shop.rows("orders").order_id.tolist() == [7]
    assert shop.audit().acknowledged_orders == 0


# Face


def test_the_price_is_the_sum_of_what_is_rented():
    storage = 5 * 100 * 0.115 / 730
    assert shop_of().price_per_hour_usd() == pytest.approx(11 / 2 * 0.096 + storage)
    large = shop_of(instances={"catalogue": 3, "gateway": 2}, cores=4, database_cores=2)
    assert large.price_per_hour_usd() == pytest.approx((9 * 4 + 5 * 2) / 2 * 0.096 + storage)
