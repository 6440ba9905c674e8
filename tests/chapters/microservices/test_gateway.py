"""The gateway as the one entry and as the place of the routes: against sums done by hand, and what follows."""

import math

import pandas as pd
import pytest

from archlab.chapters.microservices import gateway
from archlab.course.claims.verdict import Outcome
from archlab.shop.microservices.config import MicroservicesConfig


@pytest.fixture(scope="module")
def outages():
    return gateway.without_gateways(seeds=range(2))


@pytest.fixture(scope="module")
def moved():
    return gateway.move_pages(seed=1)


@pytest.fixture(scope="module")
def moved_to_nobody():
    return gateway.move_pages(seed=1, is_up=False)


def test_one_gateway_down_stops_everything_and_a_second_carries_the_shop(outages):
    one, two = outages.itertuples()
    assert one.browse_percent == one.place_order_percent == one.track_order_percent == 0
    assert 90 < two.least_percent < 100


def test_without_a_gateway_clients_must_know_what_it_calls_and_in_which_protocol():
    points = gateway.entry_points(MicroservicesConfig(protocol="grpc", instances={"gateway": 2, "orders": 3}))
    assert points.addresses.tolist() == [1, 2]
    assert points.protocols.tolist() == ["HTTPS", "gRPC"]


def test_one_entry_needs_a_second_gateway_and_two_do_not_help_when_nobody_checks_in_time(outages):
    def verdict(outages, config):
        first, other = gateway.entry_points(config).addresses
        return gateway.single_entry(first, other, gateway.goes_on_from_gateways(outages))

    checked, unchecked = MicroservicesConfig(), MicroservicesConfig(health_check_s=60.0)
    assert verdict(outages, checked).flips_at == 2
    without_checks = gateway.without_gateways(seeds=range(2), config=unchecked)
    assert verdict(without_checks, unchecked).outcome is Outcome.DOES_NOT_HOLD


def test_a_gateway_that_spares_no_address_is_no_single_entry():
    assert gateway.single_entry(2, 2, 1).outcome is Outcome.DOES_NOT_HOLD
    always = pd.DataFrame({"gateways": [1, 2], "least_percent": [95.0, 99.0]})
    assert gateway.goes_on_from_gateways(always) == -math.inf


def test_pages_move_to_a_service_that_runs_without_a_loss_and_a_share_of_them_moves_as_a_share(moved):
    assert (moved["moved_percent"], moved["lost"]) == (100, 0)
    tenth = gateway.move_pages(seed=1, share=0.1)
    assert tenth["lost"] == 0
    assert tenth["moved_percent"] == pytest.approx(10, abs=5)


def test_pages_sent_to_a_service_that_does_not_run_are_lost_and_no_others(moved_to_nobody):
    tenth = gateway.move_pages(seed=1, share=0.1, is_up=False)
    assert tenth["moved_percent"] == 0
    assert tenth["lost"] / tenth["came"] == pytest.approx(0.1, abs=0.05)
    assert moved_to_nobody["lost"] == moved_to_nobody["came"]


@pytest.mark.parametrize("hop_ms", [0.0, 0.25, 2.0])
def test_the_way_through_the_gateway_is_two_messages_and_its_own_time(hop_ms):
    way = gateway.hop(seed=1, hop_ms=hop_ms, pages=100)
    assert way["through_p50_ms"] - way["direct_p50_ms"] == pytest.approx(2 * hop_ms + 0.05, abs=1e-6)


def test_routing_holds_up_to_some_hop_and_not_when_the_new_service_does_not_run(moved, moved_to_nobody):
    def unnoticed_up_to_ms(page_cpu_s):
        config = MicroservicesConfig(browse_cpu_s=page_cpu_s)
        return gateway.unnoticed_up_to_hop_ms(gateway.hops([0.1, 0.25, 0.5], seeds=range(2), config=config))

    def verdict(moved, limit_ms):
        return gateway.request_routing(moved["moved_percent"], moved["lost"], limit_ms)

    short_ms = unnoticed_up_to_ms(0.00479)
    short = verdict(moved, short_ms)
    assert short.outcome is Outcome.HOLDS_WHEN
    assert 0.1 < short.flips_at < 0.5
    assert verdict(moved, unnoticed_up_to_ms(0.0479)).outcome is Outcome.HOLDS
    assert verdict(moved_to_nobody, short_ms).outcome is Outcome.DOES_NOT_HOLD
