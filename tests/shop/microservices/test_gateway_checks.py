"""What the gateway lets in: checks of tokens and rates, and a routing table that can be exchanged."""

import pytest

from archlab.shop.domain import NotFound
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.gateway import ROUTES, WebRequest
from archlab.shop.microservices.gateway_checks import RateLimit, TokenCheck, TooManyRequests
from archlab.shop.microservices.pages import SplitShop, to_pages
from archlab.shop.microservices.tokens import Forbidden, Unauthenticated, issue
from archlab.sim import Simulation

KEY = "a key for these tests, 32 bytes or more"


def token(*scopes, expires_at_s=100.0):
    return issue(KEY, "customer 7", scopes, audience="shop", expires_at_s=expires_at_s)


def shop_with(*make_checks):
    shop = Microservices(Simulation(seed=1))
    shop.gateway.checks += [make(shop.sim) for make in make_checks]
    return shop


def checked_shop():
    return shop_with(lambda sim: TokenCheck(sim, KEY))


def test_an_order_without_a_token_leaves_no_row():
    shop = checked_shop()
    with pytest.raises(Unauthenticated):
        shop.answer(shop.gateway.serve("/orders", 1, {1: 1}))
    assert len(shop.rows("orders")) == 0
    shop.answer(shop.gateway.serve("/orders", 1, {1: 1}, token=token("orders:write")))
    assert len(shop.rows("orders")) == 1


def test_a_product_needs_no_token_and_reading_needs_another_scope_than_writing():
    shop = checked_shop()
    assert shop.answer(shop.browse(3)).product.id == 3
    shop.answer(shop.gateway.serve("/orders", 1, {1: 1}, token=token("orders:write")))
    assert shop.answer(shop.gateway.serve("/orders/1", token=token("orders:read"))).order_id == 1
    with pytest.raises(Forbidden):
        shop.answer(shop.gateway.serve("/orders/1", token=token("orders:write")))


def test_a_token_expires_by_the_clock_of_the_simulation():
    shop = checked_shop()
    short = token("orders:write", expires_at_s=10.0)
    shop.answer(shop.gateway.serve("/orders", 1, {1: 1}, token=short))
    shop.sim.run(until=10.0)
    with pytest.raises(Unauthenticated, match="expired"):
        shop.answer(shop.gateway.serve("/orders", 2, {1: 1}, token=short))


def test_a_path_that_nobody_thought_of_is_forbidden_and_not_public():
    check = TokenCheck(Simulation(seed=1), KEY)
    with pytest.raises(Forbidden):
        check(WebRequest("/admin", token=token("orders:write")))
    with pytest.raises(Forbidden):
        check(WebRequest("/products/3/delete"))


def passed(limit, client, times):
    count = 0
    for _ in range(times):
        try:
            limit(WebRequest("/products/1", client=client))
        except TooManyRequests:
            continue
        count += 1
    return count


def test_one_bucket_is_emptied_by_one_client_for_all():
    limit = RateLimit(Simulation(seed=1), rate_per_s=10, burst=5)
    assert passed(limit, "greedy", 20) == 5
    assert passed(limit, "usual", 1) == 0


def test_with_a_bucket_each_nobody_pays_for_another_and_all_refill():
    sim = Simulation(seed=1)
    limit = RateLimit(sim, rate_per_s=10, burst=5, per_client=True)
    assert passed(limit, "greedy", 20) == passed(limit, "usual", 20) == 5
    sim.run(until=0.3)
    assert passed(limit, "greedy", 20) == passed(limit, "usual", 20) == 3


def test_who_asks_too_often_gets_a_429_and_no_work_is_done():
    shop = shop_with(lambda sim: RateLimit(sim, rate_per_s=0.001, burst=1))
    shop.answer(shop.browse(3))
    with pytest.raises(TooManyRequests):
        shop.answer(shop.browse(3))
    assert TooManyRequests.outcome == "429"
    assert shop.parts["catalogue-1"].totals()["completed"] == 1


def test_a_limit_that_lets_nobody_in_is_refused():
    with pytest.raises(ValueError, match="burst"):
        RateLimit(Simulation(seed=1), rate_per_s=10, burst=0.5)


def test_another_routing_table_sends_pages_elsewhere_and_orders_where_they_went():
    shop = SplitShop(Simulation(seed=1))
    shop.answer(shop.browse(3))
    assert shop.parts["pages-1"].totals()["completed"] == 0
    shop.gateway.routes = to_pages(lambda request: "pages")
    assert shop.answer(shop.browse(3)).on_hand == shop.answer(shop.browse(3)).on_hand
    assert shop.parts["pages-1"].totals()["completed"] == 2
    shop.answer(shop.place_order(1, {1: 1}))
    assert shop.parts["catalogue-1"].totals()["completed"] == 2  # a page before, and the order's products
    assert shop.audit().ok


def test_a_path_that_is_in_no_table_is_not_found():
    shop = SplitShop(Simulation(seed=1))
    shop.gateway.routes = [entry for entry in ROUTES if entry[1] != "orders"]
    with pytest.raises(NotFound):
        shop.answer(shop.place_order(1, {1: 1}))


def stranger(*scopes):
    return issue(KEY, "customer 8", scopes, audience="shop", expires_at_s=100.0)


@pytest.mark.parametrize("protocol", [None, "grpc"])
def test_a_token_that_may_read_does_not_read_the_order_of_somebody_else(protocol):
    shop = Microservices(Simulation(seed=1), MicroservicesConfig(protocol=protocol))
    shop.gateway.checks.append(TokenCheck(shop.sim, KEY))
    shop.answer(shop.gateway.serve("/orders", 7, {1: 1}, token=token("orders:write")))
    with pytest.raises(Forbidden, match="not one of customer 8") as stopped:
        shop.answer(shop.gateway.serve("/orders/7", token=stranger("orders:read")))
    assert stopped.value.outcome == "403"
    assert shop.answer(shop.gateway.serve("/orders/7", token=token("orders:read"))).order_id == 7


@pytest.mark.parametrize("keys", [False, True])
def test_nobody_orders_under_a_number_that_is_somebody_elses(keys):
    shop = Microservices(Simulation(seed=1), MicroservicesConfig(idempotency_keys=keys))
    shop.gateway.checks.append(TokenCheck(shop.sim, KEY))
    order = ("/orders", 7, {1: 1})
    shop.answer(shop.gateway.serve(*order, token=token("orders:write")))
    with pytest.raises(Forbidden):
        shop.answer(shop.gateway.serve(*order, token=stranger("orders:write")))
    assert len(shop.rows("payments")) == 1


def test_an_order_that_nobody_owns_is_read_by_nobody_with_a_token():
    shop = checked_shop()
    shop.answer(shop.services["orders"].serve(shop.instances["orders-1"], "place", (7, {1: 1})))
    with pytest.raises(Forbidden):
        shop.answer(shop.gateway.serve("/orders/7", token=token("orders:read")))
