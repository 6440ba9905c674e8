"""A retry budget: what it pays out in any order of events, and what it makes of the load on a broken service."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.sim import Failure, Simulation
from archlab.sim.resilience.retry import Retry
from archlab.sim.resilience.retry_budget import RetryBudget


@pytest.fixture
def sim():
    return Simulation(seed=1)


def taken(budget, at_most=1000):
    """How many retries it gives at this moment."""
    given_out = 0
    while given_out < at_most and budget.take():
        given_out += 1
    return given_out


def served(sim, share_failing, calls, budget, attempts=4):
    """A retry after so many calls in a row to a service that fails this share of its work."""
    luck, retry = sim.stream("luck"), Retry(sim, "client", attempts, budget=budget)

    def work():
        yield sim.timeout(0.001)
        if luck.random() < share_failing:
            raise Failure("service")

    def client():
        for _ in range(calls):
            with suppress(Failure):
                yield retry.call(lambda: sim.start(work()))

    sim.run(until=sim.start(client()))
    return retry


# The bucket ------------------------------------------------------------------------------------------------------


def test_it_is_full_at_first_and_gives_no_more_than_it_holds(sim):
    assert taken(RetryBudget(sim, cap=5)) == 5


def test_ten_successes_pay_exactly_one_retry(sim):
    budget = RetryBudget(sim, per_success=0.1, cap=5)
    taken(budget)
    paid = []
    for _ in range(30):
        budget.succeeded()
        paid.append(budget.take())
    assert [number for number, was_paid in enumerate(paid, start=1) if was_paid] == [10, 20, 30]


def test_successes_do_not_pile_up_beyond_the_cap(sim):
    budget = RetryBudget(sim, per_success=0.1, cap=5)
    for _ in range(1000):
        budget.succeeded()
    assert budget.retries == 5
    assert taken(budget) == 5


def test_a_rate_lets_some_through_though_nothing_succeeds(sim):
    budget = RetryBudget(sim, per_success=0, cap=1, per_s=2.0)
    given_out = taken(budget)
    for _ in range(100):
        sim._now += 0.1
        given_out += taken(budget)
    assert given_out == 1 + 2.0 * 10


@given(
    st.floats(0, 1),
    st.floats(1, 20),
    st.floats(0, 3),
    st.lists(st.one_of(st.just("success"), st.just("take"), st.floats(0, 5)), max_size=80),
)
def test_in_any_order_it_does_what_a_ledger_says(per_success, cap, per_s, moves):
    """The ledger: what was in, plus what dropped in, at most the cap, and a retry whenever there is a whole one."""
    sim = Simulation(seed=1)
    budget, ledger = RetryBudget(sim, per_success, cap, per_s), cap
    for move in moves:
        if move == "success":
            budget.succeeded()
            ledger = min(cap, ledger + per_success)
        elif move == "take":
            if abs(ledger - 1) > 1e-6:  # at exactly 1 rounding decides
                assert budget.take() == (ledger > 1)
                ledger -= ledger > 1
        else:
            sim._now += move
            ledger = min(cap, ledger + per_s * move)
        assert budget.retries == pytest.approx(ledger, abs=1e-6)


# What it does to the load ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("per_success", [0.1, 0.25])
def test_the_ratio_of_retries_to_successes_tends_to_per_success(sim, per_success):
    """Seven of ten fail, so retries are always wanted, and only what successes pay for is there."""
    retry = served(sim, 0.7, calls=6000, budget=RetryBudget(sim, per_success, cap=5))
    successes = retry.calls - retry.given_up
    assert retry.retries == pytest.approx(per_success * successes + 5, abs=1)
    assert retry.retries / successes == pytest.approx(per_success, rel=0.05)


def test_a_dead_service_gets_the_first_tries_and_the_bucket_and_no_more(sim):
    retry = served(sim, 1.0, calls=500, budget=RetryBudget(sim, cap=5))
    assert retry.attempts_made == 500 + 5


def test_a_service_that_seldom_fails_gets_every_retry(sim):
    """At 2 % failures 0.02 retries are wanted for each call, and 0.1 paid in."""
    with_budget = served(sim, 0.02, calls=4000, budget=RetryBudget(sim))
    without = served(Simulation(seed=1), 0.02, calls=4000, budget=None)
    assert with_budget.retries == without.retries > 50


def test_callers_who_share_a_budget_share_what_is_in_it(sim):
    budget = RetryBudget(sim, cap=5)
    first = served(sim, 1.0, calls=1, budget=budget)
    second = served(sim, 1.0, calls=1, budget=budget)
    assert (first.retries, second.retries) == (3, 2)


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"per_success": -0.1}, "per_success is -0.1"),
        ({"cap": 0}, "cap is 0"),
        ({"per_s": float("nan")}, "per_s is nan"),
    ],
)
def test_wrong_parameters_are_refused_by_name(sim, wrong, names):
    with pytest.raises(ValueError, match=names):
        RetryBudget(sim, **wrong)
