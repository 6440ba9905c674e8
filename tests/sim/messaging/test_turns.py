"""Which message is next, and which consumer gets it: priorities and the single active consumer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.data import load
from archlab.sim import Crash, MessageQueue, Simulation
from archlab.sim.messaging.message import Message
from archlab.sim.messaging.ready_line import HIGH_IN_A_ROW, ready_line


@pytest.fixture
def sim():
    return Simulation(seed=1)


def order_of(order, priorities):
    """The numbers of messages in the order in which a line gives them, all put there before."""
    line = ready_line(order)
    for number, priority in enumerate(priorities):
        line.push(Message(number, None, 0.0, priority=priority))
    taken = [line.pop().id for _ in priorities]
    assert len(line) == 0
    return taken


# Order of messages -------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 9), max_size=30))
def test_every_line_gives_each_message_once_and_equals_in_order(priorities):
    for order in ("fifo", "strict", "two to one"):
        taken = order_of(order, priorities)
        assert sorted(taken) == list(range(len(priorities)))
        for high in (False, True):
            among_equals = [n for n in taken if (priorities[n] > 4) is high and order != "strict"]
            assert among_equals == sorted(among_equals)
    assert order_of("fifo", priorities) == list(range(len(priorities)))
    expected = sorted(range(len(priorities)), key=lambda n: -priorities[n])
    assert order_of("strict", priorities) == expected


def test_two_high_ones_for_each_normal_one():
    facts = load("rabbitmq").set_index(["setting", "what"])["value"]
    assert facts["quorum queue priorities", "high messages for each normal one from 4.0 on"] == HIGH_IN_A_ROW
    taken = order_of("two to one", [0] * 6 + [5] * 6)
    assert taken == [6, 7, 0, 8, 9, 1, 10, 11, 2, 3, 4, 5]


def test_high_ones_that_were_there_first_are_not_made_to_wait_for_normal_ones():
    assert order_of("two to one", [5] * 4 + [0] * 3) == [0, 1, 2, 3, 4, 5, 6]


def test_priorities_up_to_4_are_normal_and_equal():
    assert order_of("two to one", [1, 4, 0, 5]) == [3, 0, 1, 2]


def test_a_message_that_comes_back_takes_its_old_place(sim):
    jobs, done = MessageQueue(sim, "jobs", 0.0, order="strict"), []

    def handle(message):
        yield sim.timeout(1.0)
        done.append(message.body)

    jobs.consume(handle, prefetch=3, name="worker")
    for number, priority in enumerate([0, 0, 7, 0]):
        jobs.publish(number, priority=priority)
    sim.inject(Crash("worker", at_s=0.5, restart_after_s=0.1))
    sim.run(until=10)
    assert done == [2, 0, 1, 3]


# Single active consumer --------------------------------------------------------------------------------------


def noting(sim, into, for_s):
    def handle(message):
        yield sim.timeout(for_s)
        into.append((message.body, sim.now))

    return handle


def test_one_consumer_gets_everything_and_so_the_order_is_kept(sim):
    jobs, done = MessageQueue(sim, "jobs", 0.0, single_active=True), []
    first, second = (jobs.consume(noting(sim, done, for_s), prefetch=1) for for_s in (1.0, 0.1))
    for number in range(5):
        jobs.publish(number)
    sim.run(until=10)
    assert [body for body, _ in done] == [0, 1, 2, 3, 4]
    assert (first.handled, second.handled) == (5, 0)


def test_when_it_dies_another_takes_over_and_stays_when_the_first_is_back(sim):
    jobs, done = MessageQueue(sim, "jobs", 0.0, single_active=True), []
    first, second = (jobs.consume(noting(sim, done, 1.0), name=name) for name in ("first", "second"))
    sim.inject(Crash("first", at_s=1.5, restart_after_s=1.0))
    for number in range(6):
        jobs.publish(number)
    sim.run(until=20)
    assert [body for body, _ in done] == [0, 1, 2, 3, 4, 5]
    assert (first.handled, second.handled) == (1, 5)


def test_a_higher_one_waits_until_the_active_one_has_nothing_left(sim):
    jobs, done = MessageQueue(sim, "jobs", 0.0, single_active=True), []
    old = jobs.consume(noting(sim, done, 1.0), prefetch=3)
    for number in range(6):
        jobs.publish(number)
    sim.run(until=0.5)
    new = jobs.consume(noting(sim, done, 1.0), prefetch=3, priority=1)
    sim.run(until=2.9)
    assert (old.unacknowledged, new.unacknowledged, jobs.ready) == (1, 0, 3)
    sim.run(until=20)
    assert (old.handled, new.handled) == (3, 3)
    assert [body for body, _ in done] == [0, 1, 2, 3, 4, 5]


def test_an_equal_or_a_lower_one_never_takes_over(sim):
    jobs = MessageQueue(sim, "jobs", 0.0, single_active=True)
    active = jobs.consume(noting(sim, [], 0.1), priority=2)
    others = [jobs.consume(noting(sim, [], 0.1), priority=priority) for priority in (2, 1, 0)]
    for number in range(9):
        jobs.publish(number)
    sim.run(until=5)
    assert active.handled == 9
    assert [other.handled for other in others] == [0, 0, 0]
