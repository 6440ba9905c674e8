"""Running a shop: one call, the same customers for every design, an audit when all is quiet."""

import pytest

from archlab.shop.architecture import Assortment
from archlab.shop.day import Users, run_shop
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim import Poisson, Simulation


def build(**changed):
    return lambda sim: Monolith(sim, MonolithConfig(**changed))


def test_the_audit_comes_when_nothing_is_in_flight():
    day = run_shop(build(transactions=False), Poisson(100), duration_s=10)
    assert (day.audit.in_flight_orders, day.audit.unsettled_payments) == (0, 0)
    assert day.audit.ok
    assert (day.result.requests.outcome == "unfinished").any()


def test_without_time_to_drain_orders_are_in_flight():
    day = run_shop(build(), Poisson(100), duration_s=10, drain_s=0)
    assert day.audit.in_flight_orders > 0


def test_two_designs_meet_the_same_customers():
    def baskets(**changed):
        sim = Simulation(seed=5)
        shop = Monolith(sim, MonolithConfig(**changed))
        sim.open_load(Poisson(50), shop.handle, mix={"browse": 0.5, "place_order": 0.5})
        sim.run(until=5)
        return shop.rows("order_lines").set_index(["order_id", "product"]).quantity

    few, many = baskets(workers=4, calls="network"), baskets(clones=4)
    both = few.index.intersection(many.index)
    assert len(both) > 100
    assert (few[both] == many[both]).all()


def test_a_closed_load_has_never_more_inside_than_users():
    day = run_shop(build(), Users(users=5, think_s=0.1), duration_s=20)
    assert day.result.in_system() <= 5
    assert day.audit.in_flight_orders == 0


def test_the_bill_for_a_million_requests_falls_as_the_machine_is_used():
    slow, fast = (run_shop(build(), Poisson(rate), duration_s=20) for rate in (10, 100))
    assert slow.usd_per_million_requests == pytest.approx(10 * fast.usd_per_million_requests, rel=0.2)
    expected = fast.price_per_hour_usd / 3600 / fast.result.throughput_per_s() * 1e6
    assert fast.usd_per_million_requests == pytest.approx(expected)


def test_a_kind_of_request_that_the_shop_does_not_know_is_refused():
    with pytest.raises(ValueError, match="kind is 'dance'"):
        run_shop(build(), Poisson(10), mix={"dance": 1.0}, duration_s=5)


def test_the_first_customers_ask_for_orders_they_do_not_have_and_get_an_answer():
    day = run_shop(build(), Poisson(10), mix={"track_order": 1.0}, duration_s=5)
    assert day.result.availability() == 1.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Users(0, 1.0), "users is 0"),
        (lambda: Assortment(products=0), "products is 0"),
        (lambda: run_shop(Monolith, Poisson(1), drain_s=-1), "drain_s is -1"),
    ],
)
def test_impossible_runs_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
