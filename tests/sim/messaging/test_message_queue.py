"""A message queue against M/M/1, a published example, times by hand, and the promise: at least once."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.data import load
from archlab.sim import Crash, Exponential, Failure, Poisson, Simulation, Station, TimedOut
from archlab.sim.messaging.message_queue import ACK_TIMEOUT_S, DELIVERY_LIMIT, PREFETCH, MessageQueue
from archlab.sim.statistics import batch_interval
from archlab.sim.theory import mm1


@pytest.fixture
def sim():
    return Simulation(seed=1)


def queue_of(sim, **options):
    return MessageQueue(sim, "jobs", **{"store_s": 0.0, **options})


def worker(sim, done, for_s=1.0):
    """A handler that works for `for_s` and then notes the message: what it does is done."""

    def handle(message):
        yield sim.timeout(for_s)
        done.append(message.body)

    return handle


def balanced(queue):
    """Every message that was stored is somewhere, once."""
    counted = queue.acknowledged + len(queue.dead_letters) + queue.ready + queue.unacknowledged + queue.lost
    return queue.published == counted


def outcome(sim, event):
    def told():
        try:
            yield event
        except Failure as failure:
            return failure.outcome, sim.now
        return "ok", sim.now

    return sim.start(told())


# Order, confirm and sharing ----------------------------------------------------------------------------------


def test_the_confirm_comes_when_the_message_is_stored_and_the_work_after_the_way(sim):
    jobs, done = queue_of(sim, store_s=0.5, delivery_s=0.2), []
    jobs.consume(worker(sim, done))
    told = outcome(sim, jobs.publish("a"))
    sim.run(until=1.69)
    assert told.value == ("ok", 0.5)
    assert done == []
    sim.run(until=1.71)  # 0.5 + 0.2 + 1.0
    assert done == ["a"]
    assert (jobs.acknowledged, jobs.unacknowledged) == (0, 1)
    sim.run(until=2)  # and 0.2 for the acknowledgement
    assert (jobs.acknowledged, jobs.unacknowledged) == (1, 0)


def test_messages_wait_for_a_consumer_and_keep_their_order(sim):
    jobs, done = queue_of(sim), []
    for number in range(5):
        jobs.publish(number)
    sim.run(until=10)
    assert jobs.ready == 5
    jobs.consume(worker(sim, done))
    sim.run(until=20)
    assert done == [0, 1, 2, 3, 4]


def test_consumers_share_the_messages_in_turn(sim):
    jobs, first, second = queue_of(sim), [], []
    jobs.consume(worker(sim, first))
    jobs.consume(worker(sim, second))
    for number in range(6):
        jobs.publish(number)
    sim.run(until=10)
    assert (first, second) == ([0, 2, 4], [1, 3, 5])


def test_a_consumer_with_a_large_prefetch_keeps_messages_from_an_idle_one(sim):
    jobs, first, second = queue_of(sim), [], []
    jobs.consume(worker(sim, first), prefetch=4)
    for number in range(4):
        jobs.publish(number)
    sim.run(until=0.5)
    jobs.consume(worker(sim, second), prefetch=4)
    sim.run(until=10)
    assert (first, second) == ([0, 1, 2, 3], [])


def test_a_handler_without_any_wait_does_not_run_out_of_stack(sim):
    jobs, done = queue_of(sim), []

    def note(message):
        done.append(message.body)
        return
        yield

    jobs.consume(note, prefetch=5000)
    for number in range(5000):
        jobs.publish(number)
    sim.run(until=1)
    assert done == list(range(5000))
    assert jobs.acknowledged == 5000


# Theory and a published example ------------------------------------------------------------------------------


def test_one_consumer_with_exponential_work_is_an_mm1_queue(sim):
    jobs = queue_of(sim)
    service_s = sim.draws("service", Exponential(1.0))
    responses = []

    def handle(message):
        yield sim.timeout(service_s())
        responses.append(sim.now - message.published_s)

    jobs.consume(handle, prefetch=1)

    def publish(request):
        yield jobs.publish(request.id)

    sim.open_load(Poisson(0.7), publish)
    result = sim.measure(duration_s=40_000, warmup_s=500)
    interval, theory = batch_interval(responses[500:], batches=30), mm1(0.7, 1.0)
    assert interval.half_width < 0.3
    assert interval.low <= theory.response_s <= interval.high
    assert result.parts.mean_queue_length["jobs"] == pytest.approx(theory.queue_length, rel=0.1)
    assert result.parts.utilisation["jobs"] == pytest.approx(0.7, rel=0.03)
    assert result.parts.utilisation["jobs consumer 1"] == result.parts.utilisation["jobs"]


@pytest.mark.parametrize(("prefetch", "published_busy"), [(1, 0.038), (26, 1.0), (51, 1.0)])
def test_the_prefetch_that_keeps_a_far_consumer_busy_is_as_published(sim, prefetch, published_busy):
    # M. Sackman (2012), Some queuing theory: 50 ms each way and 4 ms of work need a prefetch of 104 / 4 = 26.
    jobs, starts = queue_of(sim, delivery_s=0.050), []

    def handle(message):
        starts.append(sim.now)
        yield sim.timeout(0.004)

    consumer = jobs.consume(handle, prefetch=prefetch)
    for number in range(6000):
        jobs.publish(number)
    sim.run(until=1)
    before = consumer.totals()["busy_s"]
    sim.run(until=21)
    assert (consumer.totals()["busy_s"] - before) / 20 == pytest.approx(published_busy, abs=0.001)


def test_one_less_than_the_published_prefetch_leaves_the_consumer_idle_now_and_then(sim):
    jobs = queue_of(sim, delivery_s=0.050)
    consumer = jobs.consume(worker(sim, [], for_s=0.004), prefetch=25)
    for number in range(6000):
        jobs.publish(number)
    sim.run(until=20)
    assert consumer.totals()["busy_s"] / 20 == pytest.approx(25 * 4 / 104, abs=0.005)


# Failures and redelivery -------------------------------------------------------------------------------------


def test_a_message_whose_handler_fails_comes_again_at_its_old_place(sim):
    jobs, seen = queue_of(sim), []

    def handle(message):
        yield sim.timeout(1.0)
        seen.append((message.body, message.redelivered))
        if message.body == "b" and message.deliveries < 3:
            raise TimedOut("mail server")

    jobs.consume(handle, prefetch=1)
    for body in "abc":
        jobs.publish(body)
    sim.run(until=20)
    assert seen == [("a", False), ("b", False), ("b", True), ("b", True), ("c", False)]
    assert (jobs.acknowledged, jobs.redeliveries, len(jobs.dead_letters)) == (3, 2, 0)


def test_a_poison_message_is_tried_once_and_again_up_to_the_limit_then_is_a_dead_letter(sim):
    jobs, tries = queue_of(sim), []

    def handle(message):
        tries.append(message.body)
        yield sim.timeout(0.1)
        raise TimedOut("mail server")

    jobs.consume(handle)
    jobs.publish("poison")
    sim.run(until=60)
    assert len(tries) == 1 + DELIVERY_LIMIT
    assert [letter.body for letter in jobs.dead_letters] == ["poison"]
    assert balanced(jobs)


def test_without_a_limit_a_poison_message_goes_round_for_ever(sim):
    jobs = queue_of(sim, delivery_s=0.01, delivery_limit=None)

    def handle(message):
        yield sim.timeout(0.08)
        raise TimedOut("mail server")

    jobs.consume(handle)
    jobs.publish("poison")
    sim.run(until=100)
    assert jobs.redeliveries == pytest.approx(1000, abs=1)
    assert jobs.dead_letters == []


def test_a_crash_between_work_and_acknowledgement_makes_a_duplicate(sim):
    jobs, done = queue_of(sim, delivery_s=0.2), []
    consumer = jobs.consume(worker(sim, done))
    jobs.publish("charge card")
    sim.inject(Crash(consumer.name, at_s=1.3, restart_after_s=1.0))  # done at 1.2, acknowledged at 1.4
    sim.run(until=10)
    assert done == ["charge card", "charge card"]
    assert (jobs.published, jobs.acknowledged) == (1, 1)


def test_a_crash_during_the_work_gives_the_message_to_another_consumer(sim):
    jobs, first, second = queue_of(sim), [], []
    consumer = jobs.consume(worker(sim, first), name="mailer-1")
    jobs.consume(worker(sim, second), name="mailer-2")
    for number in range(4):
        jobs.publish(number)
    sim.inject(Crash("mailer-1", at_s=0.5, restart_after_s=100))
    sim.run(until=50)
    assert (first, sorted(second)) == ([], [0, 1, 2, 3])
    assert consumer.totals()["failed"] == 1  # it was at work on one, the other waited there
    assert consumer.totals()["busy_s"] == 0.5


def test_a_crash_is_thrown_into_the_handler_and_its_work_elsewhere_goes_on(sim):
    database, jobs = Station(sim, "database"), queue_of(sim)
    seen = []

    def handle(message):
        try:
            yield database.serve(5.0)
        except Failure as failure:
            seen.append(str(failure))
            raise

    jobs.consume(handle)
    jobs.publish("row")
    sim.inject(Crash("jobs consumer 1", at_s=1, restart_after_s=100))
    sim.run(until=10)
    assert seen == ["jobs consumer 1: crashed with the work inside"]
    assert database.completed == 1


def test_a_message_that_is_not_acknowledged_in_time_goes_to_another_and_is_done_twice(sim):
    jobs, slow, quick = queue_of(sim, ack_timeout_s=10), [], []
    jobs.consume(worker(sim, slow, for_s=15), prefetch=1)
    jobs.publish("report")
    sim.run(until=1)
    jobs.consume(worker(sim, quick, for_s=2), prefetch=1)
    sim.run(until=40)
    assert (slow, quick) == (["report"], ["report"])
    assert (jobs.acknowledged, jobs.unacknowledged) == (1, 0)
    assert jobs.redeliveries == 1


def test_a_time_out_of_the_acknowledgement_is_counted_from_the_oldest_message(sim):
    jobs, done = queue_of(sim, ack_timeout_s=10), []
    jobs.consume(worker(sim, done, for_s=4))
    for number in range(3):  # done at 4, 8 and 12: the third is too late for a delivery at 0
        jobs.publish(number)
    sim.run(until=30)
    assert done == [0, 1, 2, 2]


def test_an_acknowledgement_on_its_way_when_the_connection_ends_counts_for_nothing(sim):
    jobs, done = queue_of(sim, delivery_s=0.2), []
    jobs.consume(worker(sim, done))
    jobs.publish("a")  # done at 1.2, acknowledged at 1.4
    sim.inject(Crash("jobs", at_s=1.3, restart_after_s=0.01))
    sim.run(until=2.6)
    assert (jobs.acknowledged, jobs.unacknowledged) == (0, 1)  # it is at work on it again, until 2.51
    sim.run(until=3)
    assert (done, jobs.acknowledged) == (["a", "a"], 1)


def test_a_message_on_its_way_to_a_consumer_that_crashes_does_not_arrive(sim):
    jobs, done = queue_of(sim, delivery_s=1.0), []
    jobs.consume(worker(sim, done))
    jobs.publish("a")
    sim.inject(Crash("jobs consumer 1", at_s=0.2, restart_after_s=0.2))
    sim.run(until=20)
    assert done == ["a"]
    assert jobs.redeliveries == 1


def test_crashes_of_consumers_count_towards_the_delivery_limit(sim):
    jobs, done = queue_of(sim, delivery_limit=2), []
    jobs.consume(worker(sim, done, for_s=5))
    jobs.publish("kills")
    sim.inject(*(Crash("jobs consumer 1", at_s, restart_after_s=1) for at_s in (1, 4, 7)))
    sim.run(until=6.5)
    assert jobs.dead_letters == []
    sim.run(until=30)
    assert [letter.body for letter in jobs.dead_letters] == ["kills"]
    assert done == []


# The broker --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("durable", "left"), [(True, 3), (False, 0)])
def test_a_broker_that_crashes_keeps_what_it_confirmed_only_if_it_is_durable(sim, durable, left):
    jobs, done = queue_of(sim, durable=durable), []
    for number in range(3):
        jobs.publish(number)
    sim.inject(Crash("jobs", at_s=1, restart_after_s=1))
    sim.run(until=3)
    jobs.consume(worker(sim, done))
    sim.run(until=20)
    assert len(done) == left
    assert jobs.lost == 3 - left
    assert balanced(jobs)


def test_a_broker_that_is_down_confirms_nothing(sim):
    jobs = queue_of(sim, store_s=0.5)
    sim.inject(Crash("jobs", at_s=1, restart_after_s=1))
    before = outcome(sim, jobs.publish("a"))
    sim.run(until=0.8)
    meanwhile = outcome(sim, jobs.publish("b"))
    sim.run(until=1.5)
    during = outcome(sim, jobs.publish("c"))
    sim.run(until=5)
    assert [task.value for task in (before, meanwhile, during)] == [
        ("ok", 0.5),
        ("crashed", 1),
        ("unavailable", 1.5),
    ]
    assert (jobs.published, jobs.ready, jobs.totals()["refused"]) == (1, 1, 2)


def test_work_under_way_when_the_broker_crashes_is_done_again(sim):
    jobs, done = queue_of(sim), []
    jobs.consume(worker(sim, done, for_s=3))
    jobs.publish("charge card")
    sim.inject(Crash("jobs", at_s=1, restart_after_s=1))
    sim.run(until=20)
    assert done == ["charge card", "charge card"]
    assert (jobs.acknowledged, len(jobs.dead_letters)) == (1, 0)


# The promise -------------------------------------------------------------------------------------------------

crashes = st.lists(
    st.tuples(
        st.sampled_from(["jobs", "jobs consumer 1", "jobs consumer 2"]),
        st.floats(0.01, 30),
        st.floats(0.1, 5),
    ),
    max_size=8,
)


@settings(max_examples=60)
@given(
    faults=crashes,
    gaps=st.lists(st.floats(0.0, 2.0), min_size=1, max_size=25),
    work_s=st.floats(0.0, 3.0),
    delivery_s=st.sampled_from([0.0, 0.05, 0.5]),
    prefetch=st.integers(1, 5),
    concurrent=st.integers(1, 3),
)
def test_no_confirmed_message_is_lost_whatever_crashes(
    faults, gaps, work_s, delivery_s, prefetch, concurrent
):
    sim = Simulation(seed=1)
    jobs = queue_of(sim, store_s=0.01, delivery_s=delivery_s, ack_timeout_s=60)
    done, confirmed = [], []
    for _ in range(2):
        jobs.consume(worker(sim, done, work_s), concurrent=concurrent, prefetch=prefetch)
    sim.inject(*(Crash(part, at_s, restart_after_s) for part, at_s, restart_after_s in faults))

    def publisher():
        for number, gap_s in enumerate(gaps):
            yield sim.timeout(gap_s)
            try:
                confirmed.append((yield jobs.publish(number)).body)
            except Failure:
                assert not jobs.is_up

    sim.start(publisher())
    for at_s in range(5, 500, 5):
        sim.run(until=at_s)
        assert balanced(jobs)
    work = Counter(done)
    assert set(work) == set(confirmed)
    assert jobs.acknowledged == jobs.published == len(confirmed)
    assert sum(work.values()) - len(work) <= jobs.redeliveries
    assert bool(faults) or max(work.values(), default=1) == 1


# Parameters --------------------------------------------------------------------------------------------------


def test_the_defaults_are_those_of_the_table():
    facts = load("brokers").set_index(["product", "setting"])["value"]
    assert facts["RabbitMQ", "delivery limit"] == DELIVERY_LIMIT
    assert facts["RabbitMQ", "consumer acknowledgement timeout"] == ACK_TIMEOUT_S
    assert facts["RabbitMQ", "prefetch, lower end of the advice"] == PREFETCH


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"store_s": -1.0}, "-1.0"),
        ({"delivery_s": -1}, "delivery_s is -1"),
        ({"delivery_limit": -1}, "delivery_limit is -1"),
        ({"delivery_limit": None}, "delivery_s is 0; it must be above 0"),
        ({"ack_timeout_s": 0}, "ack_timeout_s is 0"),
    ],
)
def test_bad_input_is_named(sim, options, words):
    with pytest.raises(ValueError, match=words):
        queue_of(sim, **options)


def test_bad_input_of_a_consumer_is_named(sim):
    jobs = queue_of(sim)
    with pytest.raises(ValueError, match="prefetch is 0"):
        jobs.consume(worker(sim, []), prefetch=0)
    with pytest.raises(ValueError, match="concurrent is 0"):
        jobs.consume(worker(sim, []), concurrent=0)
    jobs.publish("a")
    sim.run(until=1)
    assert jobs.ready == 1
