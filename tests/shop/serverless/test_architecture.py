"""The serverless shop: what its functions do, cost, and leave behind when they die."""

from dataclasses import replace
from functools import partial
from math import ceil
from types import SimpleNamespace

import numpy as np
import pytest

from archlab.shop.architecture import Assortment
from archlab.shop.crash_points import crash_points, end_of_order_s
from archlab.shop.day import run_shop
from archlab.shop.domain import OrderState, OutOfStock
from archlab.shop.serverless import BY_CALL, Cancelled, Serverless, ServerlessConfig, keys
from archlab.shop.store import OrderRepository, run_together
from archlab.sim import Crash, CutOff, Mix, Poisson, Simulation, Throttled, TimedOut, Trace

FIXED = ServerlessConfig(
    browse_cpu_s=0.005,
    order_cpu_s=0.010,
    track_cpu_s=0.0025,
    query_s=0.0005,
    commit_s=0.0003,
    provider_s=0.1,
    init_s=0.2,
    keep_alive_s=300.0,
    coherency=0.0,
    settle_every_s=1e6,
)
"""Times without luck, and no settlement meanwhile."""
KEYS = replace(FIXED, idempotency_keys=True)


def shop_of(config=FIXED, seed=1):
    return Serverless(Simulation(seed), config)


def run_order(shop, order_id=7, until_s=20):
    """Place an order, and let what comes after its answer happen, too."""
    order = shop.answer(shop.place_order(order_id, {1: 2, 3: 1}))
    shop.sim.run(until=shop.sim.now + until_s)
    return order


# What it does


def test_an_order_starts_one_environment_of_each_function_that_it_needs():
    shop = shop_of()
    run_order(shop)
    cold = {name: function.cold for name, function in shop.functions.items() if function.invocations}
    assert cold == dict.fromkeys(("place_order", "reserve_stock", "take_payment", "notify", "report"), 1)
    run_order(shop, 8)
    assert sum(function.cold for function in shop.functions.values()) == 5


@pytest.mark.parametrize("config", [FIXED, KEYS])
def test_queries_commits_and_computing_are_what_the_configuration_says_of_each_use_case(config, monkeypatch):
    basket = {1: 1, 2: 1, 3: 1}
    shop = shop_of(config)
    asked = noted_computing(shop, monkeypatch)
    shop.functions["report"].crash()  # it works in batches, and is in no use case
    asks = {
        "browse": shop.browse(1),
        "place_order": shop.place_order(7, basket),
        "track_order": shop.track_order(7),
    }
    for kind, use_case in asks.items():
        before = work_of(shop, asked)
        shop.answer(use_case)
        shop.sim.run(until=shop.sim.now + 0.9)
        database_s, log_s, computed_s = work_of(shop, asked) - before
        steps = config.use_cases[kind]
        queries = sum(step.queries + step.queries_per_line * len(basket) for step in steps)
        assert database_s == pytest.approx(queries * config.query_s), kind
        assert log_s == pytest.approx(sum(step.commits for step in steps) * config.commit_s), kind
        messages_s = len(steps) * config.message_cpu_s
        assert computed_s == pytest.approx(config.cpu_s[kind] + messages_s), kind


def work_of(shop, asked):
    """Seconds of queries, of commits, and of computing, since the start."""
    server = shop.platform.tables.server
    return np.array([server.totals()["busy_s"], server.log.totals()["busy_s"], sum(asked)])


def noted_computing(shop, monkeypatch):
    """The list to which every piece of computing that a handler asks for is added."""
    asked, draw = [], shop.platform.cpu_s

    def noted(kind, share):
        asked.append(draw(kind, share))
        return asked[-1]

    monkeypatch.setattr(shop.platform, "cpu_s", noted)
    return asked


def test_memory_decides_how_long_computing_takes_and_not_how_long_waiting_takes():
    durations = []
    for memory_mb in (1769, 884.5):
        shop = shop_of(replace(FIXED, memory_mb=memory_mb, provisioned={"browse": 1}))
        shop.answer(shop.browse(1))
        durations.append(shop.sim.now)
    cpu_s = FIXED.browse_cpu_s + FIXED.message_cpu_s
    assert durations[1] - durations[0] == pytest.approx(cpu_s)


def test_the_report_is_the_sum_of_the_order_lines():
    day, shop = busy_day(FIXED)
    lines = shop.rows("order_lines")
    lines["cents"] = lines.quantity * lines.unit_price_cents
    expected = lines.groupby("product")[["quantity", "cents"]].sum().reset_index()
    assert day.audit.orders > 20
    assert shop.own_rows("sales").to_numpy().tolist() == expected.to_numpy().tolist()


def busy_day(config, **changed):
    shops = []

    def build(sim):
        shops.append(Serverless(sim, replace(config, **changed)))
        return shops[0]

    day = run_shop(build, Poisson(40), duration_s=5, mix=Mix(place_order=1.0), drain_s=2)
    shops[0].sim.run(until=shops[0].sim.now + 5)
    return day, shops[0]


def test_a_function_that_gets_its_batch_twice_counts_it_twice_without_keys_and_once_with():
    counted = []
    for config in (FIXED, KEYS):
        shop = shop_of(config)
        order = run_order(shop)
        before = shop.own_rows("sales").pieces.sum()
        record, message = SimpleNamespace(value=order), SimpleNamespace(id=0, body=order)
        for name, payload in (("report", [record]), ("notify", [message])):
            shop.sim.run(until=shop.functions[name].invoke(payload))
        counted.append((shop.own_rows("sales").pieces.sum() / before, len(shop.rows("notifications"))))
    assert counted == [(2, 2), (1, 1)]


# What it costs


def test_the_bill_of_one_order_is_that_of_its_invocations_rounded_up_to_the_millisecond():
    shop = shop_of()
    ended = []
    for function in shop.functions.values():
        plain = function.end

        def noted(invocation, failure, plain=plain):
            ended.append(invocation.ended_s - invocation.invoked_s)
            plain(invocation, failure)

        function.end = noted
    run_order(shop)
    gb = 1769 / 1024
    billed_s = sum(ceil(seconds * 1000 - 1e-6) for seconds in ended) / 1000
    assert (shop.bill().requests, len(ended)) == (5, 5)
    assert shop.bill().compute_gb_s == pytest.approx(billed_s * gb)


def test_a_second_that_the_provider_takes_longer_is_paid_for_by_two_functions():
    bills = []
    for provider_s in (0.1, 1.1):
        shop = shop_of(replace(FIXED, provider_s=provider_s))
        run_order(shop)
        bills.append(shop.bill().compute_gb_s)
    assert bills[1] - bills[0] == pytest.approx(2 * 1.0 * 1769 / 1024, abs=0.004)


def test_a_shop_that_nobody_visits_costs_its_database_and_its_clock():
    shop = shop_of(replace(FIXED, settle_every_s=60.0))
    idle_usd = shop.price_per_hour_usd()
    shop.sim.run(until=3600)
    assert shop.bill().requests == 59
    assert idle_usd < shop.price_per_hour_usd() < 1.01 * idle_usd
    provisioned = shop_of(replace(FIXED, provisioned={"browse": 10}))
    provisioned.sim.run(until=3600)
    assert provisioned.bill().provisioned_gb_s == pytest.approx(10 * 3600 * 1769 / 1024)


# What goes wrong


def test_the_gateway_gives_up_and_the_order_is_placed_all_the_same():
    shop = shop_of(replace(FIXED, provider_s=3.0, gateway_timeout_s=1.0))
    with pytest.raises(TimedOut):
        shop.answer(shop.place_order(7, {1: 1}))
    assert not shop.is_quiet()
    shop.sim.run(until=10)
    assert shop.rows("orders").state.tolist() == ["placed"]


def test_a_provider_that_hangs_costs_up_to_the_time_limit_of_each_that_waits():
    shop = shop_of(replace(FIXED, provider_s=1000.0))
    with pytest.raises(CutOff, match="take_payment"):
        shop.answer(shop.place_order(7, {1: 1}))
    limit_s = FIXED.time_limit_s_of("take_payment")
    assert shop.functions["take_payment"].usage().compute_gb_s == pytest.approx((limit_s + 0.2) * 1769 / 1024)
    assert shop.functions["place_order"].usage().compute_gb_s > limit_s * 1769 / 1024


def test_a_function_that_may_not_run_is_throttled_and_says_so_to_the_customer():
    shop = shop_of(replace(FIXED, reserved={"take_payment": 0}))
    with pytest.raises(Throttled, match="take_payment"):
        shop.answer(shop.place_order(7, {1: 1}))


def crashes_of(config, part):
    build = partial(Serverless, config=config)
    end_s = end_of_order_s(build, seed=1)
    return crash_points(build, part, at_s=np.linspace(0.01, end_s - 1e-4, 40))


SETTLING = {"settle_every_s": 5.0}


@pytest.fixture(scope="module")
def crashes_without_keys():
    return {part: crashes_of(replace(FIXED, **SETTLING), part) for part in ("place_order", *BY_CALL)}


def test_without_keys_a_crash_leaves_stock_set_aside_and_money_taken_for_no_order(crashes_without_keys):
    callers = crashes_without_keys["place_order"]
    assert callers.stock_mismatches.sum() > 0
    assert callers.payments_without_order.sum() > 0
    assert not callers.told[callers.anomalies > 0].any()


@pytest.mark.parametrize("part", ["place_order", *BY_CALL, "database", "notifications", "gateway"])
def test_with_keys_every_crash_leaves_an_order_that_is_whole_in_the_end(part):
    crashes = crashes_of(replace(KEYS, **SETTLING), part)
    assert (crashes.anomalies == 0).all()
    assert crashes.placed.any()


@pytest.mark.parametrize("seed", range(3))
def test_with_keys_any_number_of_runs_of_an_order_that_meet_do_it_once(seed):
    shop = Serverless(Simulation(seed), ServerlessConfig(idempotency_keys=True))
    sim = shop.sim

    def customer():
        yield from shop.place_order(7, {1: 2, 3: 1})

    for at_s in np.linspace(0, 1.0, 12):
        sim.call_at(at_s, lambda _: sim.start(customer()))
    sim.inject(Crash("place_order", 0.35, 0.05), Crash("take_payment", 0.6, 0.05))
    sim.run(until=60)
    assert shop.rows("orders").state.tolist() == ["placed"]
    assert [len(shop.rows(table)) for table in ("payments", "ledger", "notifications")] == [1, 1, 1]
    assert shop.audit().ok


def test_an_order_that_was_refused_stays_refused_when_stock_comes_back():
    shop = shop_of(replace(KEYS, assortment=Assortment(products=2, stock=1)))
    with pytest.raises(OutOfStock):
        shop.answer(shop.place_order(7, {1: 2}))
    shop.tables["stock"].execute("UPDATE stock SET on_hand = on_hand + 5")
    with pytest.raises(Cancelled):
        shop.answer(shop.place_order(7, {1: 2}))


def test_a_load_that_needs_no_more_environments_than_it_has_provisioned_is_never_cold():
    config = replace(FIXED, provisioned={"browse": 3})
    sim = Simulation(1)
    shop = Serverless(sim, config)
    sim.open_load(Trace(np.arange(0, 10, 0.05).tolist()), shop.handle, Mix(browse=1.0))
    sim.measure(11)
    assert (shop.functions["browse"].cold, shop.functions["browse"].completed) == (0, 200)


def test_a_function_that_comes_too_late_does_nothing_for_an_order_that_was_cancelled():
    shop = shop_of(replace(KEYS, assortment=Assortment(products=2, stock=1)))
    with pytest.raises(OutOfStock):
        shop.answer(shop.place_order(7, {1: 2}))
    assert shop.rows("stock").on_hand.tolist() == [1, 1]
    shop.tables["stock"].execute("UPDATE stock SET on_hand = on_hand + 5")
    order = OrderRepository(shop.tables["orders"]).find(7)
    for name in BY_CALL:
        shop.sim.run(until=shop.functions[name].invoke(order))
    assert shop.rows("orders").state.tolist() == ["cancelled"]
    assert shop.rows("stock").on_hand.tolist() == [6, 6]
    assert len(shop.rows("payments")) == 0


def test_an_order_that_is_placed_is_not_cancelled_any_more():
    shop = shop_of(KEYS)
    order = run_order(shop)
    pending = replace(order, state=OrderState.PENDING)
    with pytest.raises(keys.NothingToDo):
        run_together(shop.tables["orders"], keys.close(pending.become(OrderState.CANCELLED)))
    assert shop.rows("orders").state.tolist() == ["placed"]


def test_without_keys_two_runs_that_meet_leave_one_order_and_the_later_gives_back_what_it_took():
    shop = shop_of()
    tries = [shop.sim.start(shop.place_order(7, {1: 2})) for _ in range(2)]
    shop.sim.run(until=5)
    assert tries[0].value == tries[1].value
    assert sorted(shop.rows("ledger").state) == ["authorised", "voided"]
    assert [len(shop.rows(table)) for table in ("orders", "payments", "notifications")] == [1, 1, 1]
    assert shop.rows("stock").on_hand[0] == shop.assortment.stock - 2
