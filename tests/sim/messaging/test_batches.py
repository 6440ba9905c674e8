"""Batches: how often a handler is called for a record that always fails, and what becomes of the others."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.data import load
from archlab.sim import Failure, Simulation
from archlab.sim.messaging.batches import BATCH_SIZE, BatchPolicy, BatchWork


@dataclass(frozen=True)
class Item:
    number: int
    appended_s: float = 0.0


@dataclass
class Run:
    sim: Simulation
    work: BatchWork
    calls: list
    done: list


def run(numbers, poison, policy, retention_s=None, until_s=1e6, work_s=0.1):
    """Hand the numbers over as one batch; the handler fails on those in `poison`, after the work on those before."""
    sim, calls, done = Simulation(seed=1), [], []

    def handle(items):
        calls.append([item.number for item in items])
        for item in items:
            yield sim.timeout(work_s)
            if item.number in poison:
                raise Failure("books")
            done.append(item.number)

    work = BatchWork(sim, handle, policy, retention_s)
    sim.start(work.deal_with([Item(number) for number in numbers]))
    sim.run(until=until_s)
    return Run(sim, work, calls, done)


def calls_to_isolate(n, poison):
    """How often a handler is called until the one bad item of n is alone and given up: an oracle by recursion."""
    if n == 1:
        return 1
    left = n // 2
    return 2 + (
        calls_to_isolate(left, poison) if poison < left else calls_to_isolate(n - left, poison - left)
    )


@settings(max_examples=60)
@given(size=st.integers(1, 40), data=st.data())
def test_halving_calls_the_handler_as_often_as_the_recursion_says(size, data):
    poison = data.draw(st.integers(0, size - 1))
    found = run(range(size), {poison}, BatchPolicy(bisect=True, max_retries=0))
    assert found.work.invocations == len(found.calls) == calls_to_isolate(size, poison)
    assert [item.number for item in found.work.given_up] == [poison]


@settings(max_examples=60)
@given(
    size=st.integers(1, 30),
    poison=st.sets(st.integers(0, 29)),
    bisect=st.booleans(),
    max_retries=st.integers(0, 3),
)
def test_every_record_is_done_or_given_up_and_none_is_both_with_halving(size, poison, bisect, max_retries):
    found = run(range(size), poison, BatchPolicy(bisect=bisect, max_retries=max_retries))
    given_up = [item.number for item in found.work.given_up]
    if bisect:
        assert sorted(set(found.done) | set(given_up)) == list(range(size))
        assert set(given_up) == poison & set(range(size))
    else:
        assert given_up == (list(range(size)) if poison & set(range(size)) else [])
    assert found.work.handled + len(given_up) == size
    assert found.work.expired == 0


def test_halves_are_done_in_order_so_the_good_records_keep_theirs():
    found = run(range(8), {5}, BatchPolicy(bisect=True, max_retries=0), work_s=1.0)
    ends = list(dict.fromkeys(reversed(found.done)))[::-1]  # the last time each was done
    assert ends == [0, 1, 2, 3, 4, 6, 7]


def test_halving_does_not_use_up_retries():
    found = run(range(4), {0}, BatchPolicy(bisect=True, max_retries=2))
    assert found.calls == [[0, 1, 2, 3], [0, 1], [0], [0], [0], [1], [2, 3]]


def test_retries_are_counted_and_wait():
    found = run(range(2), {0}, BatchPolicy(max_retries=3, retry_s=5.0), work_s=1.0)
    assert len(found.calls) == 4
    assert found.work.failed == 4
    assert [item.number for item in found.work.given_up] == [0, 1]


def test_without_a_limit_a_batch_is_tried_until_its_records_expire():
    found = run(range(2), {1}, BatchPolicy(retry_s=10.0), retention_s=95.0, work_s=1.0, until_s=1000)
    assert len(found.calls) == 8  # at 0, 12, 24 ... 84; at 96 they are too old
    assert (found.work.expired, found.work.handled, found.work.given_up) == (2, 0, [])


def test_what_is_too_old_for_the_policy_goes_to_the_destination():
    policy = BatchPolicy(retry_s=10.0, max_age_s=25.0)
    found = run(range(2), {0}, policy, retention_s=1000.0, work_s=1.0)
    assert len(found.calls) == 3  # at 0, 11 and 22
    assert len(found.work.given_up) == 2
    assert found.work.expired == 0


def test_only_those_that_are_too_old_are_taken_out():
    sim = Simulation(seed=1)

    def fail(items):
        yield sim.timeout(0.0)
        raise Failure("books")

    work = BatchWork(sim, fail, BatchPolicy(retry_s=1.0, max_retries=10), retention_s=5.5)
    sim.run(until=5)
    sim.start(work.deal_with([Item(0, 0.0), Item(1, 5.0)]))
    sim.run(until=100)
    assert work.expired + len(work.given_up) == 2
    assert (work.expired, work.invocations) == (2, 1 + 5)


def test_a_crash_of_who_works_is_no_failure_of_the_batch():
    sim, alive = Simulation(seed=1), [True]

    def die(items):
        yield sim.timeout(1.0)
        alive[0] = False
        raise Failure("worker")

    work = BatchWork(sim, die, BatchPolicy(max_retries=0))
    sim.start(work.deal_with([Item(0), Item(1)], lambda: alive[0]))
    sim.run(until=10)
    assert (work.failed, work.given_up, work.handled, work.invocations) == (0, [], 0, 1)


def test_the_defaults_are_those_of_the_table():
    facts = load("kinesis").set_index(["product", "setting"])["value"]
    assert facts["AWS Lambda", "batch size"] == BATCH_SIZE == BatchPolicy().batch_size
    assert (BatchPolicy().bisect, BatchPolicy().max_retries, BatchPolicy().max_age_s) == (False, None, None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"max_retries": -1}, "max_retries is -1"),
        ({"max_age_s": 0}, "max_age_s is 0"),
        ({"retry_s": 0}, "retry_s is 0"),
    ],
)
def test_bad_input_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        BatchPolicy(**options)
