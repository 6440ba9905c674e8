"""A pool of instances that come and go: times by hand, M/M/c as the oracle, and the bill."""

import numpy as np
import pytest

from archlab.sim import Crash, Exponential, Failure, Poisson, Simulation, Unavailable
from archlab.sim.servers.autoscaler import HorizontalPodAutoscaler
from archlab.sim.servers.scalable_pool import ScalablePool
from archlab.sim.statistics import batch_interval
from archlab.sim.theory import mmc


@pytest.fixture
def sim():
    return Simulation(seed=1)


def pool_of(sim, instances, **options):
    return ScalablePool(sim, "web", instances, **{"capacity_each": 1, "startup_s": 5.0, **options})


def ends(sim, event):
    """When `event` ended, and how."""

    def told():
        try:
            yield event
        except Failure as failure:
            return failure.outcome, sim.now
        return "ok", sim.now

    return sim.start(told())


def names(pool):
    return [instance.name for instance in pool.ready]


def test_work_goes_to_the_instance_with_the_least_inside(sim):
    web = pool_of(sim, 3)
    for _ in range(7):
        web.serve(1.0)
    assert [instance.load for instance in web.ready] == [3, 2, 2]


def test_a_new_instance_gets_work_only_after_its_start_up(sim):
    web = pool_of(sim, 1)
    web.scale_to(2)
    first, second = ends(sim, web.serve(8.0)), ends(sim, web.serve(8.0))
    sim.run(until=6)
    third = ends(sim, web.serve(1.0))
    sim.run(until=20)
    assert [task.value for task in (first, second, third)] == [("ok", 8), ("ok", 16), ("ok", 7)]


def test_an_instance_sent_away_ends_its_work_and_takes_no_more(sim):
    web = pool_of(sim, 2)
    tasks = [ends(sim, web.serve(10.0)) for _ in range(4)]
    sim.run(until=1)
    web.scale_to(1)
    last = web.ready[0]
    assert names(web) == ["web-1"]
    later = ends(sim, web.serve(1.0))
    sim.run(until=50)
    assert [task.value for task in tasks] == [("ok", 10), ("ok", 10), ("ok", 20), ("ok", 20)]
    assert later.value == ("ok", 21)
    assert last.is_up
    assert not sim.parts["web-2"].is_up


def test_a_held_server_keeps_an_instance_until_it_is_given_back(sim):
    web = pool_of(sim, 1)
    instance = web.choose()

    def slow():
        with instance.hold() as worker:
            yield worker
            yield sim.timeout(7)

    sim.start(slow())
    sim.run(until=1)
    web.scale_to(0)
    sim.run(until=6.9)
    assert instance.is_up
    sim.run(until=10)
    assert not instance.is_up
    assert web.instance_s == 7.0


def test_an_instance_that_is_starting_is_the_first_to_go(sim):
    web = pool_of(sim, 1)
    web.scale_to(3)
    sim.run(until=2)
    web.scale_to(1)
    sim.run(until=30)
    assert names(web) == ["web-1"]
    assert web.instance_s == 30 + 2 + 2


def test_the_bill_counts_start_up_and_the_way_out(sim):
    web = pool_of(sim, 2)
    web.serve(1.0)
    web.serve(12.0)  # at web-2, from 0 to 12
    sim.run(until=4)
    web.scale_to(1)  # web-2 is there until 12
    sim.run(until=20)
    web.scale_to(2)  # web-3 from 20 on
    sim.run(until=30)
    assert web.instance_s == 30 + 12 + 10


def test_a_crashed_instance_gets_no_work_and_one_sent_away_never_comes_back(sim):
    web = pool_of(sim, 2)
    sim.inject(Crash("web-1", at_s=1, restart_after_s=10), Crash("web-2", at_s=20, restart_after_s=5))
    sim.run(until=2)
    assert names(web) == ["web-2"]
    sim.run(until=19)
    assert names(web) == ["web-1", "web-2"]
    task = ends(sim, web.ready[1].serve(10))
    web.scale_to(1)
    sim.run(until=40)
    assert task.value == ("crashed", 20)
    assert not sim.parts["web-2"].is_up
    assert web.instance_s == 40 + 20


def test_without_a_ready_instance_work_is_unavailable(sim):
    web = pool_of(sim, 0)
    task = ends(sim, web.serve(1.0))
    assert task.value == ("unavailable", 0)
    with pytest.raises(Unavailable):
        web.choose()
    assert web.totals()["failed"] == 2


def test_utilisation_is_that_of_the_last_window_and_of_ready_instances(sim):
    web = pool_of(sim, 2, capacity_each=2, startup_s=20.0)
    assert np.isnan(web.utilisation)
    web.serve(6.0)  # 6 of 15 x 2 x 2 server seconds
    sim.run(until=15.5)
    assert web.utilisation == pytest.approx(6 / 60)
    web.scale_to(3)
    sim.run(until=36)  # web-3 is ready at 35.5
    for _ in range(3):
        web.serve(9.0)  # 36 to 45, one each
    sim.run(until=45.5)
    assert web.utilisation == pytest.approx((9 / 30 + 9 / 30 + 9 / 19) / 3)


def test_two_pools_have_different_start_up_times_from_one_seed(sim):
    one = ScalablePool(sim, "one", 0, 1, Exponential(5.0))
    other = ScalablePool(sim, "other", 0, 1, Exponential(5.0))
    one.scale_to(1)
    other.scale_to(1)
    ready_at = {}
    while len(ready_at) < 2:
        sim.step()
        for pool in (one, other):
            if pool.ready:
                ready_at.setdefault(pool.name, sim.now)
    assert ready_at["one"] != ready_at["other"]


def test_one_instance_with_several_servers_is_mmc(sim):
    web = pool_of(sim, 1, capacity_each=3)
    service_s = sim.draws("service", Exponential(1.0))

    def handler(request):
        yield web.serve(service_s())

    sim.open_load(Poisson(2.1), handler)
    result = sim.measure(duration_s=25_000, warmup_s=500)
    interval = batch_interval(result.requests["latency_s"].dropna().to_numpy(), batches=30)
    assert interval.half_width < 0.1
    assert interval.low <= mmc(2.1, 1.0, 3).response_s <= interval.high
    assert result.parts.utilisation["web"] == pytest.approx(0.7, abs=0.02)
    assert result.parts.completed["web"] == result.parts.completed["web-1"]


def test_with_an_autoscaler_it_grows_with_the_load_shrinks_late_and_loses_nothing(sim):
    web = pool_of(sim, 2, capacity_each=4, startup_s=10.0)
    HorizontalPodAutoscaler(
        sim,
        "hpa",
        read_metric=lambda: web.utilisation,
        replicas=lambda: web.replicas,
        ready=lambda: len(web.ready),
        scale_to=web.scale_to,
        target=0.5,
        max_replicas=30,
    )
    arrivals = np.sort(sim.stream("peak").uniform(300, 900, size=12_000))  # 20 a second of 1 s each
    answers = [0]

    def customers():
        for at_s in arrivals:
            yield sim.timeout(at_s - sim.now)
            web.serve(1.0).callbacks.append(lambda event: answers.__setitem__(0, answers[0] + event.ok))

    sim.start(customers())
    size_at = {}
    for at_s in (299, 800, 1150, 1260, 1400):
        sim.run(until=at_s)
        size_at[at_s] = web.replicas
    assert size_at[299] == 2  # nobody needs them, but they were there 5 minutes ago
    assert 9 <= size_at[800] <= 13  # 20 / (4 x 0.5) = 10
    assert size_at[1150] >= 9  # still within 5 minutes of the last wish
    assert size_at[1400] == 1
    assert answers[0] == 12_000


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"instances": -1}, "instances is -1"),
        ({"capacity_each": 0}, "capacity_each is 0"),
        ({"metric_every_s": 0}, "metric_every_s is 0"),
        ({"startup_s": -1.0}, "-1.0"),
    ],
)
def test_bad_input_is_named(sim, options, words):
    with pytest.raises(ValueError, match=words):
        pool_of(sim, **{"instances": 1, **options})
    with pytest.raises(ValueError, match="replicas is -1"):
        pool_of(sim, 1).scale_to(-1)
