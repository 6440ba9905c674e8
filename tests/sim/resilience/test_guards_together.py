"""Retry, breaker, bulkhead, hedge, balancing and time limit around one another: counts agree, and nothing is left."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.sim import Crash, Exponential, Failure, Simulation, Station, TimedOut
from archlab.sim.balancing.failure_accrual import FailureAccrual
from archlab.sim.balancing.outlier_detection import OutlierDetection
from archlab.sim.balancing.replicas import Replicas
from archlab.sim.balancing.rules import balancing_rule
from archlab.sim.resilience.backoff import Backoff
from archlab.sim.resilience.bulkhead import Bulkhead, BulkheadFull
from archlab.sim.resilience.circuit_breaker import CircuitBreaker, CircuitOpen
from archlab.sim.resilience.deadline_propagation import TimeLimit
from archlab.sim.resilience.hedging import Hedge
from archlab.sim.resilience.retry import Retry
from archlab.sim.resilience.retry_budget import RetryBudget
from archlab.sim.workload import Trace

CALLS = 60
TIMEOUT_S = 0.3
GUARDS = ("retry", "breaker", "bulkhead", "hedge")
RULES = ("random", "round robin", "least outstanding", "power of two", "peak ewma")


class Fleet:
    """Three servers that crash and refuse, and calls to them through guards nested in any order, outermost first.

    `entered` counts for itself how often each guard was asked, `ends` how each call ended.
    """

    def __init__(self, order, rule, ejection, seed):
        self.sim = sim = Simulation(seed)
        self.servers = [Station(sim, f"server-{n}", capacity=1, queue_limit=2) for n in range(3)]
        self.next_s = sim.draws("work", Exponential(0.1))
        eject = None if ejection is None else ejection(sim, "ejection")
        self.replicas = Replicas(
            sim, "fleet", lambda: self.servers, balancing_rule(rule, sim, "fleet"), eject
        )
        self.budget = RetryBudget(sim, per_success=0.5, cap=20)
        self.retry = Retry(sim, "retry", 3, Backoff(base_s=0.05), self.budget)
        self.breaker = CircuitBreaker(sim, "breaker", minimum_calls=5, window_s=2, open_s=0.5)
        self.bulkhead = Bulkhead(sim, "bulkhead", concurrent=3, queue_limit=1)
        self.hedge = Hedge(sim, after_s=0.05)
        self.order = order
        self.entered = dict.fromkeys((*GUARDS, "replicas"), 0)
        self.ends = []
        sim.open_load(Trace([0.05 * number for number in range(CALLS)]), self.handle)

    def handle(self, request):
        try:
            yield self.attempt(self.order)
        except Failure as failure:
            self.ends.append(failure.outcome)
        else:
            self.ends.append("ok")

    def attempt(self, order):
        """Ask the outermost guard of `order`, and count that."""
        guard = order[0] if order else "replicas"
        self.entered[guard] += 1
        inner = partial(self.attempt, order[1:])
        if guard == "replicas":
            return self.replicas.call(self.serve)
        if guard == "hedge":
            return self.hedge.call_each([inner, inner])
        return getattr(self, guard).call(inner)

    def serve(self, server):
        return self.sim.deadline(server.serve(self.next_s()), TIMEOUT_S)


crashes = st.builds(
    Crash,
    st.sampled_from([f"server-{n}" for n in range(3)]),
    at_s=st.floats(0, 3),
    restart_after_s=st.floats(0.01, 2),
)
nestings = st.permutations(GUARDS).flatmap(lambda order: st.integers(0, 4).map(lambda n: tuple(order[:n])))


@settings(max_examples=60, deadline=None)
@given(
    order=nestings,
    rule=st.sampled_from(RULES),
    ejection=st.sampled_from([None, OutlierDetection, FailureAccrual]),
    faults=st.lists(crashes, max_size=4),
    seed=st.integers(0, 99),
)
def test_in_any_order_each_call_ends_once_every_count_agrees_and_every_place_is_given_back(
    order, rule, ejection, faults, seed
):
    fleet = Fleet(order, rule, ejection, seed)
    fleet.sim.inject(*faults)
    fleet.sim.run(until=60)
    entered = fleet.entered
    assert len(fleet.ends) == CALLS
    assert entered["retry"] == fleet.retry.calls
    assert fleet.retry.attempts_made == fleet.retry.calls + fleet.retry.retries
    assert fleet.breaker.completed + fleet.breaker.failed + fleet.breaker.refused == entered["breaker"]
    places = fleet.bulkhead.places
    assert places.completed + places.refused == entered["bulkhead"]
    assert (places.busy, places.queue_length, places.failed) == (0, 0, 0)
    assert entered["hedge"] == fleet.hedge.calls
    assert sum(fleet.replicas.sent.values()) <= entered["replicas"]
    assert set(fleet.replicas.rule.outstanding.values()) <= {0}
    assert [server.busy for server in fleet.servers] == [0, 0, 0]


@pytest.mark.parametrize("rule", RULES)
def test_the_same_seed_gives_the_same_ends_with_all_guards_at_once(rule):
    def ends():
        fleet = Fleet(GUARDS, rule, FailureAccrual, seed=8)
        fleet.sim.inject(Crash("server-1", at_s=0.5, restart_after_s=1.0))
        fleet.sim.run(until=60)
        return fleet.ends, fleet.replicas.sent, fleet.sim.now

    assert ends() == ends()


def started(sim, duration_s=10.0):
    """An attempt that notes when it started and takes long."""
    times = []

    def attempt():
        times.append(sim.now)
        return sim.timeout(duration_s)

    return attempt, times


def limited(limit, attempt):
    def checked():
        limit.check("caller")
        return attempt()

    return checked


# A time limit inside other guards: an attempt that fails before it has begun


def test_a_hedge_whose_time_is_over_starts_nothing_and_the_first_attempt_still_wins():
    sim = Simulation(1)
    attempt, times = started(sim, duration_s=3.0)
    checked = limited(TimeLimit(sim, 1.0), attempt)
    race = Hedge(sim, after_s=2.0).call_each([checked, checked])
    sim.run(until=race)
    assert (sim.now, times) == (3.0, [0])


def test_a_race_in_which_every_attempt_comes_too_late_fails_at_once():
    sim = Simulation(1)
    attempt, times = started(sim)
    checked = limited(TimeLimit(sim, 0.0), attempt)
    hedge = Hedge(sim, after_s=2.0)
    race = hedge.call_each([checked, checked, checked])
    assert isinstance(race.value, TimedOut)
    assert (times, hedge.hedges) == ([], 2)


def test_a_bulkhead_gives_back_the_place_of_an_attempt_that_came_too_late():
    sim = Simulation(1)
    attempt, _ = started(sim)
    bulkhead = Bulkhead(sim, "bulkhead", concurrent=1)
    too_late = bulkhead.call(limited(TimeLimit(sim, 0.0), attempt))
    sim.run(until=1)
    bulkhead.call(attempt)
    sim.run(until=2)
    assert isinstance(too_late.value, TimedOut)
    assert bulkhead.places.busy == 1


def test_work_that_waited_too_long_for_its_place_is_not_begun_and_does_not_block_the_next():
    sim = Simulation(1)
    bulkhead = Bulkhead(sim, "bulkhead", concurrent=1, queue_limit=2)
    bulkhead.call(lambda: sim.timeout(2.0))
    attempt, late = started(sim)
    bulkhead.call(limited(TimeLimit(sim, 1.0), attempt))
    attempt, in_time = started(sim)
    bulkhead.call(limited(TimeLimit(sim, 3.0), attempt))
    sim.run(until=5)
    assert (late, in_time) == ([], [2.0])


# Who sees whose failures


def full_bulkhead(sim):
    bulkhead = Bulkhead(sim, "bulkhead", concurrent=1)
    bulkhead.call(lambda: sim.timeout(1000))
    return bulkhead


def test_a_full_bulkhead_inside_opens_the_breaker_unless_the_breaker_is_told_that_it_does_not_count():
    states = {}
    for counts in ((Failure,), (TimedOut,)):
        sim = Simulation(1)
        bulkhead = full_bulkhead(sim)
        breaker = CircuitBreaker(sim, "breaker", minimum_calls=3, counts=counts)
        for _ in range(3):
            breaker.call(lambda bulkhead=bulkhead, sim=sim: bulkhead.call(lambda: sim.timeout(1)))
        sim.run(until=1)
        states[counts] = breaker.state
    assert states == {(Failure,): "open", (TimedOut,): "closed"}


def test_a_full_bulkhead_outside_keeps_its_refusals_from_the_breaker():
    sim = Simulation(1)
    bulkhead = full_bulkhead(sim)
    breaker = CircuitBreaker(sim, "breaker", minimum_calls=1)
    refused = [bulkhead.call(lambda: breaker.call(lambda: sim.timeout(1))) for _ in range(9)]
    sim.run(until=1)
    assert all(isinstance(call.value, BulkheadFull) for call in refused)
    assert (breaker.failed, breaker.state) == (0, "closed")


@pytest.mark.parametrize(("outside", "failed_calls"), [("retry", 6), ("breaker", 2)])
def test_a_breaker_inside_the_retry_sees_attempts_and_outside_it_sees_calls(outside, failed_calls):
    sim = Simulation(1)
    retry, breaker = Retry(sim, "retry", attempts=3), CircuitBreaker(sim, "breaker", minimum_calls=99)
    outer, inner = (retry, breaker) if outside == "retry" else (breaker, retry)
    payments = Station(sim, "payments")
    payments.crash()
    for _ in range(2):
        outer.call(lambda: inner.call(lambda: payments.serve(1)))
    sim.run(until=1)
    assert breaker.failed == failed_calls


def test_a_retry_asks_an_open_breaker_again_only_when_it_counts_that_as_worth_it():
    asked = {}
    for retry_on in ((Failure,), (TimedOut,)):
        sim = Simulation(1)
        breaker = CircuitBreaker(sim, "breaker", minimum_calls=1, open_s=100)
        breaker.call(lambda sim=sim: sim.deadline(sim.timeout(9), 0.1))
        sim.run(until=1)
        retry = Retry(sim, "retry", attempts=4, retry_on=retry_on)
        call = retry.call(lambda breaker=breaker, sim=sim: breaker.call(lambda: sim.timeout(1)))
        sim.run(until=2)
        assert isinstance(call.value, CircuitOpen)
        asked[retry_on] = breaker.refused
    assert asked == {(Failure,): 4, (TimedOut,): 1}


def test_the_hedges_inside_a_bulkhead_share_its_one_place_and_those_outside_need_one_each():
    running = {}
    for outside in ("bulkhead", "hedge"):
        sim = Simulation(1)
        bulkhead, hedge = Bulkhead(sim, "bulkhead", concurrent=1), Hedge(sim, after_s=0.1)
        attempt, times = started(sim)
        if outside == "bulkhead":
            bulkhead.call(lambda hedge=hedge, attempt=attempt: hedge.call_each([attempt, attempt]))
        else:
            hedge.call_each([lambda bulkhead=bulkhead, attempt=attempt: bulkhead.call(attempt)] * 2)
        sim.run(until=1)
        running[outside] = len(times)
    assert running == {"bulkhead": 2, "hedge": 1}
