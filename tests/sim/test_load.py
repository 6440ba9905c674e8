"""Open and closed load: who asks when, who gives up, and what is recorded of it."""

import numpy as np
import pytest

from archlab.sim import (
    Constant,
    Crash,
    Deterministic,
    Exponential,
    Failure,
    Mix,
    Poisson,
    Simulation,
    Station,
    Trace,
)


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
