"""Rate limits at the gateway: a bucket each keeps a greedy client to its share, and counts requests, not their work."""

import pytest

from archlab.chapters.microservices import gateway_limits
from archlab.course.claims.verdict import Outcome
from archlab.sim.recording import OK


@pytest.fixture(scope="module")
def served_percent():
    return {limit: gateway_limits.usual_served(1, limit)["served_percent"] for limit in gateway_limits.LIMITS}


@pytest.fixture(scope="module")
def heavy():
    return gateway_limits.heavy_orders((3, 6), seeds=range(2))


@pytest.fixture(scope="module")
def light():
    return gateway_limits.heavy_orders((3, 6), seeds=range(2), products=2)


def test_a_shared_bucket_lets_in_what_it_refills_and_shares_it_by_who_asks_more():
    requests = gateway_limits.greedy(seed=1, limit="one bucket for all")
    let_in = {kind: int((rows.outcome != "429").sum()) for kind, rows in requests.items()}
    most = gateway_limits.LIMIT_PER_S * (gateway_limits.RUN_S + gateway_limits.BURST_S)
    assert sum(let_in.values()) == pytest.approx(most, rel=0.01)
    assert let_in["greedy"] / let_in["usual"] == pytest.approx(400 / 40, rel=0.15)


def test_with_a_bucket_each_the_greedy_client_gets_its_share_and_no_more():
    requests = gateway_limits.greedy(seed=1, limit="a bucket each")
    let_in = int((requests["greedy"].outcome != "429").sum())
    share = gateway_limits.CLIENTS_SHARE_PER_S * (gateway_limits.RUN_S + gateway_limits.BURST_S)
    assert let_in == pytest.approx(share, abs=2)
    assert (requests["usual"].outcome == OK).mean() > 0.99


def test_a_limit_counts_requests_and_not_work(light, heavy):
    few, many = light.set_index("heavy_clients").loc[6], heavy.set_index("heavy_clients").loc[6]
    assert few.orders_percent == 100
    assert many.orders_percent < 90
    assert many.turned_away < 0.03 * many.sent


def test_a_bucket_each_saves_the_usual_clients_from_greedy_ones_and_from_few_heavy_ones(
    served_percent, light, heavy
):
    def verdict(limit, orders):
        return gateway_limits.rate_limiting(
            served_percent["no limit"],
            served_percent[limit],
            gateway_limits.bears_up_to_heavy_clients(orders),
        )

    each = verdict("a bucket each", heavy)
    assert (each.outcome, each.flips_at) == (Outcome.HOLDS_WHEN, 3)
    assert verdict("a bucket each", light).outcome is Outcome.HOLDS
    assert verdict("one bucket for all", light).outcome is Outcome.DOES_NOT_HOLD


def test_amazons_bucket_lets_pass_its_burst_and_its_rate():
    assert gateway_limits.aws_burst() == {"first_second": 5_000 + 10_000, "next_second": 10_000}
    assert gateway_limits.aws_burst(asked_per_s=8_000) == {"first_second": 8_001, "next_second": 8_000}
