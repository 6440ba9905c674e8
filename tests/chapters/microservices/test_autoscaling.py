"""Autoscaling: as many instances as the work needs, too late when they start slowly, and blind beyond a full one."""

import math

from archlab.chapters.microservices import autoscaling


def test_instances_that_start_late_leave_more_pages_slow():
    lines, figures = autoscaling.compare()
    fast, slow = figures.slow_percent
    assert fast < 5
    assert slow > 80
    ready = lines.pivot(index="time_s", columns="design", values="instances")
    assert (ready["ready, start-up 5 s"] >= ready["ready, start-up 60 s"]).all()
    assert (ready["needed"].iloc[:4] >= ready["ready, start-up 5 s"].iloc[:4]).all()


def test_the_instances_needed_are_the_work_over_the_target():
    work = 720 * 0.00479
    assert autoscaling.needed(720) == math.ceil(work / 0.6)
    assert autoscaling.needed(1) == 1


def test_a_full_instance_never_asks_for_more_than_its_share_of_the_target():
    sale = autoscaling.ramp(startup_s=5.0, over_s=1.0, duration_s=35.0)
    assert sale.instances_per_time.ready.iloc[-1] <= math.ceil(1 / autoscaling.TARGET_UTILISATION)
