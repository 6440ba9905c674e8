"""What a mesh adds and gives back in the shop: against counts made by hand, and what follows for Istio and Linkerd."""

from dataclasses import replace
from functools import partial

import pytest

from archlab.chapters.microservices import mesh
from archlab.chapters.microservices.bad_replica import Bad, OneBadReplica, ServerError
from archlab.course.claims.verdict import Outcome
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.sim.balancing.mesh_defaults import PROXY_HOP_S, mesh_defaults
from archlab.sim.balancing.outlier_detection import OutlierDetection
from archlab.sim.simulation import Simulation

SEEDS, SECONDS = range(2), 15


@pytest.fixture(scope="module")
def added():
    return mesh.added([0.5, 1.0, 2.0, 3.0], requests=5)


@pytest.fixture(scope="module")
def failed_percent():
    return mesh.by_design(seeds=SEEDS).set_index("design").failed_percent


def test_two_proxies_are_paid_twice_for_a_page_and_seven_times_for_an_order(added):
    usual_s = mesh._means_s(None, 5, seed=1)
    calls = {"page": 2, "order": 7}
    assert set(added.use_case) == set(calls)
    for row in added.itertuples():
        expected = 100 * calls[row.use_case] * row.added_ms / 1000 / usual_s[row.use_case]
        assert row.slower_percent == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("replicas", "bad", "share"), [(2, "errors", 1), (3, "errors", 1), (3, "half errors", 0.5)]
)
def test_without_a_mesh_the_bad_replica_fails_its_share_of_the_pages(replicas, bad, share):
    failed = mesh.one_bad_replica(1, "no mesh", bad, replicas, duration_s=SECONDS)["failed_percent"]
    assert failed == pytest.approx(100 * share / replicas, abs=2.5)


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


def test_latency_alone_sends_most_calls_to_the_replica_that_fails_at_once(failed_percent):
    assert failed_percent["Linkerd, as it comes"] > 1.5 * failed_percent["no mesh"]


def test_ejection_of_a_tenth_does_nothing_for_three_and_of_a_half_loses_five_an_ejection(failed_percent):
    assert failed_percent["Istio, ejection"] == failed_percent["Istio, as it comes"] > 30
    pages = mesh.RATE_PER_S * SECONDS * 0.8
    assert 100 * 3 / pages < failed_percent["Istio, ejection up to half"] < 100 * 12 / pages


def test_a_retry_that_covers_errors_loses_nothing(failed_percent):
    assert failed_percent["Linkerd, asked"] == 0


def test_an_unknown_mesh_or_fault_is_named():
    with pytest.raises(ValueError, match="design is 'Consul'"):
        mesh.one_bad_replica(1, design="Consul")
    with pytest.raises(ValueError, match="bad is 'rotten'"):
        mesh.one_bad_replica(1, bad="rotten")


def test_istio_ejects_in_pools_of_ten_and_in_small_ones_when_it_may_eject_half(added):
    def given_back_from(design):
        return mesh.gives_back_from_replicas(mesh.pool_sizes(design, (3, 9, 10), seeds=SEEDS))

    def verdict(from_replicas, proxy_s=PROXY_HOP_S):
        return mesh.istio(from_replicas, mesh.cheap_up_to_ms(added), 2000 * proxy_s)

    by_default = given_back_from("Istio, ejection")
    usual = verdict(by_default)
    assert (usual.outcome, usual.flips_at) == (Outcome.HOLDS_WHEN, 10)
    assert verdict(given_back_from("Istio, ejection up to half")).outcome is Outcome.HOLDS
    assert verdict(given_back_from("Istio, as it comes")).outcome is Outcome.DOES_NOT_HOLD
    assert verdict(by_default, proxy_s=0.002).outcome is Outcome.DOES_NOT_HOLD


def test_a_larger_share_that_may_be_ejected_is_enough_in_smaller_pools(monkeypatch, added):
    fifth = replace(mesh_defaults("istio"), ejection=partial(OutlierDetection, max_ejected=0.2))
    monkeypatch.setattr(mesh, "DESIGNS", {"no mesh": None, "fifth": fifth})
    pools = mesh.pool_sizes("fifth", (3, 4, 5), seeds=SEEDS)
    assert mesh.istio(mesh.gives_back_from_replicas(pools), mesh.cheap_up_to_ms(added), 0.1).flips_at == 5


def test_linkerd_helps_against_a_slow_replica_and_taking_turns_would_not(added):
    slow = mesh.slower_and_slower((1, 4, 10), seeds=SEEDS)

    def verdict(design):
        from_times = mesh.gives_back_from_times_slower(slow, design)
        adds_ms = 2000 * mesh_defaults("linkerd").proxy_s
        return mesh.linkerd(from_times, mesh.cheap_up_to_ms(added), adds_ms)

    usual = verdict("Linkerd, as it comes")
    assert usual.outcome is Outcome.HOLDS_WHEN
    assert 1.5 < usual.flips_at < 6
    assert verdict("no mesh").outcome is Outcome.DOES_NOT_HOLD, "without a mesh callers take turns"
