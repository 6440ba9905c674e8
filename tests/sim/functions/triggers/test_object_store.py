"""An object store: puts and gets take their time, and functions hear of new objects at least once."""

import numpy as np
import pytest

from archlab.data import load
from archlab.sim import Crash, Failure, Function, Lognormal, Simulation
from archlab.sim.functions import AsyncInvocations, ObjectStore

FACTS = load("lambda").set_index(["setting", "what"])["value"]["object of 128 KiB"]


@pytest.fixture
def sim():
    return Simulation(seed=1)


@pytest.fixture
def store(sim):
    return ObjectStore(sim, "pictures")


def listening(sim, run_s=1.0):
    """A function and the (start, key) of its invocations."""
    runs = []

    def handler(invocation):
        runs.append((float(sim.now), invocation.payload.key))
        yield sim.timeout(run_s)

    return Function(sim, "thumbnail", handler, init_s=0.0, keep_alive_s=600), runs


def test_a_put_and_a_get_take_as_long_as_published(sim, store):
    stored = sim.run(until=store.put("cat.png", 128 * 1024, body="miaow"))
    assert (sim.now, stored.stored_s) == (FACTS["put"], FACTS["put"])
    assert sim.run(until=store.get("cat.png")) is stored
    assert sim.now == pytest.approx(FACTS["put"] + FACTS["get"])
    assert (stored.body, store.puts, store.gets, store.stored_bytes) == ("miaow", 1, 1, 128 * 1024)


def test_what_is_not_there_is_not_found_and_what_is_not_stored_yet_is_not_there(sim, store):
    put, get = store.put("cat.png", 10), store.get("cat.png")
    sim.run(until=1.0)
    assert put.ok
    assert not get.ok
    assert (str(get.value), store.refused) == ("pictures: no such object, 404 Not Found", 1)


def test_a_large_object_takes_longer_where_the_way_is_narrow(sim):
    store = ObjectStore(sim, "films", put_s=0.2, get_s=0.1, bytes_per_s=1e6)
    sim.run(until=store.put("film", 5_000_000))
    assert sim.now == pytest.approx(5.2)
    sim.run(until=store.get("film"))
    assert sim.now == pytest.approx(10.3)


def test_a_second_put_takes_the_place_of_the_first(sim, store):
    for size_bytes in (10, 20):
        sim.run(until=store.put("cat.png", size_bytes))
    assert (len(store.objects), store.stored_bytes, store.puts) == (1, 20, 2)


def test_functions_hear_of_new_objects_under_their_prefix_after_the_notice(sim, store):
    function, runs = listening(sim)
    store.notify(function, notice_s=2.0, prefix="large/")
    for key in ("large/cat", "small/cat"):
        store.put(key, 10)
    sim.run(until=60)
    assert runs == [(2.2, "large/cat")]


def test_notices_may_overtake_one_another_and_come_twice(sim, store):
    function, runs = listening(sim)
    store.notify(AsyncInvocations(function), notice_s=Lognormal(2.0, 1.0), twice=0.25)
    for number in range(2000):
        sim.call_at(0.1 * number, lambda key: store.put(key, 10), f"{number:04}")
    sim.run(until=2000)
    order = [key for _, key in runs]
    assert order != sorted(order)
    assert len(runs) / 2000 == pytest.approx(1.25, abs=0.03)
    assert len(set(order)) == 2000
    late_s = [at_s - store.objects[key].stored_s for at_s, key in runs]
    assert np.median(late_s) == pytest.approx(2.0, rel=0.05)


def test_a_store_that_is_down_refuses_and_loses_what_was_on_its_way_but_nothing_that_was_stored(sim, store):
    sim.inject(Crash("pictures", at_s=1.0, restart_after_s=1.0))
    outcomes = []

    def put(at_s, key):
        yield sim.timeout(at_s)
        try:
            yield store.put(key, 10)
        except Failure as failure:
            outcomes.append((key, type(failure).__name__))

    for at_s, key in ((0.0, "before"), (0.9, "meanwhile"), (1.5, "down"), (2.5, "after")):
        sim.start(put(at_s, key))
    sim.run(until=10)
    assert sorted(store.objects) == ["after", "before"]
    assert outcomes == [("meanwhile", "Crashed"), ("down", "Unavailable")]
    assert store.totals()["completed"] == 2
    assert store.totals()["refused"] == 2
    assert store.totals()["busy_s"] == pytest.approx(0.2 + 0.1 + 0.2)
