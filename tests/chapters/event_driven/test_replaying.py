"""Replaying real rows: what was recorded, and what can be counted. Times are compared with each other only."""

import numpy as np
import pandas as pd
import pytest

from archlab.chapters.event_driven import replaying
from archlab.course.claims import Limit, Outcome, OverSeeds


@pytest.fixture(scope="module")
def table():
    return replaying.recorded()


def test_the_record_has_ten_runs_of_each_measurement_with_date_and_machine(table):
    assert (table.groupby(["what", "events"]).size() == replaying.RUNS).all()
    assert set(table.events[table.what == "replay"]) == {0, *replaying.LENGTHS}
    assert pd.to_datetime(table.date).notna().all()
    assert table.machine.str.contains("SQLite").all()


def test_measuring_anew_gives_the_columns_of_the_record(table):
    mine = replaying.measure(lengths=(1, 4), runs=1, least_s=0.001)
    assert [*mine.columns, "date", "machine"] == list(table.columns)
    assert set(mine.what) == set(table.what)
    assert mine.events[mine.what == "rebuild"].item() == 5
    assert (mine.ms > 0).all()


def test_ten_times_the_events_take_ten_times_as_long(table):
    """Recorded: the power is 1 to a few per cent, and the straight line of all is that of the short ones."""
    assert 0.95 < replaying.growth(table) < 1.08
    assert 0.95 < replaying.growth(table, from_events=1000) < 1.08
    medians = table[table.what == "replay"].groupby("events").ms.median()
    assert 7 < medians[10_000] / medians[1000] < 13
    assert 7 < medians[1000] / medians[100] < 13


def test_growth_is_the_power_of_any_law():
    events = np.array([100, 1000, 10_000])
    for power in (0.5, 1, 2):
        law = pd.DataFrame({"what": "replay", "events": events, "ms": 0.01 * events**power})
        assert replaying.growth(law) == pytest.approx(power)


def straight(load_ms, event_ms, runs=10, **others):
    """A record that lies on a straight line."""
    rows = [
        (run, "replay", n, load_ms + n * event_ms) for run in range(runs) for n in (0, *replaying.LENGTHS)
    ]
    rows += [(run, what, 1, ms) for run in range(runs) for what, ms in others.items()]
    return pd.DataFrame(rows, columns=["run", "what", "events", "ms"])


def test_a_straight_line_is_found_again():
    assert replaying.replay_ms(straight(0.2, 0.01), run=3) == pytest.approx((0.2, 0.01))
    assert replaying.event_us(straight(0.2, 0.01)) == pytest.approx(10)
    assert replaying.load_s(straight(0.2, 0.01), events=1e6) == pytest.approx(10.0002)
    unnoticed = replaying.events_unnoticed(straight(0.1, 0.001))
    assert unnoticed == pytest.approx((replaying.REPLAY_MS - 0.1) / 0.001)


def test_a_rebuild_takes_what_its_events_take():
    table = straight(0.0, 0.001, rebuild=0.5)
    assert replaying.rebuild_hours(table, events=7200) == pytest.approx(1 / 1000)


def test_tables_made_again_are_the_live_ones_unless_what_comes_twice_counts_twice():
    assert [replaying.tables_that_differ(seed) for seed in range(10)] == [0] * 10
    assert [replaying.tables_that_differ(seed, keeps_position=False) for seed in range(3)] == [1] * 3


@pytest.fixture(scope="module")
def pays_from():
    """What it is made of is tested with `snapshots`."""
    return Limit("from", [22] * 10, whole=True)


def settled(table, pays_from, differ=(0,) * 10):
    return replaying.rebuild_by_replay(
        tables_that_differ=OverSeeds(differ),
        events_unnoticed=replaying.events_unnoticed(table),
        event_us=replaying.event_us(table),
        snapshot_pays_from=pays_from,
        rebuild_hours=OverSeeds([7.0] * 10),
    )


def test_an_order_is_replayed_unnoticed_and_the_stock_of_a_product_is_not(table, pays_from):
    verdict = settled(table, pays_from)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert verdict.flips_at / 5 > replaying.EVENTS_AN_ORDER
    assert verdict.flips_at < 1e6 * replaying.MILLION_EVENTS_A_PRODUCT / 1000


def test_one_table_that_differs_is_enough(table, pays_from):
    assert settled(table, pays_from, differ=[1] * 10).outcome is Outcome.DOES_NOT_HOLD
    assert settled(table, pays_from, differ=[1] + [0] * 9).outcome is Outcome.BY_LUCK


def test_slower_machines_replay_fewer_events_unnoticed(table, pays_from):
    assert settled(straight(0.0, 0.01), pays_from).flips_at == pytest.approx(10 * replaying.REPLAY_MS * 10)
    assert (
        settled(table.assign(ms=10 * table.ms), pays_from).flips_at < settled(table, pays_from).flips_at / 9
    )
