"""Balancing by the gateway: what a slow or a dead instance draws in by each rule, and how much a rule bears."""

import math

import pytest

from archlab.chapters.microservices import gateway_balancing
from archlab.course.claims.verdict import Outcome
from archlab.published.power_of_two import slow_replica


@pytest.mark.parametrize("rule", ["round robin", "least outstanding", "peak ewma"])
def test_the_shops_gateway_sends_a_slow_instance_what_the_bare_model_does(rule):
    shop = gateway_balancing.slow_instance(seed=1, rule=rule, slowness=2.5, load=0.3, duration_s=10)
    bare = slow_replica(
        seed=1,
        rule=rule,
        slowness=2.5,
        utilisation=0.3,
        servers=4,
        service_s=gateway_balancing.CATALOGUE_S,
    )
    assert shop["share_to_slow_percent"] == pytest.approx(100 * bare["share_to_slow"], abs=4)


def test_a_server_that_fails_at_once_draws_in_those_who_count():
    lost = gateway_balancing.black_holes(seeds=range(2)).set_index("rule").lost_percent
    assert lost["round robin"] == pytest.approx(25, abs=1)
    assert lost["least outstanding"] > lost["power of two"] > 30
    assert lost["peak ewma"] < 2


def test_two_choices_come_near_the_limit_of_many_servers():
    near = gateway_balancing.beside_the_limit(seeds=range(3))
    assert near.mean_s[0] == pytest.approx(near.limit_s[0], rel=0.05)


@pytest.fixture(scope="module")
def limit():
    return gateway_balancing.bears_up_to_times_slower()


def test_round_robin_bears_a_little_slowness_as_theory_says(limit):
    by_theory = [gateway_balancing.p99_by_theory(times) for times in (1.0, limit.low, limit.high)]
    assert by_theory[1] < gateway_balancing.BEARABLE * by_theory[0] < by_theory[2]
    assert math.isinf(gateway_balancing.p99_by_theory(2.0)), "at half load a server twice as slow is full"


def test_by_theory_one_server_alone_is_the_mm1_queue():
    assert gateway_balancing.p99_by_theory(1.0, 0.5, servers=1) == pytest.approx(math.log(100) / 0.5)


def test_the_shops_rule_holds_up_to_a_slowness_with_every_seed_and_says_the_load_that_decides(limit):
    most_percent = gateway_balancing.bears_twice_as_slow_up_to_percent()
    verdict = gateway_balancing.load_balancing(limit, most_percent)
    assert (verdict.outcome, verdict.is_stable) == (Outcome.HOLDS_WHEN, True)
    assert 1.5 < verdict.flips_at < 1.9
    assert 30 < most_percent < 45


def test_a_rule_that_remembers_latency_bears_what_round_robin_does_not_and_nobody_bears_it_when_all_are_busy():
    def verdict(rule, load):
        most = gateway_balancing.bears_up_to_times_slower(rule, [1], load)
        return gateway_balancing.load_balancing(most, math.inf).outcome

    assert verdict("peak ewma", 0.5) is Outcome.HOLDS
    assert verdict(gateway_balancing.SHOP_RULE, 0.9) is Outcome.DOES_NOT_HOLD


@pytest.mark.parametrize("load", [-0.1, 1.5])
def test_a_load_that_is_no_share_is_refused(load):
    with pytest.raises(ValueError, match="load"):
        gateway_balancing.slow_day(seed=1, load=load)
