"""A broker gives work to who is free: against plain recursions, and the verdict when the model changes."""

from heapq import heapreplace

import numpy as np
import pandas as pd
import pytest

from archlab.chapters.event_driven import rabbitmq
from archlab.chapters.event_driven.rabbitmq import (
    HELD_UP_S,
    QUICK_S,
    SLOW_S,
    SLOW_SHARE,
    STORE_S,
    WAY_S,
    WORKERS,
    held_up_s,
    message_broker,
    order_kept_up_to_per_s,
    run,
)
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.verdict import Outcome
from archlab.sim import Simulation


@pytest.fixture(scope="module")
def figures():
    return rabbitmq.broker_figures()


def test_the_queue_is_ten_workers_with_one_line():
    """A plain recursion: a message goes to whoever is free first; the way there and back is time of the worker."""
    frame = run(seed=3, load=0.8)
    free_s, done_s = [0.0] * WORKERS, []
    for published_s, work_s in zip(frame.published_s, frame.work_s, strict=True):
        sent_s = max(published_s + STORE_S, free_s[0])
        heapreplace(free_s, sent_s + work_s + 2 * WAY_S)
        done_s.append(sent_s + WAY_S + work_s)
    assert frame.done_s.to_numpy() == pytest.approx(np.array(done_s), abs=1e-9)


def test_the_log_is_ten_lines_with_a_worker_each():
    frame = run(seed=3, way="log")
    keys = Simulation(seed=3).stream("keys").integers(0, rabbitmq.KEYS, len(frame))
    lines = [rabbitmq.crc32(f"customer {key}".encode()) % WORKERS for key in keys]
    done = np.zeros(WORKERS)
    waited = []
    for line, published_s, work_s in zip(lines, frame.published_s, frame.work_s, strict=True):
        begins_s = max(published_s + STORE_S, done[line])
        waited.append(begins_s - published_s)
        done[line] = begins_s + work_s
    measured = (frame.done_s - frame.work_s - frame.published_s).to_numpy()
    assert measured == pytest.approx(np.array(waited), abs=20 * WAY_S)  # fetches add up while it is busy


def test_by_key_a_log_has_ten_workers_with_one_line_and_keeps_the_order_of_each_key():
    """The same recursion, with a record that also waits for with many keys, so that few records wait for their key.

    Who waits for a key holds no worker, and takes the first that is free then.
    """
    frame = run(seed=3, way="log, by key", load=0.8, messages=800)
    keys = Simulation(seed=3).stream("keys").integers(0, rabbitmq.KEYS, len(frame))
    lone = pd.Series(keys).groupby(keys).transform("size") == 1
    free_s, done_s = [0.0] * WORKERS, []
    for published_s, work_s in zip(frame.published_s, frame.work_s, strict=True):
        done_s.append(max(published_s + STORE_S + WAY_S, free_s[0]) + work_s)
        heapreplace(free_s, done_s[-1])
    late_s = (frame.done_s - np.array(done_s))[lone]
    assert late_s.abs().median() < 2 * WAY_S  # as fetches add up
    for _, done in frame.done_s.groupby(keys):
        assert done.is_monotonic_increasing


def test_of_few_keys_none_is_overtaken_by_key_and_some_are_in_a_queue(monkeypatch):
    monkeypatch.setattr(rabbitmq, "KEYS", 20)
    keys = Simulation(seed=1).stream("keys").integers(0, 20, 400)
    in_order = {
        way: [done.is_monotonic_increasing for _, done in run(1, way, messages=400).done_s.groupby(keys)]
        for way in ("queue", "log, by key", "log")
    }
    assert all(in_order["log, by key"])
    assert all(in_order["log"])
    assert not all(in_order["queue"])


def test_the_work_and_its_times_are_the_same_in_all_ways():
    first, *others = (run(seed=1, way=way, messages=200) for way in rabbitmq.WAYS)
    for other in others:
        pd.testing.assert_frame_equal(first[["published_s", "work_s"]], other[["published_s", "work_s"]])


def test_a_broker_that_keeps_the_order_of_keys_is_no_better_than_a_log(figures):
    ordered = OverSeeds([held_up_s(run(seed, "ordered queues")) for seed in range(2)])
    assert ordered == pytest.approx(OverSeeds(figures["log_p99_s"].per_seed[:2]), rel=0.05)


def test_a_log_without_keys_that_deals_records_out_in_turn_is_no_better(figures):
    """By a plain recursion: still a line for each worker."""
    for seed, log_p99_s in list(enumerate(figures["log_p99_s"].per_seed))[:4]:
        frame, free_s, done_s = run(seed), np.zeros(WORKERS), []
        for number, (published_s, work_s) in enumerate(zip(frame.published_s, frame.work_s, strict=True)):
            line = number % WORKERS
            free_s[line] = max(published_s + STORE_S + WAY_S, free_s[line]) + work_s
            done_s.append(free_s[line])
        assert held_up_s(frame.assign(done_s=done_s)) == pytest.approx(log_p99_s, rel=0.5)
        assert held_up_s(frame.assign(done_s=done_s)) > HELD_UP_S


def test_with_a_prefetch_of_two_quick_messages_stand_behind_slow_ones():
    assert held_up_s(run(seed=1, prefetch=2)) > 0.9 * SLOW_S
    assert held_up_s(run(seed=1, prefetch=1)) < 5 * QUICK_S


# Order -------------------------------------------------------------------------------------------------------


def test_overtaking_among_many_workers_is_as_often_as_theory_says():
    """Poisson arrivals at rate r, exponential work: the later ones that overtake work of length s are Poisson, too.

    Their mean is r times the integral of 1 - exp(-u) from 0 to s. With 0.1 a second that is one message in 22.
    """
    rng = np.random.default_rng(1)
    published_s = np.cumsum(rng.exponential(0.1, 20_000))
    frame = pd.DataFrame({"published_s": published_s, "done_s": published_s + rng.exponential(1.0, 20_000)})
    work_s = np.linspace(0, 40, 400_001)
    later = 0.1 * (work_s - 1 + np.exp(-work_s))
    percent = 100 * (1 - np.trapezoid(np.exp(-work_s - later), work_s))
    assert order_kept_up_to_per_s(frame, percent) == pytest.approx(0.1, rel=0.05)


def test_the_limit_is_where_messages_with_drawn_keys_are_overtaken_as_often():
    runs = [run(seed) for seed in range(5)]
    overtaken = total = 0
    for seed, frame in enumerate(runs):
        rate_per_s = 1 / np.diff(frame.published_s).mean()
        keys = round(rate_per_s / order_kept_up_to_per_s(frame))
        drawn = np.random.default_rng(seed).integers(0, keys, len(frame))
        for _, done_s in frame.done_s.iloc[200:].groupby(drawn[200:]):
            earliest_later_s = np.minimum.accumulate(done_s.to_numpy()[::-1])[::-1]
            overtaken += int((earliest_later_s[1:] < done_s.to_numpy()[:-1]).sum())
            total += len(done_s)
    assert 100 * overtaken / total == pytest.approx(rabbitmq.OVERTAKEN_PERCENT, rel=0.25)


def test_by_hand_the_limit_is_where_half_of_the_slow_ones_are_overtaken(figures):
    """They are twice as many as may be overtaken. A key sends nothing for so long with probability exp(-r s) = 1/2."""
    assert 100 * SLOW_SHARE == 2 * rabbitmq.OVERTAKEN_PERCENT
    by_hand = np.log(2) / (SLOW_S - QUICK_S)
    assert figures["order_kept_up_to"] == pytest.approx(by_hand, rel=0.3)


def test_where_one_worker_does_everything_nothing_is_overtaken():
    published_s = np.arange(100.0)
    assert (
        order_kept_up_to_per_s(pd.DataFrame({"published_s": published_s, "done_s": published_s + 1}))
        == np.inf
    )


# The claim ---------------------------------------------------------------------------------------------------


def test_the_claim_holds_with_every_seed_for_keys_with_less_than_a_message_a_second_and_a_prefetch_of_one(
    figures,
):
    verdict = message_broker(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert figures["in_time_up_to_prefetch"].per_seed == (1.0,) * 10
    assert max(figures["queue_p99_s"].per_seed) < HELD_UP_S < min(figures["log_p99_s"].per_seed)
    assert "prefetch at most 1 (here 1)" in verdict.words
    assert (
        "messages a second of one key, when 1 % of them may be overtaken (0.05 when 0.1 % may; "
        in verdict.words
    )


def test_a_log_whose_client_hands_out_by_key_is_as_quick_as_the_broker(figures):
    for queue_s, by_key_s in zip(
        figures["queue_p99_s"].per_seed, figures["by_key_p99_s"].per_seed, strict=True
    ):
        assert by_key_s == pytest.approx(queue_s, rel=0.1)


def test_the_limit_of_the_order_hangs_on_how_many_may_be_overtaken_and_the_words_say_so(figures):
    """By hand: a slow one is overtaken with probability 1 - exp(-r s), and hardly any other is."""
    strictly = -np.log(1 - rabbitmq.STRICTLY_PERCENT / 100 / SLOW_SHARE) / (SLOW_S - QUICK_S)
    assert figures["order_kept_strictly_up_to"] == pytest.approx(strictly, rel=0.15)
    assert order_kept_up_to_per_s(run(seed=1, messages=800), percent=4 * 100 * SLOW_SHARE) == np.inf


def test_where_no_message_is_slow_a_log_does_as_well_and_the_claim_falls(figures):
    log_p99_s = OverSeeds([held_up_s(run(seed, "log", messages=500, slow_share=0.0)) for seed in range(10)])
    verdict = message_broker(**{**figures, "log_p99_s": log_p99_s})
    assert verdict.outcome is Outcome.DOES_NOT_HOLD
    assert verdict.is_stable


def test_with_a_prefetch_of_ten_it_falls_too(figures):
    queue = OverSeeds([held_up_s(run(seed, prefetch=10, messages=500)) for seed in range(10)])
    verdict = message_broker(**{**figures, "queue_p99_s": queue})
    assert verdict.outcome is Outcome.DOES_NOT_HOLD
    assert "it would hold with the prefetch at most 1" in verdict.words


def test_the_more_is_sent_in_advance_the_nearer_the_queue_comes_to_the_log():
    frame = rabbitmq.against_prefetch(prefetch=(1, 2, 26), seeds=range(1)).set_index("design")
    one, two, many = frame.loc["queue"].p99_ms
    assert one < two < many
    assert many == pytest.approx(frame.loc["log"].p99_ms.item(), rel=0.4)


def test_a_p99_of_no_quick_messages_is_refused():
    with pytest.raises(ValueError, match="no quick message"):
        held_up_s(run(seed=1, messages=10, slow_share=1))


@pytest.mark.parametrize(
    "wrong", [{"way": "file"}, {"load": 0}, {"messages": 0}, {"slow_share": 2}, {"prefetch": 0}]
)
def test_what_makes_no_sense_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        run(seed=1, **wrong)
