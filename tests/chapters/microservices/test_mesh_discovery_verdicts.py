"""The verdicts on meshes and discovery come from their experiments, and flip when the model changes."""

from dataclasses import replace
from functools import partial

import pytest

from archlab.chapters import microservices_mesh_discovery as rules
from archlab.chapters.microservices import discovery, discovery_sides, mesh
from archlab.course.claims.verdict import Outcome
from archlab.sim.balancing.mesh_defaults import PROXY_HOP_S, mesh_defaults
from archlab.sim.balancing.outlier_detection import OutlierDetection
from archlab.sim.discovery.etcd import Etcd
from archlab.sim.discovery.kinds import KINDS, SERVERS, Kind

SEEDS = range(2)


@pytest.fixture(scope="module")
def cheap_up_to_ms():
    return rules.cheap_up_to_ms(mesh.added([0.5, 1.0, 2.0, 3.0], requests=5))


@pytest.fixture(scope="module")
def cut():
    return discovery.cut(seeds=SEEDS)


@pytest.fixture(scope="module")
def found():
    return discovery_sides.more_clients((1, 20, 50), seeds=SEEDS)


def test_istio_ejects_in_pools_of_ten_and_in_small_ones_when_it_may_eject_half(cheap_up_to_ms):
    def verdict(design, proxy_s=PROXY_HOP_S):
        pools = mesh.pool_sizes(design, (3, 9, 10), seeds=SEEDS)
        return rules.istio(rules.gives_back_from_replicas(pools), cheap_up_to_ms, 2000 * proxy_s)

    usual = verdict("Istio, ejection")
    assert (usual.outcome, usual.flips_at) == (Outcome.HOLDS_WHEN, 10)
    assert verdict("Istio, ejection up to half").outcome is Outcome.HOLDS
    assert verdict("Istio, as it comes").outcome is Outcome.DOES_NOT_HOLD
    assert verdict("Istio, ejection", proxy_s=0.002).outcome is Outcome.DOES_NOT_HOLD


def test_a_larger_share_that_may_be_ejected_is_enough_in_smaller_pools(monkeypatch, cheap_up_to_ms):
    fifth = replace(mesh_defaults("istio"), ejection=partial(OutlierDetection, max_ejected=0.2))
    monkeypatch.setattr(mesh, "DESIGNS", {"no mesh": None, "fifth": fifth})
    pools = mesh.pool_sizes("fifth", (3, 4, 5), seeds=SEEDS)
    assert rules.istio(rules.gives_back_from_replicas(pools), cheap_up_to_ms, 0.1).flips_at == 5


def test_linkerd_helps_against_a_slow_replica_and_taking_turns_would_not(monkeypatch, cheap_up_to_ms):
    def verdict(design):
        slow = mesh.slower_and_slower((1, 4, 10), ("no mesh", design), seeds=SEEDS)
        from_times = rules.gives_back_from_times_slower(slow, design)
        return rules.linkerd(from_times, cheap_up_to_ms, 2000 * mesh_defaults("linkerd").proxy_s)

    usual = verdict("Linkerd, as it comes")
    assert usual.outcome is Outcome.HOLDS_WHEN
    assert 1.5 < usual.flips_at < 6
    monkeypatch.setitem(mesh.DESIGNS, "turns", None)
    assert verdict("turns").outcome is Outcome.DOES_NOT_HOLD


def test_eureka_bears_few_crashes_a_day_and_any_number_when_callers_try_twice(cut):
    def verdict(care):
        deaths = discovery.one_death(["eureka"], [care], seeds=SEEDS)
        figures = rules.available_figures(deaths.assign(care="none"), cut)
        return rules.eureka(**figures)

    usual = verdict("none")
    assert usual.outcome is Outcome.HOLDS_WHEN
    assert 3 < usual.flips_at < 12
    assert verdict("retry").outcome is Outcome.HOLDS


def test_eureka_would_not_hold_if_it_answered_like_etcd_nor_etcd_if_it_kept_like_eureka(cut):
    deaths = discovery.one_death(["eureka", "etcd"], ["none"], seeds=SEEDS)
    assert rules.eureka(**rules.available_figures(deaths, cut, "etcd")).outcome is Outcome.DOES_NOT_HOLD
    for rule in (rules.etcd, rules.consul):
        assert rule(**rules.consistent_figures(deaths, cut, ["eureka"])).outcome is Outcome.DOES_NOT_HOLD


def test_consul_and_etcd_bear_many_crashes_and_fewer_with_longer_leases(monkeypatch, cut):
    deaths = discovery.one_death(["consul check", "consul gossip", "etcd"], ["none"], seeds=range(4))
    consul = rules.consul(**rules.consistent_figures(deaths, cut, ["consul check", "consul gossip"]))
    etcd = rules.etcd(**rules.consistent_figures(deaths, cut, ["etcd"]))
    assert 60 < consul.flips_at < 250
    assert 60 < etcd.flips_at < 250
    slow = Kind(lambda sim, network: Etcd(sim, network, SERVERS, ttl_s=100), 120, 240)
    monkeypatch.setitem(KINDS, "etcd", slow)
    later = discovery.one_death(["etcd"], ["none"], seeds=range(4))
    assert rules.etcd(**rules.consistent_figures(later, cut, ["etcd"])).flips_at < etcd.flips_at / 5


def test_clients_that_find_out_alone_are_good_up_to_some_number_and_never_without_ejection(
    monkeypatch, found
):
    usual = rules.client_side(rules.gives_back_up_to_clients(found))
    assert usual.outcome is Outcome.HOLDS_WHEN
    assert 20 < usual.flips_at < 50
    careless = discovery_sides.OutlierDetection
    monkeypatch.setattr(discovery_sides, "OutlierDetection", partial(careless, consecutive_failures=10_000))
    without = discovery_sides.more_clients((1, 5), seeds=SEEDS)
    assert rules.client_side(rules.gives_back_up_to_clients(without)).outcome is Outcome.DOES_NOT_HOLD


def test_a_balancer_holds_up_to_some_hop_and_never_when_it_learns_no_more_than_one_client(found):
    def verdict(hop_ms, clients):
        hops = discovery_sides.hop_costs(hop_ms, requests=5)
        fewer = rules.times_fewer_failures(found, clients)
        return rules.server_side(rules.unnoticed_up_to_hop_ms(hops), fewer)

    usual = verdict((0.05, 0.1, 0.25), clients=50)
    assert usual.outcome is Outcome.HOLDS_WHEN
    assert 0.08 < usual.flips_at < 0.2
    assert verdict((0.02, 0.05), clients=50).outcome is Outcome.HOLDS
    assert verdict((0.5, 1.0), clients=50).outcome is Outcome.DOES_NOT_HOLD
    assert verdict((0.05, 0.1, 0.25), clients=1).outcome is Outcome.DOES_NOT_HOLD
