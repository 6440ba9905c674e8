"""Who must find out that an instance is dead, and what a balancer costs: counted by hand, and what follows for each."""

from functools import partial

import pytest

from archlab.chapters.microservices import discovery_sides
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import ENOUGH_SEEDS, Outcome
from archlab.sim.balancing.outlier_detection import OutlierDetection
from archlab.sim.discovery.sides import PROXY_HOP_S

SEEDS = range(10)


@pytest.fixture(scope="module")
def found():
    return discovery_sides.more_clients((1, 10), seeds=SEEDS)


@pytest.fixture(scope="module")
def unnoticed_up_to_hop_ms():
    return discovery_sides.unnoticed_up_to_hop_ms()


def test_each_client_pays_five_failures_a_round_and_a_balancer_pays_them_once(found):
    failed = found.pivot(index="seed", columns="design", values="failed")
    for alone in ("1 client", discovery_sides.BALANCER):
        assert failed[alone].isin([15, 20]).all()
    assert failed["10 clients"].between(15 * 10, 25 * 10).all()


def test_how_many_clients_ask_the_balancer_changes_nothing():
    alone, many = (
        discovery_sides.failures_of_one_death(1, "server", clients)["failed"] for clients in (1, 20)
    )
    assert alone == many


def test_without_ejection_the_dead_one_fails_its_share():
    careless = discovery_sides.failures_of_one_death(1, "client", 3, ejection=False)
    assert careless["failed"] == pytest.approx(careless["would_fail"], rel=0.15)


def test_a_way_that_is_neither_client_nor_server_side_is_named():
    with pytest.raises(ValueError, match="side is 'both'"):
        discovery_sides.failures_of_one_death(1, "both", 1)


@pytest.mark.parametrize("hop_ms", [0.02, 0.25, 1.0])
def test_a_balancer_costs_two_messages_and_its_own_time_on_each_of_the_two_calls(hop_ms):
    client_s = discovery_sides._mean_page_s("client", hop_ms / 1000, 5, seed=1)
    expected = 100 * 2 * (2 * hop_ms / 1000 + PROXY_HOP_S) / client_s
    assert discovery_sides.slower_percent(hop_ms) == pytest.approx(expected, rel=0.02)


def test_no_page_comes_while_the_only_balancer_is_down_and_all_come_without_one():
    assert discovery_sides.balancer_crash(1, "server")["pages_percent"] == 0
    assert discovery_sides.balancer_crash(1, "client")["pages_percent"] == 100


def test_clients_find_out_alone_from_some_rate_on_with_each_of_ten_seeds():
    """Five failures in a row of every tenth call take 50 calls: at 0.5 a second 100 s, at 10 a second 5 s."""
    limit = discovery_sides.worth_it_from_per_s(SEEDS)
    verdict = discovery_sides.client_side(limit)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert 1.2 < limit.low <= limit.high < 2.2


def test_clients_that_eject_nobody_are_never_good_enough(monkeypatch):
    never = partial(OutlierDetection, consecutive_failures=10_000)
    monkeypatch.setattr(discovery_sides, "OutlierDetection", never)
    limit = discovery_sides.worth_it_from_per_s(range(2))
    assert discovery_sides.client_side(limit).outcome is Outcome.DOES_NOT_HOLD


def test_a_balancer_goes_unnoticed_up_to_some_hop_with_every_seed_and_our_own_is_longer(found):
    figures = discovery_sides.server_figures(found)
    usual = discovery_sides.server_side(**figures)
    assert (usual.outcome, usual.is_stable) == (Outcome.HOLDS_WHEN, True)
    assert usual.seeds >= ENOUGH_SEEDS
    assert usual.flips_at == figures["unnoticed_up_to_hop_ms"] < discovery_sides.HOP_MS
    assert "up to 0.136 ms a hop (ours: 0.25, beyond it)" in usual.words
    assert figures["page_itself_ms"] < figures["unnoticed_from_page_ms"]


def test_a_page_that_takes_just_long_enough_bears_our_hop():
    """Two calls, each with two messages more and a proxy: 1.1 ms, a tenth of 11 ms."""
    by_hand_ms = 2 * (2 * discovery_sides.HOP_MS + 1000 * PROXY_HOP_S) / (NOTICEABLE_PERCENT / 100)
    assert discovery_sides.unnoticed_from_page_ms() == pytest.approx(by_hand_ms, rel=0.02)


def test_in_this_shop_a_page_takes_about_16_per_cent_longer_through_a_balancer():
    assert 14 < discovery_sides.slower_percent(discovery_sides.HOP_MS) < 18


def test_at_its_limit_a_balancer_makes_a_page_ten_per_cent_slower(unnoticed_up_to_hop_ms):
    assert discovery_sides.slower_percent(unnoticed_up_to_hop_ms) == pytest.approx(10, rel=0.005)


def test_a_balancer_that_learns_no_more_than_one_client_is_not_worth_it(found):
    fewer = discovery_sides.times_fewer_failures(found, clients=1)
    figures = discovery_sides.server_figures(found) | {"times_fewer_failures": fewer}
    assert discovery_sides.server_side(**figures).outcome is Outcome.DOES_NOT_HOLD
