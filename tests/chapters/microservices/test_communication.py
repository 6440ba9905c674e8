"""Orders while somebody is away: by a call, by a call with a log, through a queue, through a stream."""

from functools import partial

import pandas as pd
import pytest

from archlab.chapters.microservices import communication, consistency
from archlab.course.claims.limit import Limit
from archlab.course.claims.verdict import ENOUGH_SEEDS, Outcome
from archlab.sim import Simulation

AWAY_S = 10.0
DESIGNS = [name for name in communication.DESIGNS if name != "stream without keys"]
LIMIT = Limit("up to", [4.0] * ENOUGH_SEEDS)
NEVER = float("inf")
"""Orders a second; those of this chapter are tested with consistency."""


def run(way, *away, **changed):
    return communication.outage(1, way, away or ("payments-1",), away_s=AWAY_S, **changed)


def by_queue(*away, wait_s):
    return run("queue", *away, redelivery_wait_s=wait_s)


@pytest.fixture(scope="module")
def table():
    """Ten seeds without the provider, which is the harder case, and one without payments."""
    run = partial(communication.outages, DESIGNS, away_s=AWAY_S)
    return pd.concat(
        [run(["payment provider"], seeds=range(ENOUGH_SEEDS)), run(["payments-1"], seeds=[0])],
        ignore_index=True,
    )


@pytest.fixture(scope="module")
def means(table):
    return table.groupby(["design", "away"]).mean()


@pytest.fixture(scope="module")
def best_call(table):
    return communication.lost_percent(table, *communication.CALLS)


@pytest.fixture(scope="module")
def stream_without_keys():
    return run("stream", idempotency_keys=False, rate_per_s=10.0)


def test_a_plain_call_loses_every_order_that_comes_while_payments_is_away(means):
    assert means.lost_percent["call without a log", "payments-1"] > 95
    assert means.wrong_rows["call without a log"].max() == 0


@pytest.mark.parametrize("design", ["call with a log", "queue", "stream"])
def test_whoever_accepts_first_pays_every_order_later_by_a_call_or_by_a_message(means, design):
    found = means.loc[design]
    assert found.lost_percent.max() == found.wrong_rows.max() == 0
    assert found.paid_later_percent.min() > 70
    assert found.longest_wait_s.min() > AWAY_S - 5


def test_a_queue_that_delivers_again_at_once_gives_the_orders_up_when_the_provider_is_away(means):
    assert means.lost_percent["queue without a wait", "payments-1"] == 0
    assert means.lost_percent["queue without a wait", "payment provider"] > 95


def test_the_shortest_wait_that_keeps_all_orders_follows_from_the_number_of_deliveries():
    wait_s = communication.shortest_wait_s(AWAY_S)
    assert by_queue("payment provider", wait_s=0.9 * wait_s)["lost_percent"] > 0
    assert by_queue("payment provider", wait_s=1.1 * wait_s)["lost_percent"] == 0


@pytest.mark.parametrize("way", communication.WAYS)
@pytest.mark.parametrize("part", ["orders-1", "orders database", "inventory-1"])
def test_a_part_that_is_away_leaves_no_wrong_rows_however_payments_is_reached(way, part):
    assert run(way, part, redelivery_wait_s=5.0)["wrong_rows"] == 0


@pytest.mark.parametrize("way", ["queue", "stream"])
def test_messages_keep_no_order_that_needs_another_service_at_once(way):
    assert run(way, "inventory-1")["lost_percent"] > 95
    assert run("call with a log", "inventory-1")["lost_percent"] == 0


def test_what_a_stream_reads_again_is_what_it_had_not_committed(stream_without_keys):
    between_commits = 5.0 * 10.0  # five seconds between commits, ten orders a second
    assert 0 < stream_without_keys["double_charges"] <= 1.5 * between_commits
    assert run("stream", rate_per_s=10.0)["double_charges"] == 0


def judge_queue(best_call, lost_percent):
    return communication.message_queues(
        best_call, lost_percent, LIMIT, NEVER, communication.shortest_wait_s()
    )


def test_a_queue_is_as_good_as_a_call_with_a_log_if_it_waits_before_it_delivers_again(table, best_call):
    found = judge_queue(best_call, communication.lost_percent(table, "queue"))
    assert (found.outcome, found.is_stable, float(found.flips_at)) == (Outcome.HOLDS_WHEN, True, 4.0)
    assert "a wait before the next delivery of at least 3 s (here 30)" in found.words
    assert "for outages of up to 600 s" in found.words
    at_once = communication.lost_percent(table, "queue without a wait")
    assert judge_queue(best_call, at_once).outcome is Outcome.DOES_NOT_HOLD


def test_a_stream_is_as_good_as_a_call_with_a_log(table, best_call):
    found = communication.event_streaming(
        best_call, communication.lost_percent(table, "stream"), LIMIT, NEVER
    )
    assert (found.outcome, found.is_stable, float(found.flips_at)) == (Outcome.HOLDS_WHEN, True, 4.0)


@pytest.mark.parametrize(("way", "broker"), [("queue", "payments queue"), ("stream", "payments log")])
def test_messages_are_worse_than_a_call_with_a_log_when_their_broker_is_away_too(way, broker):
    found = run(way, "payments-1", broker)
    assert found["wrong_rows"] == 0
    judged = {
        "queue": communication.message_queues(0.0, found["lost_percent"], 4.0, NEVER, 3.0),
        "stream": communication.event_streaming(0.0, found["lost_percent"], 4.0, NEVER),
    }
    assert judged[way].outcome is Outcome.DOES_NOT_HOLD


def test_what_messages_are_judged_by_is_what_is_lost_and_what_the_death_of_their_sender_breaks(table):
    crashes = consistency.crashes(["stream", "saga_with_log"], points=5, seeds=range(2))
    two_seeds = table[table.seed < 2]
    found = communication.event_streaming(**communication.compared(two_seeds, crashes, "stream", crashes))
    assert "by a call with a log at any rate" in found.words
    assert found.outcome is Outcome.HOLDS_WHEN
    assert 1 < found.flips_at < 20


def test_a_sender_that_cannot_break_an_order_lifts_the_limit():
    never = Limit("up to", [float("inf")] * ENOUGH_SEEDS)
    assert communication.event_streaming(0.0, 0.0, never, NEVER).outcome is Outcome.HOLDS


def test_what_dies_with_an_instance_starts_with_it():
    shop = communication.build(Simulation(seed=1), "queue", idempotency_keys=False)
    shop.sim.run(until=1)
    consumer = shop.parts["payments consumer"]
    shop.instances["payments-1"].crash()
    assert not consumer.sample()[3]
    shop.instances["payments-1"].restart()
    assert consumer.sample()[3]


def test_an_unknown_way_to_reach_payments_is_refused_at_once():
    with pytest.raises(ValueError, match="way is 'pigeon'"):
        communication.outage(1, "pigeon")
