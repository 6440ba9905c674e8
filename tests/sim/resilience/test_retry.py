"""Retry: which failures it repeats, how often and when, and what that makes of the work at the far end."""

from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.sim import Crashed, Failure, Network, Refused, Simulation, Station, TimedOut, Unavailable
from archlab.sim.resilience.backoff import Backoff
from archlab.sim.resilience.retry import Retry
from archlab.sim.resilience.retry_budget import RetryBudget


@pytest.fixture
def sim():
    return Simulation(seed=1)


class Script:
    """A service that ends its attempts as written: a failure, or "ok". It notes when each began."""

    def __init__(self, sim, *ends, takes_s=0.1):
        self.sim, self.ends, self.takes_s = sim, list(ends), takes_s
        self.begun_s = []

    def __call__(self):
        self.begun_s.append(self.sim.now)
        return self.sim.start(self._work(self.ends[len(self.begun_s) - 1]))

    def _work(self, end):
        yield self.sim.timeout(self.takes_s)
        if isinstance(end, Failure):
            raise end
        return end


def outcome(sim, event):
    """The value of a call, or the failure it ended with."""
    sim.run()
    return event.value


# Which, and how often --------------------------------------------------------------------------------------------


def test_what_succeeds_at_once_is_tried_once(sim):
    retry, script = Retry(sim, "retry", attempts=5), Script(sim, "ok")
    assert outcome(sim, retry.call(script)) == "ok"
    assert (retry.calls, retry.attempts_made, retry.retries, retry.given_up) == (1, 1, 0, 0)


def test_after_the_last_attempt_the_caller_gets_the_last_failure(sim):
    retry = Retry(sim, "retry", attempts=3)
    script = Script(sim, Crashed("a"), Refused("b"), Unavailable("c"), "ok")
    last = outcome(sim, retry.call(script))
    assert (type(last), last.part) == (Unavailable, "c")
    assert (retry.calls, retry.attempts_made, retry.retries, retry.given_up) == (1, 3, 2, 1)


def test_a_failure_that_is_not_worth_a_retry_passes_at_once(sim):
    retry = Retry(sim, "retry", attempts=3, backoff=Backoff(9.0), retry_on=(Unavailable, TimedOut))
    failed = retry.call(Script(sim, Refused("payments"), "ok"))
    with pytest.raises(Refused, match="payments"):
        sim.run(until=failed)
    assert sim.now == pytest.approx(0.1)
    assert (retry.attempts_made, retry.retries, retry.given_up) == (1, 0, 1)


def test_it_stops_at_the_first_failure_that_is_not_worth_a_retry(sim):
    retry = Retry(sim, "retry", attempts=9, retry_on=(Unavailable,))
    last = outcome(sim, retry.call(Script(sim, Unavailable("a"), Unavailable("a"), Refused("b"), "ok")))
    assert isinstance(last, Refused)
    assert retry.attempts_made == 3


def test_a_bug_is_not_retried(sim):
    def broken():
        yield sim.timeout(0.1)
        raise ZeroDivisionError

    retry = Retry(sim, "retry", attempts=3)
    retry.call(lambda: sim.start(broken()))
    with pytest.raises(ZeroDivisionError):
        sim.run()
    assert retry.attempts_made == 1


def test_an_attempt_that_fails_before_it_has_begun_counts_like_any_other(sim):
    def refuse():
        raise Refused("pool")

    retry = Retry(sim, "retry", attempts=4)
    assert isinstance(outcome(sim, retry.call(refuse)), Refused)
    assert retry.attempts_made == 4


@given(st.lists(st.lists(st.booleans(), min_size=6, max_size=6), max_size=12), st.integers(1, 6))
def test_attempts_retries_and_calls_given_up_are_counted_exactly(calls, attempts):
    """By hand: a call takes attempts up to its first success, or all of them."""
    sim = Simulation(seed=1)
    retry = Retry(sim, "retry", attempts=attempts, backoff=Backoff(0.1))
    for good in calls:
        retry.call(Script(sim, *("ok" if one else Failure("service") for one in good)))
    sim.run()
    made = [min(good.index(True) + 1 if True in good else attempts, attempts) for good in calls]
    assert retry.calls == len(calls)
    assert retry.attempts_made == sum(made)
    assert retry.retries == sum(made) - len(calls)
    assert retry.given_up == sum(True not in good[:attempts] for good in calls)


# When ------------------------------------------------------------------------------------------------------------


def test_the_wait_begins_when_the_attempt_has_failed(sim):
    script = Script(sim, *3 * [Failure("service")], "ok")
    sim.run(until=Retry(sim, "retry", attempts=4, backoff=Backoff(1.0, 2.0, "none")).call(script))
    assert script.begun_s == pytest.approx([0, 0.1 + 1, 1.2 + 2, 3.3 + 2])


def test_without_backoff_the_next_attempt_begins_at_once(sim):
    script = Script(sim, Failure("service"), Failure("service"), "ok")
    sim.run(until=Retry(sim, "retry").call(script))
    assert script.begun_s == pytest.approx([0, 0.1, 0.2])


@pytest.mark.parametrize("jitter", ["full", "equal", "decorrelated"])
def test_the_waits_are_those_of_the_backoff_from_the_stream_of_this_name(sim, jitter):
    backoff, script = Backoff(0.5, 4.0, jitter), Script(sim, *6 * [Failure("service")])
    Retry(sim, "orders", attempts=6, backoff=backoff).call(script)
    sim.run()
    expected = list(islice(backoff.delays(Simulation(seed=1).stream("orders backoff")), 5))
    assert np.diff(script.begun_s) - 0.1 == pytest.approx(np.array(expected))


def test_jitter_parts_clients_that_failed_at_the_same_moment(sim):
    """Ten clients fail together. Without jitter they come back together; with full jitter, each at its own time."""

    def second_tries(jitter):
        scripts = [Script(sim, Failure("service"), "ok") for _ in range(10)]
        for number, script in enumerate(scripts):
            Retry(sim, f"{jitter} {number}", attempts=2, backoff=Backoff(1.0, jitter=jitter)).call(script)
        sim.run()
        return {script.begun_s[1] for script in scripts}

    assert len(second_tries("none")) == 1
    assert len(second_tries("full")) == 10


def test_calls_at_the_same_time_do_not_share_their_waits(sim):
    """Each call starts at the base again, whatever the others have reached."""
    retry = Retry(sim, "retry", attempts=4, backoff=Backoff(1.0, jitter="none"))
    early, late = (Script(sim, *4 * [Failure("service")]) for _ in range(2))
    retry.call(early)
    sim.call_at(2.5, lambda _: retry.call(late), None)
    sim.run()
    assert np.diff(late.begun_s) == pytest.approx(np.diff(early.begun_s))


# The budget ------------------------------------------------------------------------------------------------------


def test_without_budget_left_a_call_ends_with_the_failure_it_has(sim):
    retry = Retry(sim, "retry", attempts=9, budget=RetryBudget(sim, cap=2))
    last = outcome(sim, retry.call(Script(sim, *(Failure(f"try {number}") for number in range(9)))))
    assert last.part == "try 2"
    assert (retry.attempts_made, retry.retries) == (3, 2)


def test_neither_the_last_failure_nor_one_not_worth_a_retry_takes_from_the_budget(sim):
    budget = RetryBudget(sim, cap=5)
    Retry(sim, "one", attempts=1, budget=budget).call(Script(sim, Failure("a")))
    Retry(sim, "two", budget=budget, retry_on=(Refused,)).call(Script(sim, Failure("b")))
    sim.run()
    assert budget.retries == 5


# The far end -----------------------------------------------------------------------------------------------------


def test_work_goes_on_at_the_server_so_three_attempts_are_three_times_the_work(sim):
    """The service needs 1 s, the caller waits 0.3 s. One customer leaves, and the database has done three orders."""
    database, network = Station(sim, "database", capacity=9), Network(sim, latency_s=0.010)

    def order():
        yield database.serve(1.0)

    retry = Retry(sim, "retry", attempts=3)
    failed = retry.call(lambda: network.call("shop", "database", order(), timeout_s=0.3))
    with pytest.raises(TimedOut):
        sim.run(until=failed)
    assert sim.now == pytest.approx(3 * 0.3)
    assert (database.busy, database.completed) == (3, 0)
    sim.run()
    assert database.completed == 3
    assert database.totals()["busy_s"] == pytest.approx(3 * 1.0)


def test_retries_in_two_layers_multiply(sim):
    """By hand: 3 x 4 attempts at the bottom for one call at the top, when all fail."""
    outer, inner = Retry(sim, "outer", attempts=3), Retry(sim, "inner", attempts=4)
    outer.call(lambda: inner.call(Script(sim, *4 * [Failure("database")])))
    sim.run()
    assert (outer.attempts_made, inner.calls, inner.attempts_made) == (3, 3, 12)


def test_a_retry_finds_the_service_that_is_back(sim):
    """Down from 0 to 5 s. Waits of 1, 2 and 4 s: the attempt at 7 s is the first one after the restart."""
    service = Station(sim, "service")
    service.crash()
    sim.call_at(5.0, lambda _: service.restart(), None)
    retry = Retry(sim, "retry", attempts=9, backoff=Backoff(1.0, jitter="none"))
    sim.run(until=retry.call(lambda: service.serve(0.1)))
    assert sim.now == pytest.approx(7.1)
    assert retry.attempts_made == 4


# The same numbers, and wrong ones --------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    def begun_s(seed):
        sim = Simulation(seed)
        script = Script(sim, *5 * [Failure("service")])
        Retry(sim, "retry", attempts=5, backoff=Backoff(1.0)).call(script)
        sim.run()
        return script.begun_s

    assert begun_s(1) == begun_s(1) != begun_s(2)
    assert all(one < other for one, other in pairwise(begun_s(1)))


@pytest.mark.parametrize("attempts", [0, -1, 2.5, True])
def test_attempts_must_be_a_whole_number_from_1(sim, attempts):
    with pytest.raises(ValueError, match="attempts is"):
        Retry(sim, "retry", attempts=attempts)
