"""Deadline propagation: what an expired limit costs the server, limits inside limits, and limits around retries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.sim import Failure, Network, Simulation, Station, TimedOut
from archlab.sim.resilience.backoff import Backoff
from archlab.sim.resilience.deadline_propagation import TimeLimit
from archlab.sim.resilience.retry import Retry

TIMES_S = st.floats(0, 1e4)


@pytest.fixture
def sim():
    return Simulation(seed=1)


# What is left ----------------------------------------------------------------------------------------------------


def test_time_passes_for_a_limit_wherever_it_is_handed_on(sim):
    limit = TimeLimit(sim, within_s=2.0)
    sim.run(until=0.5)
    assert (limit.expires_at_s, limit.left_s) == (2.0, 1.5)
    sim.run(until=9)
    assert (limit.expires_at_s, limit.left_s) == (2.0, 0.0)


def test_what_ends_in_time_keeps_its_value(sim):
    limit = TimeLimit(sim, within_s=1.0)
    assert sim.run(until=limit.wait(sim.timeout(0.9, value="paid"))) == "paid"


def test_what_fails_in_time_keeps_its_failure(sim):
    def fail():
        yield sim.timeout(0.1)
        raise Failure("payments")

    with pytest.raises(Failure, match="payments: failed"):
        sim.run(until=TimeLimit(sim, 1.0).wait(sim.start(fail())))


def test_a_wait_that_begins_late_still_ends_at_the_limit(sim):
    limit = TimeLimit(sim, within_s=1.0)
    sim.run(until=0.7)
    with pytest.raises(TimedOut):
        sim.run(until=limit.wait(sim.timeout(5)))
    assert sim.now == pytest.approx(1.0)


@pytest.mark.parametrize(("within_s", "passed_s"), [(0.9, 0.18), (0.9, 0.2), (1.2, 0.13), (1.7, 0.36)])
def test_once_a_wait_has_timed_out_nobody_begins_because_the_limit_is_a_hair_away(sim, within_s, passed_s):
    """Here 'now and what is left' is rounded to a little less than the limit, so the wait ends before it."""
    assert passed_s + (within_s - passed_s) < within_s
    limit = TimeLimit(sim, within_s)
    sim.run(until=passed_s)
    with pytest.raises(TimedOut):
        sim.run(until=limit.wait(sim.event()))
    assert sim.now < limit.expires_at_s
    assert limit.left_s == 0
    with pytest.raises(TimedOut):
        limit.check("payments")


@given(TIMES_S, st.floats(1e-6, 100))
def test_until_shortly_before_the_limit_work_may_begin(start_s, within_s):
    sim = Simulation(seed=1)
    sim._now = start_s
    limit = TimeLimit(sim, within_s)
    sim._now = start_s + 0.9 * within_s
    limit.check("payments")
    assert limit.left_s == pytest.approx(0.1 * within_s, abs=1e-9)


# Limits inside limits --------------------------------------------------------------------------------------------


@given(TIMES_S, st.floats(0, 100), st.lists(st.tuples(st.floats(0, 30), st.floats(0, 60)), max_size=8))
def test_a_nested_limit_is_never_later_than_its_parent_nor_than_asked(start_s, within_s, steps):
    sim = Simulation(seed=1)
    sim._now = start_s
    limit = TimeLimit(sim, within_s)
    for passed_s, asked_s in steps:
        sim._now += passed_s
        shorter = limit.at_most(asked_s)
        assert shorter.expires_at_s == min(limit.expires_at_s, sim.now + asked_s)
        assert shorter.left_s <= limit.left_s
        limit = shorter


def test_a_nested_limit_leaves_its_parent_as_it_is(sim):
    limit = TimeLimit(sim, within_s=1.0)
    with pytest.raises(TimedOut):
        sim.run(until=limit.at_most(0.2).wait(sim.timeout(5)))
    limit.check("payments")
    assert limit.left_s == pytest.approx(0.8)


# What the server does --------------------------------------------------------------------------------------------


def test_work_that_expired_before_it_begins_costs_the_server_nothing(sim):
    """By the time the request has crossed the slow network, nobody waits any longer."""
    payments, network = Station(sim, "payments"), Network(sim, latency_s=0.5)
    limit = TimeLimit(sim, within_s=0.4)

    def charge():
        limit.check("payments")
        yield payments.serve(1.0)

    with pytest.raises(TimedOut):
        sim.run(until=limit.wait(network.call("shop", "payments", charge())))
    assert sim.now == pytest.approx(0.4)
    sim.run(until=10)
    assert (payments.completed, payments.totals()["busy_s"]) == (0, 0.0)


def test_the_check_names_the_part_that_dropped_the_work(sim):
    def charge(limit):
        limit.check("payments")
        yield sim.timeout(1)

    dropped = sim.start(charge(TimeLimit(sim, within_s=0)))
    assert (type(dropped.value), dropped.value.part, dropped.value.outcome) == (
        TimedOut,
        "payments",
        "timed_out",
    )


def test_a_limit_does_not_stop_the_work_that_has_begun(sim):
    payments = Station(sim, "payments")
    with pytest.raises(TimedOut):
        sim.run(until=TimeLimit(sim, 0.5).wait(payments.serve(2.0)))
    sim.run(until=5)
    assert (payments.completed, payments.totals()["busy_s"]) == (1, 2.0)


@pytest.mark.parametrize(("propagates", "busy_s"), [(False, 10.0), (True, 2.0)])
def test_behind_a_queue_only_what_somebody_waits_for_is_worked_on(sim, propagates, busy_s):
    """Ten customers wait 1.5 s each for one worker who needs 1 s. Two begin in time: at 0 s and at 1 s."""
    worker, limits = Station(sim, "worker"), [TimeLimit(sim, within_s=1.5) for _ in range(10)]

    def order(limit):
        with worker.hold() as place:
            yield place
            if propagates:
                limit.check("worker")
            yield sim.timeout(1.0)

    answers = [limit.wait(sim.start(order(limit))) for limit in limits]
    sim.run(until=100)
    assert worker.totals()["busy_s"] == pytest.approx(busy_s)
    assert [answer.ok for answer in answers] == [True] + 9 * [False]


def test_the_third_hop_sees_the_limit_of_the_first(sim):
    """Hops of 0.4 s under a limit of 1 s: the first two begin at 0 and 0.4 s, the third at 0.8 s, a fourth never."""
    begun = []

    def hop(number, limit):
        limit.check(f"hop {number}")
        begun.append(number)
        yield sim.timeout(0.4)
        yield limit.wait(sim.start(hop(number + 1, limit)))

    limit = TimeLimit(sim, within_s=1.0)
    answer = limit.wait(sim.start(hop(1, limit)))
    sim.run(until=10)
    assert isinstance(answer.value, TimedOut)
    assert begun == [1, 2, 3]


# Around retries --------------------------------------------------------------------------------------------------


@given(st.floats(0.05, 3), st.floats(0.01, 1), st.floats(0.01, 0.5), st.integers(0, 50))
def test_no_retry_begins_work_after_the_limit(within_s, each_s, base_s, seed):
    sim = Simulation(seed)
    server, limit, begun_s = Station(sim, "server", capacity=100), TimeLimit(sim, within_s), []

    def attempt():
        limit.check("shop")
        begun_s.append(sim.now)
        return limit.at_most(each_s).wait(server.serve(50.0))

    answer = limit.wait(Retry(sim, "retry", attempts=20, backoff=Backoff(base_s)).call(attempt))
    sim.run(until=1000)
    assert isinstance(answer.value, TimedOut)
    assert all(at_s < within_s for at_s in begun_s)
    assert server.completed == len(begun_s)


def test_a_limit_around_retries_that_do_not_check_it_ends_the_wait_and_not_the_retries(sim):
    """The trap: the customer has gone after 1 s, and the retry goes on for her, 4 s long."""
    server = Station(sim, "server", capacity=9)
    limit, retry = TimeLimit(sim, within_s=1.0), Retry(sim, "retry", attempts=5)
    with pytest.raises(TimedOut):
        sim.run(until=limit.wait(retry.call(lambda: sim.deadline(server.serve(9.0), timeout_s=0.8))))
    assert (sim.now, server.busy) == (1.0, 2)
    sim.run(until=20)
    assert server.completed == 5


@pytest.mark.parametrize("within_s", [-1.0, float("nan"), float("inf")])
def test_a_limit_must_be_a_number_of_seconds(sim, within_s):
    with pytest.raises(ValueError, match="within_s is"):
        TimeLimit(sim, within_s)
    with pytest.raises(ValueError, match="within_s is"):
        TimeLimit(sim, 1.0).at_most(within_s)
