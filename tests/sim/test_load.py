"""Open and closed load: who asks when, who gives up, and what is recorded of it."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from archlab.sim import (
    Constant,
    Crash,
    Deterministic,
    Exponential,
    Failure,
    Mix,
    Poisson,
    Simulation,
    SlowDown,
    Station,
    Trace,
    Uniform,
)
from archlab.sim.workload import Arrivals


@pytest.fixture
def sim():
    return Simulation(seed=1)


def serves(station, service_s):
    """A handler that does nothing but visit a station."""

    def handler(request):
        yield station.serve(service_s)

    return handler


def test_an_open_load_sends_at_its_times_whatever_the_state_of_the_system(sim):
    times = [0.0, 0.5, 0.5, 3.0]
    sim.open_load(Trace(times), serves(Station(sim, "web"), 10.0))
    result = sim.measure(duration_s=100)
    assert result.requests["arrived_s"].tolist() == times
    assert result.requests["finished_s"].tolist() == [10, 20, 30, 40]
    assert result.requests["latency_s"].tolist() == [10, 19.5, 29.5, 37]


def test_an_open_load_gives_up_at_exactly_arrival_plus_timeout_while_the_work_goes_on(sim):
    web = Station(sim, "web")
    sim.open_load(Trace([0.0, 1.0, 2.0]), serves(web, 4.0), timeout_s=5.0)
    result = sim.measure(duration_s=100)
    assert result.requests["finished_s"].tolist() == [4.0, 6.0, 7.0]
    assert result.requests["outcome"].tolist() == ["ok", "timed_out", "timed_out"]
    assert result.parts.loc["web", "completed"] == 3
    assert result.parts.loc["web", "utilisation"] == pytest.approx(12 / 100)


def test_a_timed_out_request_that_fails_later_stays_timed_out(sim):
    sim.open_load(Trace([0.0]), serves(Station(sim, "web"), 10.0), timeout_s=1.0)
    sim.inject(Crash("web", at_s=5, restart_after_s=1))
    result = sim.measure(duration_s=20)
    assert result.requests[["finished_s", "outcome"]].values.tolist() == [[1.0, "timed_out"]]


def test_customers_who_were_answered_do_not_keep_a_run_alive_with_their_patience(sim):
    sim.open_load(Trace([0.0]), serves(Station(sim, "web"), 1.0), timeout_s=1000)
    sim.run()
    assert sim.now == 1.0


def test_a_request_is_recorded_with_the_outcome_the_handler_sets_or_the_failure_it_does_not_catch(sim):
    class OutOfStock(Failure):
        outcome = "out_of_stock"

    closed = Station(sim, "closed", queue_limit=0)
    closed.serve(1000)

    def handler(request):
        yield sim.timeout(1)
        if request.id == 1:
            request.outcome = "sold_out"
        if request.id == 2:
            raise OutOfStock("shop")
        if request.id == 3:
            yield closed.serve(1)

    sim.open_load(Deterministic(1), handler)
    result = sim.measure(duration_s=10)
    assert result.requests["outcome"].tolist()[:5] == ["ok", "sold_out", "out_of_stock", "refused", "ok"]


def test_a_handler_can_answer_early_and_work_on(sim):
    web = Station(sim, "web")

    def handler(request):
        yield web.serve(1)
        request.answer("ok")
        yield web.serve(5)

    sim.open_load(Trace([0.0]), handler, timeout_s=3)
    result = sim.measure(duration_s=20)
    assert result.requests[["latency_s", "outcome"]].values.tolist() == [[1.0, "ok"]]
    assert result.parts.loc["web", "completed"] == 2


def test_the_word_of_requests_without_an_answer_cannot_be_an_answer(sim):
    def handler(request):
        yield sim.timeout(1)
        request.outcome = "unfinished"

    sim.open_load(Trace([0.0]), handler)
    with pytest.raises(ValueError, match="'unfinished' is the record's word"):
        sim.run()


def test_the_kinds_of_requests_have_their_shares_and_reach_the_handler(sim):
    seen = []

    def handler(request):
        seen.append(request.kind)
        yield sim.timeout(0)

    sim.open_load(Deterministic(100), handler, mix={"browse": 3, "place_order": 1})
    result = sim.measure(duration_s=100)
    assert result.requests["kind"].tolist() == seen[: result.arrived]
    share = result.requests["kind"].eq("browse").mean()
    assert share == pytest.approx(0.75, abs=4 * np.sqrt(0.75 * 0.25 / result.arrived))


def test_two_loads_run_side_by_side_on_streams_of_their_own():
    def arrivals(both):
        sim = Simulation(seed=1)

        def handler(request):
            yield sim.timeout(1)

        sim.open_load(Poisson(5), handler, mix={"a": 1})
        if both:
            sim.open_load(Poisson(5), handler, mix={"b": 1}, name="batch")
            sim.closed_load(3, Exponential(1.0), handler, mix={"c": 1}, name="staff")
        requests = sim.measure(duration_s=50).requests
        return requests[requests["kind"] == "a"]["arrived_s"].tolist()

    assert arrivals(both=True) == arrivals(both=False)


def test_closed_users_think_ask_wait_and_think_again(sim):
    web = Station(sim, "web")
    sim.closed_load(users=2, think_s=3.0, handler=serves(web, 1.0))
    result = sim.measure(duration_s=14)
    assert result.rows["arrived_s"].tolist() == [3, 3, 7, 8, 11, 12]
    assert result.rows["finished_s"].tolist() == [4, 5, 8, 9, 12, 13]


def test_closed_users_never_have_more_requests_inside_than_there_are_users(sim):
    web = Station(sim, "web")
    sim.closed_load(users=7, think_s=0.0, handler=serves(web, 1.0))
    result = sim.measure(duration_s=100)
    assert result.samples["queue_length"].max() == 6
    assert result.in_system() == pytest.approx(7)
    assert result.throughput_per_s() == pytest.approx(1.0, abs=0.02)


def test_a_closed_user_who_gives_up_thinks_and_asks_again_while_the_old_work_goes_on(sim):
    """One user, patience 1 s, 4 s of work, thinks 1 s: asks every 2 s, and so the queue grows in a closed load."""
    web = Station(sim, "web")
    sim.closed_load(users=1, think_s=1.0, handler=serves(web, 4.0), timeout_s=1.0)
    result = sim.measure(duration_s=40)
    assert result.rows["arrived_s"].tolist() == list(range(1, 40, 2))
    assert set(result.rows["outcome"]) == {"timed_out", "unfinished"}
    assert web.queue_length == 10  # 20 arrived, 9 served in 39 s, 1 in service


def test_closed_users_go_on_after_a_failure(sim):
    sim.closed_load(users=1, think_s=1.0, handler=serves(Station(sim, "web"), 1.0))
    sim.inject(Crash("web", at_s=1.5, restart_after_s=2.0))
    result = sim.measure(duration_s=7)
    assert result.rows["outcome"].tolist() == ["crashed", "unavailable", "ok", "ok"]
    assert result.rows["arrived_s"].tolist() == [1, 2.5, 3.5, 5.5]


def test_a_handler_that_ends_at_once_is_a_request_too(sim):
    def handler(request):
        return
        yield

    sim.open_load(Trace([1.0, 2.0]), handler, timeout_s=1)
    sim.closed_load(1, 2.0, handler, name="staff")
    result = sim.measure(duration_s=7)
    assert result.requests["latency_s"].tolist() == [0.0] * 5


# Patience of one's own ---------------------------------------------------------------------------------------


def test_each_customer_gives_up_after_a_time_of_his_own(sim):
    """Nobody is ever served, so the latencies are the patiences."""
    web = Station(sim, "web")
    web.serve(1e9)
    sim.open_load(Deterministic(100), serves(web, 1.0), timeout_s=Exponential(2.0))
    requests = sim.measure(duration_s=200).requests
    gave_up = requests[(requests["outcome"] == "timed_out") & (requests["arrived_s"] < 150)]
    assert len(gave_up) > 14_900
    assert stats.kstest(gave_up["latency_s"], stats.expon(scale=2.0).cdf).pvalue > 0.01


def test_patience_changes_neither_arrivals_nor_kinds_and_a_number_means_the_same_as_a_constant():
    def run(timeout_s):
        sim = Simulation(seed=1)
        web, service_s = Station(sim, "web"), sim.draws("service", Exponential(0.1))

        def handler(request):
            yield web.serve(service_s())

        sim.open_load(Poisson(9), handler, mix={"a": 1, "b": 1}, timeout_s=timeout_s)
        return sim.measure(duration_s=100).requests

    drawn, fixed, constant, none = run(Exponential(0.5)), run(0.5), run(Constant(0.5)), run(None)
    for other in (fixed, constant, none):
        assert drawn[["arrived_s", "kind"]].equals(other[["arrived_s", "kind"]])
    assert fixed.equals(constant)
    assert not fixed.equals(drawn)


def test_a_customer_has_the_same_patience_whatever_became_of_those_before_him():
    """Whoever is answered at once draws a patience, too: else the next would get his."""

    def given_up_after_s(first_is_served):
        sim = Simulation(seed=1)

        def handler(request):
            if not (first_is_served and request.id == 0):
                yield sim.event()

        sim.open_load(Trace([0.0, 1.0]), handler, timeout_s=Uniform(5, 9))
        return sim.measure(duration_s=20).requests["latency_s"].tolist()

    assert given_up_after_s(first_is_served=True) == [0.0, given_up_after_s(first_is_served=False)[1]]


def test_closed_users_have_a_patience_of_their_own_too(sim):
    sim.closed_load(50, 1.0, lambda request: iter_of(sim.event()), timeout_s=Uniform(1, 2))
    latencies_s = sim.measure(duration_s=500).requests["latency_s"].dropna()
    assert stats.kstest(latencies_s, stats.uniform(1, 1).cdf).pvalue > 0.01


def iter_of(event):
    yield event


# Paced users -------------------------------------------------------------------------------------------------


def test_paced_users_ask_by_their_plan_while_answers_are_quick(sim):
    web = Station(sim, "web", capacity=2)
    sim.paced_load(users=2, pace_s=4.0, handler=serves(web, 1.0))
    rows = sim.measure(duration_s=13).rows
    assert rows["arrived_s"].tolist() == [2, 4, 6, 8, 10, 12]
    assert rows["intended_s"].tolist() == rows["arrived_s"].tolist()


def test_who_waits_for_an_answer_asks_late_until_he_has_caught_up_with_his_plan(sim):
    """One user, a request every second. The second one takes 3.5 s, the others 0.25 s."""

    def handler(request):
        yield sim.timeout(3.5 if request.id == 1 else 0.25)

    sim.paced_load(users=1, pace_s=1.0, handler=handler)
    rows = sim.measure(duration_s=7.5).rows
    assert rows["intended_s"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert rows["arrived_s"].tolist() == [1, 2, 5.5, 5.75, 6, 6.25, 7]
    assert (rows["finished_s"] - rows["intended_s"]).tolist() == [0.25, 3.5, 2.75, 2, 1.25, 0.5, 0.25]


@given(work_s=st.lists(st.floats(0.01, 3.0), min_size=1, max_size=40))
def test_one_paced_user_is_a_queue_of_one_server_by_lindleys_recursion(work_s):
    """Whether requests wait in front of the server, or in the head of the user: from the plan on it is the same."""
    sim = Simulation(seed=1)
    web = Station(sim, "web")

    def handler(request):
        yield web.serve(work_s[request.id] if request.id < len(work_s) else 1e9)

    sim.paced_load(users=1, pace_s=1.0, handler=handler)
    rows = sim.measure(duration_s=200).rows.iloc[: len(work_s)]
    waited_s, latencies_s = 0.0, []
    for service_s in work_s:
        latencies_s.append(waited_s + service_s)
        waited_s = max(0.0, waited_s + service_s - 1.0)
    assert (rows["finished_s"] - rows["intended_s"]).tolist() == pytest.approx(latencies_s)


def test_a_stall_is_a_few_slow_requests_by_the_clock_and_many_by_the_plan():
    """G. Tene's example: 100 s of 1 ms, then the system stops for 100 s. Uncorrected, the p99 does not notice."""
    sim = Simulation(seed=1)
    web = Station(sim, "web")
    sim.paced_load(users=1, pace_s=0.1, handler=serves(web, 0.001))
    sim.inject(SlowDown("web", at_s=100.0505, for_s=100, factor=1e12))
    result = sim.measure(duration_s=220)
    assert result.latency_s(99) == pytest.approx(0.001)
    assert result.latency_from_intended_s(75) == pytest.approx(45, abs=2)
    assert result.latency_from_intended_s(99) == pytest.approx(98, abs=1)
    assert result.arrived == pytest.approx(2200, abs=1)


def test_under_other_loads_the_intended_moment_is_that_of_asking(sim):
    web = Station(sim, "web")
    sim.closed_load(users=3, think_s=Exponential(1.0), handler=serves(web, 0.5))
    result = sim.measure(duration_s=100)
    assert "intended_s" not in result.rows
    assert result.latency_from_intended_s(90) == result.latency_s(90)
    assert math.isnan(Simulation(seed=1).measure(duration_s=1).latency_from_intended_s(90))


def test_a_paced_user_who_gives_up_is_back_in_time_for_his_plan(sim):
    sim.paced_load(users=1, pace_s=1.0, handler=lambda request: iter_of(sim.event()), timeout_s=0.5)
    rows = sim.measure(duration_s=4).rows
    assert rows["arrived_s"].tolist() == [1, 2, 3]
    assert rows["finished_s"].tolist() == [1.5, 2.5, 3.5]


def test_paced_users_at_a_part_that_is_down_do_not_stop_the_clock(sim):
    web = Station(sim, "web")
    web.crash()
    sim.paced_load(users=2, pace_s=0.1, handler=serves(web, 0.1))
    assert sim.measure(duration_s=10).arrived == pytest.approx(200, abs=2)


# What is refused ---------------------------------------------------------------------------------------------


class Own(Arrivals):
    """Arrivals at the times given."""

    def __init__(self, *times_s):
        self.times_s = times_s

    def rate_at(self, time_s):
        return 1.0

    def times(self, rng, start_s):
        return iter(self.times_s)


@pytest.mark.parametrize("wrong", [-1, math.nan, math.inf, "noon", None], ids=repr)
def test_arrivals_of_ones_own_that_begin_at_no_time_are_refused_at_once(sim, wrong):
    with pytest.raises(ValueError, match=f"times of .* is {wrong!r}; it must be a finite time, 0 or later"):
        sim.open_load(Own(wrong, 2), serves(Station(sim, "web"), 1))
    assert (sim.loads, sim._queue) == ({}, [])
    sim.open_load(Own(1, 2), serves(sim.parts["web"], 1))


@pytest.mark.parametrize("wrong", [1.5, math.nan], ids=repr)
def test_arrivals_of_ones_own_that_go_back_stop_the_run_when_it_is_their_turn(sim, wrong):
    sim.open_load(Own(1, 2, wrong), serves(Station(sim, "web"), 0.1))
    with pytest.raises(ValueError, match=f"is {wrong!r}; .*, 2 or later: arrivals must be in order"):
        sim.run()
    assert sim.now == 2


def test_arrivals_of_ones_own_may_come_at_the_same_moment_and_may_be_endless(sim):
    class Endless(Own):
        def times(self, rng, start_s):
            return (start_s + number // 2 for number in itertools.count())

    sim.open_load(Endless(), serves(Station(sim, "web"), 0.1))
    assert sim.measure(duration_s=3).requests["arrived_s"].tolist() == [0, 0, 1, 1, 2, 2]


def test_a_load_that_is_refused_leaves_nothing_behind(sim):
    web = Station(sim, "web")
    for wrong in ({"handler": None}, {"mix": {"a": -1}}, {"timeout_s": "long"}, {"name": ""}):
        for add in (
            lambda **given: sim.open_load(Poisson(1), **given),
            lambda **given: sim.closed_load(3, 1.0, **given),
            lambda **given: sim.paced_load(3, 1.0, **given),
        ):
            with pytest.raises((ValueError, TypeError)):
                add(**{"handler": serves(web, 1), **wrong})
    assert (sim.loads, sim._queue) == ({}, [])


BAD_LOADS = [
    ({"timeout_s": 0}, "timeout_s is 0; it must be a finite number above 0"),
    ({"mix": {"browse": -1}}, "browse is -1; it must be a finite number, 0 or more"),
    ({"mix": {"browse": 0}}, "the sum of the weights is 0; it must be a finite number above 0"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD_LOADS)
def test_loads_say_what_is_allowed(sim, arguments, words):
    handler = serves(Station(sim, "web"), 1)
    with pytest.raises(ValueError, match=words):
        sim.open_load(Poisson(1), handler, **arguments)
    with pytest.raises(ValueError, match=words):
        sim.closed_load(1, Constant(1.0), handler, **arguments)
    assert sim.loads == {}


def test_a_closed_load_says_what_is_allowed(sim):
    handler = serves(Station(sim, "web"), 1)
    with pytest.raises(ValueError, match="users is 0; it must be a whole number, 1 or more"):
        sim.closed_load(0, 1.0, handler)
    with pytest.raises(ValueError, match=r"think_s is -1.0; it must be a finite number, 0 or more"):
        sim.closed_load(1, -1.0, handler)
    sim.closed_load(1, 1.0, handler)
    with pytest.raises(ValueError, match="name='load' is already the name of a load"):
        sim.open_load(Poisson(1), handler, mix=Mix(browse=1))


def test_users_without_think_time_do_not_stop_the_clock_at_a_part_that_is_down():
    sim = Simulation(seed=1)
    web = Station(sim, "web")
    web.crash()

    def browse(request):
        yield web.serve(0.1)

    sim.closed_load(users=2, think_s=0, handler=browse)
    result = sim.measure(duration_s=1)
    assert 1900 < result.arrived <= 2000
    assert set(result.requests["outcome"]) == {"unavailable"}


@pytest.mark.parametrize("timeout_s", [None, 5.0])
@pytest.mark.parametrize("last_value", [None, "tick"])
def test_a_request_has_no_value_whatever_its_handler_returns(timeout_s, last_value):
    sim, requests = Simulation(seed=1), []

    def handler(request):
        requests.append(request)
        yield sim.timeout(1.0, last_value)
        return "the answer"

    sim.open_load(Trace([0.0, 1.0]), handler, timeout_s=timeout_s)
    sim.run(until=10)
    assert [(request.value, request.processed) for request in requests] == [(None, True)] * 2
