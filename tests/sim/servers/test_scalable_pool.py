"""A pool of instances that come and go: times by hand, M/M/c as the oracle, and the bill."""

import numpy as np
import pytest

from archlab.sim import Crash, Exponential, Failure, Poisson, Simulation, Station, Unavailable
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
    sim.run(until=4.9)
    assert [instance.load for instance in web.ready] == [2]
    sim.run(until=20)
    assert [task.value for task in (first, second)] == [("ok", 8), ("ok", 5 + 8)]


def test_what_waits_is_dealt_anew_to_a_new_instance_in_the_order_in_which_it_came(sim):
    """Two instances work for 20 s, and eight pieces of 1 s wait by turns. From 5 s on there is a third instance."""
    web, begun = pool_of(sim, 2), []
    for _ in range(2):
        web.serve(20.0)
    for number in range(8):
        web.serve(1.0).callbacks.append(lambda event, number=number: begun.append((number, sim.now)))
    web.scale_to(3)
    sim.run(until=5.5)
    assert [instance.load for instance in web.ready] == [4, 3, 3]
    assert sum(instance.queue_length for instance in web.ready) == 7
    sim.run(until=200)
    assert begun == [(0, 6), (3, 7), (6, 8), (1, 21), (2, 21), (4, 22), (5, 22), (7, 23)]
    assert web.totals()["waiting_s"] == (5 + 6 + 7) + 2 * 20 + 2 * 21 + 22
    assert web.totals()["completed"] == 10


def test_several_instances_that_start_one_after_the_other_keep_the_order(sim):
    """The longer one waits the sooner one begins, however often the queue is dealt."""
    web, begun = pool_of(sim, 1), []

    def customer(number):
        with web.choose().hold() as server:
            yield server
            begun.append(number)
            yield sim.timeout(100)

    for number in range(6):
        sim.start(customer(number))
    for replicas in (2, 3, 5):
        web.scale_to(replicas)
        sim.run(until=sim.now + 6)
    assert begun == [0, 1, 2, 3, 4]


def test_an_instance_that_is_back_after_a_crash_takes_its_part_of_the_queue(sim):
    web = pool_of(sim, 2)
    sim.inject(Crash("web-2", at_s=1, restart_after_s=4))
    sim.run(until=2)
    tasks = [ends(sim, web.serve(10.0)) for _ in range(3)]
    sim.run(until=200)
    assert [task.value for task in tasks] == [("ok", 12), ("ok", 15), ("ok", 22)]


def test_what_waits_at_an_instance_on_its_way_out_stays_there(sim):
    web = pool_of(sim, 2)
    tasks = [ends(sim, web.serve(10.0)) for _ in range(4)]
    web.scale_to(1)
    web.scale_to(2)
    sim.run(until=60)
    assert [task.value for task in tasks] == [("ok", 10), ("ok", 10), ("ok", 15), ("ok", 20)]


def test_a_hold_that_was_handed_over_is_given_up_and_given_back_where_it_is(sim):
    web, at = pool_of(sim, 1), []
    web.serve(100.0)

    def holder(for_s):
        with web.choose().hold() as server:
            yield server
            at.append((server.name, sim.now))
            yield sim.timeout(for_s)

    def impatient():
        with web.choose().hold() as server:
            yield sim.deadline(server, timeout_s=5.5)

    tasks = [ends(sim, sim.start(one)) for one in (holder(3), impatient(), holder(3))]
    web.scale_to(2)
    sim.run(until=50)
    assert at == [("web-2", 5), ("web-2", 8)]
    assert [task.value for task in tasks] == [("ok", 8), ("timed_out", 5.5), ("ok", 11)]
    assert [instance.load for instance in web.ready] == [1, 0]


def test_patience_goes_along_when_work_is_handed_over(sim):
    web = pool_of(sim, 1)
    web.serve(100.0)
    begins, leaves = (ends(sim, web.serve(2.0, patience_s=6.0)) for _ in range(2))
    web.scale_to(2)
    sim.run(until=50)
    assert (begins.value, leaves.value) == (("ok", 7), ("timed_out", 6))
    assert web.totals()["failed"] == 1


@pytest.mark.parametrize("capacity_each", [1, 3])
def test_a_pool_that_grows_begins_work_of_one_length_when_a_station_that_grows_does(sim, capacity_each):
    web, one_queue = pool_of(sim, 1, capacity_each=capacity_each), Station(sim, "station", capacity_each)
    begun = {web: [], one_queue: []}

    def customer(part):
        with (part.choose() if part is web else part).hold() as server:
            yield server
            begun[part].append(sim.now)
            yield sim.timeout(1.0)

    web.scale_to(4)
    sim.call_at(5.0, lambda _: setattr(one_queue, "capacity", 4 * capacity_each))
    for _ in range(60):
        sim.start(customer(web))
        sim.start(customer(one_queue))
    sim.run(until=100)
    assert begun[web] == begun[one_queue]


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
