"""The experiments of the gateway against sums one can do by hand."""

import pytest

from archlab.chapters.microservices import gateway, gateway_balancing, gateway_limits, gateway_tokens
from archlab.published.power_of_two import slow_replica
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.sim.recording import OK


def test_one_gateway_down_stops_everything_and_a_second_carries_the_shop():
    one, two = gateway.without_gateways(seeds=range(2)).itertuples()
    assert one.browse_percent == one.place_order_percent == one.track_order_percent == 0
    assert 90 < two.least_percent < 100


def test_without_a_gateway_clients_must_know_what_it_calls_and_in_which_protocol():
    points = gateway.entry_points(MicroservicesConfig(protocol="grpc", instances={"gateway": 2, "orders": 3}))
    assert points.addresses.tolist() == [1, 2]
    assert points.protocols.tolist() == ["HTTPS", "gRPC"]


def test_pages_move_to_a_service_that_runs_without_a_loss_and_a_share_of_them_moves_as_a_share():
    moved = gateway.move_pages(seed=1)
    assert (moved["moved_percent"], moved["lost"]) == (100, 0)
    tenth = gateway.move_pages(seed=1, share=0.1)
    assert tenth["lost"] == 0
    assert tenth["moved_percent"] == pytest.approx(10, abs=5)


def test_pages_sent_to_a_service_that_does_not_run_are_lost_and_no_others():
    tenth = gateway.move_pages(seed=1, share=0.1, is_up=False)
    assert tenth["moved_percent"] == 0
    assert tenth["lost"] / tenth["came"] == pytest.approx(0.1, abs=0.05)
    everything = gateway.move_pages(seed=1, is_up=False)
    assert everything["lost"] == everything["came"]


@pytest.mark.parametrize("hop_ms", [0.0, 0.25, 2.0])
def test_the_way_through_the_gateway_is_two_messages_and_its_own_time(hop_ms):
    way = gateway.hop(seed=1, hop_ms=hop_ms, pages=100)
    assert way["through_p50_ms"] - way["direct_p50_ms"] == pytest.approx(2 * hop_ms + 0.05, abs=1e-6)


def test_each_caller_gets_the_answer_that_its_token_deserves():
    table = gateway_tokens.callers(seed=1)
    assert table.keys() == gateway_tokens.CALLERS.keys()
    for caller, (_, expected) in gateway_tokens.CALLERS.items():
        outcomes = set(table[caller].outcome)
        assert outcomes == ({OK, "401"} if caller == "one that expires halfway" else {expected})


def test_without_a_check_every_forged_token_is_as_good_as_a_real_one():
    table = gateway_tokens.callers(seed=1, make_check=None)
    assert all(set(rows.outcome) == {OK} for rows in table.values())


def test_an_intruder_behind_the_gateway_is_seen_only_by_a_service_that_checks():
    assert gateway_tokens.intruder(seed=1, checked_inside=False) == {"orders_placed": 1, "turned_away": 0}
    assert gateway_tokens.intruder(seed=1, checked_inside=True) == {"orders_placed": 0, "turned_away": 1}


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


def test_a_limit_counts_requests_and_not_work():
    light = gateway_limits.heavy(seed=1, heavy_clients=6, products=2)
    heavy = gateway_limits.heavy(seed=1, heavy_clients=6)
    assert light["orders_percent"] == 100
    assert heavy["orders_percent"] < 90
    assert heavy["turned_away"] < 0.03 * heavy["sent"]


def test_amazons_bucket_lets_pass_its_burst_and_its_rate():
    assert gateway_limits.aws_burst() == {"first_second": 5_000 + 10_000, "next_second": 10_000}
    assert gateway_limits.aws_burst(asked_per_s=8_000) == {"first_second": 8_001, "next_second": 8_000}


def test_the_shops_gateway_sends_a_slow_instance_what_the_bare_model_does():
    for rule in ("round robin", "least outstanding", "peak ewma"):
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


@pytest.mark.parametrize("load", [-0.1, 1.5])
def test_a_load_that_is_no_share_is_refused(load):
    with pytest.raises(ValueError, match="load"):
        gateway_balancing.slow_day(seed=1, load=load)
