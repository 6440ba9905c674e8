"""Autoscaling: as many instances as the work needs, too late when they start slowly, and blind beyond a full one."""

import math

import pytest

from archlab.chapters.microservices import autoscaling


@pytest.fixture(scope="module")
def sales():
    return autoscaling.compare(seeds=range(2))


def test_instances_that_start_late_leave_more_pages_slow(sales):
    lines, slow_percent = sales
    assert slow_percent[5.0].high < 5
    assert slow_percent[60.0].low > 80
    ready = lines.pivot(index="time_s", columns="design", values="instances")
    assert (ready["ready, start-up 5 s"] >= ready["ready, start-up 60 s"]).all()
    assert (ready[autoscaling.WANTED].iloc[:4] >= ready["ready, start-up 5 s"].iloc[:4]).all()


def test_the_autoscaler_doubles_one_and_two_full_instances_and_that_is_all_it_does_at_once(sales):
    """1.67 times as many, rounded up: twice as many for one and two, and never beyond."""
    assert [autoscaling.asked_by_full(n) for n in (1, 2)] == [2, 4]
    assert all(autoscaling.asked_by_full(n) == math.ceil(n / 0.6) <= 2 * n for n in range(1, 30))
    lines, _ = sales
    slowly = lines[lines.design == "ready, start-up 60 s"].instances
    assert slowly.unique().tolist() == [1, 2, 4]


def test_the_instances_needed_are_the_work_over_the_target():
    work = 720 * 0.00479
    assert autoscaling.needed(720) == math.ceil(work / 0.6)
    assert autoscaling.needed(1) == 1


def test_a_full_instance_never_asks_for_more_than_its_share_of_the_target():
    sale = autoscaling.ramp(startup_s=5.0, over_s=1.0, duration_s=35.0)
    assert sale.instances_per_time.ready.iloc[-1] <= math.ceil(1 / autoscaling.TARGET_UTILISATION)
