"""Requests that are answered before their work is over: when they are done, beside when they were answered."""

import math

import numpy as np
import pytest

from archlab.sim import Crash, Deterministic, EventLog, MessageQueue, Simulation, Station, Trace
from archlab.sim.recording import Recorder


def accepting(sim, log, answer_s=0.1):
    """A handler that accepts a request, appends a record of it, and answers: consumers do the rest."""

    def handler(request):
        yield sim.timeout(answer_s)
        request.goes_on()
        yield log.append("key", request)

    return handler


def working(sim, work_s):
    """A consumer that works and says that its part of the request is done."""

    def handle(record):
        yield sim.timeout(work_s)
        record.value.done()

    return handle


def run(work_s=(2.0,), times=(0.0, 10.0, 20.0), until_s=100, faults=()):
    """Requests that one group of consumers a `work_s` works on after the answer."""
    sim = Simulation(seed=1)
    log = EventLog(sim, "orders", append_s=0.0)
    sim.open_load(Trace(times), accepting(sim, log))
    for number, each_s in enumerate(work_s):
        log.subscribe(f"group {number}", working(sim, each_s))
    sim.inject(*faults)
    return sim.measure(duration_s=until_s)


def test_the_answer_comes_first_and_the_work_is_done_later():
    result = run()
    np.testing.assert_allclose(result.requests.latency_s, 0.1)
    np.testing.assert_allclose(result.requests.done_s, [2.1, 12.1, 22.1])
    assert result.latency_s(50) == pytest.approx(0.1)
    assert result.end_to_end_s(50) == pytest.approx(2.1)


def test_of_several_consumers_the_last_one_decides():
    assert run(work_s=(2.0, 5.0, 1.0)).end_to_end_s(100) == pytest.approx(5.1)


def test_a_consumer_that_waits_in_a_queue_is_later_by_that_wait():
    result = run(work_s=(3.0,), times=(0.0, 1.0, 2.0))
    np.testing.assert_allclose(result.ends_to_end_s(), [3.1, 5.1, 7.1])


def test_work_that_is_not_done_is_counted_and_not_in_the_percentiles():
    result = run(until_s=21)
    assert (result.completed, result.not_done()) == (3, 1)
    assert result.requests.end_to_end_s.isna().tolist() == [False, False, True]
    assert result.end_to_end_s(100) == pytest.approx(2.1)
    assert math.isinf(result.end_to_end_s(100, failures="infinite"))
    assert result.end_to_end_s(50, failures="infinite") == pytest.approx(2.1)


def test_when_no_consumer_ever_works_nothing_is_done_though_all_is_answered():
    result = run(faults=[Crash("group 0-1", at_s=0.0, restart_after_s=1000)])
    assert (result.completed, result.not_done()) == (3, 3)
    assert math.isnan(result.end_to_end_s(50))


def test_a_request_that_failed_is_not_done_well_even_if_its_work_goes_on():
    sim = Simulation(seed=1)
    log = EventLog(sim, "orders", append_s=0.0)
    sim.open_load(Trace([0.0, 50.0]), accepting(sim, log, answer_s=5.0), timeout_s=1.0)
    log.subscribe("group", working(sim, 1.0))
    result = sim.measure(duration_s=100)
    assert result.requests.outcome.tolist() == ["timed_out"] * 2
    assert result.requests.end_to_end_s.tolist() == pytest.approx([6.0, 6.0])
    assert (result.ends_to_end_s().size, result.not_done()) == (0, 0)


def test_who_is_answered_at_the_end_of_the_work_was_done_then():
    sim = Simulation(seed=1)
    queue = MessageQueue(sim, "mails", store_s=0.0)

    def handler(request):
        yield sim.timeout(0.5)
        if request.kind == "order":
            request.goes_on()
            queue.publish(request)

    def send(message):
        yield sim.timeout(3.0)
        message.body.done()

    queue.consume(send, concurrent=10)
    sim.open_load(Deterministic(1), handler, mix={"order": 0.5, "browse": 0.5})
    result = sim.measure(duration_s=200)
    assert result.end_to_end_s(50, "browse") == pytest.approx(0.5)
    assert result.end_to_end_s(50, "order") == pytest.approx(3.5)


def test_where_nobody_notes_anything_it_is_the_latency_and_the_frame_is_as_ever():
    sim = Simulation(seed=1)
    web = Station(sim, "web")

    def handler(request):
        yield web.serve(0.3)

    sim.open_load(Deterministic(2), handler)
    result = sim.measure(duration_s=60)
    assert list(result.rows) == ["id", "kind", "arrived_s", "finished_s", "latency_s", "outcome"]
    assert result.end_to_end_s(95) == result.latency_s(95)
    assert result.not_done() == 0
    assert sim.recorder.done_s is None


def test_ids_that_are_nobodys_request_are_left_out():
    recorder = Recorder()
    recorder.done(7, 1.0)
    recorder.goes_on(-1)
    assert recorder.done_s is None
    row = recorder.arrive(2.0, "order")
    recorder.done(7, 3.0)
    recorder.goes_on(row)
    assert math.isnan(recorder.done_s[row])
