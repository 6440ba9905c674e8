"""Who must find out that an instance is dead, and what a balancer costs: counted by hand, and what follows for each."""

from functools import partial

import pytest

from archlab.chapters.microservices import discovery_sides
from archlab.course.claims.verdict import Outcome
from archlab.sim.balancing.outlier_detection import OutlierDetection

SEEDS = range(2)


@pytest.fixture(scope="module")
def found():
    return discovery_sides.more_clients((1, 20, 50), seeds=SEEDS)


@pytest.fixture(scope="module")
def hops():
    return discovery_sides.hop_costs((0.02, 0.05, 0.1, 0.25, 0.5, 1.0), requests=5)


def test_each_client_pays_five_failures_a_round_and_a_balancer_pays_them_once(found):
    failed = found.set_index(["design", "clients"]).failed
    assert 5 <= failed["client-side", 1] <= 15
    assert failed["client-side", 1] == failed["server-side", 1] == failed["server-side", 50]
    assert 5 * 20 <= failed["client-side", 20] <= 15 * 20


def test_a_way_that_is_neither_client_nor_server_side_is_named():
    with pytest.raises(ValueError, match="side is 'both'"):
        discovery_sides.failures_of_one_death(1, "both", 1)


def test_a_balancer_costs_two_messages_and_its_own_time_on_each_of_the_two_calls(hops):
    for hop in hops.itertuples():
        client_s = discovery_sides._mean_page_s("client", hop.hop_ms / 1000, 5, seed=1)
        expected = 100 * 2 * (2 * hop.hop_ms / 1000 + 0.00005) / client_s
        assert hop.slower_percent == pytest.approx(expected, rel=0.02)


def test_no_page_comes_while_the_only_balancer_is_down_and_all_come_without_one():
    assert discovery_sides.balancer_crash(1, "server")["pages_percent"] == 0
    assert discovery_sides.balancer_crash(1, "client")["pages_percent"] == 100


def test_clients_that_find_out_alone_are_good_up_to_some_number_and_never_without_ejection(
    monkeypatch, found
):
    def verdict(found):
        return discovery_sides.client_side(discovery_sides.gives_back_up_to_clients(found))

    usual = verdict(found)
    assert usual.outcome is Outcome.HOLDS_WHEN
    assert 20 < usual.flips_at < 50
    never = partial(OutlierDetection, consecutive_failures=10_000)
    monkeypatch.setattr(discovery_sides, "OutlierDetection", never)
    assert verdict(discovery_sides.more_clients((1, 5), seeds=SEEDS)).outcome is Outcome.DOES_NOT_HOLD


def test_a_balancer_holds_up_to_some_hop_and_never_when_it_learns_no_more_than_one_client(found, hops):
    def verdict(hops, clients):
        fewer = discovery_sides.times_fewer_failures(found, clients)
        return discovery_sides.server_side(discovery_sides.unnoticed_up_to_hop_ms(hops), fewer)

    usual = verdict(hops, clients=50)
    assert usual.outcome is Outcome.HOLDS_WHEN
    assert 0.08 < usual.flips_at < 0.2
    assert verdict(hops[hops.hop_ms <= 0.05], clients=50).outcome is Outcome.HOLDS
    assert verdict(hops[hops.hop_ms >= 0.5], clients=50).outcome is Outcome.DOES_NOT_HOLD
    assert verdict(hops, clients=1).outcome is Outcome.DOES_NOT_HOLD
