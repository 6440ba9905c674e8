"""A group with a coordinator: who notices when somebody is gone, who stops meanwhile, and what is done twice."""

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.data import load
from archlab.sim import Crash, Deterministic, EventLog, Simulation
from archlab.sim.messaging import CoordinatedGroup, Coordination
from archlab.sim.messaging.consumer_group import MAX_POLL_RECORDS

PARTITIONS, MEMBERS = 12, 4
COOPERATIVE = Coordination(assignor="cooperative-sticky")


def keys_for(log):
    """For each partition a key that goes there."""
    found = {}
    number = 0
    while len(found) < log.partitions:
        found.setdefault(log.partition_of(f"key {number}"), f"key {number}")
        number += 1
    return [found[partition] for partition in range(log.partitions)]


class Run:
    """A group that gets a record a partition and second; `at[p]` are the times at which those of p were dealt with."""

    def __init__(self, coordination=None, seed=1, work_s=0.001, members=MEMBERS, faults=(), **options):
        coordination = Coordination() if coordination is None else coordination
        self.sim = sim = Simulation(seed=seed)
        self.log = log = EventLog(sim, "orders", append_s=0.0, partitions=PARTITIONS)
        self.at, self.done = defaultdict(list), Counter()
        self.order = defaultdict(list)

        def handle(record):
            yield sim.timeout(work_s)
            self.at[record.partition].append(sim.now)
            self.order[record.partition].append(record.offset)
            self.done[record.partition, record.offset] += 1

        self.group = CoordinatedGroup(log, "g", handle, coordination, members=members, **options)
        keys = keys_for(log)

        def publish(request):
            yield log.append(keys[request.id % PARTITIONS], request.id)

        sim.open_load(Deterministic(PARTITIONS), publish)
        sim.inject(*faults)

    def until(self, time_s):
        self.sim.run(until=time_s)
        return self

    def pauses_s(self, after_s):
        """For each partition the longest time without work that ends after `after_s`."""
        return {
            number: max(b - a for a, b in pairwise(times) if b > after_s)
            for number, times in sorted(self.at.items())
        }

    @property
    def twice(self):
        return sum(times > 1 for times in self.done.values())

    @property
    def member(self):
        return {member.name: member for member in self.group.members}

    def readers(self):
        return sorted(number for member in self.group.members for number in member.partitions)


def beats_s(seed, heartbeat_s=3.0):
    """The times of the members' heartbeats, from their random phases alone."""
    streams = Simulation(seed=seed)
    names = [f"g-{number} heartbeat" for number in range(1, MEMBERS + 1)]
    return [np.arange(streams.stream(name).uniform(0, heartbeat_s), 999, heartbeat_s) for name in names]


def by_hand(seed, killed_s, timeout_s=45.0):
    """When member 1 is thought dead, and when the last of the others learns of it."""
    own, *others = beats_s(seed)
    dead_s = own[own < killed_s].max() + timeout_s
    return dead_s, max(beats[beats > dead_s].min() for beats in others)


# A member dies -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("assignor", ["range", "cooperative-sticky"])
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_killed_member_is_noticed_after_the_time_out_and_replaced_at_the_last_heartbeat(seed, assignor):
    killed_s = 60.0
    run = Run(Coordination(assignor=assignor), seed, faults=[Crash("g-1", killed_s, None)]).until(130)
    began_s, ended_s, cause = run.group.rebalances.iloc[0]
    assert (began_s, ended_s) == pytest.approx(by_hand(seed, killed_s))
    assert cause == "thought dead"
    assert 42 <= began_s - killed_s <= 45
    assert run.readers() == list(range(PARTITIONS))
    assert run.group.members[0].partitions == []


@pytest.mark.parametrize("seed", range(1, 4))
def test_while_the_others_rebalance_eagerly_everybody_stops_and_cooperatively_nobody_does(seed):
    crash = Crash("g-1", 60.0, None)
    eager = Run(Coordination(assignor="sticky"), seed, faults=[crash]).until(130)
    cooperative = Run(COOPERATIVE, seed, faults=[crash]).until(130)
    began_s, ended_s = by_hand(seed, 60.0)
    first_s = min(
        beats[beats > began_s].min() for beats in beats_s(seed)[1:]
    )  # who learns first stops longest
    longest_s = max(pause_s for number, pause_s in eager.pauses_s(60).items() if number >= 3)
    assert ended_s - first_s <= longest_s <= ended_s - first_s + 1.01
    assert max(pause_s for number, pause_s in cooperative.pauses_s(60).items() if number >= 3) < 1.1
    for run in (eager, cooperative):
        assert all(run.pauses_s(60)[number] > 42 for number in range(3))


def test_what_was_not_committed_is_done_again_by_somebody_else():
    run = Run(faults=[Crash("g-1", 62.9, None)], max_poll_records=1).until(130)
    again = {key for key, times in run.done.items() if times > 1}
    assert {partition for partition, _ in again} == {0, 1, 2}
    assert 3 * 1 <= len(again) <= 3 * 6  # the last commit was 0 to 5 s before
    assert run.group.lag <= PARTITIONS


def test_a_member_that_comes_back_as_a_stranger_keeps_an_eager_group_waiting_for_its_old_self():
    run = Run(faults=[Crash("g-1", 60.0, restart_after_s=5.0)]).until(130)
    began_s, ended_s, cause = run.group.rebalances.iloc[0]
    assert (began_s, cause) == (65.0, "joined")
    assert 102 <= ended_s <= 105
    assert min(run.pauses_s(60).values()) > 34  # those who never died, too
    assert run.readers() == list(range(PARTITIONS))
    assert run.group.members[0].partitions


def test_when_all_die_the_first_who_comes_back_reads_everything():
    crashes = [Crash(f"g-{n}", 60.0, None) for n in range(2, MEMBERS + 1)]
    run = Run(faults=[*crashes, Crash("g-1", 60.0, restart_after_s=100.0)]).until(200)
    assert run.member["g-1"].partitions == list(range(PARTITIONS))
    assert run.group.lag <= PARTITIONS


def test_a_killed_member_of_a_cooperative_group_that_comes_back_late_gets_an_even_share_again():
    run = Run(COOPERATIVE, faults=[Crash("g-1", 60.0, restart_after_s=100.0)]).until(190)
    assert sorted(len(member.partitions) for member in run.group.members) == [3] * MEMBERS
    assert run.group.rebalances.cause.tolist() == ["thought dead", "joined", "gave up"]


# Leaving, static members, joining ----------------------------------------------------------------------------


def test_who_says_goodbye_is_replaced_within_a_heartbeat_and_nothing_is_done_twice():
    run = Run().until(60)
    run.member["g-2"].leave()
    run.until(130)
    assert run.group.rebalances.cause.tolist() == ["left"]
    assert max(run.pauses_s(60).values()) < 3 + 1.1
    assert (run.twice, run.member["g-2"].is_up, run.member["g-2"].partitions) == (0, False, [])


def test_who_leaves_finishes_the_record_at_work_first():
    run = Run(work_s=0.3, members=1).until(0.2)
    assert run.member["g-1"].busy
    run.member["g-1"].leave()
    run.until(0.29)
    assert run.member["g-1"].is_up
    run.until(5)
    assert (sum(run.done.values()), run.member["g-1"].is_up) == (1, False)
    run.member["g-1"].restart()
    run.until(6)
    assert run.twice == 0


def test_a_static_member_that_is_back_in_time_keeps_its_partitions_and_nobody_notices():
    run = Run(Coordination(static_members=True), faults=[Crash("g-1", 60.0, restart_after_s=20.0)]).until(130)
    assert run.group.rebalances.empty
    assert run.member["g-1"].partitions == [0, 1, 2]
    pauses_s = run.pauses_s(60)
    assert all(20 < pauses_s[n] < 21.5 for n in (0, 1, 2))
    assert max(pauses_s[n] for n in range(3, 12)) < 1.1


def test_a_static_member_that_is_late_has_lost_them():
    run = Run(Coordination(static_members=True), faults=[Crash("g-1", 60.0, restart_after_s=60.0)]).until(150)
    assert run.group.rebalances.cause.tolist() == ["thought dead", "joined"]


def test_a_static_member_says_no_goodbye():
    run = Run(Coordination(static_members=True)).until(60)
    run.member["g-1"].leave()
    run.until(130)
    assert run.group.rebalances.cause.tolist() == ["thought dead"]
    assert run.twice == 0  # but it has committed


@pytest.mark.parametrize("coordination", [Coordination(), COOPERATIVE])
def test_a_member_that_joins_gets_its_share(coordination):
    run = Run(coordination, seed=2, members=3).until(60)
    run.group.add_member()
    run.until(130)
    assert sorted(len(member.partitions) for member in run.group.members) == [3, 3, 3, 3]
    assert run.twice == 0
    stopped = {number for number, pause_s in run.pauses_s(60).items() if pause_s > 1.1}
    moved = set(run.member["g-4"].partitions)
    assert stopped <= moved if coordination is COOPERATIVE else stopped > moved


def test_more_members_than_partitions_have_nothing_to_do():
    run = Run(members=PARTITIONS + 2).until(60)
    assert [len(member.partitions) for member in run.group.members] == [1] * PARTITIONS + [0, 0]


@pytest.mark.parametrize("coordination", [Coordination(), Coordination(topics=(5, 7)), COOPERATIVE])
def test_partitions_that_are_added_are_shared_out_when_they_are_noticed(coordination):
    run = Run(coordination).until(60)
    run.log.add_partitions(4, noticed_after_s=10.0)
    run.until(90)
    assert run.group.rebalances.cause.tolist()[0] == "new partitions"
    assert run.readers() == list(range(PARTITIONS + 4))
    assert run.group.lag == lag_from_outside(run)
    assert {number for number in run.at if number >= PARTITIONS}


# Thought dead, and alive -------------------------------------------------------------------------------------


def test_a_pause_shorter_than_the_time_out_is_only_a_pause():
    run = Run().until(60)
    run.member["g-1"].pause(40.0)
    run.until(130)
    assert run.group.rebalances.empty
    assert (run.twice, run.group.lag <= PARTITIONS) == (0, True)


def test_a_longer_pause_is_taken_for_death_and_work_is_done_twice():
    run = Run().until(62.9)
    run.member["g-1"].pause(60.0)
    run.until(200)
    assert run.group.rebalances.cause.tolist() == ["thought dead", "joined"]
    assert run.twice > 0
    assert run.member["g-1"].partitions


def test_a_batch_that_takes_too_long_makes_its_member_leave_and_join_again():
    run = Run(Coordination(max_poll_interval_s=10.0), work_s=0.2, members=2, max_poll_records=200).until(100)
    assert "left" in run.group.rebalances.cause.tolist()
    assert run.twice > 0
    short = Run(Coordination(max_poll_interval_s=10.0), work_s=0.2, members=1, max_poll_records=20).until(100)
    assert short.group.rebalances.empty
    assert short.twice == 0


# Whatever happens --------------------------------------------------------------------------------------------


def test_without_trouble_it_does_what_a_group_without_a_coordinator_does():
    def times(subscribe):
        sim = Simulation(seed=1)
        log = EventLog(sim, "orders", append_s=0.001, partitions=PARTITIONS)
        seen = []

        def handle(record):
            yield sim.timeout(0.1)
            seen.append((sim.now, record.partition, record.offset))

        group = subscribe(log, handle)

        def publish(request):
            yield log.append(str(request.id), 0)

        sim.open_load(Deterministic(20), publish)
        sim.run(until=30)
        return seen, group.committed, group.lag, log.totals()

    def plain(log, handle):
        return log.subscribe("g", handle, members=MEMBERS)

    def coordinated(log, handle):
        return CoordinatedGroup(log, "g", handle, Coordination(), members=MEMBERS)

    assert times(plain) == times(coordinated)


HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(["crash", "leave", "pause", "join"]),
        st.floats(1, 150),
        st.integers(1, MEMBERS),
        st.floats(0.5, 80),
    ),
    max_size=6,
)
SETTINGS = st.builds(
    Coordination,
    session_timeout_s=st.sampled_from([6.0, 45.0]),
    max_poll_interval_s=st.sampled_from([5.0, 300.0]),
    assignor=st.sampled_from(["range", "roundrobin", "sticky", "cooperative-sticky"]),
    static_members=st.booleans(),
)


@settings(max_examples=15, deadline=None)
@given(SETTINGS, HAPPENINGS, st.sampled_from([1, MAX_POLL_RECORDS]), st.sampled_from([0.0, 0.01]))
def test_whatever_happens_everything_is_read_in_order_and_by_one_member_at_a_time(
    coordination, happenings, batch, fetch_s
):
    run = Run(coordination, work_s=0.02, max_poll_records=batch, fetch_s=fetch_s)
    for what, at_s, number, for_s in happenings:
        member = run.member[f"g-{number}"]
        if what == "crash":
            run.sim.inject(Crash(member.name, at_s, restart_after_s=for_s))
        elif what == "leave":
            run.sim.call_at(at_s, lambda _, one=member: one.leave())
            run.sim.call_at(at_s + for_s, lambda _, one=member: one.is_up or one.restart())
        elif what == "pause":
            run.sim.call_at(at_s, lambda _, one=member, s=for_s: one.pause(s))
        else:
            run.sim.call_at(at_s, lambda _: run.group.add_member())
    for time_s in (50, 100, 150, 350):
        run.until(time_s)
        assert run.readers() == sorted(set(run.readers()))
        assert run.group.lag == lag_from_outside(run)
    assert run.readers() == list(range(PARTITIONS))
    assert run.group.lag <= PARTITIONS
    for partition, offsets in run.order.items():
        first_times = list(dict.fromkeys(offsets))
        assert first_times == list(range(len(first_times))), partition


def lag_from_outside(run):
    """Counted from where each partition's reader is, or else from the last commit."""
    positions = dict(enumerate(run.group.committed))
    for member in run.group.members:
        positions |= {number: member._position[number] for number in member.partitions}
    return sum(run.log.partition(number).end - position for number, position in positions.items())


# Settings ----------------------------------------------------------------------------------------------------


def test_the_defaults_are_those_of_the_table():
    facts = load("kafka").set_index("setting")["value"]
    default = Coordination()
    assert facts["session.timeout.ms"] == default.session_timeout_s
    assert facts["heartbeat.interval.ms"] == default.heartbeat_s
    assert facts["max.poll.interval.ms"] == default.max_poll_interval_s


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"session_timeout_s": 0}, "session_timeout_s is 0"),
        ({"heartbeat_s": 45.0}, "heartbeat_s is 45.0; it must be less than session_timeout_s"),
        ({"max_poll_interval_s": -1}, "max_poll_interval_s is -1"),
        ({"assignor": "fair"}, "assignor is 'fair'"),
        ({"static_members": 1}, "static_members is 1"),
        ({"topics": [3]}, r"topics is \[3\]"),
        ({"topics": (3, 0)}, "topics is 0"),
    ],
)
def test_bad_settings_are_named(options, words):
    with pytest.raises((ValueError, TypeError), match=words):
        Coordination(**options)


def test_a_group_must_fit_its_log():
    log = EventLog(Simulation(seed=1), "orders", append_s=0.0, partitions=4)
    with pytest.raises(ValueError, match=r"topics is \(3, 2\); it must be the log's 4 partitions"):
        CoordinatedGroup(log, "g", lambda record: iter(()), Coordination(topics=(3, 2)))
    with pytest.raises(TypeError, match="coordination is None"):
        CoordinatedGroup(log, "g", lambda record: iter(()), None)
    group = CoordinatedGroup(log, "g", lambda record: iter(()), Coordination())
    with pytest.raises(ValueError, match="for_s is 0"):
        group.members[0].pause(0)
