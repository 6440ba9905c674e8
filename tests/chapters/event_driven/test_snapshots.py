"""What snapshots save: counted on real rows, worked out by hand, and weighed with what was recorded."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.chapters.event_driven import replaying, snapshots
from archlab.chapters.event_driven.snapshots import ROWS, best_every, work


@settings(max_examples=25, deadline=None)
@given(length=st.integers(1, 60), every=st.one_of(st.none(), st.integers(1, 20)))
def test_the_rows_worked_out_are_those_of_a_real_life(length, every):
    assert snapshots.life(length, every).sum() == work(length, every, ROWS)


def test_without_snapshots_the_rows_grow_with_the_square():
    assert snapshots.life(100).tolist() == [100 * 99 / 2, 100]
    assert work(2000, None, ROWS) / work(1000, None, ROWS) == pytest.approx(4, rel=0.01)


def test_with_snapshots_they_grow_with_the_length():
    assert work(2000, 10, ROWS) / work(1000, 10, ROWS) == pytest.approx(2, rel=0.01)


@pytest.mark.parametrize(("write", "event"), [(8.0, 1.0), (50.0, 1.0), (200.0, 1.0), (100.0, 2.0)])
def test_the_best_interval_is_youngs(write, event):
    costs = replace(ROWS, event=event, snapshot_write=write)
    assert best_every(20_000, costs) == pytest.approx(math.sqrt(2 * write / event), abs=1)


def test_by_rows_a_snapshot_pays_from_a_length_that_all_intervals_confirm():
    """The oracle: lives really lived, with every interval there is."""
    limit = int(snapshots.snapshot_pays_from_rows())

    def saves(length):
        without = snapshots.life(length).sum()
        return any(snapshots.life(length, every).sum() < without for every in range(1, length))

    assert [saves(length) for length in range(limit - 2, limit + 3)] == [False, False, True, True, True]


def test_the_dearer_the_commit_the_later_snapshots_save_a_tenth():
    """An order of five events is too short for snapshots, and a product's stock is not, on any disk."""
    table = replaying.recorded().query("run < 3")
    in_memory, usual, slow = (
        snapshots.snapshot_pays_from(table, ms) for ms in (0.0, snapshots.COMMIT_MS, 5.9)
    )
    assert max(replaying.EVENTS_AN_ORDER, snapshots.snapshot_pays_from_rows()) < in_memory < 12
    assert 2 * in_memory < usual < 30
    assert 150 < slow < 500
    assert slow < 1e6 * replaying.MILLION_EVENTS_A_PRODUCT


def test_it_pays_where_a_life_takes_a_tenth_less():
    limit = int(snapshots.snapshot_pays_from(replaying.recorded().query("run == 0")))
    costs = snapshots.costs_ms(replaying.recorded(), 0, snapshots.COMMIT_MS)
    shares = [
        work(length, best_every(length, costs), costs) / work(length, None, costs)
        for length in (limit - 1, limit)
    ]
    assert shares[0] > 0.9 >= shares[1]


def test_a_commit_below_zero_is_named():
    with pytest.raises(ValueError, match="commit_ms is -1"):
        snapshots.snapshot_pays_from(replaying.recorded(), commit_ms=-1)


def test_a_snapshot_that_is_dear_to_write_pays_later():
    cheap, dear = (replace(ROWS, lookup=1, snapshot_write=write) for write in (1, 500))
    assert snapshots._saved(cheap, 30) > 0 > snapshots._saved(dear, 30)
    assert snapshots._saved(dear, 199) > 0


def test_costs_come_from_one_run_of_the_record():
    table = replaying.recorded()
    costs = snapshots.costs_ms(table, run=0)
    assert 0 < costs.event < costs.lookup + costs.load < costs.append
    assert 0 < costs.snapshot_write < costs.append
