"""Adaptive throttling: the formula, what counts in it, and how it ends."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.sim import (
    Crash,
    Deterministic,
    Exponential,
    Failure,
    Poisson,
    Refused,
    Simulation,
    Station,
    Unavailable,
)
from archlab.sim.adaptive_throttling import AdaptiveThrottle, Throttled, rejection_probability


class OutOfStock(Failure):
    """A refusal by the rules of a shop, not by an overloaded part."""

    outcome = "out_of_stock"


@pytest.fixture
def sim():
    return Simulation(seed=1)


def over(sim, failure=None):
    """An attempt that takes no time."""

    def work():
        if failure is not None:
            raise failure("payments")
        return "done"
        yield

    return lambda: sim.start(work())


def ask(sim, throttle, number, failure=None):
    """Ask so many times at this moment; return how many were held back."""
    before = throttle.throttled
    for _ in range(number):
        throttle.call(over(sim, failure))
    return throttle.throttled - before


# The formula --------------------------------------------------------------------------------------------------


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(4, 20))
def test_the_probability_is_that_of_the_published_formula(requests, accepts, quarters):
    """max(0, (requests - K * accepts) / (requests + 1)), with K in quarters, in exact fractions."""
    exact = max(Fraction(0), (requests - Fraction(quarters, 4) * accepts) / (requests + 1))
    assert rejection_probability(requests, accepts, quarters / 4) == pytest.approx(float(exact), abs=1e-15)


@given(st.integers(0, 10_000), st.lists(st.sampled_from(["accept", "refuse"]), max_size=60), st.floats(1, 4))
def test_it_counts_what_it_held_back_as_a_request_and_what_was_answered_as_accepted(seed, answers, k):
    sim = Simulation(seed)
    throttle = AdaptiveThrottle(sim, "throttle", k)
    accepts = 0
    for number, answer in enumerate(answers):
        assert throttle.rejection_probability() == rejection_probability(number, accepts, k)
        held_back = ask(sim, throttle, 1, Refused if answer == "refuse" else None)
        accepts += answer == "accept" and not held_back
    assert throttle.calls == len(answers)


def test_it_holds_back_as_often_as_the_probability_says(sim):
    """1,000 requests, 300 accepted: 400 / 1001. Each trial has a throttle of its own: a call changes the counts."""
    held_back = 0
    for number in range(4000):
        throttle = AdaptiveThrottle(sim, f"throttle {number}")
        throttle._requests.add(1000)
        throttle._accepts.add(300)
        held_back += ask(sim, throttle, 1)
    probability = 400 / 1001
    assert held_back / 4000 == pytest.approx(
        probability, abs=3 * (probability * (1 - probability) / 4000) ** 0.5
    )


# What counts --------------------------------------------------------------------------------------------------


def test_a_healthy_part_is_never_throttled_however_many_calls_are_under_way(sim):
    payments = Station(sim, "payments", capacity=1000)
    throttle, service_s = AdaptiveThrottle(sim, "throttle"), sim.draws("service", Exponential(2.0))

    def handler(request):
        yield throttle.call(lambda: payments.serve(service_s()))

    sim.open_load(Poisson(rate_per_s=50), handler)
    sim.measure(300)
    assert throttle.calls > 14_000
    assert throttle.throttled == 0


def test_half_the_calls_may_fail_before_it_holds_any_back(sim):
    throttle = AdaptiveThrottle(sim, "throttle", k=2.0)
    for _ in range(500):
        ask(sim, throttle, 1)
        ask(sim, throttle, 1, Refused)
    assert throttle.throttled == 0


def test_a_business_refusal_counts_as_accepted_and_reaches_the_caller(sim):
    throttle = AdaptiveThrottle(sim, "throttle", counts=(Refused, Unavailable))
    call = throttle.call(over(sim, OutOfStock))
    assert isinstance(call.value, OutOfStock)
    assert ask(sim, throttle, 1000, OutOfStock) == 0
    assert ask(sim, throttle, 3000, Unavailable) > 500


def test_what_it_holds_back_never_starts(sim):
    throttle, starts = AdaptiveThrottle(sim, "throttle"), []

    def attempt():
        starts.append(sim.now)
        return over(sim, Unavailable)()

    outcomes = [type(throttle.call(attempt).value) for _ in range(1000)]
    assert len(starts) == outcomes.count(Unavailable) == 1000 - outcomes.count(Throttled)
    assert throttle.throttled == outcomes.count(Throttled)


def test_with_nothing_accepted_it_sends_as_many_trials_as_the_formula_lets_through(sim):
    """After n requests the next goes through with probability 1 / (n + 1): about ln n trials in all."""
    throttles = [AdaptiveThrottle(sim, f"throttle {number}") for number in range(200)]
    sent = [1000 - ask(sim, throttle, 1000, Unavailable) for throttle in throttles]
    expected = sum(1 / n for n in range(1, 1001))
    spread = sum((1 / n) * (1 - 1 / n) for n in range(1, 1001)) ** 0.5
    assert sum(sent) / 200 == pytest.approx(expected, abs=3 * spread / 200**0.5)


# Memory -------------------------------------------------------------------------------------------------------


def test_after_two_minutes_it_has_forgotten_an_outage(sim):
    throttle = AdaptiveThrottle(sim, "throttle")
    ask(sim, throttle, 1000, Unavailable)
    sim.run(until=119)
    assert throttle.rejection_probability() == pytest.approx(1000 / 1001)
    sim.run(until=120)
    assert throttle.rejection_probability() == 0


def expected_throttled_per_s(rate_per_s, down_s, until_s, memory_s=12, steps_per_s=10):
    """The flow of a client in small steps, without chance: how many a second it holds back, in each second."""
    requests, accepts = np.zeros(until_s * steps_per_s), np.zeros(until_s * steps_per_s)
    throttled, each = np.zeros(until_s * steps_per_s), rate_per_s / steps_per_s
    for step in range(until_s * steps_per_s):
        recent = slice(max(0, step - memory_s * steps_per_s), step)
        known, accepted = requests[recent].sum(), accepts[recent].sum()
        throttled[step] = each * max(0, (known - 2 * accepted) / (known + 1))
        requests[step] = each
        accepts[step] = 0 if down_s[0] <= step / steps_per_s < down_s[1] else each - throttled[step]
    return throttled.reshape(until_s, steps_per_s).sum(axis=1)


def test_it_notices_an_outage_and_recovers_as_its_flow_says(sim):
    """Memory of 12 s, an outage of 10 s. It holds back after half its memory, and goes on long after the outage."""
    payments = Station(sim, "payments", capacity=100)
    throttle = AdaptiveThrottle(sim, "throttle", window_s=12)

    def handler(request):
        yield throttle.call(lambda: payments.serve(0.001))

    sim.open_load(Deterministic(rate_per_s=500), handler)
    sim.inject(Crash("payments", at_s=20, restart_after_s=10))
    rows = sim.measure(60).requests
    held_back_s = rows.loc[rows["outcome"] == "throttled", "arrived_s"].to_numpy()
    per_s, _ = np.histogram(held_back_s, bins=60, range=(0, 60))
    expected = expected_throttled_per_s(500, down_s=(20, 30), until_s=60)
    assert per_s == pytest.approx(expected, abs=0.15 * 500)
    assert per_s.sum() == pytest.approx(expected.sum(), rel=0.1)
    assert 26 <= held_back_s.min() < 26.5
    assert held_back_s.max() > 40


def test_two_clients_with_one_seed_and_other_names_do_not_refuse_in_step(sim):
    one, other = AdaptiveThrottle(sim, "one"), AdaptiveThrottle(sim, "other")
    runs = []
    for throttle in (one, other):
        runs.append([ask(sim, throttle, 1, Unavailable) for _ in range(200)])
    assert runs[0] != runs[1]


def test_the_refusal_says_who_refused_and_why():
    assert str(Throttled("to payments")) == "to payments: throttled by the client itself, nothing was tried"


@pytest.mark.parametrize(
    ("wrong", "name"), [({"k": 0.5}, "k"), ({"k": -1}, "k"), ({"window_s": 0}, "window_s")]
)
def test_a_parameter_that_makes_no_sense_is_named(sim, wrong, name):
    with pytest.raises(ValueError, match=rf"{name} is .*; it must be"):
        AdaptiveThrottle(sim, "throttle", **wrong)
