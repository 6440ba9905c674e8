"""A poison message: who waits behind it is counted from outside, by the partition of each customer."""

import hashlib
from zlib import crc32

import numpy as np
import pandas as pd
import pytest

from archlab.chapters.event_driven import poison
from archlab.chapters.event_driven.poison import DESIGNS, PARTITIONS
from archlab.sim.messaging.message_queue import DELIVERY_LIMIT

FOR_EVER, EXPIRY, ASIDE, HALVED, QUEUE = DESIGNS
DAY_S = 86_400.0


@pytest.fixture(scope="module")
def runs():
    return {design: poison.incident(1, design) for design in DESIGNS}


@pytest.fixture(scope="module")
def told(runs):
    return poison.who_waits(pd.concat([poison.waits(design, *run) for design, run in runs.items()]))


def test_a_run_is_the_same_by_itself_and_among_others(told):
    alone = poison.who_waits(poison.days([QUEUE, EXPIRY]))
    assert alone.loc[EXPIRY].to_dict() == told.loc[EXPIRY].to_dict()


def behind(desk, partition_of, until_s=np.inf):
    """The good messages of the bad one's partition that were sent after it."""
    (bad,) = (order for order in desk.orders if order.bad)
    same = partition_of(bad.customer)
    return [
        order
        for order in desk.orders
        if bad.sent_s < order.sent_s < bad.sent_s + until_s and partition_of(order.customer) == same
    ]


def partition_of(customer):
    return crc32(customer.encode()) % PARTITIONS


def shard_of(customer):
    return int(hashlib.md5(customer.encode()).hexdigest(), 16) * PARTITIONS >> 128


def test_in_a_log_that_retries_for_ever_all_behind_it_wait_for_ever(runs, told):
    stuck = behind(runs[FOR_EVER][1], partition_of)
    assert all(np.isnan(order.done_s) for order in stuck)
    assert told.never_done[FOR_EVER] == sum(
        runs[FOR_EVER][0].end_s - order.sent_s > poison.LONG_S for order in stuck
    )


@pytest.mark.parametrize(("seed", "lost"), [(2, 2), (3, 0), (7, 1)])
def test_good_ones_that_were_sent_less_than_a_retry_after_the_bad_one_expire_with_it(seed, lost):
    _, desk = poison.incident(seed, EXPIRY)
    never = [order for order in behind(desk, shard_of, DAY_S) if np.isnan(order.done_s)]
    (bad,) = (order for order in desk.orders if order.bad)
    assert len(never) == lost
    assert all(order.sent_s - bad.sent_s < poison.RETRY_S for order in never)


def test_a_shard_stands_still_until_the_record_expires_and_with_this_seed_loses_no_good_one(runs, told):
    waited = [order for order in behind(runs[EXPIRY][1], shard_of, DAY_S - 61)]
    assert told.messages[EXPIRY] == pytest.approx(len(waited), abs=2)
    assert told.longest_h[EXPIRY] == pytest.approx(24, abs=0.1)
    assert told.never_done[EXPIRY] == 0


@pytest.mark.parametrize("design", [ASIDE, HALVED, QUEUE])
def test_with_a_way_out_no_good_message_waits_long_and_all_are_done(runs, told, design):
    assert told.messages[design] == told.never_done[design] == 0
    good = [order for order in runs[design][1].orders if not order.bad]
    assert not np.isnan([order.done_s for order in good[:-1]]).any()


@pytest.mark.parametrize(
    ("design", "tries"), [(ASIDE, 3), (HALVED, 3), (QUEUE, DELIVERY_LIMIT + 1), (EXPIRY, 1439)]
)
def test_the_bad_message_is_tried_as_often_as_the_rule_says(runs, design, tries):
    (bad,) = (order for order in runs[design][1].orders if order.bad)
    assert bad.tries == pytest.approx(tries, abs=2 if design == EXPIRY else 0)
    assert np.isnan(bad.done_s)


def test_the_same_messages_arrive_in_all_designs(runs):
    sent = [[(order.customer, order.sent_s) for order in desk.orders] for _, desk in runs.values()]
    assert all(one == sent[0] for one in sent)
    assert len(sent[0]) > 3000


def test_other_partitions_do_not_notice(runs):
    _, desk = runs[FOR_EVER]
    stuck = {id(order) for order in behind(desk, partition_of)}
    waits = [o.done_s - o.sent_s for o in desk.orders[:-1] if not o.bad and id(o) not in stuck]
    assert max(waits) < 5


def test_with_more_traffic_the_queue_still_moves_on_and_the_producer_notices_nothing():
    _, desk = poison.incident(1, QUEUE, hours=1 / 60, every_s=0.1, poison_at=0.2)
    waits = np.array([order.done_s - order.sent_s for order in desk.orders if not order.bad])
    assert np.nanmax(waits) < 5
    stuck, _ = poison.incident(1, EXPIRY, hours=1 / 60, every_s=0.1, poison_at=0.2)
    assert stuck.latency_s(99) == pytest.approx(0.005)
    assert set(stuck.requests.outcome) <= {"ok", "unfinished"}


def test_the_figure_says_who_waits(told):
    picture = poison.figure(poison.days([EXPIRY, QUEUE], hours=0.5), "Who waits")
    assert "queue, 20 redeliveries: none waits" in picture.alt
    with pytest.raises(ValueError, match="table has"):
        poison.figure(poison.days([QUEUE], hours=0.5).drop(columns="done"), "Who waits")


@pytest.mark.parametrize("design", DESIGNS)
def test_each_reader_of_a_topology_is_a_part_of_the_run(design):
    result, _ = poison.incident(1, design, hours=0.1)
    parts = {part for _, part in poison.topology(design).nodes(data="part") if part}
    assert parts == {f"reader-{number}" for number in range(1, PARTITIONS + 1)}
    assert parts <= set(result.samples.part)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"design": "fax"}, "design is 'fax'"),
        ({"hours": 0}, "hours is 0"),
        ({"poison_at": 2}, "poison_at is 2"),
    ],
)
def test_bad_input_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        poison.incident(**{"seed": 1, "design": QUEUE, "hours": 0.1, **options})
