"""A queue that invokes a function: batches, windows, pollers, redelivery and dead letters."""

from collections import Counter

import numpy as np
import pytest
import simpy

from archlab.data import load
from archlab.sim import Crash, Failure, Function, MessageQueue, Poisson, Simulation
from archlab.sim.functions import POLLERS_2022, PollerScaling, QueueTrigger

FACTS = load("lambda").set_index(["setting", "what"])["value"]["queue"]


@pytest.fixture
def sim():
    return Simulation(seed=1)


def triggered(sim, run_s=1.0, bad=(), time_limit_s=10.0, queue=None, function=None, **settings):
    """A queue, its trigger, and a list of (start, bodies) of the invocations; bodies in `bad` always fail."""
    runs = []
    messages = MessageQueue(sim, "messages", store_s=0.0, **(queue or {}))

    def handler(invocation):
        runs.append((float(sim.now), [message.body for message in invocation.payload]))
        yield sim.timeout(run_s)
        failed = [message.id for message in invocation.payload if message.body in bad]
        if failed and not settings.get("partial_failures"):
            raise Failure("handler")
        return failed

    fixed = {"init_s": 0.0, "keep_alive_s": 600.0, "time_limit_s": time_limit_s, **(function or {})}
    trigger = QueueTrigger(Function(sim, "function", handler, **fixed), messages, **settings)
    return messages, trigger, runs


def publish(sim, queue, bodies, at_s=0.0):
    for body in bodies:
        sim.call_at(at_s, queue.publish, body)


def test_the_defaults_are_those_of_the_documentation(sim):
    _, trigger, _ = triggered(sim)
    assert trigger.batch_size == FACTS["messages in a batch at most; default"]
    assert (
        PollerScaling(
            at_first=int(FACTS["batches at the same time, at first"]),
            per_minute=FACTS["up to so many more each minute while messages wait"],
            most=int(FACTS["batches at the same time, at most"]),
        )
        == POLLERS_2022
    )
    times = FACTS["recommended visibility timeout, at least so many time limits of the function"]
    assert trigger.visibility_s == times * trigger.function.time_limit_s


def test_what_waits_goes_in_batches_of_at_most_ten_and_a_single_message_goes_alone(sim):
    queue, _, runs = triggered(sim)
    publish(sim, queue, range(23))
    publish(sim, queue, ["later"], at_s=5.0)
    sim.run(until=20)
    assert [(at_s, len(bodies)) for at_s, bodies in runs] == [(0.0, 10), (0.0, 10), (0.0, 3), (5.0, 1)]
    assert [body for _, bodies in runs[:3] for body in bodies] == list(range(23))
    assert queue.acknowledged == 24


def test_a_window_waits_for_more_but_not_for_a_batch_that_is_full(sim):
    queue, _, runs = triggered(sim, window_s=5.0, batch_size=3)
    for at_s in range(4):
        publish(sim, queue, [at_s], float(at_s))
    sim.run(until=20)
    assert runs == [(2.0, [0, 1, 2]), (8.0, [3])]


def test_without_a_backlog_the_batches_fall_together_as_the_window_says(sim):
    """Poisson arrivals and a window w: a batch is the first message and those that come within w, 1 + rate w."""
    queue, _trigger, runs = triggered(
        sim, run_s=0.01, window_s=2.0, batch_size=1000, pollers=PollerScaling(50)
    )
    sim.open_load(Poisson(3.0), lambda request: (yield queue.publish(request.id)))
    sim.measure(3000.0)
    sizes = [len(bodies) for _, bodies in runs[:-1]]
    assert np.mean(sizes) == pytest.approx(1 + 3.0 * 2.0, rel=0.02)


def plain_simpy(arrivals, pollers, batch_size, run_s):
    """The same without the kit: so many processes that take what is there, up to a batch, and work on it."""
    env = simpy.Environment()
    waiting, done, news = [], {}, [env.event()]

    def source():
        for number, at_s in enumerate(arrivals):
            yield env.timeout(at_s - env.now)
            waiting.append(number)
            news[0].succeed()
            news[0] = env.event()

    def poller():
        while True:
            while not waiting:
                yield news[0]
            batch = waiting[:batch_size]
            del waiting[:batch_size]
            yield env.timeout(run_s)
            done.update({number: env.now for number in batch})

    env.process(source())
    for _ in range(pollers):
        env.process(poller())
    env.run(until=arrivals[-1] + 100)
    return done


def test_under_load_every_message_is_done_when_plain_simpy_says(sim):
    arrivals = np.cumsum(np.random.default_rng(7).exponential(0.05, 2000))
    queue, _, runs = triggered(sim, run_s=0.7, batch_size=4, pollers=PollerScaling(5, 0, 5))
    for number, at_s in enumerate(arrivals):
        publish(sim, queue, [number], float(at_s))
    sim.run(until=arrivals[-1] + 100)
    done = {number: at_s + 0.7 for at_s, bodies in runs for number in bodies}
    expected = plain_simpy(arrivals, 5, 4, 0.7)
    assert done == pytest.approx(expected)
    assert max(len(bodies) for _, bodies in runs) == 4


def running_over_time(runs, run_s, at_s):
    return sum(start_s <= at_s < start_s + run_s for start_s, _ in runs)


def test_pollers_grow_by_sixty_a_minute_while_messages_wait_and_are_gone_when_none_does(sim):
    queue, trigger, runs = triggered(sim, run_s=9.5, batch_size=1)
    publish(sim, queue, range(2500))
    sim.run(until=180.5)
    for minute in range(4):
        expected = FACTS["batches at the same time, at first"] + 60 * minute
        assert running_over_time(runs, 9.5, 60.0 * minute + 0.1) == expected
    assert queue.ready > 0
    sim.run(until=600)
    assert (queue.acknowledged, trigger.limit, trigger.running) == (2500, 5, 0)


def test_pollers_never_exceed_the_most(sim):
    queue, _trigger, runs = triggered(sim, pollers=PollerScaling(2, 600, 7), batch_size=1)
    publish(sim, queue, range(200))
    sim.run(until=100)
    starts = Counter(at_s for at_s, _ in runs)
    assert max(running_over_time(runs, 1.0, at_s) for at_s in starts) == 7


def test_a_batch_with_one_bad_message_comes_again_as_a_whole_after_the_visibility_timeout(sim):
    queue, trigger, runs = triggered(sim, bad=["bad"], queue={"delivery_limit": 2})
    publish(sim, queue, ["good", "bad"])
    sim.run(until=1000)
    assert [(at_s, bodies) for at_s, bodies in runs] == [(60.0 * n, ["good", "bad"]) for n in range(3)]
    assert [message.body for message in queue.dead_letters] == ["good", "bad"]
    assert (queue.acknowledged, trigger.batches, trigger.failed) == (0, 3, 3)


def test_with_partial_failures_only_the_bad_message_comes_again(sim):
    queue, trigger, runs = triggered(sim, bad=["bad"], queue={"delivery_limit": 2}, partial_failures=True)
    publish(sim, queue, ["good", "bad"])
    sim.run(until=1000)
    assert runs == [(0.0, ["good", "bad"]), (60.0, ["bad"]), (120.0, ["bad"])]
    assert [message.body for message in queue.dead_letters] == ["bad"]
    assert (queue.acknowledged, trigger.batches, trigger.failed) == (1, 3, 0)


def test_an_id_that_nobody_knows_makes_the_whole_batch_fail(sim):
    seen = []
    queue = MessageQueue(sim, "messages", store_s=0.0, delivery_limit=1)

    def handler(invocation):
        seen.append(len(invocation.payload))
        yield sim.timeout(0.1)
        return [999]

    function = Function(sim, "function", handler, init_s=0.0, keep_alive_s=60, time_limit_s=1)
    QueueTrigger(function, queue, partial_failures=True)
    publish(sim, queue, "ab")
    sim.run(until=100)
    assert (seen, len(queue.dead_letters)) == ([2, 2], 2)


def test_hidden_messages_take_no_poller_from_the_others(sim):
    queue, _, runs = triggered(sim, bad=range(50), pollers=PollerScaling(1, 0, 1))
    publish(sim, queue, range(50))
    publish(sim, queue, ["good"], at_s=7.0)
    sim.run(until=30)
    assert runs[5] == (7.0, ["good"])
    assert queue.acknowledged == 1


def test_what_is_throttled_waits_hidden_and_is_no_try(sim):
    queue, trigger, runs = triggered(
        sim, run_s=4.0, function={"reserved": 1}, batch_size=1, queue={"delivery_limit": 0}
    )
    publish(sim, queue, ["first", "second"])
    sim.run(until=100)
    assert runs == [(0.0, ["first"]), (7.0, ["second"])]  # asked again after 1, 2 and 4 seconds
    assert (trigger.batches, trigger.function.throttled, queue.dead_letters) == (2, 3, [])


def test_throttled_for_longer_than_the_visibility_timeout_good_messages_become_dead_letters(sim):
    queue, trigger, runs = triggered(sim, function={"reserved": 0}, queue={"delivery_limit": 4})
    publish(sim, queue, ["good"])
    sim.run(until=1000)
    assert (runs, trigger.batches, [message.failures for message in queue.dead_letters]) == ([], 0, [5])


def test_a_function_that_is_down_for_a_moment_costs_no_receive(sim):
    queue, _trigger, runs = triggered(sim)
    sim.inject(Crash("function", at_s=1.0, restart_after_s=2.5))
    publish(sim, queue, ["one"], at_s=2.0)
    sim.run(until=100)
    assert runs == [(5.0, ["one"])]
    assert (queue.redeliveries, queue.acknowledged) == (0, 1)


def test_a_cut_off_function_leaves_its_messages_for_a_second_time(sim):
    queue, trigger, runs = triggered(sim, run_s=20.0, queue={"delivery_limit": 1})
    publish(sim, queue, ["long"])
    sim.run(until=500)
    assert [at_s for at_s, _ in runs] == [0.0, 60.0]
    assert (trigger.function.cut_off, len(queue.dead_letters)) == (2, 1)


def test_messages_survive_a_crash_of_the_broker_but_may_come_twice(sim):
    queue, _, runs = triggered(sim)
    sim.inject(Crash("messages", at_s=0.5, restart_after_s=2.0))
    publish(sim, queue, ["one"])
    sim.run(until=100)
    assert runs == [(0.0, ["one"]), (2.5, ["one"])]
    assert queue.acknowledged == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"visibility_s": 9.0}, "visibility_s is 9.0; it must be 10.0 s and the window"),
        ({"visibility_s": 2000.0}, "below the queue's ack_timeout_s, 1800"),
        ({"time_limit_s": 900.0}, "visibility_s is 5400.0; it must be below"),
        ({"time_limit_s": None}, "visibility_s is None; it must be given"),
    ],
)
def test_a_visibility_timeout_that_the_function_or_the_queue_does_not_allow_is_refused(
    sim, settings, message
):
    with pytest.raises(ValueError, match=message):
        triggered(sim, **settings)


def test_pollers_that_may_never_be_as_many_as_at_first_are_refused():
    with pytest.raises(ValueError, match="most is 3; it must be at_first, 5, or more"):
        PollerScaling(at_first=5, most=3)


def test_an_answer_that_holds_no_ids_is_named(sim):
    def handler(invocation):
        yield sim.timeout(0.1)
        return 7

    queue = MessageQueue(sim, "messages", store_s=0.0)
    function = Function(sim, "function", handler, init_s=0.0, keep_alive_s=60, time_limit_s=1)
    QueueTrigger(function, queue, partial_failures=True)
    publish(sim, queue, "a")
    with pytest.raises(TypeError, match="answer is 7; it must be ids of messages, or None"):
        sim.run(until=10)


def test_pollers_that_were_added_go_when_nothing_waits_but_not_while_they_fill_a_batch(sim):
    queue, trigger, runs = triggered(
        sim, run_s=9.0, batch_size=2, window_s=20.0, pollers=PollerScaling(1, 60, 9)
    )
    publish(sim, queue, range(5))  # after two seconds there are two batches at work, and one has a message
    publish(sim, queue, [5], at_s=4.0)
    sim.run(until=4.5)
    assert (trigger.running, trigger.limit, runs[-1]) == (3, 3, (4.0, [4, 5]))
    sim.run(until=60)
    assert (queue.acknowledged, trigger.limit) == (6, 1)
