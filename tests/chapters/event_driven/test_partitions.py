"""Partitions, consumers and skew: what is worked off beside the law, and what a hot key leaves."""

from math import ceil

import pytest

from archlab.chapters.event_driven import partitions
from archlab.published import hot_key
from archlab.sim import Exponential
from archlab.sim.messaging.event_log import EventLog
from archlab.sim.simulation import Simulation


@pytest.fixture(scope="module")
def worked():
    table = partitions.against_consumers((1, 2, 4, 5, 7, 8, 9, 13, 16))
    return table.pivot(index="consumers", columns="design", values="times_one")


def test_a_log_works_as_fast_as_its_fullest_consumer_and_never_faster_than_its_partitions(worked):
    law = partitions.even_law(list(worked.index)).times_one.to_numpy()
    assert worked.log.to_numpy() == pytest.approx(law)
    assert worked.log.max() == pytest.approx(partitions.PARTITIONS)
    assert worked.log[[4, 5, 7]].to_numpy() == pytest.approx([4, 4, 4])


def test_competing_consumers_of_a_queue_have_no_such_steps(worked):
    assert worked.queue.to_numpy() == pytest.approx(worked.index.to_numpy(), rel=0.02)


def test_with_other_partitions_the_steps_are_elsewhere():
    assert partitions.worked_off("log", consumers=5, partitions=10, records=200) == pytest.approx(5.0)
    assert partitions.worked_off("log", consumers=6, partitions=10, records=200) == pytest.approx(5.0)


def test_luck_in_the_work_makes_a_log_wait_for_its_last_partition_and_a_queue_hardly():
    work_s = Exponential(partitions.WORK_S)
    log = partitions.worked_off("log", 8, work_s=work_s, records=800)
    queue = partitions.worked_off("queue", 8, work_s=work_s, records=800)
    assert 0.65 * 8 < log < 0.92 * 8
    assert queue > 0.95 * 8


@pytest.mark.parametrize(
    ("target", "produce", "consume", "wanted"), [(100, 10, 50, 10), (100, 1000, 8, 13), (1, 9, 9, 1)]
)
def test_the_usual_rule_is_the_larger_of_two_quotients(target, produce, consume, wanted):
    assert partitions.partitions_wanted(target, produce, consume) == wanted
    assert wanted == max(ceil(target / produce), ceil(target / consume))


def test_usable_partitions_are_those_of_the_published_module_and_the_derived_figures_stand_beside():
    table = partitions.against_partitions([12, 100], seeds=range(10))
    by = table.set_index(["design", "partitions"]).times_one
    derived = partitions.derived().set_index(["design", "partitions"]).times_one
    for place in (("even keys", 12), ("even keys", 100), ("hot keys", 12), ("hot keys", 100)):
        assert by[place] == pytest.approx(derived[place], rel=0.05)
    assert by["hot keys", 100] < hot_key.most_usable() < by["hot keys cut in 8", 100] < by["even keys", 100]


@pytest.mark.parametrize(("load", "keeps_up"), [(0.85, True), (1.25, False)])
def test_a_group_bears_what_its_fullest_consumer_bears_and_no_more(load, keeps_up):
    """The oracle for `usable`: the lag of a run at 0.85 and at 1.25 times what follows from the shares."""
    shares = partitions.explored(12, 12, 0.99, 60.0).by_consumer
    bearable = 1 / partitions.WORK_S / shares.max()
    run = partitions.explored(12, 12, 0.99, load * bearable, duration_s=40.0)
    figures = partitions.SharesAndLag().read(run).figures
    grown = run.lag.max(axis="columns").iloc[-1]
    assert (grown < 30) == keeps_up
    if not keeps_up:
        fullest_per_s = run.by_consumer.max() * run.load_per_s
        assert grown == pytest.approx((fullest_per_s - 1 / partitions.WORK_S) * 40.0, rel=0.15)
        assert figures["lag_at_the_end_records"] >= grown


def test_the_explorer_tells_idle_consumers_and_skew():
    read = partitions.SharesAndLag().read
    even = read(partitions.explored(8, 12, 0.0, 60.0)).figures
    hot = read(partitions.explored(8, 12, 1.2, 60.0)).figures
    assert even["idle_consumers"] == hot["idle_consumers"] == 4
    assert hot["as_good_as_consumers"] < 0.6 * even["as_good_as_consumers"]
    curves = read(partitions.explored(8, 12, 0.0, 60.0)).curves
    assert max(curves[0].y) == curves[0].y[0]
    assert sum(curves[0].y) == pytest.approx(100)


def test_keys_of_each_go_where_they_should():
    log = EventLog(Simulation(seed=1), "log", append_s=0.0, partitions=7)
    assert [log.partition_of(key) for key in partitions.keys_of_each(log)] == list(range(7))


def test_what_is_not_allowed_is_refused_by_name():
    with pytest.raises(ValueError, match="design is 'stack'"):
        partitions.worked_off("stack", 1)
    with pytest.raises(ValueError, match="consumers is 0"):
        partitions.worked_off("log", 0)
    with pytest.raises(ValueError, match="records is 0"):
        partitions.worked_off("queue", 1, records=0)
    with pytest.raises(ValueError, match="rate_per_s is 0"):
        partitions.explored(8, 8, 1.0, 0.0)
    with pytest.raises(ValueError, match="consumers is 0"):
        partitions.even_law([0])
