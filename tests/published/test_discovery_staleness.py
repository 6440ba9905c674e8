"""How long a dead instance stays visible, from the registries' cited defaults (`data/service_discovery.csv`).

Nobody has published a measurement. The expected figures are worked out by hand from the defaults; the simulation must
find them with clocks at random phases.
"""

from inspect import signature

import numpy as np
import pytest

from archlab.data import load
from archlab.published.discovery_staleness import consul_check_s, etcd_s, eureka_s, staleness
from archlab.sim.discovery.consul import CHECK_EVERY_S, CHECK_TIMEOUT_S
from archlab.sim.discovery.etcd import KEEP_ALIVES_A_TTL, SWEEP_S, TTL_S, Etcd
from archlab.sim.discovery.eureka_server import LEASE_S, EurekaSettings
from archlab.sim.discovery.quorum import Quorum
from archlab.sim.discovery.swim import Swim
from archlab.sim.experiment import replicate
from archlab.sim.statistics import mean_interval

SEEDS = range(40)
LATE_S = 0.001
"""The messages."""
AS_DOCUMENTED = EurekaSettings(lease_s=LEASE_S)


@pytest.fixture(scope="module")
def cited():
    return load("service_discovery").set_index(["system", "setting"]).value


@pytest.fixture(scope="module")
def eureka():
    return replicate(staleness, SEEDS, registry="eureka as documented", deaths=20)


def test_the_kit_uses_the_cited_defaults(cited):
    settings = EurekaSettings()
    assert cited["Eureka", "heartbeat"] == settings.heartbeat_s
    assert cited["Eureka", "lease"] == LEASE_S
    assert cited["Eureka", "lease in effect"] == settings.lease_s
    assert cited["Eureka", "eviction interval"] == settings.eviction_every_s
    assert cited["Eureka", "self-preservation"] == settings.self_preservation
    assert cited["Eureka", "renewal threshold"] == settings.renewal_threshold
    assert cited["Eureka", "response cache update"] == settings.response_cache_s
    assert cited["Eureka", "client fetch interval"] == settings.fetch_every_s
    assert cited["Consul", "check timeout"] == CHECK_TIMEOUT_S
    assert cited["Consul", "gossip probe interval"] == Swim().probe_every_s
    assert cited["Consul", "suspicion multiplier"] == Swim().suspicion_mult
    assert cited["Consul", "longest suspicion multiplier"] == Swim().suspicion_max_mult
    timing = signature(Quorum).parameters
    assert cited["etcd", "heartbeat interval"] == timing["heartbeat_s"].default
    assert cited["etcd", "election timeout"] == timing["election_timeout_s"].default
    assert cited["etcd", "keep-alives in a TTL"] == KEEP_ALIVES_A_TTL
    assert cited["etcd", "lease sweep interval"] == SWEEP_S
    assert signature(Etcd).parameters["ttl_s"].default == TTL_S  # not cited: an assumption


def test_the_hand_calculation_gives_150_and_210_seconds_for_eureka_as_documented(cited):
    by_hand = eureka_s(AS_DOCUMENTED, since="last renewal")
    assert (by_hand.mean, by_hand.longest) == (90 + 30 + 15 + 15, 90 + 60 + 30 + 30)
    assert by_hand.mean == cited["Eureka", "mean staleness"]
    assert by_hand.longest == cited["Eureka", "longest staleness"]
    assert eureka_s(AS_DOCUMENTED, since="death").mean == 135


def test_simulated_eureka_as_documented_has_the_mean_and_keeps_the_bound(eureka):
    assert mean_interval(eureka.mean_silent_s, confidence=0.999).contains(150)
    assert mean_interval(eureka.mean_s, confidence=0.999).contains(135)
    assert mean_interval(eureka.mean_s).half_width < 5
    assert 190 < eureka.longest_silent_s.max() <= 210 + LATE_S
    assert eureka.never.max() == 0


def test_in_effect_it_is_90_seconds_more():
    found = replicate(staleness, range(20), registry="eureka", deaths=20)
    by_hand = eureka_s()
    assert (by_hand.mean, by_hand.longest) == (225, 300)
    assert mean_interval(found.mean_s, confidence=0.999).contains(225)
    assert found.longest_silent_s.max() <= 300 + LATE_S


def test_simulated_etcd_keeps_between_two_thirds_of_the_ttl_and_the_ttl():
    found = replicate(staleness, range(20), registry="etcd", deaths=20)
    by_hand = etcd_s(TTL_S)
    assert by_hand.mean == pytest.approx(TTL_S * 5 / 6 + 0.25)
    assert found.mean_s.mean() == pytest.approx(by_hand.mean, abs=0.1)
    assert found.longest_s.max() <= by_hand.longest + LATE_S
    assert found.mean_silent_s.mean() == pytest.approx(TTL_S + 0.25, abs=0.05)


def test_simulated_consul_finds_a_dead_process_after_half_an_interval_on_average():
    found = replicate(staleness, range(20), registry="consul check", deaths=20)
    by_hand = consul_check_s(CHECK_EVERY_S)
    assert by_hand.mean == 5
    assert mean_interval(found.mean_s, confidence=0.999).contains(by_hand.mean)
    assert found.longest_s.max() <= by_hand.longest + LATE_S


def test_simulated_consul_finds_a_dead_machine_as_a_group_simulated_member_by_member_does():
    """Thirteen agents (ten instances, three servers), each going through the others in its own order, one a second."""
    found = replicate(staleness, range(20), registry="consul gossip", deaths=20)
    members, random = 13, np.random.default_rng(1)
    by_member_s = [_found_member_by_member(random, members) for _ in range(2000)]
    noticed_late_s = 0.05  # the model looks at the machines every 0.1 s
    assert found.mean_s.mean() - noticed_late_s == pytest.approx(np.mean(by_member_s), abs=0.25)


def _found_member_by_member(random, members):
    """Step through the seconds of a group whose member 0 is dead, and keep the timer of the suspicion."""
    orders = [random.permutation([m for m in range(members) if m != me]) for me in range(1, members)]
    phases_s = random.uniform(0, 1, members - 1)
    places = random.integers(0, members - 1, members - 1)
    shortest_s = 4 * np.log10(members)
    longest_s = 6 * shortest_s
    failed_s = []
    for second in range(200):
        for me in range(members - 1):
            if orders[me][(places[me] + second) % (members - 1)] == 0:
                failed_s.append((second + phases_s[me] + 1, me))
    failed_s.sort()
    start_s, suspected_by = failed_s[0]
    seen, dead_s = {suspected_by}, start_s + longest_s
    for at_s, me in failed_s[1:]:
        if at_s >= dead_s:
            break
        if me not in seen and len(seen) <= 2:
            seen.add(me)
            allowed_s = longest_s - np.log(len(seen)) / np.log(3) * (longest_s - shortest_s)
            dead_s = max(at_s, start_s + allowed_s)
    return dead_s
