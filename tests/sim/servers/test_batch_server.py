"""A batch server against the formula of a queue with bulk service, times by hand, and its faults."""

import numpy as np
import pytest

from archlab.sim import Crash, Crashed, Exponential, Poisson, Simulation, SlowDown, Unavailable
from archlab.sim.servers.batch_server import BatchServer
from archlab.sim.statistics import batch_interval


@pytest.fixture
def sim():
    return Simulation(seed=1)


def mean_time_s(rate_per_s, mean_s, mean_square, still_nobody):
    """Who finds it working waits for the rest of the batch, then for one of its own; it rests when nobody came."""
    busy = mean_s / (mean_s + still_nobody / rate_per_s)
    return mean_s + busy * mean_square / (2 * mean_s)


@pytest.mark.parametrize("rate_per_s", [0.3, 2.0, 20.0])
@pytest.mark.parametrize("service", ["constant", "exponential"])
def test_the_mean_time_is_that_of_the_formula_and_has_no_pole(rate_per_s, service):
    """At 20 arrivals a second for 1 s of work: a queue that serves one by one would grow without end."""
    sim = Simulation(seed=3)
    constant = service == "constant"
    disk = BatchServer(sim, "disk", batch_s=1.0 if constant else Exponential(1.0))

    def handle(_):
        yield disk.serve()

    sim.open_load(Poisson(rate_per_s), handle)
    result = sim.measure(duration_s=max(4000.0, 8000 / rate_per_s), warmup_s=20)
    square, nobody = (1.0, np.exp(-rate_per_s)) if constant else (2.0, 1 / (1 + rate_per_s))
    expected_s = mean_time_s(rate_per_s, 1.0, square, nobody)
    times_s = result.requests.latency_s.dropna().to_numpy()
    assert np.mean(times_s) == pytest.approx(expected_s, rel=0.03)
    interval = batch_interval(times_s)
    assert interval.low <= expected_s <= interval.high


def test_each_piece_of_work_adds_its_own_time(sim):
    disk = BatchServer(sim, "disk", batch_s=1.0, each_s=0.1)
    visits = [disk.serve() for _ in range(4)]
    sim.run(until=visits[0])
    assert sim.now == pytest.approx(1.1)
    sim.run(until=visits[3])
    assert sim.now == pytest.approx(1.1 + 1.3)
    assert (disk.batches, disk.completed) == (2, 4)


def test_who_comes_at_the_end_of_a_batch_joins_the_one_after_the_next(sim):
    disk, ends = BatchServer(sim, "disk", batch_s=1.0), []

    def twice():
        for _ in range(2):
            yield disk.serve()
            ends.append(sim.now)

    sim.start(twice())
    disk.serve()
    sim.run()
    assert ends == [1.0, 3.0]


def test_a_slow_disk_makes_longer_batches(sim):
    disk = BatchServer(sim, "disk", batch_s=1.0)
    sim.inject(SlowDown("disk", at_s=0.5, for_s=10, factor=3.0))
    sim.run(until=1)
    visit = disk.serve()
    sim.run(until=visit)
    assert sim.now == 4.0


def test_a_crash_fails_all_and_the_old_batch_does_not_end_later(sim):
    disk, told = BatchServer(sim, "disk", batch_s=2.0), []

    def one():
        try:
            yield disk.serve()
        except (Crashed, Unavailable) as failure:
            told.append((type(failure), sim.now))
        else:
            told.append(("ok", sim.now))

    sim.inject(Crash("disk", at_s=1.0, restart_after_s=0.5))
    for _ in range(2):
        sim.start(one())
    sim.run(until=1.2)
    sim.start(one())
    sim.run(until=1.6)
    sim.start(one())
    sim.run()
    assert told == [(Crashed, 1.0), (Crashed, 1.0), (Unavailable, 1.2), ("ok", 3.6)]
    totals = disk.totals()
    assert (totals["busy_s"], totals["waiting_s"]) == pytest.approx((3.0, 1.0))
    assert (totals["completed"], totals["failed"]) == (1, 3)


@pytest.mark.parametrize(
    ("options", "words"), [({"batch_s": -1.0}, "-1.0"), ({"each_s": -1.0}, "each_s is -1.0")]
)
def test_bad_input_is_named(sim, options, words):
    with pytest.raises(ValueError, match=words):
        BatchServer(sim, "disk", **{"batch_s": 1.0, **options})
