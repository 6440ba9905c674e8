"""The parts of a service: instances, health checks, calls with their guards, the gateway, and requests repeated."""

from contextlib import suppress

import pytest

from archlab.shop.architecture import SHOP_MIX
from archlab.shop.domain import NotFound, NotYours, OutOfStock, PaymentDeclined
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.gateway import Route, WebRequest
from archlab.shop.microservices.guards import Guards
from archlab.shop.microservices.instance import Instance
from archlab.sim import (
    Crash,
    Crashed,
    Failure,
    Partition,
    Poisson,
    Simulation,
    SlowDown,
    TimedOut,
    Unavailable,
)
from archlab.sim.balancing.mesh import Mesh, mesh_defaults
from archlab.sim.discovery.consul import Consul
from archlab.sim.discovery.sides import ClientSideDiscovery
from archlab.sim.resilience.backoff import Backoff


def shop_of(seed=1, **changed):
    return Microservices(Simulation(seed), MicroservicesConfig(**changed))


FIXED = {
    "browse_cpu_s": 0.005,
    "order_cpu_s": 0.010,
    "query_s": 0.0005,
    "commit_s": 0.0003,
    "provider_s": 0.1,
}


# Instances


def test_an_instance_dies_with_its_cores_and_starts_again_empty():
    sim = Simulation(1)
    orders = Instance(sim, "orders", 1, workers=1, cores=1)
    orders.hold()
    orders.cpu.serve(9.0)
    orders.crash()
    assert not orders.is_up
    assert not orders.cpu.is_up
    orders.restart()
    orders.restart()
    assert (orders.busy, orders.cpu.busy, orders.life) == (0, 0, 2)


@pytest.mark.parametrize(("cores_share", "ends_s"), [(True, 0.2), (False, 1.1)])
def test_a_short_call_passes_a_long_one_on_the_cores_of_an_instance_unless_told_otherwise(
    cores_share, ends_s
):
    shop = shop_of(cores_share=cores_share)
    cpu = shop.instances["orders-1"].cpu
    cpu.serve(1.0)
    shop.sim.run(until=cpu.serve(0.1))
    assert shop.sim.now == pytest.approx(ends_s)


def test_a_slow_instance_has_slow_cores():
    sim = Simulation(1)
    orders = Instance(sim, "orders", 1, workers=1, cores=1)
    orders.slow_down(10)
    sim.run(until=orders.cpu.serve(0.1))
    assert sim.now == pytest.approx(1.0)


# Calls


def test_a_caller_takes_its_instances_in_turn():
    shop = shop_of(instances={"catalogue": 3})
    for _ in range(6):
        shop.answer(shop.browse(1))
    assert [copy.completed for copy in shop.services["catalogue"].instances] == [2, 2, 2]


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [({"declined": 1.0}, PaymentDeclined), ({}, OutOfStock)],
)
def test_a_refusal_is_an_answer_that_no_guard_counts(changed, refusal):
    guard = Guards(retry_attempts=3, breaker={"minimum_calls": 2})
    shop = shop_of(guards={"payments": guard, "inventory": guard, "orders": guard}, **changed)
    basket = {1: 10**9} if refusal is OutOfStock else {1: 1}
    for order_id in range(10):
        with pytest.raises(refusal):
            shop.answer(shop.place_order(order_id, basket))
    for client in (
        *shop.instances["orders-1"].clients.values(),
        shop.instances["gateway-1"].clients["orders"],
    ):
        if client.guarded.retry is not None:
            assert client.guarded.retry.retries == 0
            assert client.guarded.breaker.state == "closed"


def test_a_refusal_is_raised_with_its_message_at_the_customer():
    shop = shop_of()
    with pytest.raises(NotFound, match="no product 999"):
        shop.answer(shop.browse(999))


def slow_payments(**guards):
    """The busy workers and the queue of orders while payments is a thousand times slower, and the result."""
    sim = Simulation(1)
    shop = Microservices(sim, MicroservicesConfig(guards={"payments": Guards(**guards)}))
    sim.open_load(Poisson(60), shop.handle, SHOP_MIX)
    sim.inject(SlowDown("payments-1", at_s=2, for_s=100, factor=2000))
    result = sim.measure(20)
    return shop.instances["orders-1"], result


def test_the_workers_of_a_caller_are_held_for_as_long_as_the_callee_is_slow():
    orders, result = slow_payments()
    assert orders.busy == 16
    assert orders.queue_length > 50
    assert result.availability("browse") == 1.0


def test_a_time_out_gives_the_workers_back_at_its_price():
    orders, result = slow_payments(timeout_s=0.3)
    assert orders.busy < 10
    assert orders.queue_length == 0
    assert result.outcomes()["timed_out"] > 50


def test_a_bulkhead_keeps_the_other_workers_free_and_refuses_at_once():
    orders, result = slow_payments(bulkhead=6)
    assert orders.busy == 6
    assert orders.queue_length == 0
    assert result.outcomes()["bulkhead_full"] > 50


def test_a_breaker_stops_asking_a_service_that_does_not_answer():
    orders, result = slow_payments(timeout_s=0.3, breaker=True)
    assert result.outcomes()["circuit_open"] > 4 * result.outcomes()["timed_out"]
    assert orders.clients["payments"].guarded.breaker.state != "closed"


def test_every_attempt_counts_for_the_breaker_which_is_inside_the_retry():
    shop = shop_of(guards={"catalogue": Guards(retry_attempts=3, breaker={"minimum_calls": 3})})
    shop.instances["catalogue-1"].crash()
    with pytest.raises(Unavailable):
        shop.answer(shop.browse(1))
    with pytest.raises(Failure) as second:
        shop.answer(shop.browse(1))
    assert second.value.outcome == "circuit_open"


def test_what_a_breaker_turns_away_is_not_tried_again():
    shop = shop_of(guards={"catalogue": Guards(retry_attempts=3, breaker={"minimum_calls": 1})})
    shop.instances["catalogue-1"].crash()
    with pytest.raises(Failure):
        shop.answer(shop.browse(1))
    before = shop.instances["gateway-1"].clients["catalogue"].guarded.retry.attempts_made
    with pytest.raises(Failure):
        shop.answer(shop.browse(1))
    assert shop.instances["gateway-1"].clients["catalogue"].guarded.retry.attempts_made == before + 1


def test_a_retry_reaches_the_other_instance():
    shop = shop_of(instances={"catalogue": 2}, guards={"catalogue": Guards(retry_attempts=2)})
    shop.instances["catalogue-1"].crash()
    for _ in range(10):
        shop.answer(shop.browse(1))


def test_a_time_out_frees_a_caller_that_a_partition_would_hold_for_ever():
    shop = shop_of(guards={"payments": Guards(timeout_s=0.5)})
    shop.sim.inject(Partition(shop.network, ("orders-1",), ("payments-1",), at_s=0, for_s=100))
    with pytest.raises(TimedOut):
        shop.answer(shop.place_order(7, {1: 1}))
    assert shop.instances["orders-1"].busy == 0


def test_an_instance_that_died_tries_nothing_again():
    guards = {"payments": Guards(timeout_s=0.1, retry_attempts=5, backoff=Backoff(base_s=0.2, jitter="none"))}
    shop = shop_of(guards=guards, provider_s=10.0)
    task = shop.sim.start(shop.place_order(7, {1: 1}))
    shop.sim.call_at(0.2, lambda _: shop.instances["orders-1"].crash())
    shop.sim.call_at(0.3, lambda _: shop.instances["orders-1"].restart())
    shop.sim.run(until=15)
    assert isinstance(task.value, Crashed)
    assert len(shop.rows("ledger")) == 1


def test_a_hedged_call_takes_the_answer_of_the_faster_instance():
    hedged = {"catalogue": Guards(hedge_after_s=0.05)}
    shop = shop_of(instances={"catalogue": 2}, guards=hedged, **FIXED)
    shop.instances["catalogue-1"].slow_down(1000)
    for _ in range(4):
        started_s = shop.sim.now
        shop.answer(shop.browse(1))
        assert shop.sim.now - started_s < 0.1


def test_the_provider_has_guards_of_its_own():
    shop = shop_of(guards={"payment provider": Guards(timeout_s=0.2)}, provider_s=1.0)
    with pytest.raises(TimedOut):
        shop.answer(shop.place_order(7, {1: 1}))
    assert shop.sim.now < 0.3


def test_each_calling_instance_has_guards_of_its_own():
    shop = shop_of(instances={"orders": 2}, guards={"payments": Guards(breaker=True)})
    assert {"orders-1 to payments breaker", "orders-2 to payments breaker"} <= set(shop.parts)


# A request repeated


def test_a_retry_after_a_time_out_holds_the_money_twice_without_a_key_and_once_with_it():
    retry = {"timeout_s": 0.2, "retry_attempts": 2, "backoff": Backoff(base_s=0.1, jitter="none")}
    shops = {
        keys: shop_of(guards={"payments": Guards(**retry)}, provider_s=0.15, idempotency_keys=keys)
        for keys in (False, True)
    }
    holds = {}
    for keys, shop in shops.items():
        shop.provider.station.slow_down(2.0)
        shop.sim.call_at(0.25, lambda _, shop=shop: shop.provider.station.slow_down(0.5))
        shop.answer(shop.place_order(7, {1: 1}))
        shop.sim.run(until=12)
        holds[keys] = len(shop.rows("ledger"))
    assert holds == {False: 2, True: 1}


def test_a_whole_order_sent_twice_is_charged_twice_without_keys_and_once_with_them():
    found = {}
    for keys in (False, True):
        shop = shop_of(idempotency_keys=keys)
        for _ in range(2):
            shop.answer(shop.place_order(7, {1: 2}))
            shop.receipts.acknowledge(7)
        shop.sim.run(until=15)
        found[keys] = shop.audit()
        assert len(shop.rows("orders")) == 1
    assert found[False].double_charges == 1
    assert found[False].stock_mismatches == 1
    assert found[True].ok


def test_two_copies_of_an_order_at_the_same_time_are_one_order_with_keys():
    shop = shop_of(idempotency_keys=True, instances={"orders": 2})
    tasks = [shop.sim.start(shop.place_order(7, {1: 2, 3: 1})) for _ in range(2)]
    shop.sim.run(until=15)
    assert all(task.ok for task in tasks)
    assert len(shop.rows("ledger")) == len(shop.rows("payments")) == len(shop.rows("notifications")) == 1
    assert shop.audit().ok


def test_an_order_repeated_after_its_pieces_were_the_last_ones_is_not_out_of_stock():
    shop = shop_of(idempotency_keys=True)
    everything = {1: shop.assortment.stock}
    shop.instances["notifications-1"].crash()
    with pytest.raises(Unavailable):
        shop.answer(shop.place_order(7, everything))
    shop.instances["notifications-1"].restart()
    assert shop.answer(shop.place_order(7, everything)).id == 7
    shop.sim.run(until=15)
    assert shop.audit().ok


# The gateway


@pytest.mark.parametrize(
    ("path", "body", "route"),
    [
        ("/products/3", (), Route("catalogue", "page", (3,))),
        ("/orders", (7, {1: 2}), Route("orders", "place", (7, {1: 2}))),
        ("/orders/7", (), Route("orders", "status", (7,))),
    ],
)
def test_a_path_leads_to_a_service(path, body, route):
    assert shop_of().gateway.route(WebRequest(path, body)) == route


@pytest.mark.parametrize("path", ["/", "/products", "/products/tea", "/orders/7/lines", "/payments/7"])
def test_a_path_without_a_route_is_not_found_and_reaches_no_service(path):
    shop = shop_of()
    with pytest.raises(NotFound, match=path):
        shop.answer(shop.gateway.serve(path))
    assert shop.instances["orders-1"].completed == shop.instances["catalogue-1"].completed == 0


def test_a_check_turns_a_request_away_before_any_service_hears_of_it():
    class Forbidden(Failure):
        outcome = "403"

    def members_only(request):
        if request.token is None:
            raise Forbidden("gateway")

    shop = shop_of()
    shop.gateway.checks.append(members_only)
    with pytest.raises(Forbidden):
        shop.answer(shop.browse(1))
    assert shop.instances["catalogue-1"].completed == 0
    assert shop.answer(shop.gateway.serve("/products/1", token="me")).product.id == 1


# Hooks


def test_callers_go_where_discovery_sends_them_and_nowhere_when_it_knows_nobody():
    known = {"catalogue": [], "inventory": []}
    shop = shop_of(instances={"catalogue": 2}, discovery=lambda shop: lambda program, client: known[program])
    with pytest.raises(Unavailable, match="gateway-1 to catalogue"):
        shop.answer(shop.browse(1))
    known["catalogue"].append(shop.instances["catalogue-2"])
    with pytest.raises(Unavailable, match="catalogue-2 to inventory"):
        shop.answer(shop.browse(1))
    known["inventory"] += shop.services["inventory"].instances
    assert shop.answer(shop.browse(1)).product.id == 1
    assert shop.instances["catalogue-1"].completed == 0


def test_what_a_client_finds_may_depend_on_who_it_is():
    def split_brain(shop):
        copies = shop.services["inventory"].instances
        return lambda program, client: (
            copies if client == "catalogue-1" else shop.services[program].instances[:1]
        )

    shop = shop_of(instances={"inventory": 2}, discovery=split_brain)
    for order_id in range(3):
        shop.answer(shop.place_order(order_id, {1: 1}))
    assert shop.instances["inventory-2"].completed == 0
    shop.answer(shop.browse(1))
    shop.answer(shop.browse(1))
    assert shop.instances["inventory-2"].completed == 1


def test_a_mesh_carries_every_call_between_services():
    carried = []

    def mesh(shop):
        def call(caller, service, candidates, send):
            carried.append((caller, service))
            return send(candidates()[0])

        return call

    shop = shop_of(mesh=mesh)
    shop.answer(shop.place_order(7, {1: 1}))
    assert len(carried) == 7
    assert carried[0] == ("gateway-1", "orders")


# Protocols


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_with_a_protocol_messages_are_encoded_and_the_rows_are_the_same(protocol):
    plain, spoken = shop_of(), shop_of(protocol=protocol)
    for shop in (plain, spoken):
        for order_id in range(5):
            shop.answer(shop.place_order(order_id, {1: 2, 3 + order_id: 1}))
        with pytest.raises(NotFound, match="no product 999"):
            shop.answer(shop.browse(999))
    assert plain.answer(plain.track_order(3)) == spoken.answer(spoken.track_order(3))
    assert plain.answer(plain.browse(3)) == spoken.answer(spoken.browse(3))
    assert spoken.platform.channel.calls == 5 * 7 + 1 + 2 + 2
    for table in plain.tables:
        assert plain.rows(table).equals(spoken.rows(table))


def test_grpc_sends_fewer_bytes_than_rest_for_the_same_order():
    sent = {}
    for protocol in ("rest", "grpc"):
        shop = shop_of(protocol=protocol)
        shop.answer(shop.place_order(7, {1: 2}))
        sent[protocol] = shop.platform.channel.wire_bytes
    assert sent["grpc"] < sent["rest"] / 2


def test_a_time_out_gives_the_connection_back():
    shop = shop_of(protocol="rest", guards={"payments": Guards(timeout_s=0.1)}, provider_s=5.0)
    for order_id in range(20):
        with pytest.raises(TimedOut):
            shop.answer(shop.place_order(order_id, {1: 1}))
    shop.sim.run(until=shop.sim.now + 0.01)
    assert shop.parts["connections orders-1 to payments-1"].busy == 0


def test_a_load_runs_over_a_protocol_and_its_audit_is_ok():
    sim = Simulation(1)
    shop = Microservices(sim, MicroservicesConfig(protocol="grpc", instances={"catalogue": 2}))
    sim.open_load(Poisson(60), shop.handle, SHOP_MIX)
    result = sim.measure(10)
    assert result.availability() == 1.0
    assert {edge["protocol"] for *_, edge in shop.topology().edges(data=True)} == {"HTTPS", "gRPC", "SQL"}


def test_a_registry_of_the_kit_tells_callers_whom_to_call():
    def by_consul(shop):
        consul = Consul(shop.sim, shop.network)
        for service in shop.services.values():
            for instance in service.instances:
                consul.register(service.name, instance)
        return ClientSideDiscovery(consul).candidates

    sim = Simulation(1)
    shop = Microservices(sim, MicroservicesConfig(instances={"catalogue": 2}, discovery=by_consul))
    sim.open_load(Poisson(60), shop.handle, SHOP_MIX)
    sim.inject(Crash("catalogue-1", at_s=5, restart_after_s=100))
    rows = sim.measure(40).requests
    browsing = rows[rows.kind == "browse"]
    assert (browsing.outcome[browsing.arrived_s.between(5, 6)] == "unavailable").mean() > 0.2
    assert (browsing.outcome[browsing.arrived_s.between(25, 39)] == "ok").all()


def test_the_sidecars_of_the_kit_carry_the_calls_and_try_another_instance():
    meshes = []

    def istio(shop):
        meshes.append(Mesh(shop.sim, mesh_defaults("istio")))
        return meshes[0].call

    shop = shop_of(mesh=istio, instances={"catalogue": 2}, **FIXED)
    shop.instances["catalogue-1"].crash()
    for _ in range(10):
        shop.answer(shop.browse(1))
    assert meshes[0].retries > 0
    assert shop.instances["catalogue-2"].completed == 10


def test_a_balancing_rule_hears_of_a_time_out_when_it_happens_and_not_when_the_work_ends():
    guards = {"catalogue": Guards(timeout_s=0.05)}
    shop = shop_of(instances={"catalogue": 2}, guards=guards, balancing="peak ewma", **FIXED)
    shop.instances["catalogue-1"].slow_down(1e5)
    outcomes = []
    for _ in range(20):
        with suppress(TimedOut):
            outcomes.append(shop.answer(shop.browse(1)))
    assert len(outcomes) >= 18


def orders_of_a_new_shop():
    shop = Microservices(Simulation(seed=1))
    orders = shop.services["orders"]

    def place(order_id, basket, customer):
        return shop.answer(orders.serve(orders.instances[0], "place", (order_id, basket, customer)))

    def read(order_id, customer):
        return shop.answer(orders.serve(orders.instances[0], "status", (order_id, customer)))

    return place, read, shop


def test_nobody_takes_over_an_order_that_nobody_owns():
    place, read, shop = orders_of_a_new_shop()
    place(55, {1: 1}, None)
    assert isinstance(place(55, {1: 1}, "customer 8"), NotYours)
    assert isinstance(read(55, "customer 8"), NotYours)
    assert len(shop.rows("payments")) == 1


def test_who_was_refused_an_order_does_not_keep_its_number():
    place, read, _ = orders_of_a_new_shop()
    assert isinstance(place(77, {1: 10**9}, "customer 8"), OutOfStock)
    place(77, {1: 1}, "customer 7")
    assert read(77, "customer 7").order_id == 77
    assert isinstance(read(77, "customer 8"), NotYours)
