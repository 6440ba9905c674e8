"""A stream that invokes a function: order, one batch a shard at a time, and what a bad record does."""

import itertools

import numpy as np
import pytest

from archlab.data import load
from archlab.sim import Failure, Function, ShardStream, Simulation
from archlab.sim.functions import StreamTrigger
from archlab.sim.messaging import BatchPolicy, EnhancedFanOut, Polling

FACTS = load("lambda").set_index(["setting", "what"])["value"]["stream"]


@pytest.fixture
def sim():
    return Simulation(seed=1)


def triggered(sim, run_s=0.1, bad=(), shards=1, function=None, **settings):
    """A stream, its trigger and the (start, values) of the invocations; values in `bad` always fail."""
    runs = []
    stream = ShardStream(sim, "clicks", append_s=0.0, shards=shards)

    def handler(invocation):
        runs.append((float(sim.now), [record.value for record in invocation.payload]))
        yield sim.timeout(run_s)
        if any(record.value in bad for record in invocation.payload):
            raise Failure("handler")

    fixed = {"init_s": 0.0, "keep_alive_s": 600.0, **(function or {})}
    settings = {"reading": EnhancedFanOut(0.0), **settings}
    return stream, StreamTrigger(Function(sim, "function", handler, **fixed), stream, **settings), runs


def send(sim, stream, values, at_s=0.0, key="Ann"):
    for value in values:
        sim.call_at(at_s, lambda _, value=value: stream.append(key, value))


def test_the_defaults_are_those_of_the_documentation(sim):
    _, trigger, _ = triggered(sim, reading=None)
    assert trigger.application.policy.batch_size == load("kinesis").set_index("setting").value["batch size"]
    assert trigger.application.reading == Polling(1 / FACTS["base rate at which a shard is polled"])


def test_a_record_waits_half_a_poll_on_average(sim):
    stream, _, runs = triggered(sim, run_s=0.0, reading=Polling(first_s=0.0))
    sent_s = np.sort(np.random.default_rng(5).uniform(1, 500, 1000))
    for at_s in sent_s:
        send(sim, stream, [float(at_s)], float(at_s))
    sim.run(until=600)
    late_s = [start_s - value for start_s, values in runs for value in values]
    assert np.mean(late_s) == pytest.approx(0.5, abs=0.03)
    assert max(late_s) <= 1.0


def test_a_shard_has_one_batch_at_a_time_in_order_and_two_shards_have_two(sim):
    stream, trigger, runs = triggered(sim, run_s=1.0, shards=2, policy=BatchPolicy(batch_size=2))
    keys = ["Ann", "Bo", "Cy", "Di"]
    shard = {key: stream.shard_of(key).number for key in keys}
    assert set(shard.values()) == {0, 1}
    for number in range(12):
        send(sim, stream, [(shard[keys[number % 4]], number)], key=keys[number % 4])
    sim.run(until=60)
    for own in (0, 1):
        mine = [(at_s, values) for at_s, values in runs if values[0][0] == own]
        starts = [at_s for at_s, _ in mine]
        assert all(later >= before + 1.0 for before, later in itertools.pairwise(starts))
        numbers = [number for _, values in mine for _, number in values]
        assert numbers == sorted(numbers)
    assert trigger.lag == 0
    assert trigger.function.environments.started == 2


def test_a_bad_record_holds_up_its_shard_until_it_is_too_old(sim):
    policy = BatchPolicy(batch_size=1, max_age_s=100.0, retry_s=10.0)
    stream, trigger, runs = triggered(sim, bad=["bad"], policy=policy)
    send(sim, stream, ["bad", "good"])
    send(sim, stream, ["fresh"], at_s=90.0)
    sim.run(until=95)
    assert trigger.iterator_age_s == 95.0
    sim.run(until=300)
    tried = [at_s for at_s, values in runs if values == ["bad"]]
    assert tried == pytest.approx([10.1 * n for n in range(10)])
    assert ["fresh"] in [values for _, values in runs]
    assert [record.value for record in trigger.given_up] == [
        "bad",
        "good",
    ]  # the good one has got too old, too
    assert (trigger.batches, trigger.failed) == (11, 10)


def test_with_bisect_the_good_ones_of_its_batch_get_through(sim):
    policy = BatchPolicy(batch_size=4, bisect=True, max_retries=0)
    stream, trigger, runs = triggered(sim, bad=["x"], policy=policy, reading=Polling(first_s=0.5))
    send(sim, stream, "abxd")
    sim.run(until=10)
    assert ["".join(values) for _, values in runs] == ["abxd", "ab", "xd", "x", "d"]
    assert ([record.value for record in trigger.given_up], trigger.batches) == (["x"], 5)


def test_what_is_throttled_is_no_try(sim):
    policy = BatchPolicy(max_retries=0)
    stream, trigger, runs = triggered(sim, policy=policy, function={"reserved": 1})
    blocked = trigger.function
    sim.call_at(0.0, blocked.invoke, [])
    send(sim, stream, ["one"], at_s=0.05)
    sim.run(until=10)
    assert [values for _, values in runs] == [[], ["one"]]
    assert (blocked.throttled, trigger.batches, trigger.given_up) == (1, 1, [])


def test_throttled_until_it_is_too_old_a_record_is_given_up(sim):
    policy = BatchPolicy(max_age_s=20.0)
    stream, trigger, runs = triggered(sim, policy=policy, function={"reserved": 0})
    send(sim, stream, ["one"])
    sim.run(until=100)
    assert (runs, trigger.batches, [record.value for record in trigger.given_up]) == ([], 0, ["one"])
