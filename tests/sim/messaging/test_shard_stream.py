"""A stream of shards: limits for writing and reading, order over splits, checkpoints, retention and iterator age."""

import hashlib
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.data import load
from archlab.sim import Backoff, Crash, Failure, Poisson, Retry, Simulation, Uniform
from archlab.sim.messaging.batches import BatchPolicy
from archlab.sim.messaging.shard import HASHES, Shard, ShardLimits, ThroughputExceeded
from archlab.sim.messaging.shard_reader import (
    FAN_OUT_BYTES_PER_S,
    POLL_EVERY_S,
    PROPAGATION_S,
    EnhancedFanOut,
    Polling,
)
from archlab.sim.messaging.shard_stream import LARGEST_RECORD_BYTES, RETENTION_S, ShardStream


@pytest.fixture
def sim():
    return Simulation(seed=1)


def stream_of(sim, **options):
    return ShardStream(sim, "orders", **{"append_s": 0.0, **options})


def noting(sim, done, for_s=0.0):
    """A handler that works for `for_s` and then notes the record and how old it was."""

    def handle(record):
        if for_s:
            yield sim.timeout(for_s)
        done.append((record.value, sim.now - record.appended_s))
        yield from ()

    return handle


def later(sim, stream, at_s, key, value):
    """Append a record at this time."""
    sim.call_at(at_s, lambda record: stream.append(*record), (key, value))


def keys_for(stream):
    """For each open shard a key that goes there."""
    found = {}
    for number in range(1000):
        found.setdefault(stream.shard_of(f"key {number}").number, f"key {number}")
    return found


# Writing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size_bytes", "per_s"), [(100, 1000), (1_000, 1000), (10_000, 100), (100_000, 10)])
def test_a_shard_takes_its_rate_and_refuses_the_rest(sim, size_bytes, per_s):
    stream = stream_of(sim)
    outcomes = []

    def hurried():
        for _ in range(40):
            outcomes.extend(stream.append("key", 0, size_bytes).ok for _ in range(per_s // 5))
            yield sim.timeout(0.1)  # twice the rate

    sim.start(hurried())
    sim.run(until=4)
    assert sum(outcomes) == pytest.approx(per_s * (3.9 + 1), rel=0.02)  # a second's worth at once, besides
    assert stream.appended == sum(outcomes)
    assert stream.refused == stream.shards[0].throttled_writes == len(outcomes) - sum(outcomes)


def test_a_throttled_write_is_told_and_a_retry_stores_it_in_the_end(sim):
    stream = stream_of(sim, limits=ShardLimits(write_records_per_s=10))
    retry = Retry(sim, "producer", attempts=50, backoff=Backoff(0.1, 1.0, "full"))
    calls = [retry.call(lambda number=number: stream.append("key", number)) for number in range(40)]
    failed = stream.append("key", "alone")
    assert isinstance(failed.value, ThroughputExceeded)
    assert failed.value.outcome == "throttled"
    sim.run(until=30)
    assert all(call.ok for call in calls)
    assert stream.appended == 40
    assert retry.retries > 30
    assert sim.now > 3  # 40 records at 10 a second, 10 of them at once


def test_other_shards_are_not_throttled(sim):
    stream = stream_of(sim, shards=2, limits=ShardLimits(write_records_per_s=5))
    one, other = keys_for(stream).values()
    assert [stream.append(one, 0).ok for _ in range(6)] == [True] * 5 + [False]
    assert stream.append(other, 0).ok


def test_a_key_goes_where_its_md5_says(sim):
    stream = stream_of(sim, shards=4)
    counts = Counter()
    for number in range(2000):
        key = f"customer {number}"
        oracle = int(hashlib.md5(key.encode()).hexdigest(), 16) * 4 >> 128
        assert stream.shard_of(key).number == oracle
        counts[oracle] += 1
    assert min(counts.values()) > 430  # 500 each, and luck


# Reading -----------------------------------------------------------------------------------------------------


def test_one_who_polls_waits_half_an_interval_on_average(sim):
    stream, done = stream_of(sim), []
    stream.subscribe("counter", noting(sim, done), Polling(every_s=0.2))

    def produce(request):
        yield stream.append("key", 0)

    sim.open_load(Poisson(20), produce)
    sim.measure(duration_s=200)
    ages = np.array([age for _, age in done])
    assert ages.mean() == pytest.approx(0.1, rel=0.03)
    assert ages.max() <= 0.2 + 1e-9
    assert ages.std() == pytest.approx(0.2 / 12**0.5, rel=0.03)


def test_enhanced_fan_out_takes_its_propagation_however_many_read(sim):
    stream, done = stream_of(sim), defaultdict(list)
    for name in "abcde":
        stream.subscribe(name, noting(sim, done[name]), EnhancedFanOut())
    for number in range(10):
        later(sim, stream, number * 1.0, "key", number)
    sim.run(until=20)
    for name in "abcde":
        assert [age for _, age in done[name]] == pytest.approx([PROPAGATION_S] * 10)


def test_a_sixth_call_in_a_second_is_refused(sim):
    shard = Shard(sim, "orders", 0, range(HASHES))
    for _ in range(5):
        shard.read(0)
    with pytest.raises(ThroughputExceeded):
        shard.read(0)
    sim.run(until=0.2)
    shard.read(0)
    with pytest.raises(ThroughputExceeded):
        shard.read(0)
    assert shard.throttled_reads == 2


def filled(sim, records, size_bytes=1_000_000):
    stream = stream_of(sim, limits=ShardLimits(write_bytes_per_s=1e9, write_records_per_s=1e6))
    for number in range(records):
        stream.append("key", number, size_bytes)
    sim.run(until=1)
    return stream.shards[0]


def test_after_ten_megabytes_nobody_reads_for_five_seconds_as_aws_says(sim):
    facts = load("kinesis").set_index("setting")["value"]
    shard = filled(sim, records=12)
    assert len(shard.read(0)) == facts["bytes of a call"] / 1_000_000
    refused = []
    for step in range(1, 60):
        sim.run(until=1 + step / 10)
        try:
            shard.read(10)
            break
        except ThroughputExceeded:
            refused.append(sim.now)
    assert sim.now - 1 == pytest.approx(facts["pause after a full call"])


def test_a_call_returns_no_more_records_than_it_may(sim):
    shard = filled(sim, records=12_000, size_bytes=100)
    assert len(shard.read(0)) == 10_000


def test_five_who_poll_get_two_megabytes_a_second_together(sim):
    stream, done = stream_of(sim, limits=ShardLimits(write_bytes_per_s=1e9, write_records_per_s=1e6)), []
    for name in "abcde":
        stream.subscribe(name, noting(sim, done), Polling(1.0), reset="earliest")
    for number in range(200):
        stream.append("key", number, size_bytes=1_000_000)
    sim.run(until=61)
    assert len(done) == pytest.approx(2 * 60, rel=0.12)  # MB, all together


def test_each_one_with_fan_out_gets_two_megabytes_a_second_for_itself(sim):
    stream, done = stream_of(sim, limits=ShardLimits(write_bytes_per_s=1e9)), defaultdict(list)
    for name in "ab":
        stream.subscribe(name, noting(sim, done[name]), EnhancedFanOut())
    for number in range(200):
        stream.append("key", number, size_bytes=1_000_000)
    sim.run(until=50)
    assert [len(done[name]) for name in "ab"] == pytest.approx([100, 100], abs=2)


# Order, splits, checkpoints ----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    keys=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=50),
    splits=st.lists(st.tuples(st.floats(0, 30), st.integers(0, 3)), max_size=3),
    crashes=st.lists(st.floats(0.01, 20), max_size=2),
    pushed=st.booleans(),
    gap_s=st.floats(0.0, 1.0),
)
def test_a_key_keeps_its_order_over_splits_and_crashes_and_nothing_is_missed(
    keys, splits, crashes, pushed, gap_s
):
    sim = Simulation(seed=3)
    stream = stream_of(sim, append_s=Uniform(0.0, 0.5), shards=2)
    seen = defaultdict(list)

    def handle(record):
        yield sim.timeout(0.2 + 0.1 * (record.offset % 3))
        seen[record.key].append(record.value)

    reading = EnhancedFanOut() if pushed else Polling(every_s=0.7)
    app = stream.subscribe("app", handle, reading, BatchPolicy(batch_size=3))
    sim.inject(*(Crash("app-1", at_s=at_s, restart_after_s=1.0) for at_s in crashes))

    def split(number):
        if number < len(stream.shards) and stream.shards[number].is_open:
            stream.split(number)

    for at_s, number in splits:
        sim.call_at(at_s, split, number)

    def producer():
        for number, key in enumerate(keys):
            stream.append(key, number)
            yield sim.timeout(gap_s)

    sim.start(producer())
    sim.run(until=400)
    for key in set(keys):
        first_times = list(dict.fromkeys(seen[key]))
        assert first_times == [number for number, k in enumerate(keys) if k == key]
        back = sum(later <= earlier for earlier, later in pairwise(seen[key]))
        assert back <= len(crashes)
    assert (app.lag, app.missed, app.iterator_age_s) == (0, 0, 0.0)


def test_a_child_is_not_read_before_its_parent_is_at_its_end(sim):
    stream, done = stream_of(sim), []
    app = stream.subscribe(
        "app", noting(sim, done, for_s=1.0), EnhancedFanOut(0.0), BatchPolicy(batch_size=1)
    )
    for number in range(5):
        stream.append("key", number)
    sim.run(until=0.5)
    stream.split(0)
    stream.append("key", "later")
    sim.run(until=4.5)
    assert set(app.readers) == {0}
    assert app.lag == 2  # the fifth, and the one that waits in the child
    sim.run(until=7)
    assert [value for value, _ in done] == [0, 1, 2, 3, 4, "later"]
    assert {reader.name for reader in app.readers.values()} == {"app-1", "app-2", "app-3"}


def test_a_split_doubles_what_may_be_written(sim):
    stream = stream_of(sim)
    keys = [f"key {number}" for number in range(3000)]
    assert sum(stream.append(key, 0).ok for key in keys) == 1000
    stream.split(0)
    assert sum(stream.append(key, 0).ok for key in keys) == 2000


def test_a_split_may_leave_a_hot_key_alone(sim):
    stream = stream_of(sim)
    hot = int(hashlib.md5(b"hot").hexdigest(), 16)
    stream.split(0, at_hash=hot)
    _, last = stream.split(2, at_hash=hot + 1)
    assert stream.shard_of("hot").hashes == range(hot, hot + 1)
    assert last.hashes == range(hot + 1, HASHES)


def test_a_new_application_begins_where_reset_says_and_reads_parents_first(sim):
    stream, early, late = stream_of(sim), [], []
    stream.append("key", "old")
    sim.run(until=1)
    stream.split(0)
    stream.append("key", "new")
    sim.run(until=2)
    stream.subscribe("early", noting(sim, early), EnhancedFanOut(), reset="earliest")
    app = stream.subscribe("late", noting(sim, late), EnhancedFanOut())
    stream.append("key", "newest")
    sim.run(until=5)
    assert [value for value, _ in early] == ["old", "new", "newest"]
    assert [value for value, _ in late] == ["newest"]
    assert set(app.readers) == {1, 2}


def test_after_a_crash_a_reader_goes_on_from_its_checkpoint_and_does_work_twice(sim):
    stream, done = stream_of(sim), []
    policy = BatchPolicy(batch_size=2)
    app = stream.subscribe("app", noting(sim, done, for_s=1.0), EnhancedFanOut(0.0), policy)
    for number in range(5):
        stream.append("key", number)
    sim.inject(Crash("app-1", at_s=4.5, restart_after_s=1.0))  # 3 is done, its batch not
    sim.run(until=20)
    assert [value for value, _ in done] == [0, 1, 2, 3, 3, 4]
    assert app.readers[0].checkpoint == 5


def test_a_stream_that_is_down_takes_nothing_and_loses_nothing(sim):
    stream, done, told = stream_of(sim, append_s=0.2), [], []
    stream.subscribe("app", noting(sim, done), Polling(0.3))
    sim.inject(Crash("orders", at_s=1.1, restart_after_s=2))

    def producer():
        for number in range(20):
            try:
                yield stream.append("key", number)
                told.append("ok")
            except Failure as failure:
                told.append(failure.outcome)
                yield sim.timeout(0.5)

    sim.start(producer())
    sim.run(until=60)
    assert told[:10] == ["ok"] * 5 + ["crashed"] + ["unavailable"] * 3 + ["ok"]
    assert [value for value, _ in done] == [number for number, outcome in enumerate(told) if outcome == "ok"]


# Age and retention -------------------------------------------------------------------------------------------


def test_the_iterator_age_is_that_of_the_oldest_record_not_dealt_with(sim):
    stream = stream_of(sim)
    app = stream.subscribe("app", noting(sim, [], for_s=10.0), EnhancedFanOut(0.0))
    ages = []
    stream.append("key", 0)
    later(sim, stream, 4, "key", 1)
    for at_s in (3, 9, 11, 19, 21):
        sim.run(until=at_s)
        ages.append(app.iterator_age_s)
    assert ages == [3, 9, 7, 15, 0]


def test_a_reader_that_was_away_longer_than_the_retention_misses_records(sim):
    stream, done = stream_of(sim, retention_s=5.5), []
    app = stream.subscribe("app", noting(sim, done), Polling(0.1))
    sim.inject(Crash("app-1", at_s=0.5, restart_after_s=10.7))  # back at 11.2: those up to 5.7 are gone
    for number in range(1, 12):
        later(sim, stream, number, "key", number)
    sim.run(until=20)
    assert [value for value, _ in done] == [6, 7, 8, 9, 10, 11]
    assert (app.missed, app.lag) == (5, 0)


def test_a_poison_record_holds_up_its_shard_and_no_other(sim):
    stream, done = stream_of(sim, shards=2), []
    one, other = keys_for(stream).values()

    def handle(record):
        yield sim.timeout(0.01)
        if record.value == "poison":
            raise Failure("books")
        done.append(record.value)

    app = stream.subscribe("app", handle, Polling(0.2))
    stream.append(one, "poison")
    for number in range(10):
        later(sim, stream, number + 1, one, number)
        later(sim, stream, number + 1, other, number)
    sim.run(until=60)
    assert done == list(range(10))
    assert app.lag == 11
    assert app.iterator_age_s == pytest.approx(60)


def test_a_reader_that_crashes_between_two_tries_tries_again_from_its_checkpoint(sim):
    stream, tried = stream_of(sim), []

    def handle(record):
        yield sim.timeout(1.0)
        tried.append((record.value, sim.now))
        if record.value == "poison" and sim.now < 50:
            raise Failure("books")

    app = stream.subscribe("app", handle, EnhancedFanOut(0.0), BatchPolicy(retry_s=20.0))
    stream.append("key", "good")
    later(sim, stream, 2.0, "key", "poison")
    sim.inject(Crash("app-1", at_s=10.0, restart_after_s=1.0))  # it waits from 3 to 23
    sim.run(until=100)
    assert tried == [("good", 1), ("poison", 3), ("poison", 12), ("poison", 33), ("poison", 54)]
    assert (app.lag, app.readers[0].work.failed) == (0, 3)


# Parameters --------------------------------------------------------------------------------------------------


def test_the_defaults_are_those_of_the_table(sim):
    facts = load("kinesis").set_index("setting")["value"]
    limits = ShardLimits()
    assert facts["write records"] == limits.write_records_per_s
    assert facts["write bytes"] == limits.write_bytes_per_s
    assert facts["read calls"] == limits.reads_per_s
    assert facts["read bytes"] == limits.read_bytes_per_s
    assert facts["records of a call"] == limits.records_per_read
    assert facts["bytes of a call"] == limits.bytes_per_read
    assert facts["largest record"] == LARGEST_RECORD_BYTES
    assert facts["retention"] == RETENTION_S == stream_of(sim).retention_s
    assert facts["KCL poll"] == POLL_EVERY_S == Polling().every_s
    assert facts["propagation, enhanced fan-out"] == PROPAGATION_S == EnhancedFanOut().propagation_s
    assert facts["enhanced fan-out bytes"] == FAN_OUT_BYTES_PER_S == EnhancedFanOut().bytes_per_s


def test_one_reader_for_a_shard_is_a_part_that_can_be_sampled(sim):
    stream = stream_of(sim, shards=2)
    stream.subscribe("app", noting(sim, [], for_s=5.0), EnhancedFanOut(0.0))
    for key in keys_for(stream).values():
        stream.append(key, 0)
    sim.run(until=1)
    assert stream.sample() == (2, 2, 2, True)
    assert sim.parts["app-2"].sample() == (1, 1, 1, True)
    sim.run(until=9)
    assert sim.parts["app-1"].totals()["completed"] == 1
    assert stream.totals()["completed"] == 2
    assert stream.totals()["busy_s"] == pytest.approx(10)


@pytest.mark.parametrize("number", [1, -1, 0.5])
def test_a_split_of_no_open_shard_is_named(sim, number):
    with pytest.raises(ValueError, match="number is"):
        stream_of(sim).split(number)


def test_a_split_that_leaves_a_child_without_hashes_is_named(sim):
    with pytest.raises(ValueError, match="at_hash is 0"):
        stream_of(sim).split(0, at_hash=0)
