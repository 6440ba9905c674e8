"""The parameters: the same work as in the monolith, cited where a figure exists, refused where they make no sense."""

import dataclasses

import pytest

from archlab.data import load
from archlab.shop.day import at_load, capacity_per_s
from archlab.shop.microservices.config import MICROSERVICES, PROGRAMS, SERVICES, MicroservicesConfig
from archlab.shop.microservices.guards import Guards
from archlab.shop.microservices.steps import USE_CASES
from archlab.shop.monolithic.config import MonolithConfig

SHARED = (
    "browse_cpu_s",
    "order_cpu_s",
    "track_cpu_s",
    "query_s",
    "commit_s",
    "coherency",
    "provider_s",
    "declined",
    "hop_s",
    "message_bytes",
    "settle_every_s",
    "health_check_s",
    "assortment",
    "workers",
)


def test_what_both_shops_have_is_the_same_in_both():
    one, many = MonolithConfig(), MicroservicesConfig()
    assert {name: getattr(one, name) for name in SHARED} == {name: getattr(many, name) for name in SHARED}
    assert set(SHARED) <= {field.name for field in dataclasses.fields(many)}


def test_the_gateway_takes_the_cited_time_of_a_proxy():
    seconds = load("costs_of_operations").set_index("operation").seconds
    assert MicroservicesConfig().proxy_s == seconds["proxy hop"]


@pytest.mark.parametrize("kind", USE_CASES)
def test_a_use_case_does_the_same_work_as_in_the_monolith_but_for_messages_and_what_is_cut_in_two(kind):
    apart = MicroservicesConfig(message_bytes=0, proxy_s=0.0)
    mine, monolith = apart.demands_s().loc[kind], MonolithConfig().demands_s().loc[kind]
    cpu_s = sum(mine[f"{name} cpu"] for name in PROGRAMS)
    database_s = sum(mine[f"{name} database"] for name in SERVICES)
    log_s = sum(mine[f"{name} log"] for name in SERVICES)
    assert cpu_s == pytest.approx(monolith.cpu)
    assert mine.provider == monolith.provider
    joins = {"browse": 1, "track_order": 1, "place_order": 0}
    assert database_s == pytest.approx(monolith.database + joins[kind] * 0.0005)
    commits = {"browse": 0, "track_order": 0, "place_order": 4}
    assert log_s == pytest.approx(commits[kind] * 0.0003)


def test_an_order_makes_seven_calls_and_idempotency_keys_cost_four_queries():
    mine = MicroservicesConfig().demands_s().loc["place_order"]
    assert mine.hops == pytest.approx(2 * 7 * 0.00025)
    keyed = MicroservicesConfig(idempotency_keys=True).demands_s().loc["place_order"]
    databases = [f"{name} database" for name in SERVICES]
    assert (keyed - mine)[databases].sum() == pytest.approx(4 * 0.0005)


def test_a_worker_of_orders_is_held_while_all_others_work():
    held_s = (
        MicroservicesConfig().held_s().loc["place_order"].rename(lambda name: name.removesuffix(" workers"))
    )
    assert held_s.orders > held_s.payments + held_s.inventory + held_s.catalogue + held_s.notifications
    assert held_s.gateway > held_s.orders


def test_twice_the_instances_and_the_database_cores_double_the_capacity_of_all_but_the_logs():
    mix = {"browse": 0.5, "place_order": 0.5}
    twice = MicroservicesConfig(instances=dict.fromkeys(PROGRAMS, 2), database_cores=2)
    ratio = twice.capacity_per_s(mix) / MicroservicesConfig().capacity_per_s(mix)
    for station, value in ratio.items():
        assert value == pytest.approx(1 if station.endswith("log") else 2), station


def test_a_load_is_a_share_of_the_capacity():
    assert at_load(0.5, MICROSERVICES).rate_per_s == pytest.approx(capacity_per_s(MICROSERVICES) / 2)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"workers": 0}, "workers is 0"),
        ({"cores": 1.5}, "cores is 1.5"),
        ({"gateway_workers": 0}, "gateway_workers is 0"),
        ({"database_cores": 0}, "database_cores of catalogue is 0"),
        ({"coherency": -0.1}, "coherency is -0.1"),
        ({"proxy_s": -1}, "proxy_s is -1"),
        ({"declined": 2}, "declined is 2"),
        ({"instances": {"shoes": 1}}, "instances names 'shoes'; it must be one of gateway, catalogue"),
        ({"instances": {"orders": 0}}, r"instances\['orders'\] is 0"),
        ({"guards": {"gateway": Guards()}}, "guards names 'gateway'; it must be one of catalogue"),
        ({"ordering": "hope"}, "ordering is 'hope'; it must be one of naive"),
        ({"settle_every_s": 0}, "settle_every_s is 0"),
        ({"health_check_s": 0}, "health_check_s is 0"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        MicroservicesConfig(**changed)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"timeout_s": 0}, "timeout_s is 0"),
        ({"retry_attempts": 0}, "retry_attempts is 0"),
        ({"retry_budget": -1}, "retry_budget is -1"),
        ({"bulkhead": 0}, "bulkhead is 0"),
        ({"hedge_after_s": 0}, "hedge_after_s is 0"),
    ],
)
def test_guards_that_make_no_sense_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        Guards(**changed)
