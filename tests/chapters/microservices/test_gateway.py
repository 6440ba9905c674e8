"""The gateway as the one entry and as the place of the routes: against sums done by hand, and what follows."""

import pytest

from archlab.chapters.microservices import gateway
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.verdict import Outcome
from archlab.shop.microservices.config import MicroservicesConfig

SEEDS = range(10)


@pytest.fixture(scope="module")
def crashes():
    return gateway.crashes(restarts_s=(5.0, 30.0), seeds=range(2)).set_index(["gateways", "restart_s"]).lost_s


@pytest.fixture(scope="module")
def bears():
    return {count: gateway.bears_crashes_a_day(count, SEEDS) for count in (1, 2)}


@pytest.fixture(scope="module")
def page_itself_ms():
    return gateway.page_itself_ms(SEEDS)


@pytest.fixture(scope="module")
def moved():
    return gateway.move_pages(seed=1)


@pytest.fixture(scope="module")
def moved_to_nobody():
    return gateway.move_pages(seed=1, is_up=False)


def test_one_gateway_down_fails_everything_for_as_long_as_it_is_down(crashes):
    assert crashes[1, 5.0] == pytest.approx(5, rel=0.1)
    assert crashes[1, 30.0] == pytest.approx(30, rel=0.1)


def test_of_two_one_fails_half_of_the_requests_until_the_next_check_however_long_it_is_down(crashes):
    noticed_after_s = MicroservicesConfig().health_check_s / 2
    assert crashes[2, 30.0] == pytest.approx(noticed_after_s / 2, rel=0.2)
    assert crashes[2, 5.0] == pytest.approx(crashes[2, 30.0], rel=0.3)


def test_a_shorter_outage_never_looks_worse(crashes):
    assert crashes[1, 5.0] < crashes[1, 30.0]
    assert crashes[2, 5.0] < 1.3 * crashes[2, 30.0]


def test_without_a_gateway_clients_must_know_what_it_calls_and_in_which_protocol():
    points = gateway.entry_points(MicroservicesConfig(protocol="grpc", instances={"gateway": 2, "orders": 3}))
    assert points.addresses.tolist() == [1, 2]
    assert points.protocols.tolist() == ["HTTPS", "gRPC"]


def single_entry(bears, addresses=(1, 2)):
    return gateway.single_entry(*addresses, one_bears_crashes_a_day=bears[1], two_bear_crashes_a_day=bears[2])


def test_one_entry_needs_a_second_gateway_with_every_seed(bears):
    verdict = single_entry(bears)
    assert (verdict.outcome, verdict.flips_at, verdict.is_stable) == (Outcome.HOLDS_WHEN, 2, True)
    by_hand = gateway.DAY_S * 0.001
    assert bears[1] == pytest.approx(by_hand / gateway.RESTART_S, rel=0.1)
    assert bears[1] < 3, "as the chapter says"
    assert bears[2] == pytest.approx(by_hand / 1.25, rel=0.2)


def test_one_gateway_that_restarts_fast_is_enough_and_two_that_nobody_checks_are_not(bears):
    fast = gateway.bears_crashes_a_day(1, seeds=[1], restart_s=5.0)
    assert single_entry({1: float(fast), 2: 60.0}).flips_at == 1
    unchecked = MicroservicesConfig(health_check_s=90.0)
    two = gateway.bears_crashes_a_day(2, seeds=[1], restart_s=90.0, config=unchecked)
    assert single_entry({1: 1.4, 2: float(two)}).outcome is Outcome.DOES_NOT_HOLD


def test_a_gateway_that_spares_no_address_is_no_single_entry():
    assert single_entry({1: 3.0, 2: 60.0}, addresses=(2, 2)).outcome is Outcome.DOES_NOT_HOLD


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


def test_the_simulation_is_a_tenth_slower_at_the_hop_that_the_sum_gives():
    page_ms = gateway.page_itself_ms(seeds=[3])
    limit_ms = gateway.unnoticed_up_to_hop_ms(page_ms)
    at_limit = gateway.hop(seed=3, hop_ms=float(limit_ms), pages=gateway.PAGES)
    assert at_limit["slower_percent"] == pytest.approx(gateway.NOTICEABLE_PERCENT, abs=1e-6)


def routing(moved, page_ms, config):
    return gateway.request_routing(
        moved_percent=moved["moved_percent"],
        lost_by_the_move=moved["lost"],
        unnoticed_up_to_hop_ms=gateway.unnoticed_up_to_hop_ms(page_ms, config),
        mean_page_up_to_hop_ms=gateway.mean_page_up_to_hop_ms(config),
        our_hop_ms=1000 * config.hop_s,
        page_itself_ms=page_ms,
        unnoticed_from_page_ms=gateway.unnoticed_from_page_ms(config),
    )


def test_routing_holds_up_to_some_hop_with_every_seed_and_our_own_hop_lies_there(moved, page_itself_ms):
    verdict = routing(moved, page_itself_ms, MicroservicesConfig())
    assert (verdict.outcome, verdict.is_stable) == (Outcome.HOLDS_WHEN, True)
    assert 0.2 < verdict.flips_at < 0.28
    assert gateway.unnoticed_from_page_ms() == pytest.approx(5.5)
    assert verdict.flips_at < 0.25 < gateway.mean_page_up_to_hop_ms()
    assert "(ours: 0.25, beyond it)" in verdict.words


def test_a_gateway_that_needs_long_itself_is_noticed_at_any_hop_and_pages_sent_to_nobody_are_no_routing(
    moved, moved_to_nobody, page_itself_ms
):
    slow = MicroservicesConfig(proxy_s=0.002)
    assert routing(moved, page_itself_ms, slow).outcome is Outcome.DOES_NOT_HOLD
    usual = MicroservicesConfig()
    assert routing(moved_to_nobody, page_itself_ms, usual).outcome is Outcome.DOES_NOT_HOLD


def test_a_longer_page_bears_a_longer_hop():
    short, long = (gateway.unnoticed_up_to_hop_ms(OverSeeds([page_ms])) for page_ms in (5.0, 50.0))
    assert long > 10 * short
