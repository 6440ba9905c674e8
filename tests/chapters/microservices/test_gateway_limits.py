"""Rate limits at the gateway: a bucket each keeps a greedy client to its share, unless it has many names; and it counts
requests, not their work."""

import pytest

from archlab.chapters.microservices import gateway_limits
from archlab.course.claims.verdict import Outcome
from archlab.sim.recording import OK

SEEDS = range(10)
COUNTED_S = gateway_limits.RUN_S - gateway_limits.PATIENCE_S
"""Who comes later may still wait at the end."""


@pytest.fixture(scope="module")
def without():
    return gateway_limits.served_percent("no limit", seeds=SEEDS)


def test_a_shared_bucket_lets_in_what_it_refills_and_shares_it_by_who_asks_more():
    requests = gateway_limits.greedy(seed=1, limit="one bucket for all")
    let_in = {kind: int((rows.outcome != "429").sum()) for kind, rows in requests.items()}
    most = gateway_limits.LIMIT_PER_S * (COUNTED_S + gateway_limits.BURST_S)
    assert sum(let_in.values()) == pytest.approx(most, rel=0.01)
    assert let_in["greedy"] / let_in["usual"] == pytest.approx(400 / 40, rel=0.15)


def test_with_a_bucket_each_the_greedy_client_gets_its_share_and_no_more():
    requests = gateway_limits.greedy(seed=1, limit="a bucket each")
    let_in = int((requests["greedy"].outcome != "429").sum())
    share = gateway_limits.CLIENTS_SHARE_PER_S * (COUNTED_S + gateway_limits.BURST_S)
    assert let_in == pytest.approx(share, abs=2)
    assert (requests["usual"].outcome == OK).mean() > 0.99


def test_a_limit_counts_requests_and_not_work():
    few, many = (gateway_limits.heavy(1, heavy_clients=6, products=count) for count in (2, 200))
    assert few["orders_percent"] == 100
    assert many["orders_percent"] < 90
    assert many["turned_away"] < 0.03 * many["sent"]


def test_usual_orders_come_beside_fewer_heavy_clients_than_fill_a_database_and_not_beside_more():
    limit = gateway_limits.bears_up_to_heavy_clients()
    orders = gateway_limits.heavy_orders([int(limit) - 1, int(limit) + 1], seeds=range(2)).orders_percent
    assert orders[0] >= gateway_limits.SERVED_PERCENT > orders[1] + 10


def test_a_client_under_some_names_keeps_to_its_share_and_under_many_escapes():
    limit = gateway_limits.bears_up_to_names()
    few, many = (gateway_limits.usual_served(1, names=int(share * limit)) for share in (0.9, 1.5))
    assert few["served_percent"] == 100
    assert many["served_percent"] < gateway_limits.SERVED_PERCENT


def verdict(without, limit, names=1, seeds=SEEDS):
    return gateway_limits.rate_limiting(
        served_without_percent=without,
        served_with_percent=gateway_limits.served_percent(limit, names, seeds),
        bears_up_to_heavy_clients=gateway_limits.bears_up_to_heavy_clients(),
        bears_up_to_names=gateway_limits.bears_up_to_names(),
    )


def test_a_bucket_each_saves_the_usual_clients_with_every_seed_and_names_the_names_that_decide(without):
    each = verdict(without, "a bucket each")
    assert (each.outcome, each.is_stable) == (Outcome.HOLDS_WHEN, True)
    assert "the names of one client at most 45 (here 1)" in each.words


@pytest.mark.parametrize(("limit", "names"), [("one bucket for all", 1), ("a bucket each", 200)])
def test_one_bucket_for_all_saves_nobody_and_a_bucket_each_does_not_save_from_many_names(
    without, limit, names
):
    assert verdict(float(without), limit, names, range(2)).outcome is Outcome.DOES_NOT_HOLD


def test_amazons_bucket_lets_pass_its_burst_and_its_rate():
    assert gateway_limits.aws_burst() == {"first_second": 5_000 + 10_000, "next_second": 10_000}
    assert gateway_limits.aws_burst(asked_per_s=8_000) == {"first_second": 8_001, "next_second": 8_000}
