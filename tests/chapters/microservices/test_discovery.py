"""What a dead instance costs until the registry has told the callers, and how many deaths a day each registry bears."""

import pytest

from archlab.chapters.microservices import discovery
from archlab.course.claims.verdict import Outcome
from archlab.published.discovery_staleness import eureka_s
from archlab.sim.discovery.etcd import Etcd
from archlab.sim.discovery.kinds import KINDS, SERVERS, Kind

SEEDS = range(6)


@pytest.fixture(scope="module")
def deaths():
    return discovery.one_death(cares=["none", "retry"], seeds=SEEDS)


@pytest.fixture(scope="module")
def cut():
    return discovery.cut(seeds=range(2))


@pytest.mark.parametrize(
    ("registry", "longest_s"), [("eureka", eureka_s().longest), ("consul check", 10.5), ("etcd", 10.5)]
)
def test_pages_fail_until_the_registry_has_told_the_caller_and_never_again(registry, longest_s):
    story = discovery.after_a_death(registry, until_s=longest_s + 20)
    failing = story[story.failed_percent > 0]
    assert failing.time_s.max() - 2.5 <= longest_s
    assert failing.failed_percent.iloc[:-1].sum() == pytest.approx(100 / 3 * (len(failing) - 1), rel=0.15)
    assert len(story) == story.time_s.nunique() == int((longest_s + 20) // 5 + ((longest_s + 20) % 5 > 0))


@pytest.mark.parametrize("registry", discovery.REGISTRIES)
def test_a_death_costs_the_callers_share_of_the_dead_for_as_long_as_it_is_believed_in(deaths, registry):
    by_care = deaths[deaths.registry == registry].set_index("care")
    failed = by_care.failed
    expected = discovery.CALLS_PER_S / 10 * by_care.stale_s["none"]
    assert failed["none"] == pytest.approx(expected, rel=0.2)
    assert by_care.failed_of_a_day_percent["none"] == pytest.approx(100 * failed["none"] / (50 * 86400))
    assert failed["retry"] == 0


def test_eureka_bears_few_crashes_a_day_and_any_number_when_callers_try_twice(deaths, cut):
    def verdict(care):
        of_care = deaths[deaths.care == care].assign(care="none")
        return discovery.eureka(**discovery.available_figures(of_care, cut))

    usual = verdict("none")
    assert usual.outcome is Outcome.HOLDS_WHEN
    assert 3 < usual.flips_at < 12
    assert verdict("retry").outcome is Outcome.HOLDS


def test_eureka_would_not_hold_if_it_answered_like_etcd_nor_etcd_if_it_kept_like_eureka(deaths, cut):
    as_etcd = discovery.eureka(**discovery.available_figures(deaths, cut, "etcd"))
    assert as_etcd.outcome is Outcome.DOES_NOT_HOLD
    for rule in (discovery.etcd, discovery.consul):
        as_eureka = rule(**discovery.consistent_figures(deaths, cut, ["eureka"]))
        assert as_eureka.outcome is Outcome.DOES_NOT_HOLD


def test_consul_and_etcd_bear_many_crashes_and_fewer_with_longer_leases(monkeypatch, deaths, cut):
    consul = discovery.consul(**discovery.consistent_figures(deaths, cut, ["consul check", "consul gossip"]))
    etcd = discovery.etcd(**discovery.consistent_figures(deaths, cut, ["etcd"]))
    assert 60 < consul.flips_at < 250
    assert 60 < etcd.flips_at < 250
    slow = Kind(lambda sim, network: Etcd(sim, network, SERVERS, ttl_s=100), 120, 240)
    monkeypatch.setitem(KINDS, "etcd", slow)
    later = discovery.one_death(["etcd"], ["none"], seeds=SEEDS)
    long_leases = discovery.etcd(**discovery.consistent_figures(later, cut, ["etcd"]))
    assert long_leases.flips_at < etcd.flips_at / 5
