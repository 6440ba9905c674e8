"""A bulkhead: its limit under random load, Erlang's formulas, and what it is for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.sim import Exponential, Failure, Poisson, Refused, Simulation, Station, Unavailable
from archlab.sim.resilience.bulkhead import Bulkhead, BulkheadFull
from archlab.sim.statistics import batch_interval
from archlab.sim.theory import erlang_b, mmck


@pytest.fixture
def sim():
    return Simulation(seed=1)


def outcomes(sim, calls):
    """What became of each call, in order."""
    sim.run()
    return [call.value.outcome if isinstance(call.value, Failure) else "ok" for call in calls]


# The limit ----------------------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(0, 4))
def test_never_more_attempts_run_than_there_are_places_nor_wait_than_the_limit(seed, concurrent, queue_limit):
    sim = Simulation(seed)
    bulkhead = Bulkhead(sim, "bulkhead", concurrent, queue_limit)
    takes_s, luck, inside, seen = sim.draws("takes", Exponential(1.0)), sim.stream("luck"), [0], []

    def work():
        inside[0] += 1
        seen.append((inside[0], bulkhead.places.queue_length))
        yield sim.timeout(takes_s())
        inside[0] -= 1
        if luck.random() < 0.3:
            raise Unavailable("payments")

    def handler(request):
        yield bulkhead.call(lambda: sim.start(work()))

    sim.open_load(Poisson(rate_per_s=2 * concurrent), handler)
    result = sim.measure(30)
    assert max(running for running, _ in seen) == concurrent
    assert max(waiting for _, waiting in seen) <= queue_limit
    counts = result.outcomes()
    assert counts["bulkhead_full"] == bulkhead.places.refused
    assert len(seen) == len(result.requests) - counts["bulkhead_full"] - bulkhead.places.queue_length


def refused_share(concurrent, queue_limit, offered_load, arrivals=60_000):
    """The share of Poisson calls of 1 s that a bulkhead refuses, as an interval over batches."""
    sim = Simulation(seed=11)
    bulkhead = Bulkhead(sim, "bulkhead", concurrent, queue_limit)
    work = Station(sim, "work", capacity=10_000)
    takes_s = sim.draws("takes", Exponential(1.0))

    def handler(request):
        yield bulkhead.call(lambda: work.serve(takes_s()))

    sim.open_load(Poisson(rate_per_s=offered_load), handler)
    requests = sim.measure(arrivals / offered_load, warmup_s=20).requests
    return batch_interval((requests["outcome"] == "bulkhead_full").to_numpy(dtype=float), batches=30)


@pytest.mark.parametrize(("concurrent", "offered_load"), [(1, 0.5), (5, 4.0), (10, 12.0)])
def test_without_a_queue_it_refuses_as_erlang_b_says(concurrent, offered_load):
    interval = refused_share(concurrent, 0, offered_load)
    assert interval.half_width < 0.015
    assert interval.mean == pytest.approx(erlang_b(concurrent, offered_load), abs=1.6 * interval.half_width)


def test_with_a_queue_it_refuses_as_the_mmck_queue_does():
    interval = refused_share(4, 3, 4.0)
    theory = mmck(4.0, 1.0, servers=4, queue_limit=3).probability_refused
    assert interval.mean == pytest.approx(theory, abs=1.6 * interval.half_width)


# By hand ------------------------------------------------------------------------------------------------------


def test_who_waits_starts_in_order_when_a_place_is_free(sim):
    bulkhead, starts = Bulkhead(sim, "bulkhead", concurrent=2, queue_limit=2), []

    def work(name):
        starts.append((name, sim.now))
        yield sim.timeout(1.0)

    calls = [bulkhead.call(lambda name=name: sim.start(work(name))) for name in "abcde"]
    assert outcomes(sim, calls) == ["ok"] * 4 + ["bulkhead_full"]
    assert starts == [("a", 0), ("b", 0), ("c", 1), ("d", 1)]


def test_a_place_is_given_back_when_the_attempt_fails(sim):
    down = Station(sim, "down", capacity=5)
    bulkhead = Bulkhead(sim, "bulkhead", concurrent=1)
    first = bulkhead.call(lambda: down.serve(2.0))
    sim.call_at(1.0, lambda _: down.crash())
    sim.run()
    second = bulkhead.call(lambda: down.serve(2.0))
    assert outcomes(sim, [first, second]) == ["crashed", "unavailable"]
    assert bulkhead.places.busy == 0


def test_a_full_queue_behind_it_is_not_taken_for_a_full_bulkhead(sim):
    behind = Station(sim, "behind", capacity=1, queue_limit=0)
    bulkhead = Bulkhead(sim, "bulkhead", concurrent=2)
    calls = [bulkhead.call(lambda: behind.serve(1.0)) for _ in range(3)]
    assert outcomes(sim, calls) == ["ok", "refused", "bulkhead_full"]
    assert isinstance(calls[1].value, Refused)
    assert calls[1].value.part == "behind"


def test_the_caller_gets_the_value_of_the_attempt(sim):
    bulkhead = Bulkhead(sim, "bulkhead", concurrent=1)
    assert sim.run(until=bulkhead.call(lambda: sim.timeout(1, value="receipt"))) == "receipt"


def test_work_that_outlives_its_caller_keeps_the_place(sim):
    bulkhead = Bulkhead(sim, "bulkhead", concurrent=1)
    late = sim.deadline(bulkhead.call(lambda: sim.timeout(10)), timeout_s=1)
    sim.run(until=5)
    assert outcomes(sim, [late, bulkhead.call(lambda: sim.timeout(1))]) == ["timed_out", "bulkhead_full"]


# What it is for -----------------------------------------------------------------------------------------------


def browse_availability(bulkhead_of):
    """Ten workers; half of 40 requests a second need a part that has become a thousand times too slow."""
    sim = Simulation(seed=3)
    web = Station(sim, "web", capacity=10, queue_limit=10)
    reviews = Station(sim, "reviews", capacity=1000)
    guard = Bulkhead(sim, "to reviews", concurrent=bulkhead_of)

    def handler(request):
        with web.hold() as worker:
            yield worker
            if request.kind == "reviews":
                yield guard.call(lambda: reviews.serve(10.0))
            else:
                yield sim.timeout(0.010)

    sim.open_load(Poisson(rate_per_s=40), handler, mix={"browse": 0.5, "reviews": 0.5})
    return sim.measure(200, warmup_s=50).availability("browse")


def test_it_keeps_workers_free_for_requests_that_do_not_need_the_slow_part():
    assert browse_availability(bulkhead_of=1000) < 0.2
    assert browse_availability(bulkhead_of=5) > 0.999


def test_the_refusal_says_who_refused_and_why():
    assert str(BulkheadFull("to reviews")) == "to reviews: the bulkhead is full, nothing was tried"


@pytest.mark.parametrize(
    ("wrong", "name"),
    [({"concurrent": 0}, "concurrent"), ({"concurrent": 1, "queue_limit": -1}, "queue_limit")],
)
def test_a_parameter_that_makes_no_sense_is_named(sim, wrong, name):
    with pytest.raises(ValueError, match=rf"{name} is .*; it must be"):
        Bulkhead(sim, "bulkhead", **wrong)
