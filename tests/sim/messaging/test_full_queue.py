"""A broker without room: the head is dropped, or the new message refused, or publishers are blocked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.data import load
from archlab.sim import Crash, Failure, MessageQueue, Simulation
from archlab.sim.messaging.resource_alarm import CHECK_EVERY_S, ResourceAlarm


@pytest.fixture
def sim():
    return Simulation(seed=1)


def worker(sim, done, for_s=1.0):
    def handle(message):
        yield sim.timeout(for_s)
        done.append(message.body)

    return handle


def told(sim, event):
    """A task that ends with what the publisher is told, and when."""

    def publisher():
        try:
            yield event
        except Failure as failure:
            return failure.outcome, sim.now
        return "ok", sim.now

    return sim.start(publisher())


# Length limit ------------------------------------------------------------------------------------------------


def test_by_default_a_full_queue_forgets_the_oldest_though_its_publisher_was_told_that_it_is_stored(sim):
    jobs, done = MessageQueue(sim, "jobs", store_s=0.0, max_length=3), []
    confirms = [told(sim, jobs.publish(number)) for number in range(5)]
    sim.run(until=1)
    assert [confirm.value[0] for confirm in confirms] == ["ok"] * 5
    assert (jobs.ready, jobs.dropped, jobs.totals()["failed"]) == (3, 2, 2)
    jobs.consume(worker(sim, done))
    sim.run(until=10)
    assert done == [2, 3, 4]


def test_reject_publish_refuses_the_new_one_and_drops_nothing(sim):
    jobs, done = MessageQueue(sim, "jobs", 0.0, max_length=3, overflow="reject-publish"), []
    confirms = [told(sim, jobs.publish(number)) for number in range(5)]
    sim.run(until=1)
    assert [confirm.value[0] for confirm in confirms] == ["ok"] * 3 + ["refused"] * 2
    jobs.consume(worker(sim, done))
    sim.run(until=10)
    assert (done, jobs.dropped, jobs.refused) == ([0, 1, 2], 0, 2)


def test_the_limit_is_on_ready_messages_not_on_those_at_consumers(sim):
    jobs = MessageQueue(sim, "jobs", 0.0, max_length=3)
    jobs.consume(worker(sim, []), prefetch=2)
    for number in range(5):
        jobs.publish(number)
    sim.run(until=0.5)
    assert (jobs.ready, jobs.unacknowledged, jobs.dropped) == (3, 2, 0)


@pytest.mark.parametrize(("overflow", "kept"), [("drop-head", 3), ("reject-publish", 5)])
def test_what_comes_back_from_a_dead_consumer_counts_too(sim, overflow, kept):
    jobs = MessageQueue(sim, "jobs", 0.0, max_length=3, overflow=overflow)
    jobs.consume(worker(sim, [], for_s=100), prefetch=2, name="worker")
    for number in range(5):
        jobs.publish(number)
    sim.inject(Crash("worker", at_s=1, restart_after_s=10))
    sim.run(until=2)
    assert (jobs.ready, jobs.dropped) == (kept, 5 - kept)


def balanced(queue):
    gone = queue.acknowledged + len(queue.dead_letters) + queue.dropped + queue.lost
    return queue.published == gone + queue.ready + queue.unacknowledged


@settings(max_examples=40, deadline=None)
@given(
    gaps=st.lists(st.floats(0, 2), min_size=1, max_size=40),
    max_length=st.integers(1, 5),
    overflow=st.sampled_from(["drop-head", "reject-publish"]),
    alarm_at=st.integers(1, 8),
    crashes=st.lists(st.floats(0, 20), max_size=3),
)
def test_every_message_is_somewhere_whatever_happens(gaps, max_length, overflow, alarm_at, crashes):
    sim = Simulation(seed=1)
    alarm = ResourceAlarm(sim, alarm_at)
    jobs = MessageQueue(sim, "jobs", 0.1, max_length=max_length, overflow=overflow, alarm=alarm)
    jobs.consume(worker(sim, []), prefetch=2)
    sim.inject(*(Crash("jobs", at_s=at_s, restart_after_s=1.0) for at_s in crashes))
    tellers = []

    def publisher():
        for gap_s in gaps:
            yield sim.timeout(gap_s)
            tellers.append(told(sim, jobs.publish(gap_s)))

    sim.start(publisher())
    sim.run(until=200)
    assert balanced(jobs)
    answers = [teller.value[0] for teller in tellers]
    assert answers.count("ok") == jobs.published
    assert len(answers) - jobs.published == jobs.refused
    assert jobs.ready == jobs.unacknowledged == 0


# Alarm -------------------------------------------------------------------------------------------------------


def test_an_alarm_blocks_publishers_and_not_consumers(sim):
    alarm = ResourceAlarm(sim, limit=4, check_every_s=0.5)
    jobs, done = MessageQueue(sim, "jobs", 0.0, alarm=alarm), []
    for number in range(5):
        jobs.publish(number)
    sim.run(until=1.0)
    late = told(sim, jobs.publish("late"))
    jobs.consume(worker(sim, done, for_s=0.9))
    sim.run(until=1.9)
    assert alarm.is_on
    assert alarm.blocked == 1
    sim.run(until=4)
    assert done[:2] == [0, 1]
    assert late.value == ("ok", 3.0)  # the second is acknowledged at 2.8: it looks at 3.0
    sim.run(until=10)
    assert done == [0, 1, 2, 3, 4, "late"]
    assert alarm.on_s == pytest.approx(2.5 + 0.5)  # the late one makes it four again, until 3.7


def test_one_alarm_watches_all_queues_of_a_broker(sim):
    alarm = ResourceAlarm(sim, limit=3)
    one, other = (MessageQueue(sim, name, 0.0, alarm=alarm) for name in ("one", "other"))
    for number in range(3):
        one.publish(number)
    sim.run(until=1)
    late = other.publish("late")
    sim.run(until=5)
    assert alarm.is_on
    assert not late.triggered
    assert other.published == 0


def test_what_is_blocked_when_the_broker_goes_down_is_never_stored(sim):
    alarm = ResourceAlarm(sim, limit=1)
    jobs, done = MessageQueue(sim, "jobs", 0.0, alarm=alarm), []
    jobs.publish("first")
    sim.run(until=1)
    late = told(sim, jobs.publish("late"))
    sim.inject(Crash("jobs", at_s=2, restart_after_s=1))
    sim.run(until=4)
    assert late.value == ("crashed", 2.0)
    jobs.consume(worker(sim, done))
    sim.run(until=9)
    assert done == ["first"]
    assert (jobs.published, jobs.refused) == (1, 1)


def test_the_alarm_looks_as_often_as_the_table_says():
    facts = load("rabbitmq").set_index(["setting", "what"])["value"]
    assert pytest.approx(1 / CHECK_EVERY_S) == facts["disk alarm", "times a second near the limit"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_length": 0}, "max_length is 0"),
        ({"overflow": "drop"}, "overflow is 'drop'"),
        ({"order": "lifo"}, "order is 'lifo'"),
        ({"single_active": 1}, "single_active is 1"),
        ({"alarm": 3}, "alarm is 3"),
    ],
)
def test_bad_input_is_named(sim, options, words):
    with pytest.raises((ValueError, TypeError), match=words):
        MessageQueue(sim, "jobs", 0.0, **options)
