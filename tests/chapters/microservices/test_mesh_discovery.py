"""What a mesh adds and gives back in the shop, and what a dead instance costs: against counts made by hand."""

import pytest

from archlab.chapters.microservices import discovery, discovery_sides, mesh
from archlab.chapters.microservices.bad_replica import Bad, OneBadReplica, ServerError
from archlab.published.discovery_staleness import eureka_s
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.sim.simulation import Simulation

SECONDS = 15


def failed_percent(design, bad="errors", replicas=3, seed=1):
    return mesh.one_bad_replica(seed, design, bad, replicas, duration_s=SECONDS)["failed_percent"]


def test_two_proxies_are_paid_twice_for_a_page_and_seven_times_for_an_order():
    usual_s = mesh._means_s(None, 5, seed=1)
    rows = mesh.added([1.0, 2.0], requests=5).set_index(["use_case", "added_ms"]).slower_percent
    for use_case, calls in (("page", 2), ("order", 7)):
        for ms in (1.0, 2.0):
            expected = 100 * calls * ms / 1000 / usual_s[use_case]
            assert rows[use_case, ms] == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("replicas", "bad", "share"), [(2, "errors", 1), (3, "errors", 1), (3, "half errors", 0.5)]
)
def test_without_a_mesh_the_bad_replica_fails_its_share_of_the_pages(replicas, bad, share):
    assert failed_percent("no mesh", bad, replicas) == pytest.approx(100 * share / replicas, abs=2.5)


def test_only_the_first_catalogue_instance_errs_and_it_looks_well():
    shop = OneBadReplica(Simulation(1), MicroservicesConfig(instances={"catalogue": 2}), Bad(error_share=1.0))
    outcomes = []
    for _ in range(10):
        try:
            outcomes.append(shop.answer(shop.browse(1)).product.id)
        except ServerError as error:
            outcomes.append(error.part)
    assert outcomes == ["catalogue-1", 1] * 5
    assert len(shop.candidates("catalogue", "gateway-1")) == 2


def test_latency_alone_sends_most_calls_to_the_replica_that_fails_at_once():
    assert failed_percent("Linkerd, as it comes") > 1.5 * failed_percent("no mesh")


def test_ejection_of_a_tenth_does_nothing_for_three_and_of_a_half_loses_five_an_ejection():
    assert failed_percent("Istio, ejection") == failed_percent("Istio, as it comes") > 30
    pages = mesh.RATE_PER_S * SECONDS * 0.8
    assert 100 * 3 / pages < failed_percent("Istio, ejection up to half") < 100 * 12 / pages


def test_a_retry_that_covers_errors_loses_nothing():
    assert failed_percent("Linkerd, asked") == 0


def test_an_unknown_mesh_or_fault_is_named():
    with pytest.raises(ValueError, match="design is 'Consul'"):
        mesh.one_bad_replica(1, design="Consul")
    with pytest.raises(ValueError, match="bad is 'rotten'"):
        mesh.one_bad_replica(1, bad="rotten")


def test_pages_fail_until_the_registry_has_told_the_caller_and_never_again():
    for registry, longest_s in (("eureka", eureka_s().longest), ("consul check", 10.5), ("etcd", 10.5)):
        story = discovery.after_a_death(registry, until_s=longest_s + 20)
        failing = story[story.failed_percent > 0]
        assert failing.time_s.max() - 2.5 <= longest_s
        assert failing.failed_percent.iloc[:-1].sum() == pytest.approx(100 / 3 * (len(failing) - 1), rel=0.15)
        assert len(story) == story.time_s.nunique() == int((longest_s + 20) // 5 + ((longest_s + 20) % 5 > 0))


def test_a_death_costs_the_callers_share_of_the_dead_for_as_long_as_it_is_believed_in():
    deaths = discovery.one_death(["etcd"], ["none", "retry"], seeds=range(6)).set_index("care")
    expected = discovery.CALLS_PER_S / 10 * deaths.stale_s["none"]
    assert deaths.failed["none"] == pytest.approx(expected, rel=0.2)
    assert deaths.failed_of_a_day_percent["none"] == pytest.approx(100 * deaths.failed["none"] / (50 * 86400))
    assert deaths.failed["retry"] == 0


def test_each_client_pays_five_failures_a_round_and_a_balancer_pays_them_once():
    def failed(side, clients):
        return discovery_sides.failures_of_one_death(1, side, clients)["failed"]

    assert 5 <= failed("client", 1) <= 15
    assert failed("client", 1) == failed("server", 1) == failed("server", 8)
    assert 5 * 8 <= failed("client", 8) <= 15 * 8


def test_a_way_that_is_neither_client_nor_server_side_is_named():
    with pytest.raises(ValueError, match="side is 'both'"):
        discovery_sides.failures_of_one_death(1, "both", 1)


def test_a_balancer_costs_two_messages_and_its_own_time_on_each_of_the_two_calls():
    hops = discovery_sides.hop_costs([0.25], requests=5)
    client_s = discovery_sides._mean_page_s("client", 0.00025, 5, seed=1)
    expected = 100 * 2 * (2 * 0.00025 + 0.00005) / client_s
    assert hops.slower_percent.iloc[0] == pytest.approx(expected, rel=0.02)


def test_no_page_comes_while_the_only_balancer_is_down_and_all_come_without_one():
    assert discovery_sides.balancer_crash(1, "server")["pages_percent"] == 0
    assert discovery_sides.balancer_crash(1, "client")["pages_percent"] == 100
