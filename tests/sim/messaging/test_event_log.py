"""An event log: order per key, groups that read alone, offsets and what a crash does to them, retention."""

from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.data import load
from archlab.sim import Crash, Exponential, Failure, Poisson, Simulation, TimedOut, Uniform
from archlab.sim.messaging.consumer_group import COMMIT_EVERY_S, MAX_POLL_RECORDS
from archlab.sim.messaging.event_log import EventLog
from archlab.sim.statistics import batch_interval
from archlab.sim.theory import mm1


@pytest.fixture
def sim():
    return Simulation(seed=1)


def log_of(sim, **options):
    return EventLog(sim, "orders", **{"append_s": 0.0, **options})


def reader(sim, done, for_s=1.0):
    """A handler that works for `for_s` and then notes the value: what it does is done."""

    def handle(record):
        yield sim.timeout(for_s)
        done.append(record.value)

    return handle


def unread(log, group):
    """The lag counted from outside: from the last record that was dealt with to the end."""
    return sum(log.partition(p).end - group.member_of(p)._position[p] for p in range(log.partitions))


def keys_for(log):
    """For each partition a key that goes there."""
    found = {}
    for number in range(1000):
        found.setdefault(log.partition_of(f"key {number}"), f"key {number}")
    return [found[partition] for partition in range(log.partitions)]


# Order -------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    keys=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=60),
    partitions=st.integers(1, 5),
    members=st.integers(1, 4),
    batch=st.integers(1, 7),
    crash_s=st.floats(0.01, 20),
)
def test_records_of_one_key_are_read_in_the_order_of_their_appending(
    keys, partitions, members, batch, crash_s
):
    sim = Simulation(seed=3)
    log = log_of(sim, append_s=Uniform(0.0, 0.5), partitions=partitions)
    seen = defaultdict(list)

    def handle(record):
        yield sim.timeout(0.3 + 0.2 * (record.offset % 3))
        seen[record.key].append((record.value, record.offset))

    group = log.subscribe("readers", handle, members=members, max_poll_records=batch)
    sim.inject(Crash("readers-1", at_s=crash_s, restart_after_s=1.0))
    for number, key in enumerate(keys):
        log.append(key, number)
    sim.run(until=200)
    for key in set(keys):
        values = [value for value, _ in seen[key]]
        first_times = list(dict.fromkeys(values))
        assert first_times == [number for number, k in enumerate(keys) if k == key]
        steps_back = sum(later <= earlier for earlier, later in pairwise(values))
        assert steps_back <= 1  # back once at most, to the last commit
    assert group.lag == 0


def test_one_slow_record_holds_up_its_partition_and_no_other(sim):
    log = log_of(sim, partitions=2)
    one, other = keys_for(log)
    ends = {}

    def handle(record):
        yield sim.timeout(10 if record.value == "slow" else 1)
        ends[record.value] = sim.now

    log.subscribe("readers", handle, members=2)
    for key, value in ((one, "slow"), (one, "behind"), (other, "free")):
        log.append(key, value)
    sim.run(until=50)
    assert ends == {"free": 1, "slow": 10, "behind": 11}


def test_more_members_than_partitions_do_not_read_faster(sim):
    log, done = log_of(sim, partitions=2), []
    log.subscribe("readers", reader(sim, done), members=5)
    for key in keys_for(log) * 10:
        log.append(key, key)
    sim.run(until=9.5)
    assert len(done) == 18
    assert [len(member.partitions) for member in log.groups["readers"].members] == [1, 1, 0, 0, 0]


def test_a_member_reads_its_partitions_in_turn(sim):
    log, done = log_of(sim, partitions=2), []
    one, other = keys_for(log)
    log.subscribe("readers", reader(sim, done), max_poll_records=1)
    for key in [one] * 4 + [other] * 4:
        log.append(key, key)
    sim.run(until=20)
    assert Counter(done[:4]) == {one: 2, other: 2}


# Groups ------------------------------------------------------------------------------------------------------


def test_every_group_reads_every_record_at_its_own_pace(sim):
    log, quick, slow = log_of(sim), [], []
    log.subscribe("quick", reader(sim, quick, 0.1))
    log.subscribe("slow", reader(sim, slow, 1.0))
    for number in range(20):
        log.append("key", number)
    sim.run(until=5.05)
    assert (len(quick), len(slow)) == (20, 5)
    assert (log.groups["quick"].lag, log.groups["slow"].lag) == (0, 15)
    assert log.sample()[0] == 15
    sim.run(until=30)
    assert quick == slow == list(range(20))


@pytest.mark.parametrize(("reset", "expected"), [("latest", [5]), ("earliest", [0, 1, 2, 3, 4, 5])])
def test_a_new_group_begins_where_reset_says(sim, reset, expected):
    log, done = log_of(sim), []
    for number in range(5):
        log.append("key", number)
    sim.run(until=1)
    log.subscribe("late", reader(sim, done), reset=reset)
    log.append("key", 5)
    sim.run(until=20)
    assert done == expected


def test_one_member_with_exponential_work_is_an_mm1_queue(sim):
    log = log_of(sim)
    service_s = sim.draws("service", Exponential(1.0))
    responses = []

    def handle(record):
        yield sim.timeout(service_s())
        responses.append(sim.now - record.appended_s)

    log.subscribe("readers", handle)

    def publish(request):
        yield log.append("key", request.id)

    sim.open_load(Poisson(0.7), publish)
    result = sim.measure(duration_s=40_000, warmup_s=500)
    interval, theory = batch_interval(responses[500:], batches=30), mm1(0.7, 1.0)
    assert interval.half_width < 0.3
    assert interval.low <= theory.response_s <= interval.high
    assert result.parts.mean_queue_length["orders"] == pytest.approx(theory.in_system, rel=0.1)  # the lag
    assert result.parts.utilisation["readers-1"] == pytest.approx(0.7, rel=0.03)


# Commits and crashes -----------------------------------------------------------------------------------------


def test_after_a_crash_a_member_goes_on_from_the_last_commit_and_does_work_twice(sim):
    log, done = log_of(sim), []
    group = log.subscribe("readers", reader(sim, done), max_poll_records=1)
    for number in range(10):
        log.append("key", number)
    sim.inject(Crash("readers-1", at_s=8.5, restart_after_s=1.0))
    sim.run(until=8.4)
    assert group.committed == [5]  # at 5 s, with 0 to 4 done; 5, 6 and 7 are done and not committed
    sim.run(until=8.6)
    assert group.lag == 2  # a member that is down does not know yet that it must go back
    sim.run(until=60)
    assert done == [0, 1, 2, 3, 4, 5, 6, 7, 5, 6, 7, 8, 9]
    assert group.lag == 0
    assert group.committed == [10]


def test_a_large_batch_makes_more_work_twice_because_commits_come_between_batches(sim):
    log, done = log_of(sim), []
    log.subscribe("readers", reader(sim, done), max_poll_records=100)
    for number in range(10):
        log.append("key", number)
    sim.inject(Crash("readers-1", at_s=8.5, restart_after_s=1.0))
    sim.run(until=60)
    assert done == [*range(8), *range(10)]


def test_an_idle_member_commits_when_it_is_time(sim):
    log, done = log_of(sim), []
    group = log.subscribe("readers", reader(sim, done))
    log.append("key", 0)
    sim.run(until=4.9)
    assert group.committed == [0]
    sim.run(until=5.1)
    assert group.committed == [1]


def test_nothing_is_committed_to_a_log_that_is_down(sim):
    log, done = log_of(sim), []
    group = log.subscribe("readers", reader(sim, done))
    log.append("key", 0)
    sim.inject(Crash("orders", at_s=4, restart_after_s=6))
    sim.run(until=9.9)
    assert (done, group.committed) == ([0], [0])
    sim.run(until=10.1)
    assert group.committed == [1]


def test_a_record_that_fails_holds_up_what_is_behind_it(sim):
    log, done = log_of(sim), []

    def handle(record):
        yield sim.timeout(1.0)
        if record.value == "poison" and sim.now < 10:
            raise TimedOut("mail server")
        done.append((record.value, sim.now))

    log.subscribe("readers", handle)
    log.append("key", "poison")
    log.append("key", "behind")
    sim.run(until=30)
    assert done == [("poison", 11), ("behind", 12)]  # tried at 0, 2, 4, 6, 8 and 10
    assert log.totals()["failed"] == 5


def test_a_log_that_is_down_takes_no_records_and_loses_none(sim):
    log, done, told = log_of(sim, append_s=0.2), [], []
    log.subscribe("readers", reader(sim, done))
    sim.inject(Crash("orders", at_s=1.1, restart_after_s=2))

    def publisher():
        for number in range(20):
            try:
                yield log.append("key", number)
                told.append("ok")
            except Failure as failure:
                told.append(failure.outcome)
                yield sim.timeout(0.5)

    sim.start(publisher())
    sim.run(until=60)
    assert told[:10] == ["ok"] * 5 + ["crashed"] + ["unavailable"] * 3 + ["ok"]
    assert sorted(done) == [number for number, outcome in enumerate(told) if outcome == "ok"]
    assert log.appended == told.count("ok")


@settings(max_examples=40)
@given(
    faults=st.lists(
        st.tuples(
            st.sampled_from(["orders", "readers-1", "readers-2"]), st.floats(0.01, 30), st.floats(0.1, 5)
        ),
        max_size=8,
    ),
    gaps=st.lists(st.floats(0.0, 2.0), min_size=1, max_size=25),
    work_s=st.floats(0.0, 2.0),
    commit_every_s=st.floats(0.0, 5.0),
)
def test_no_confirmed_record_is_missed_whatever_crashes(faults, gaps, work_s, commit_every_s):
    sim = Simulation(seed=1)
    log = log_of(sim, append_s=0.01, partitions=3)
    done, confirmed = [], []
    group = log.subscribe(
        "readers", reader(sim, done, work_s), 2, commit_every_s=commit_every_s, max_poll_records=4
    )
    sim.inject(*(Crash(part, at_s, restart_after_s) for part, at_s, restart_after_s in faults))

    def publisher():
        for number, gap_s in enumerate(gaps):
            yield sim.timeout(gap_s)
            try:
                confirmed.append((yield log.append(f"key {number}", number)).value)
            except Failure:
                assert not log.is_up

    sim.start(publisher())
    for at_s in range(5, 400, 5):
        sim.run(until=at_s)
        assert group.lag == unread(log, group)
    work = Counter(done)
    assert set(work) == set(confirmed)
    assert (group.lag, group.missed) == (0, 0)
    assert sum(group.committed) == log.appended
    assert bool(faults) or max(work.values(), default=1) == 1


# Retention ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reset", "expected"), [("earliest", [5, 6, 7, 8, 9, 10]), ("latest", [])])
def test_a_group_that_was_away_longer_than_the_retention_misses_records(sim, reset, expected):
    log, done = log_of(sim, retention_s=5.5), []
    group = log.subscribe("readers", reader(sim, done, 0.1), reset=reset)
    sim.inject(Crash("readers-1", at_s=0.5, restart_after_s=10.7))  # back at 11.2: those up to 5.7 are gone

    def publisher():
        for number in range(11):
            yield sim.timeout(1.0)
            log.append("key", number)  # at 1, 2 ... 11
        yield sim.timeout(1.0)
        log.append("key", "last")

    sim.start(publisher())
    sim.run(until=20)
    assert done == [*expected, "last"]
    assert group.missed == 11 - len(expected)
    assert group.lag == 0


def test_a_record_stays_for_its_retention_and_no_longer(sim):
    log = log_of(sim, retention_s=10.0)
    for number in range(3):
        log.append("key", number)
        sim.run(until=sim.now + 2)
    sim.run(until=10.0)
    assert (log.partition(0).start, log.partition(0).end) == (0, 3)
    sim.run(until=13.0)  # those of 0 and 2 are too old
    assert (log.partition(0).start, log.partition(0).end) == (2, 3)
    assert [record.value for record in log.partition(0).read(2, 10)] == [2]


# Parameters --------------------------------------------------------------------------------------------------


def test_the_defaults_are_those_of_the_table(sim):
    facts = load("brokers").set_index(["product", "setting"])["value"]
    assert facts["Kafka", "auto.commit.interval.ms"] == COMMIT_EVERY_S
    assert facts["Kafka", "max.poll.records"] == MAX_POLL_RECORDS
    assert facts["Kafka", "num.partitions"] == log_of(sim).partitions


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"append_s": -1.0}, "-1.0"),
        ({"partitions": 0}, "partitions is 0"),
        ({"retention_s": 0}, "retention_s is 0"),
    ],
)
def test_bad_input_is_named(sim, options, words):
    with pytest.raises(ValueError, match=words):
        log_of(sim, **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"members": 0}, "members is 0"),
        ({"reset": "now"}, "reset is 'now'"),
        ({"commit_every_s": -1}, "commit_every_s is -1"),
        ({"max_poll_records": 0}, "max_poll_records is 0"),
        ({"fetch_s": -1}, "fetch_s is -1"),
        ({"retry_s": 0}, "retry_s is 0"),
    ],
)
def test_bad_input_of_a_group_is_named(sim, options, words):
    log = log_of(sim)
    with pytest.raises(ValueError, match=words):
        log.subscribe("readers", reader(sim, []), **options)
    assert log.groups == {}
    log.subscribe("readers", reader(sim, []))
    with pytest.raises(ValueError, match="group='readers' is already"):
        log.subscribe("readers", reader(sim, []))


# More partitions while it runs -------------------------------------------------------------------------------


def two_keys_that_part(log, more):
    """A key that moves when there are `more` partitions, and one that stays."""
    names = [f"key {number}" for number in range(1000)]
    before = {name: log.partition_of(name) for name in names}
    log.add_partitions(more)
    moved = next(name for name in names if log.partition_of(name) != before[name])
    stayed = next(name for name in names if log.partition_of(name) == before[name])
    return moved, stayed


def test_with_more_partitions_keys_move_and_records_stay_where_they_are(sim):
    moved, stayed = two_keys_that_part(log_of(Simulation(seed=1), partitions=2), 3)
    log = log_of(sim, partitions=2)
    for key in (moved, stayed):
        log.append(key, "old")
    sim.run(until=1)
    log.add_partitions(3)
    for key in (moved, stayed):
        log.append(key, "new")
    sim.run(until=2)
    places = [(number, r.key, r.value) for number in range(5) for r in log.partition(number).read(0, 9)]
    where = {(key, value): number for number, key, value in places}
    assert len(places) == 4
    assert where[moved, "old"] != where[moved, "new"]
    assert where[stayed, "old"] == where[stayed, "new"]


def test_the_new_partitions_go_to_the_members_with_the_fewest_and_no_other_moves(sim):
    log = log_of(sim, partitions=4)
    group = log.subscribe("readers", reader(sim, []), members=3)
    before = [list(member.partitions) for member in group.members]
    log.add_partitions(5)
    after = [member.partitions for member in group.members]
    assert [part[: len(old)] for part, old in zip(after, before, strict=True)] == before
    assert sorted(map(len, after)) == [3, 3, 3]
    assert sorted(number for numbers in after for number in numbers) == list(range(9))
    assert all(group.member_of(number).partitions.count(number) == 1 for number in range(9))


def test_the_order_of_a_key_is_lost_while_old_records_are_unread_and_only_then(sim):
    moved, _ = two_keys_that_part(log_of(Simulation(seed=1)), 1)
    for unread_s, expected in ((0.0, ["new", "old 2", "old 3"]), (10.0, ["old 2", "old 3", "new"])):
        sim = Simulation(seed=1)
        log, done = log_of(sim), []
        log.subscribe("readers", reader(sim, done), members=2)
        for number in range(4):
            log.append(moved, f"old {number}")
        sim.run(until=1.5 + unread_s)
        log.add_partitions(1)
        log.append(moved, "new")
        sim.run(until=60)
        assert done[-3:] == expected


@pytest.mark.parametrize(("reset", "missed"), [("latest", 3), ("earliest", 0)])
def test_what_is_appended_before_the_group_notices_is_skipped_by_reset_latest(sim, reset, missed):
    moved, _ = two_keys_that_part(log_of(Simulation(seed=1)), 1)
    log, done = log_of(sim), []
    group = log.subscribe("readers", reader(sim, done, 0.1), reset=reset)
    log.add_partitions(1, noticed_after_s=30.0)
    for number in range(3):
        log.append(moved, number)
    sim.run(until=29)
    assert done == []
    assert group.lag == 0  # nobody knows of them yet
    sim.run(until=31)
    log.append(moved, "later")
    sim.run(until=60)
    assert done == [*range(missed, 3), "later"]
    assert (group.missed, group.lag) == (missed, 0)
    assert sum(group.committed) == log.appended


@settings(max_examples=30)
@given(
    adds=st.lists(st.tuples(st.floats(0.1, 10), st.integers(1, 3), st.sampled_from([0.0, 2.0])), max_size=3),
    members=st.integers(1, 4),
    crash_s=st.floats(0.1, 15),
)
def test_nothing_is_missed_by_a_group_that_reads_from_the_earliest_whenever_partitions_are_added(
    adds, members, crash_s
):
    sim = Simulation(seed=1)
    log, done = log_of(sim, append_s=0.01, partitions=2), []
    group = log.subscribe(
        "readers", reader(sim, done, 0.3), members, reset="earliest", max_poll_records=3, commit_every_s=1.0
    )
    sim.inject(Crash("readers-1", at_s=crash_s, restart_after_s=1.0))
    for at_s, count, noticed_after_s in adds:
        sim.call_at(at_s, lambda how: log.add_partitions(*how), (count, noticed_after_s))

    def publisher():
        for number in range(40):
            yield sim.timeout(0.25)
            log.append(f"key {number % 9}", number)

    sim.start(publisher())
    sim.run(until=200)
    assert set(done) == set(range(40))
    assert (group.lag, group.missed) == (0, 0)
    assert sum(group.committed) == log.appended == 40
