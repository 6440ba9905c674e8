"""One bad message and three triggers: who waits is counted from outside, by the window and the rules of each."""

import pandas as pd
import pytest

from archlab.chapters.serverless import poison
from archlab.chapters.serverless.poison import DESIGNS, RECEIVES, TRIES, WINDOW_S
from archlab.data import load
from archlab.sim.functions import AsyncPolicy, QueueTrigger

AS_IT_IS, HALVED, QUEUE, NAMED, ASYNC = DESIGNS
DAY_S = 86_400.0
VISIBILITY_S = 6 * poison.TIME_LIMIT_S + WINDOW_S


@pytest.fixture(scope="module")
def runs():
    return {design: poison.day(1, design) for design in DESIGNS}


@pytest.fixture(scope="module")
def told(runs):
    return poison.told(pd.concat(runs.values()))


@pytest.fixture(scope="module")
def short_queues():
    return {seed: poison.day(seed, QUEUE, hours=2) for seed in range(10)}


def test_the_settings_are_those_that_aws_recommends():
    facts = load("lambda").set_index(["setting", "what"])["value"]["queue"]
    assert facts["recommended receives before a message becomes a dead letter, at least"] == RECEIVES
    assert AsyncPolicy().max_retries + 1 == TRIES
    assert QueueTrigger.__init__.__defaults__[0] == facts["messages in a batch at most; default"]


def test_the_same_messages_come_in_all_designs(runs):
    sent = [table.sent_s.tolist() for table in runs.values()]
    assert all(one == sent[0] for one in sent)
    assert len(sent[0]) > 3000


def test_a_stream_as_it_is_stands_still_until_the_record_expires(runs, told):
    table, row = runs[AS_IT_IS], told.loc[AS_IT_IS]
    bad_s = poison.POISON_AT * poison.HOURS * 3600
    behind = table[(table.sent_s > bad_s) & (table.sent_s < bad_s + DAY_S)]
    assert row.waiting == pytest.approx(len(behind), abs=8)
    assert row.longest_h == pytest.approx(24, abs=0.1)
    assert row.bad_tries == pytest.approx(DAY_S / (poison.RETRY_S + poison.WORK_S), abs=2)
    assert not row.kept


def test_halved_and_given_up_it_holds_up_its_shard_for_two_waits_at_most(told):
    row = told.loc[HALVED]
    assert row.bad_tries == TRIES
    assert row.longest_h * 3600 <= (TRIES - 1) * poison.RETRY_S + 2
    assert (row.lost, row.kept) == (0, True)


def test_an_asynchronous_event_fails_alone(told):
    row = told.loc[ASYNC]
    assert (row.waiting, row.lost, row.again, row.bad_tries, row.kept) == (0, 0, 0, TRIES, True)


def test_named_failures_leave_the_neighbours_alone(runs, told):
    row = told.loc[NAMED]
    assert (row.waiting, row.lost, row.again, row.bad_tries, row.kept) == (0, 0, 0, RECEIVES, True)
    longest_s = runs[NAMED].wait_s.max()
    assert longest_s <= WINDOW_S + poison.INIT_S + 10 * poison.WORK_S + 0.01


@pytest.mark.parametrize("seed", range(10))
def test_in_a_whole_batch_who_comes_before_is_done_again_and_who_comes_behind_waits_or_dies(
    short_queues, seed
):
    """The bad one comes back with its neighbours; a good one is never done when it was behind it each time."""
    table = short_queues[seed]
    row = poison.told(table).iloc[0]
    assert row.bad_tries == RECEIVES
    harmed = table[(table.tries != 1) | (table.wait_s > poison.LONG_S)]
    bad_s = poison.POISON_AT * 2 * 3600
    assert ((harmed.sent_s > bad_s - WINDOW_S) & (harmed.sent_s < bad_s + RECEIVES * VISIBILITY_S + 60)).all()
    assert (table[~table.done].tries == 0).all()


def test_with_most_seeds_some_good_ones_are_never_done_or_done_again(short_queues):
    rows = [poison.told(table).iloc[0] for table in short_queues.values()]
    assert sum(row.lost + row.again + row.waiting > 0 for row in rows) >= 9
    assert sum(row.lost for row in rows) > 0
    assert sum(row.again for row in rows) > 0


def test_without_a_window_a_bad_message_comes_alone_and_harms_nobody(monkeypatch):
    monkeypatch.setattr(poison, "WINDOW_S", 0.0)
    row = poison.told(poison.day(1, QUEUE, hours=2)).iloc[0]
    assert (row.waiting, row.lost, row.again, row.bad_tries) == (0, 0, 0, RECEIVES)


def test_the_figure_says_who_waits_and_where_the_bad_one_ends():
    table = poison.days([QUEUE, ASYNC], hours=0.5)
    picture = poison.figure(table, "Who waits")
    assert "asynchronous, 3 tries: none waits, bad one: 3 calls, set aside" in picture.alt
    with pytest.raises(ValueError, match="table has"):
        poison.figure(table.drop(columns="done"), "Who waits")


@pytest.mark.parametrize(
    ("options", "words"),
    [({"design": "fax"}, "design is 'fax'"), ({"hours": 0}, "hours is 0"), ({"every_s": 0}, "every_s is 0")],
)
def test_bad_input_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        poison.day(**{"seed": 1, "design": QUEUE, "hours": 0.1, **options})
