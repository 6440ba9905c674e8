"""A circuit breaker by hand-written schedules, against a plain reference, and under random load."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.data import load
from archlab.sim import Crashed, Exponential, Failure, Poisson, Simulation, Station, TimedOut, Unavailable
from archlab.sim.resilience.circuit_breaker import CircuitBreaker, CircuitOpen


class OutOfStock(Failure):
    """A refusal by the rules of a shop, not by a broken part."""

    outcome = "out_of_stock"
    what = "sold out"


@pytest.fixture
def sim():
    return Simulation(seed=1)


def attempt(sim, failure=None, takes_s=0.0, starts=None):
    """An attempt that takes `takes_s` seconds, then succeeds with "done", or fails with `failure`."""

    def work():
        if starts is not None:
            starts.append(sim.now)
        if takes_s:
            yield sim.timeout(takes_s)
        if failure is not None:
            raise failure("payments")
        return "done"
        yield

    return lambda: sim.start(work())


def call(sim, breaker, at_s, failure=None, takes_s=0.0, starts=None):
    """Call at a time; the outcome is added to the list that is returned."""
    outcome = []

    def caller():
        yield sim.timeout(at_s - sim.now)
        try:
            outcome.append((yield breaker.call(attempt(sim, failure, takes_s, starts))))
        except Failure as caught:
            outcome.append(caught.outcome)

    sim.start(caller())
    return outcome


# By hand ------------------------------------------------------------------------------------------------------


def test_it_goes_through_its_states_as_the_schedule_says(sim):
    """Half of at least 4 calls within 10 s; 5 s open; one trial."""
    breaker = CircuitBreaker(sim, "breaker", failure_ratio=0.5, minimum_calls=4)
    schedule = [
        (0.0, Unavailable, "unavailable", "closed"),
        (0.1, Unavailable, "unavailable", "closed"),
        (0.2, Unavailable, "unavailable", "closed"),  # 3 of 3, but fewer than 4 calls
        (0.3, None, "done", "open"),  # 3 of 4: a success tips it
        (0.4, None, "circuit_open", "open"),
        (5.2, None, "circuit_open", "open"),
        (5.3, Unavailable, "unavailable", "open"),  # the trial, 5 s later, fails
        (10.2, None, "circuit_open", "open"),
        (10.4, None, "done", "closed"),  # the next trial succeeds
        (10.5, Unavailable, "unavailable", "closed"),  # it counts anew: 1, 2, 3 of fewer than 4
        (10.6, Unavailable, "unavailable", "closed"),
        (10.7, None, "done", "closed"),
        (10.8, None, "done", "open"),  # 2 of 4
    ]
    seen = []
    for at_s, failure, _, _ in schedule:
        outcome = call(sim, breaker, at_s, failure)
        sim.call_at(at_s + 0.01, lambda outcome: seen.append((*outcome, breaker.state)), outcome)
    sim.run()
    assert seen == [(outcome, state) for _, _, outcome, state in schedule]
    assert breaker.transitions == [
        (0.3, "open"),
        (5.3, "half-open"),
        (5.3, "open"),
        (10.4, "half-open"),
        (10.4, "closed"),
        (10.8, "open"),
    ]
    assert (breaker.completed, breaker.failed, breaker.refused) == (4, 6, 3)


def test_it_stays_closed_below_the_failure_ratio(sim):
    breaker = CircuitBreaker(sim, "breaker", failure_ratio=0.5, minimum_calls=1)
    for number in range(100):
        call(sim, breaker, 0.01 * number, Unavailable if number % 5 in (2, 4) else None)
    sim.run()
    assert breaker.transitions == []


def test_the_default_figures_are_those_of_hystrix(sim):
    table = load("resilience_defaults").query("system == 'Hystrix'").set_index("setting").value
    breaker = CircuitBreaker(sim, "breaker")
    assert breaker.failure_ratio == table["breaker failure ratio"]
    assert breaker.minimum_calls == table["breaker minimum calls"]
    assert breaker.open_s == table["breaker open time"]
    assert breaker._calls.buckets == table["breaker window buckets"]
    assert breaker._calls.buckets * breaker._calls.bucket_s == table["breaker window"]


def test_with_the_defaults_the_twentieth_failure_in_ten_seconds_opens_it(sim):
    breaker = CircuitBreaker(sim, "breaker")
    for number in range(20):
        call(sim, breaker, 0.4 * number, Unavailable)
    sim.run()
    assert breaker.transitions == [(pytest.approx(0.4 * 19), "open")]


def test_failures_that_have_left_the_window_no_longer_count(sim):
    """One failure in each second: never more than 10 in the window, whatever the total."""
    breaker = CircuitBreaker(sim, "breaker", minimum_calls=11)
    for second in range(60):
        call(sim, breaker, second + 0.5, Unavailable)
    sim.run()
    assert (breaker.failed, breaker.transitions) == (60, [])


# What counts --------------------------------------------------------------------------------------------------


def test_a_slow_call_is_a_failure_only_when_the_caller_times_out(sim):
    slow = Station(sim, "slow", capacity=100)
    patient = CircuitBreaker(sim, "patient", minimum_calls=1)
    hasty = CircuitBreaker(sim, "hasty", minimum_calls=1)
    patient.call(lambda: slow.serve(60))
    late = hasty.call(lambda: sim.deadline(slow.serve(60), timeout_s=1))
    sim.run()
    assert isinstance(late.value, TimedOut)
    assert (patient.state, hasty.state) == ("closed", "open")


def test_a_business_refusal_does_not_open_it_and_still_reaches_the_caller(sim):
    broken = (Unavailable, Crashed, TimedOut)
    breaker = CircuitBreaker(sim, "breaker", minimum_calls=1, counts=broken)
    outcomes = [call(sim, breaker, at_s, OutOfStock) for at_s in range(1, 30)]
    sim.run()
    assert outcomes == [["out_of_stock"]] * 29
    assert breaker.state == "closed"
    call(sim, breaker, 50, Crashed)
    sim.run()
    assert breaker.state == "open"


def test_a_business_refusal_is_an_answer_so_it_closes_a_half_open_breaker(sim):
    breaker = CircuitBreaker(sim, "breaker", minimum_calls=1, counts=(Unavailable,))
    call(sim, breaker, 1, Unavailable)
    call(sim, breaker, 7, OutOfStock)
    sim.run()
    assert breaker.transitions == [(1, "open"), (7, "half-open"), (7, "closed")]


def test_a_call_that_began_before_the_last_change_of_state_says_nothing(sim):
    """A slow success from before ends during the trial; a slow failure from before ends after it has closed."""
    breaker = CircuitBreaker(sim, "breaker", minimum_calls=2)
    call(sim, breaker, 0, None, takes_s=7)
    call(sim, breaker, 0, Unavailable, takes_s=9)
    call(sim, breaker, 1, Unavailable)
    call(sim, breaker, 1.5, Unavailable)
    call(sim, breaker, 6.6, None, takes_s=1)
    sim.run(until=7.5)
    assert breaker.state == "half-open"
    sim.run()
    assert breaker.transitions == [(1.5, "open"), (6.6, "half-open"), (7.6, "closed")]
    assert breaker._failures.total() == 0


def test_a_bug_in_an_attempt_stops_the_run(sim):
    breaker = CircuitBreaker(sim, "breaker")

    def buggy():
        yield sim.timeout(1)
        raise KeyError("typo")

    breaker.call(lambda: sim.start(buggy()))
    with pytest.raises(KeyError, match="typo"):
        sim.run()


# Refusing -----------------------------------------------------------------------------------------------------


def test_refused_work_never_starts(sim):
    breaker, starts = CircuitBreaker(sim, "breaker", minimum_calls=1), []
    call(sim, breaker, 1, Unavailable, starts=starts)
    refused = [call(sim, breaker, 1 + 0.01 * number, starts=starts) for number in range(1, 400)]
    sim.run()
    assert starts == [1]
    assert refused == [["circuit_open"]] * 399


def test_while_a_trial_is_under_way_all_others_are_refused(sim):
    breaker, starts = CircuitBreaker(sim, "breaker", minimum_calls=1), []
    call(sim, breaker, 0, Unavailable)
    call(sim, breaker, 5, None, takes_s=2, starts=starts)
    others = [call(sim, breaker, at_s, starts=starts) for at_s in (5, 5.5, 6.9)]
    call(sim, breaker, 7.1, starts=starts)
    sim.run()
    assert others == [["circuit_open"]] * 3
    assert starts == [5, 7.1]


def test_a_trial_that_never_ends_keeps_it_half_open(sim):
    breaker = CircuitBreaker(sim, "breaker", minimum_calls=1)
    call(sim, breaker, 0, Unavailable)
    sim.run(until=6)
    breaker.call(sim.event)
    late = call(sim, breaker, 10_000)
    sim.run()
    assert (breaker.state, late) == ("half-open", ["circuit_open"])


@pytest.mark.parametrize(("failing", "then"), [(0, "closed"), (1, "closed"), (2, "open"), (4, "open")])
def test_several_trials_are_judged_together_by_the_failure_ratio(sim, failing, then):
    breaker = CircuitBreaker(sim, "breaker", minimum_calls=1, half_open_calls=4)
    call(sim, breaker, 0, Unavailable)
    for number in range(4):
        call(sim, breaker, 5 + 0.1 * number, Unavailable if number < failing else None, takes_s=1)
    sim.run(until=6.25)
    assert breaker.state == "half-open"
    sim.run()
    assert breaker.transitions[1:] == [(5, "half-open"), (pytest.approx(6.3), then)]


# Against a reference, and under random load -------------------------------------------------------------------


def reference(calls, ratio, minimum):
    """States after calls that take no time: by looking at the whole history at each call. Window 10 s, open 5 s."""
    state, since, counted, states = "closed", 0.0, [], []
    for at_s, fails in calls:
        if state == "open" and at_s < since + 5:
            states.append(state)
            continue
        if state == "open":
            state, since, counted = ("open" if fails else "closed"), at_s, []
        else:
            counted.append((at_s, fails))
            recent = [failed for time_s, failed in counted if int(time_s) > int(at_s) - 10]
            if len(recent) >= minimum and sum(recent) >= ratio * len(recent):
                state, since, counted = "open", at_s, []
        states.append(state)
    return states


@given(
    st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=60),
    st.sampled_from([0.25, 0.5, 0.75, 1.0]),
    st.integers(1, 8),
)
def test_it_agrees_with_a_reference_that_looks_at_the_whole_history(gaps, ratio, minimum):
    """Gaps of quarters of a second, which floating point holds exactly."""
    sim = Simulation(seed=1)
    breaker = CircuitBreaker(sim, "breaker", ratio, minimum)
    calls, states = [], []
    for gap, fails in gaps:
        calls.append(((calls[-1][0] if calls else 0) + gap / 4, fails))

    def caller():
        for at_s, fails in calls:
            yield sim.timeout(at_s - sim.now)
            breaker.call(attempt(sim, Unavailable if fails else None))
            states.append(breaker.state)

    sim.start(caller())
    sim.run()
    assert states == reference(calls, ratio, minimum)


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.integers(1, 4), st.floats(0.2, 0.9))
def test_half_open_it_never_lets_more_than_its_trials_through(seed, half_open_calls, failing):
    sim = Simulation(seed)
    breaker = CircuitBreaker(sim, "breaker", minimum_calls=3, open_s=1, half_open_calls=half_open_calls)
    takes_s, luck, let_in = sim.draws("takes", Exponential(0.8)), sim.stream("luck"), {}

    def handler(request):
        def work():
            period = len(breaker.transitions)
            let_in.setdefault((period, breaker.state), []).append(sim.now)
            yield sim.timeout(takes_s())
            if luck.random() < failing:
                raise Unavailable("payments")

        yield breaker.call(lambda: sim.start(work()))

    sim.open_load(Poisson(rate_per_s=20), handler)
    result = sim.measure(60)
    assert all(
        len(starts) <= half_open_calls for (_, state), starts in let_in.items() if state == "half-open"
    )
    assert all(state != "open" for _, state in let_in)
    assert breaker.refused == result.outcomes().get("circuit_open", 0)


# As a part ----------------------------------------------------------------------------------------------------


def test_a_replay_sees_it_down_while_it_is_open(sim):
    breaker = CircuitBreaker(sim, "breaker", minimum_calls=1)
    call(sim, breaker, 2.5, Unavailable)
    call(sim, breaker, 8.5, None, takes_s=1)
    samples = sim.measure(12, sample_every_s=1).samples.set_index("time_s")
    assert samples.index[~samples["up"]].tolist() == [3, 4, 5, 6, 7, 8]
    assert (samples[["queue_length", "busy"]] == 0).all(axis=None)


def test_the_parts_of_a_result_count_its_calls(sim):
    breaker = CircuitBreaker(sim, "breaker", minimum_calls=2)
    for at_s, failure in ((1, None), (2, Unavailable), (3, None), (4, None)):
        call(sim, breaker, at_s, failure)
    parts = sim.measure(10).parts
    assert parts.loc["breaker", ["completed", "refused", "failed"]].tolist() == [1, 2, 1]


def test_the_refusal_says_who_refused_and_why():
    assert str(CircuitOpen("to payments")) == "to payments: the circuit is open, nothing was tried"


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"failure_ratio": 0}, "failure_ratio"),
        ({"failure_ratio": 1.5}, "failure_ratio"),
        ({"minimum_calls": 0}, "minimum_calls"),
        ({"window_s": 0}, "window_s"),
        ({"open_s": -1}, "open_s"),
        ({"half_open_calls": 0}, "half_open_calls"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(sim, wrong, name):
    with pytest.raises(ValueError, match=rf"{name} is .*; it must be"):
        CircuitBreaker(sim, "breaker", **wrong)


def test_two_breakers_cannot_have_one_name(sim):
    CircuitBreaker(sim, "breaker")
    with pytest.raises(ValueError, match="name='breaker' is already the name of a part"):
        CircuitBreaker(sim, "breaker")
