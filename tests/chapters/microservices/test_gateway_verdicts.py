"""The verdicts on the gateway come from its experiments, and come out the other way when the shop changes."""

import math

import pandas as pd

from archlab.chapters import microservices_gateway as rules
from archlab.chapters.microservices import gateway, gateway_balancing, gateway_limits, gateway_tokens
from archlab.course.claims.verdict import Outcome
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.gateway_checks import TokenCheck

HOLDS, HOLDS_WHEN, DOES_NOT_HOLD = Outcome.HOLDS, Outcome.HOLDS_WHEN, Outcome.DOES_NOT_HOLD


def test_one_entry_needs_a_second_gateway_and_two_do_not_help_when_nobody_checks_in_time():
    def verdict(health_check_s):
        config = MicroservicesConfig(health_check_s=health_check_s)
        outages = gateway.without_gateways(seeds=range(2), config=config)
        first, other = gateway.entry_points(config).addresses
        return rules.single_entry(first, other, rules.goes_on_from_gateways(outages))

    assert verdict(5.0).flips_at == 2
    assert verdict(60.0).outcome is DOES_NOT_HOLD


def test_routing_holds_up_to_some_hop_and_not_when_the_new_service_does_not_run():
    def verdict(is_up, service=1.0):
        config = MicroservicesConfig(browse_cpu_s=service * 0.00479)
        moved = gateway.move_pages(seed=1, is_up=is_up)
        hops = gateway.hops([0.1, 0.25, 0.5], seeds=range(2), config=config)
        figures = (moved["moved_percent"], moved["lost"], rules.unnoticed_up_to_hop_ms(hops))
        return rules.request_routing(*figures)

    short = verdict(is_up=True)
    assert short.outcome is HOLDS_WHEN
    assert 0.1 < short.flips_at < 0.5
    assert verdict(is_up=True, service=10).outcome is HOLDS
    assert verdict(is_up=False).outcome is DOES_NOT_HOLD


def test_tokens_are_told_apart_unless_the_gateway_has_no_check_or_the_wrong_key():
    def verdict(make_check):
        return rules.authentication_authorization(**gateway_tokens.wrong_decisions(1, make_check))

    assert verdict(gateway_tokens.check_of).outcome is HOLDS
    assert verdict(None).outcome is DOES_NOT_HOLD
    assert verdict(lambda sim: TokenCheck(sim, gateway_tokens.OTHER_KEY)).outcome is DOES_NOT_HOLD


def test_a_bucket_each_saves_the_usual_clients_from_greedy_ones_and_from_few_heavy_ones():
    def verdict(limit, products):
        orders = gateway_limits.heavy_orders((3, 6), seeds=range(2), products=products)
        return rules.rate_limiting(
            gateway_limits.usual_served(1, "no limit")["served_percent"],
            gateway_limits.usual_served(1, limit)["served_percent"],
            rules.bears_up_to_heavy_clients(orders),
        )

    each = verdict("a bucket each", gateway_limits.HEAVY_PRODUCTS)
    assert (each.outcome, each.flips_at) == (HOLDS_WHEN, 3)
    assert verdict("a bucket each", 2).outcome is HOLDS
    assert verdict("one bucket for all", 2).outcome is DOES_NOT_HOLD


def test_round_robin_bears_a_little_slowness_and_a_rule_that_remembers_latency_bears_all_of_it():
    points = gateway_balancing.rules_beside_a_slow_server(("round robin", "peak ewma"), seeds=range(3))

    def verdict(rule):
        return rules.load_balancing(rules.bears_up_to_times_slower(points, rule))

    own = verdict(gateway_balancing.SHOP_RULE)
    assert own.outcome is HOLDS_WHEN
    assert 1 < own.flips_at < 2, "at half load a server that is twice as slow is full"
    assert verdict("peak ewma").outcome is HOLDS


def test_a_gateway_that_spares_no_address_is_no_single_entry():
    assert rules.single_entry(2, 2, 1).outcome is DOES_NOT_HOLD
    always = pd.DataFrame({"gateways": [1, 2], "least_percent": [95.0, 99.0]})
    assert rules.goes_on_from_gateways(always) == -math.inf
