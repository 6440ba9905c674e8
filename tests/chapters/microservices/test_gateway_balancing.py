"""Balancing by the gateway: what a slow or a dead instance draws in by each rule, and how much a rule bears."""

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


def test_round_robin_bears_a_little_slowness_and_a_rule_that_remembers_latency_bears_all_of_it():
    points = gateway_balancing.rules_beside_a_slow_server(("round robin", "peak ewma"), seeds=range(3))

    def verdict(rule):
        return gateway_balancing.load_balancing(gateway_balancing.bears_up_to_times_slower(points, rule))

    own = verdict(gateway_balancing.SHOP_RULE)
    assert own.outcome is Outcome.HOLDS_WHEN
    assert 1 < own.flips_at < 2, "at half load a server that is twice as slow is full"
    assert verdict("peak ewma").outcome is Outcome.HOLDS


@pytest.mark.parametrize("load", [-0.1, 1.5])
def test_a_load_that_is_no_share_is_refused(load):
    with pytest.raises(ValueError, match="load"):
        gateway_balancing.slow_day(seed=1, load=load)
