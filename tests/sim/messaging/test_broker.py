"""A broker's own capacity, and an event log that asks for it."""

from itertools import pairwise

import pytest

from archlab.data import load
from archlab.sim import Crash, Exponential, Failure, Poisson, Simulation
from archlab.sim.messaging.broker import CORES, SEND_S, STORE_S, Broker
from archlab.sim.messaging.event_log import METADATA_MAX_AGE_S, EventLog
from archlab.sim.statistics import batch_interval


@pytest.fixture
def sim():
    return Simulation(seed=1)


def test_the_defaults_are_those_of_the_data():
    table = load("broker_capacity").set_index(["product", "setting"]).value
    assert pytest.approx(table["Kafka", "3 producers, 3 replicas, asynchronous"]) == CORES / STORE_S
    assert pytest.approx(table["Kafka", "3 consumers"]) == CORES / SEND_S
    assert table["Kafka", "metadata.max.age.ms"] == METADATA_MAX_AGE_S


def test_without_readers_the_confirm_takes_as_long_as_a_queue_with_shared_time_says(sim):
    """M/M/1-PS: service / (1 - utilisation), whatever the distribution of the work."""
    broker = Broker(sim, "broker", store_s=1.0, send_s=0.0, cores=1)
    log = EventLog(sim, "orders", append_s=0.0, broker=broker)
    took_s = []

    def publish(request):
        yield log.append("key", request.id)
        took_s.append(sim.now - request.arrived_s)

    sim.open_load(Poisson(0.6), publish)
    sim.run(until=30_000)
    interval = batch_interval(took_s[500:], batches=30)
    assert interval.low <= 1 / (1 - 0.6) <= interval.high
    assert interval.half_width < 0.15


@pytest.mark.parametrize("subscribers", [0, 1, 3])
def test_each_group_costs_the_broker_a_send_and_the_record_is_stored_once(sim, subscribers):
    broker = Broker(sim, "broker", store_s=0.004, send_s=0.002, cores=1)
    log = EventLog(sim, "orders", append_s=0.0, broker=broker)

    def nothing(record):
        return
        yield

    for number in range(subscribers):
        log.subscribe(f"group {number}", nothing)

    def publish(request):
        yield log.append("key", request.id)

    sim.open_load(Poisson(50.0), publish)
    result = sim.measure(duration_s=200, warmup_s=5)
    expected = broker.load(50.0, subscribers)
    assert expected == pytest.approx(50 * (0.004 + 0.002 * subscribers))
    assert result.parts.utilisation["broker"] == pytest.approx(expected, rel=0.03)


def test_an_append_fails_while_the_broker_is_down_and_readers_go_on_when_it_is_back(sim):
    log = EventLog(
        sim, "orders", append_s=0.0, broker=Broker(sim, "broker", store_s=0.1, send_s=0.1, cores=1)
    )
    told, done = [], []

    def handle(record):
        yield sim.timeout(0.01)
        done.append(record.value)

    log.subscribe("readers", handle)
    sim.inject(Crash("broker", at_s=1.05, restart_after_s=2.0))

    def publisher():
        for number in range(20):
            try:
                yield log.append("key", number)
                told.append(number)
            except Failure:
                yield sim.timeout(0.5)

    sim.start(publisher())
    sim.run(until=60)
    assert 0 < len(told) < 20
    assert done == told
    assert log.appended == len(told)
    assert log.refused == 20 - len(told)


@pytest.mark.parametrize("crash_s", [0.55, 0.65, 1.02])
def test_a_member_that_dies_while_the_broker_sends_reads_alone_afterwards(sim, crash_s):
    """Were the old run still there, records would be handled twice beside each other."""
    log = EventLog(
        sim, "orders", append_s=0.0, broker=Broker(sim, "broker", store_s=0.001, send_s=0.1, cores=1)
    )
    done = []

    def handle(record):
        yield sim.timeout(0.01)
        done.append((record.value, sim.now))

    group = log.subscribe("readers", handle, commit_every_s=0.0, max_poll_records=1)
    for number in range(30):
        log.append("key", number)
    sim.inject(Crash("readers-1", at_s=crash_s, restart_after_s=0.3))
    sim.run(until=60)
    values = [value for value, _ in done]
    assert list(dict.fromkeys(values)) == list(range(30))
    assert len(values) <= 31
    assert group.lag == 0
    gaps_s = [later - earlier for (_, earlier), (_, later) in pairwise(done)]
    assert min(gaps_s) > 0.1


def test_copies_cost_a_store_each(sim):
    broker = Broker(sim, "broker", store_s=0.5, send_s=0.25, cores=1)
    sim.run(until=broker.store(copies=3))
    assert sim.now == pytest.approx(1.5)
    sim.run(until=broker.send(2))
    assert sim.now == pytest.approx(2.0)


def test_work_is_drawn_from_nobody_so_a_broker_changes_no_other_stream():
    def lags(broker):
        sim = Simulation(seed=4)
        log = EventLog(
            sim, "orders", append_s=Exponential(0.01), broker=Broker(sim, "b", 1e-9, 1e-9) if broker else None
        )
        seen = []

        def handle(record):
            yield sim.timeout(0.02)
            seen.append(record.value)

        log.subscribe("readers", handle)

        def publish(request):
            yield log.append("key", request.id)

        sim.open_load(Poisson(20.0), publish)
        sim.run(until=20)
        return seen

    assert lags(broker=False) == lags(broker=True)
