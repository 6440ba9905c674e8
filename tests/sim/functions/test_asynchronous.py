"""Asynchronous invocation: two retries, patience with throttling, an age limit and dead letters."""

import pytest

from archlab.data import load
from archlab.sim import Backoff, Crash, Failure, Function, Simulation, Throttled
from archlab.sim.functions import AsyncInvocations, AsyncPolicy

FACTS = load("lambda").set_index(["setting", "what"])["value"]["asynchronous"]


@pytest.fixture
def sim():
    return Simulation(seed=1)


def failing(sim, failures, run_s=1.0, **settings):
    """A function whose first so many invocations fail."""
    runs = []

    def handler(invocation):
        runs.append((sim.now, invocation.payload))
        yield sim.timeout(run_s)
        if len(runs) <= failures:
            raise Failure("database")

    function = Function(sim, "function", handler, **{"init_s": 0.0, "keep_alive_s": 600.0, **settings})
    return AsyncInvocations(function), runs


def test_the_defaults_are_those_of_the_documentation():
    policy, random = AsyncPolicy(), Simulation(seed=1).stream("test")
    waits = policy.retry.delays(random)
    assert policy.max_retries == FACTS["retries after an error of the function"]
    assert [next(waits), next(waits)] == [
        FACTS["wait before the first retry"],
        FACTS["wait before the second retry"],
    ]
    assert policy.max_age_s == FACTS["longest age of an event"]
    assert policy.not_run == Backoff(
        FACTS["first wait after a throttled try"], FACTS["longest wait after a throttled try"], jitter="none"
    )


def test_the_sender_is_told_at_once_and_the_work_is_done_later(sim):
    events, runs = failing(sim, failures=0)
    event = events.send("picture")
    assert (events.accepted, events.done, events.waiting) == (1, 0, 1)
    sim.run(until=10.0)
    assert (events.done, event.tries, event.ended_s, runs) == (1, 1, 1.0, [(0.0, "picture")])


def test_a_function_that_fails_gets_the_event_again_after_one_minute_and_two_more(sim):
    events, runs = failing(sim, failures=2)
    event = events.send("picture")
    sim.run(until=3600.0)
    assert [at_s for at_s, _ in runs] == [0.0, 61.0, 182.0]
    assert (events.done, event.failure, events.dead_letters) == (1, None, [])


def test_after_two_retries_it_becomes_a_dead_letter(sim):
    events, runs = failing(sim, failures=99)
    event = events.send("picture")
    sim.run(until=36_000.0)
    assert len(runs) == event.tries == 3
    assert events.dead_letters == [event]
    assert str(event.failure) == "database: failed"
    assert events.waiting == 0


def test_a_time_limit_counts_as_a_failure_of_the_function(sim):
    events, runs = failing(sim, failures=0, run_s=10.0, time_limit_s=2.0)
    events.send("picture")
    sim.run(until=3600.0)
    assert len(runs) == 3
    assert len(events.dead_letters) == 1


def test_what_is_throttled_comes_again_and_that_is_no_retry(sim):
    events, _ = failing(sim, failures=0, run_s=100.0, reserved=1)
    first, second = events.send("a"), events.send("b")
    sim.run(until=1000.0)
    assert (first.not_run, first.ended_s) == (0, 100.0)
    assert (second.tries, second.not_run) == (1, 7)  # at 0, 1, 3, 7, 15, 31, 63; the next is at 127
    assert second.ended_s == 227.0
    assert events.done == 2


def test_a_handler_that_finds_another_function_throttled_has_run(sim):
    payments = Function(sim, "payments", lambda _: iter(()), init_s=0.0, keep_alive_s=1.0, reserved=0)

    def pay(_):
        yield payments.invoke()

    event = AsyncInvocations(Function(sim, "orders", pay, init_s=0.0, keep_alive_s=1.0)).send()
    sim.run(until=3600.0)
    assert (event.tries, event.not_run, str(event.failure)) == (
        3,
        0,
        "payments: throttled, 429 Too Many Requests",
    )


def test_an_outage_is_waited_out(sim):
    events, _ = failing(sim, failures=0)
    sim.inject(Crash("function", at_s=10.0, restart_after_s=3000.0))
    sim.run(until=20.0)
    event = events.send("picture")
    sim.run(until=10_000.0)
    assert (events.done, event.tries, events.dead_letters) == (1, 1, [])
    assert 3010.0 < event.ended_s < 3010.0 + 301.0


def test_an_event_that_is_too_old_becomes_a_dead_letter(sim):
    events, _ = failing(sim, failures=0, reserved=0)
    event = events.send("picture")
    sim.run(until=30_000.0)
    assert isinstance(event.failure, Throttled)
    assert event.tries == 0
    assert 21_600.0 < event.ended_s <= 21_900.0
    assert events.dead_letters == [event]


def test_without_an_age_limit_it_is_tried_for_ever(sim):
    function = Function(sim, "off", lambda _: iter(()), init_s=0.0, keep_alive_s=1.0, reserved=0)
    events = AsyncInvocations(function, AsyncPolicy(max_age_s=None))
    events.send()
    sim.run(until=200_000.0)
    assert (events.waiting, events.dead_letters) == (1, [])
