"""Backlog arithmetic beside the event log of the kit, and beside a count of records one by one."""

import math

import pytest

from archlab.sim import Crash, EventLog, Simulation
from archlab.sim.backlog_theory import Backlog, first_loss_s

ARRIVAL_PER_S, CAPACITY_PER_S = 8, 10
STOP_AT_S = 5.0


def readers_away(stop_s, retention_s=None, until_s=400.0, capacity_per_s=CAPACITY_PER_S):
    """A record every 1/8 s, a reader that takes 1/10 s for each and is away for a while; the lag every tenth."""
    sim = Simulation(seed=1)
    log = EventLog(sim, "orders", append_s=0.0, retention_s=retention_s)
    done, lag = [], {}

    def handle(record):
        yield sim.timeout(1 / capacity_per_s)
        done.append(record.value)

    group = log.subscribe("readers", handle, reset="earliest", commit_every_s=0.0, max_poll_records=1)
    if stop_s:
        sim.inject(Crash("readers-1", at_s=STOP_AT_S, restart_after_s=stop_s))

    def publisher():
        for number in range(int(until_s * ARRIVAL_PER_S)):
            log.append("key", number)
            yield sim.timeout(1 / ARRIVAL_PER_S)

    def watch():
        while True:
            lag[round(sim.now, 1)] = group.lag
            yield sim.timeout(0.1)

    sim.start(publisher())
    sim.start(watch())
    sim.run(until=until_s)
    return done, group, lag


@pytest.mark.parametrize("stop_s", [10.0, 25.0, 40.0])
def test_what_piles_up_and_when_it_is_gone_is_what_the_arithmetic_says(stop_s):
    _, _, lag = readers_away(stop_s)
    back_s = STOP_AT_S + stop_s
    theory = Backlog(ARRIVAL_PER_S, CAPACITY_PER_S, stop_s)
    assert max(lag.values()) == pytest.approx(theory.largest, abs=2)
    gone_s = min(at_s for at_s, count in lag.items() if at_s > back_s and count <= 1)
    assert gone_s - back_s == pytest.approx(theory.drained_after_s, abs=1.0)
    for since_s in (-5.0, 0.0, 10.0, 20.0):
        assert lag[round(back_s + since_s, 1)] == pytest.approx(theory.waiting(since_s), abs=2)


@pytest.mark.parametrize(("stop_s", "lost"), [(19.0, 0), (21.0, 8), (40.0, 160)])
def test_retention_deletes_what_was_appended_more_than_its_time_before_the_return_and_no_more(stop_s, lost):
    """The records are counted one by one: which numbers were never handled?"""
    done, group, _ = readers_away(stop_s, retention_s=20.0)
    never = set(range(max(done))) - set(done)
    assert Backlog(ARRIVAL_PER_S, CAPACITY_PER_S, stop_s).lost(20.0) == pytest.approx(lost)
    assert len(never) == group.missed == pytest.approx(lost, abs=2)


def test_readers_that_are_a_little_too_slow_lose_the_first_record_when_the_arithmetic_says():
    done, group, _ = readers_away(0.0, retention_s=20.0, capacity_per_s=6, until_s=79.0)
    assert first_loss_s(8, 6, 20.0) == 80.0
    assert group.missed == 0
    assert done == list(range(len(done)))
    _, group, _ = readers_away(0.0, retention_s=20.0, capacity_per_s=6, until_s=120.0)
    assert group.missed == pytest.approx((8 - 6) * (120.0 - 80.0), abs=2)


def test_a_backlog_behind_readers_without_spare_capacity_stays():
    assert Backlog(10, 10, 1).drained_after_s == math.inf
    assert first_loss_s(10, 10, 1) == math.inf
    assert first_loss_s(10, 0, 1) == 1


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Backlog(0, 1, 1), "arrival_per_s"),
        (lambda: Backlog(1, 0, 1), "capacity_per_s"),
        (lambda: Backlog(1, 1, -1), "stop_s"),
        (lambda: Backlog(1, 2, 1).lost(0), "retention_s"),
        (lambda: first_loss_s(1, -1, 1), "capacity_per_s"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(make, name):
    with pytest.raises(ValueError, match=name):
        make()
