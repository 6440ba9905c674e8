"""What a dead instance costs until the registry has told the callers, and how many deaths a day each registry bears."""

import pandas as pd
import pytest

from archlab.chapters.microservices import discovery
from archlab.course.claims.verdict import ENOUGH_SEEDS, Outcome
from archlab.published.discovery_staleness import consul_check_s, etcd_s, eureka_s, staleness
from archlab.sim.discovery.etcd import Etcd
from archlab.sim.discovery.eureka_server import LEASE_S, EurekaSettings
from archlab.sim.discovery.kinds import KINDS, SERVERS, Kind, kind_of

SEEDS = range(10)
RULES = {
    "eureka": (discovery.eureka, discovery.eureka_figures),
    "consul": (discovery.consul, discovery.consul_figures),
    "etcd": (discovery.etcd, discovery.etcd_figures),
}


@pytest.fixture(scope="module")
def stale():
    return discovery.how_long(seeds=SEEDS)


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
def test_a_death_costs_the_callers_share_of_the_dead_for_as_long_as_it_is_believed_in(registry):
    deaths = discovery.one_death([registry], ["none", "retry"], seeds=range(3)).set_index("care")
    expected = discovery.CALLS_PER_S / discovery.INSTANCES * deaths.stale_s["none"]
    assert deaths.failed["none"] == pytest.approx(expected, rel=0.2)
    assert deaths.failed["retry"] == 0


def test_a_crash_takes_its_share_of_a_days_requests():
    """One of ten is believed in for a tenth of a day: a hundredth of the requests."""
    assert discovery._of_a_day_percent(8640) == pytest.approx(1)


def test_the_crashes_that_eureka_bears_are_those_worked_out_by_hand(stale):
    """Each takes a tenth of the calls of 225 s, and there are 86.4 s of them to be had."""
    bears = discovery.crashes_up_to_a_day(stale, ["eureka"])
    assert bears.low <= 86.4 * discovery.INSTANCES / eureka_s().mean <= bears.high


@pytest.mark.parametrize("name", RULES)
def test_each_registry_holds_with_each_of_ten_seeds(name, stale, cut):
    rule, figures = RULES[name]
    verdict = rule(**figures(stale, cut))
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert verdict.seeds == len(SEEDS) >= ENOUGH_SEEDS


def test_consul_and_etcd_bear_more_than_ten_times_the_crashes_of_eureka(stale, cut):
    bears = {name: rule(**figures(stale, cut)).flips_at for name, (rule, figures) in RULES.items()}
    assert 3 < bears["eureka"] < 5
    assert min(bears["consul"], bears["etcd"]) > 10 * bears["eureka"]


def test_eureka_must_hold_seven_instances_and_the_words_say_so(monkeypatch, stale, cut):
    assert discovery.evicts_from_instances() == 7
    assert (
        "the registry holds 7 instances or more"
        in discovery.eureka(**discovery.eureka_figures(stale, cut)).words
    )
    monkeypatch.setattr(discovery, "INSTANCES", 6)
    assert discovery.eureka(**discovery.eureka_figures(stale, cut)).outcome is Outcome.DOES_NOT_HOLD


@pytest.mark.parametrize("instances", [6, 7])
def test_the_number_of_instances_by_hand_is_the_one_in_the_simulation(instances):
    never = staleness(1, "eureka", instances=instances, clients=1, deaths=1)["never"]
    assert never == (instances < discovery.evicts_from_instances())


def test_without_self_preservation_eureka_evicts_in_any_pool():
    assert discovery.evicts_from_instances(EurekaSettings(self_preservation=False)) == 2


def test_eureka_would_not_hold_if_it_answered_like_etcd_nor_etcd_or_consul_if_they_kept_like_eureka(
    stale, cut
):
    as_etcd = discovery.eureka(**discovery.eureka_figures(stale, cut, "etcd"))
    assert as_etcd.outcome is Outcome.DOES_NOT_HOLD
    for rule, figures in (RULES["etcd"], RULES["consul"]):
        assert rule(**figures(stale, cut, ["eureka"])).outcome is Outcome.DOES_NOT_HOLD


def test_at_the_limits_by_hand_etcd_and_consul_are_as_late_as_eureka():
    assert etcd_s(discovery.lease_up_to_s()).mean == pytest.approx(eureka_s().mean)
    assert consul_check_s(discovery.check_up_to_s()).mean == pytest.approx(eureka_s().mean)
    assert discovery.lease_up_to_s() > etcd_s(LEASE_S).mean


def test_etcd_with_leases_beyond_its_limit_loses_to_eureka(monkeypatch, stale, cut):
    lease_s = 330
    assert discovery.lease_up_to_s() < lease_s
    long = Kind(lambda sim, network: Etcd(sim, network, SERVERS, ttl_s=lease_s), lease_s, 2 * lease_s)
    monkeypatch.setitem(KINDS, "etcd", long)
    assert kind_of("etcd") is long
    later = stale[stale.registry == "eureka"]
    later = pd.concat([later, discovery.how_long(["etcd"], seeds=SEEDS)])
    verdict = discovery.etcd(**discovery.etcd_figures(later, cut, lease_s=lease_s))
    assert verdict.outcome is Outcome.DOES_NOT_HOLD
    assert "its leases at most 270 s" in verdict.words
