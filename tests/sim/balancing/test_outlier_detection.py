"""Outlier detection against schedules worked out by hand from Envoy's rules."""

import pytest

from archlab.sim import Simulation, Station
from archlab.sim.balancing.outlier_detection import OutlierDetection


def detector(size=10, **settings):
    sim = Simulation(seed=1)
    pool = [Station(sim, f"s{n}") for n in range(size)]
    outliers = OutlierDetection(sim, "outliers", **settings)
    outliers.filter(pool)
    return sim, pool, outliers


def fail(outliers, server, times):
    for _ in range(times):
        outliers.record(server, ok=False)


def out(outliers, pool):
    serving = outliers.filter(pool)
    return [one.name for one in pool if one not in serving]


def first_seen_back(sim, pool, outliers, until):
    """The time, by looking every half second, at which nobody is out."""
    while out(outliers, pool) and sim.now < until:
        sim.run(until=sim.now + 0.5)
    return sim.now


def test_five_failures_in_a_row_eject_at_once_and_four_do_not():
    _, pool, outliers = detector()
    fail(outliers, pool[3], 4)
    assert out(outliers, pool) == []
    fail(outliers, pool[3], 1)
    assert out(outliers, pool) == ["s3"]
    assert outliers.ejections == [(0, "s3")]


def test_a_success_between_failures_starts_the_count_anew():
    _, pool, outliers = detector()
    fail(outliers, pool[0], 4)
    outliers.record(pool[0], ok=True)
    fail(outliers, pool[0], 4)
    assert out(outliers, pool) == []


def test_failures_of_others_are_not_counted_together():
    _, pool, outliers = detector()
    for server in pool:
        fail(outliers, server, 4)
    assert out(outliers, pool) == []


def test_a_server_is_back_at_the_first_sweep_after_its_thirty_seconds():
    """Ejected at 12 s, thirty seconds are over at 42 s, sweeps are at 40 s and 50 s."""
    sim, pool, outliers = detector()
    sim.run(until=12)
    fail(outliers, pool[0], 5)
    assert first_seen_back(sim, pool, outliers, until=100) == 50


def test_ejected_at_a_sweep_it_is_back_thirty_seconds_later():
    sim, pool, outliers = detector()
    sim.run(until=20)
    fail(outliers, pool[0], 5)
    assert first_seen_back(sim, pool, outliers, until=100) == 50


def test_each_ejection_at_once_after_the_last_is_thirty_seconds_longer_and_at_most_five_minutes():
    """Back at 30; out 60 s, back at 90; 90 s, back at 180; ... the n-th lasts 30 n, from the tenth on 300."""
    sim, pool, outliers = detector()
    lengths = []
    for _ in range(12):
        began_s = sim.now
        fail(outliers, pool[0], 5)
        lengths.append(first_seen_back(sim, pool, outliers, until=began_s + 400) - began_s)
    assert lengths == [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]


def test_each_ten_seconds_in_service_take_one_off_the_next_ejection():
    """Out twice, so the third would last 90 s; 10 s of good service make it 60 s, 25 s of it 30 s."""
    for good_s, third_s in ((0, 90), (9, 90), (10, 60), (19, 60), (25, 30), (1000, 30)):
        sim, pool, outliers = detector()
        for _ in range(2):
            fail(outliers, pool[0], 5)
            first_seen_back(sim, pool, outliers, until=200)
        if good_s:
            sim.run(until=sim.now + good_s)
        began_s = sim.now
        fail(outliers, pool[0], 5)
        back_s = first_seen_back(sim, pool, outliers, until=began_s + 400)
        assert back_s - began_s == pytest.approx(third_s + (-began_s % 10), abs=0.5)


def test_the_count_starts_anew_when_a_server_is_back_and_ignores_what_ends_while_it_is_out():
    sim, pool, outliers = detector()
    fail(outliers, pool[0], 5)
    fail(outliers, pool[0], 20)
    sim.run(until=31)
    fail(outliers, pool[0], 4)
    assert out(outliers, pool) == []
    fail(outliers, pool[0], 1)
    assert out(outliers, pool) == ["s0"]


@pytest.mark.parametrize(
    ("size", "share", "ejected"), [(10, 0.1, 1), (19, 0.1, 1), (20, 0.1, 2), (4, 0.5, 2), (3, 1.0, 3)]
)
def test_at_most_the_given_share_is_out(size, share, ejected):
    _, pool, outliers = detector(size, max_ejected=share)
    for server in pool:
        fail(outliers, server, 5)
    assert len(out(outliers, pool)) == ejected
    assert outliers.overflow == size - ejected


@pytest.mark.parametrize("size", [1, 2, 3, 5, 9])
def test_with_envoys_tenth_nobody_is_ejected_from_a_pool_of_nine_or_fewer(size):
    _, pool, outliers = detector(size)
    fail(outliers, pool[0], 50)
    assert out(outliers, pool) == []
    assert outliers.overflow == 10


def test_always_one_may_be_out_if_you_say_so_and_not_a_second():
    _, pool, outliers = detector(3, at_least_one=True)
    fail(outliers, pool[0], 5)
    fail(outliers, pool[1], 5)
    assert out(outliers, pool) == ["s0"]


def test_a_place_becomes_free_when_one_is_back():
    sim, pool, outliers = detector()
    fail(outliers, pool[0], 5)
    fail(outliers, pool[1], 5)
    assert out(outliers, pool) == ["s0"]
    sim.run(until=30)
    fail(outliers, pool[1], 5)
    assert out(outliers, pool) == ["s1"]


def test_servers_that_left_the_pool_take_no_place():
    _, pool, outliers = detector()
    fail(outliers, pool[0], 5)
    others = [*pool[1:], Station(pool[0].sim, "s10")]
    outliers.filter(others)
    fail(outliers, pool[1], 5)
    assert out(outliers, others) == ["s1"]


def test_sweeps_are_counted_from_when_it_was_built():
    sim = Simulation(seed=1)
    sim.run(until=3)
    pool = [Station(sim, f"s{n}") for n in range(10)]
    outliers = OutlierDetection(sim, "outliers")
    outliers.filter(pool)
    sim.run(until=4)
    fail(outliers, pool[0], 5)  # thirty seconds are over at 34 s, sweeps are at 33 s and 43 s
    assert first_seen_back(sim, pool, outliers, until=100) == 43


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"consecutive_failures": 0}, "consecutive_failures is 0"),
        ({"sweep_s": 0}, "sweep_s is 0"),
        ({"base_ejection_s": -1}, "base_ejection_s is -1"),
        ({"max_ejection_s": 29}, "max_ejection_s is 29; it must be base_ejection_s, 30.0, or more"),
        ({"max_ejected": 1.1}, "max_ejected is 1.1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        detector(**settings)
