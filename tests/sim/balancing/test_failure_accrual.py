"""Failure accrual against schedules worked out by hand from Linkerd's rules."""

import pytest

from archlab.sim import Simulation, Station
from archlab.sim.balancing.failure_accrual import FailureAccrual


def accrual(size=3, **settings):
    sim = Simulation(seed=1)
    pool = [Station(sim, f"s{n}") for n in range(size)]
    return sim, pool, FailureAccrual(sim, "accrual", **{"jitter_ratio": 0, **settings})


def fail(rule, server, times):
    for _ in range(times):
        rule.started(server)
        rule.record(server, ok=False)


def serving(rule, pool):
    return [one.name for one in rule.filter(pool)]


def test_seven_failures_in_a_row_put_a_server_out_and_six_do_not():
    _, pool, rule = accrual()
    fail(rule, pool[0], 6)
    assert serving(rule, pool) == ["s0", "s1", "s2"]
    fail(rule, pool[0], 1)
    assert serving(rule, pool) == ["s1", "s2"]


def test_a_success_starts_the_count_anew():
    _, pool, rule = accrual()
    fail(rule, pool[0], 6)
    rule.record(pool[0], ok=True)
    fail(rule, pool[0], 6)
    assert serving(rule, pool) == ["s0", "s1", "s2"]


def test_all_may_be_out():
    _, pool, rule = accrual()
    for server in pool:
        fail(rule, server, 7)
    assert serving(rule, pool) == []


def test_on_probation_a_server_gets_one_request_and_no_more():
    sim, pool, rule = accrual()
    fail(rule, pool[0], 7)
    sim.run(until=1)
    assert "s0" in serving(rule, pool)
    rule.started(pool[0])
    assert "s0" not in serving(rule, pool)
    rule.record(pool[0], ok=True)
    assert "s0" in serving(rule, pool)
    fail(rule, pool[0], 6)
    assert "s0" in serving(rule, pool)  # the count began anew


def test_each_failed_test_doubles_the_penalty_up_to_a_minute():
    """Tests at 1, then after 2, 4, ... seconds more: 3, 7, 15, 31, 63, and from then on every 60 s."""
    sim, pool, rule = accrual()
    fail(rule, pool[0], 7)
    while sim.now < 260:
        sim.run(until=sim.now + 0.5)
        if "s0" in serving(rule, pool):
            fail(rule, pool[0], 1)
    assert [time_s for time_s, _ in rule.ejections] == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]


def test_after_a_test_that_succeeded_the_penalty_is_short_again():
    sim, pool, rule = accrual()
    fail(rule, pool[0], 7)
    sim.run(until=1)
    fail(rule, pool[0], 1)
    sim.run(until=3)
    rule.started(pool[0])
    rule.record(pool[0], ok=True)
    fail(rule, pool[0], 7)
    sim.run(until=4)
    assert "s0" in serving(rule, pool)


def test_requests_that_end_while_a_server_is_out_do_not_bring_it_back():
    _, pool, rule = accrual()
    fail(rule, pool[0], 7)
    rule.record(pool[0], ok=True)
    assert "s0" not in serving(rule, pool)


def test_jitter_makes_a_penalty_longer_by_up_to_half():
    """Uniform between 1 and 1.5 s: of many servers put out together, half are due after a quarter second more."""
    sim, pool, rule = accrual(size=400, jitter_ratio=0.5)
    for server in pool:
        fail(rule, server, 7)
    due = []
    for time_s in (0.999, 1.25, 1.5):
        sim.run(until=time_s)
        due.append(len(rule.filter(pool)) / len(pool))
    assert due == [0, pytest.approx(0.5, abs=0.1), 1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"consecutive_failures": 0}, "consecutive_failures is 0"),
        ({"min_penalty_s": 0}, "min_penalty_s is 0"),
        ({"max_penalty_s": 0.5}, "max_penalty_s is 0.5; it must be min_penalty_s, 1.0, or more"),
        ({"jitter_ratio": -0.1}, "jitter_ratio is -0.1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        accrual(**settings)
