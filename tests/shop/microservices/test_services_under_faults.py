"""Services under crashes, cuts and repeated calls: what must hold whatever happens, and when."""

import gc
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.shop.architecture import Assortment
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import PROGRAMS, SERVICES, MicroservicesConfig
from archlab.shop.microservices.guards import Guards
from archlab.sim import Crash, Failure, Partition, Poisson, Simulation
from archlab.sim.resilience.backoff import Backoff

EVERY_GUARD = Guards(
    timeout_s=0.4,
    retry_attempts=3,
    backoff=Backoff(base_s=0.02),
    breaker={"minimum_calls": 5, "open_s": 0.5},
    bulkhead=4,
    hedge_after_s=0.05,
)
GUARDED = dict.fromkeys((*SERVICES, "payment provider"), EVERY_GUARD)
TWO_OF_EACH = dict.fromkeys(SERVICES, 2)
COPIES = [f"{service}-{number}" for service in SERVICES for number in (1, 2)]
PARTS = [*COPIES, "gateway-1", *(f"{service} database" for service in SERVICES), "payment provider"]
ORDERS, PIECES = 4, 2


def shop_of(seed=1, **changed):
    return Microservices(Simulation(seed), MicroservicesConfig(**changed))


def shop_with_just_enough(seed):
    """Two copies of each service, every guard, idempotency keys, and as many pieces as the customers want."""
    return shop_of(
        seed,
        instances=TWO_OF_EACH,
        guards=GUARDED,
        idempotency_keys=True,
        assortment=Assortment(products=2, stock=ORDERS * PIECES),
    )


def order_until_told(shop, order_id, at_s):
    """A customer who sends the same order again and again until the shop says that it is placed."""
    yield shop.sim.timeout(at_s)
    while True:
        try:
            yield from shop.place_order(order_id, {1: PIECES, 2: PIECES})
        except Failure:
            yield shop.sim.timeout(0.3)
        else:
            shop.receipts.acknowledge(order_id)
            return


def send_orders(shop):
    return [shop.sim.start(order_until_told(shop, number, at_s=0.4 * number)) for number in range(ORDERS)]


def leave_in_peace(shop, until_s=30.0):
    shop.sim.run(until=until_s)


def work_inside(shop):
    """Every worker, core, query and place of a guard that is still taken, by the name of its part."""
    stations = {name: part.sample() for name, part in shop.parts.items()}
    return {name: sample for name, sample in stations.items() if sample[0] or sample[1]}


seconds = st.floats(0.0, 1.6)  # the orders are under way until then
crashes = st.builds(Crash, st.sampled_from(PARTS), at_s=seconds, restart_after_s=st.floats(0.01, 2.0))
cuts = st.tuples(st.sampled_from(COPIES), st.sampled_from(COPIES), seconds, st.floats(0.1, 2.0)).filter(
    lambda cut: cut[0] != cut[1]
)


@settings(max_examples=40, deadline=None)
@given(faults=st.lists(crashes, max_size=5), partitions=st.lists(cuts, max_size=2), seed=st.integers(0, 99))
def test_an_order_sent_until_it_is_confirmed_is_one_order_whatever_crashes_on_the_way(
    faults, partitions, seed
):
    shop = shop_with_just_enough(seed)
    shop.sim.inject(*faults)
    for one, other, at_s, for_s in partitions:
        shop.sim.inject(Partition(shop.network, (one,), (other,), at_s=at_s, for_s=for_s))
    customers = send_orders(shop)
    leave_in_peace(shop)
    assert all(customer.triggered and customer.ok for customer in customers)
    assert shop.audit().ok
    assert sorted(shop.rows("ledger").order_id) == list(range(ORDERS))
    assert set(shop.rows("ledger").state) == {"captured"}
    assert sorted(shop.rows("notifications").order_id) == list(range(ORDERS))
    assert shop.rows("stock").on_hand.tolist() == [0, 0]
    assert work_inside(shop) == {}


@settings(max_examples=15, deadline=None)
@given(faults=st.lists(crashes, min_size=1, max_size=6), seed=st.integers(0, 99))
def test_no_balancer_believes_in_calls_that_are_over(faults, seed):
    shop = shop_with_just_enough(seed)
    shop.sim.inject(*faults)
    send_orders(shop)
    leave_in_peace(shop)
    rules = [client.replicas.rule for here in shop.instances.values() for client in here.clients.values()]
    assert sum(len(rule.outstanding) for rule in rules) > 0
    assert {count for rule in rules for count in rule.outstanding.values()} == {0}
    assert [service.database.sessions for service in shop.services.values()] == [0] * len(SERVICES)


def test_the_same_seed_and_faults_give_the_same_run_with_every_guard():
    def history():
        shop = shop_with_just_enough(seed=5)
        shop.sim.inject(Crash("payments-1", at_s=0.5, restart_after_s=0.7), Crash("orders-2", 0.9, 0.4))
        send_orders(shop)
        leave_in_peace(shop)
        return {name: part.totals() for name, part in shop.parts.items()}

    assert history() == history()


def calls_that_hang(guards, calls=6):
    """A shop whose orders-1 waits for payments behind a cut, in `calls` calls at once; and its guards to there."""
    shop = shop_of(guards={"payments": guards})
    shop.network.partition(["orders-1"], ["payments-1"])
    for number in range(calls):
        shop.sim.start(shop.place_order(number, {1: 1}))
    shop.sim.run(until=0.5)
    return shop, shop.instances["orders-1"].clients["payments"].guarded


def test_the_retries_of_the_dead_open_no_breaker_and_spend_no_budget():
    breaker = {"minimum_calls": 7, "window_s": 20}
    shop, guarded = calls_that_hang(
        Guards(timeout_s=1.0, retry_attempts=3, retry_budget=0.1, breaker=breaker)
    )
    assert guarded.retry.attempts_made == 6
    shop.instances["orders-1"].crash()
    shop.instances["orders-1"].restart()
    shop.sim.run(until=5)
    assert guarded.breaker.failed == 6
    assert guarded.breaker.state == "closed"
    assert guarded.retry.retries == 0


def test_the_retries_of_the_living_do_open_it():
    breaker = {"minimum_calls": 7, "window_s": 20}
    shop, guarded = calls_that_hang(
        Guards(timeout_s=1.0, retry_attempts=3, retry_budget=0.1, breaker=breaker)
    )
    shop.sim.run(until=5)
    assert guarded.breaker.state == "open"
    assert guarded.retry.retries > 0


def test_a_hedge_planned_before_its_caller_died_is_not_sent():
    shop = shop_of(instances={"payments": 2}, guards={"payments": Guards(hedge_after_s=1.0)}, provider_s=9.0)
    shop.sim.start(shop.place_order(7, {1: 1}))
    shop.sim.run(until=0.5)
    asked = [shop.instances[name].busy for name in ("payments-1", "payments-2")]
    shop.instances["orders-1"].crash()
    shop.instances["orders-1"].restart()
    shop.sim.run(until=5)
    assert [shop.instances[name].busy for name in ("payments-1", "payments-2")] == asked
    assert sum(asked) == 1


@pytest.mark.parametrize("timeout_s", [0.5, 1.5])
def test_the_places_of_a_dead_callers_bulkhead_are_free_when_the_time_out_has_passed(timeout_s):
    shop, guarded = calls_that_hang(Guards(timeout_s=2.0 + timeout_s, bulkhead=6))
    assert guarded.bulkhead.places.busy == 6
    shop.instances["orders-1"].crash()
    shop.instances["orders-1"].restart()
    shop.sim.run(until=2.0)
    assert guarded.bulkhead.places.busy == 6
    shop.sim.run(until=2.6 + timeout_s)
    assert guarded.bulkhead.places.busy == 0


def test_time_outs_retries_and_hedges_leave_nothing_behind_in_a_long_run():
    shop = shop_of(instances=TWO_OF_EACH, guards=GUARDED, workers=4)
    shop.sim.inject(Crash("inventory-1", at_s=2.0, restart_after_s=1.0))
    shop.sim.open_load(Poisson(rate_per_s=60), shop.handle, mix={"browse": 1.0})

    def calendar_after(duration_s):
        shop.sim.run(until=shop.sim.now + duration_s)
        shop.sim.sweep()
        return len(shop.sim._queue)

    first = max(calendar_after(0.5) for _ in range(20))
    then = [calendar_after(0.5) for _ in range(20)]
    assert sum(then) / len(then) < first


def test_a_shop_that_is_thrown_away_in_the_middle_of_its_work_ends_quietly(monkeypatch):
    complaints = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    shop = shop_with_just_enough(seed=3)
    send_orders(shop)
    shop.sim.run(until=0.86)
    assert work_inside(shop)
    del shop
    gc.collect()
    assert complaints == []


def test_every_program_and_database_is_among_the_parts_that_the_faults_hit():
    parts = shop_with_just_enough(seed=1).parts
    assert set(PARTS) <= set(parts)
    assert {name.rpartition("-")[0] for name in PARTS if "-" in name} == set(PROGRAMS)


@pytest.mark.parametrize(("ordering", "payments"), [("queue", 0), ("stream", 1)])
def test_a_refusing_provider_uses_up_the_deliveries_of_a_queue_and_only_stops_a_stream(ordering, payments):
    shop = Microservices(Simulation(seed=1), MicroservicesConfig(ordering=ordering, idempotency_keys=True))
    shop.sim.inject(Crash("payment provider", at_s=0.0, restart_after_s=1.0))
    assert shop.answer(shop.place_order(7, {1: 2})).state.value == "pending"
    shop.sim.run(until=3600)
    assert (len(shop.rows("payments")), shop.audit().orders_without_payment) == (payments, 1 - payments)
