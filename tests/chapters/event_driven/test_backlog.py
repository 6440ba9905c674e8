"""Backlog: the arithmetic beside the simulation, what retention deletes, and the incident in the shop."""

import pytest

from archlab.chapters.event_driven import backlog
from archlab.data import load as published


@pytest.fixture(scope="module")
def table():
    return backlog.lags(seed=2)


@pytest.mark.parametrize("load", backlog.LOADS)
def test_what_piles_up_is_the_rate_times_the_stop(table, load):
    assert table.unread_records[table.load == load].max() == pytest.approx(
        backlog.expected(load).largest, rel=0.06
    )


@pytest.mark.parametrize(("load", "stops"), [(0.5, 1), (0.75, 3), (0.9, 9)])
def test_it_is_worked_off_in_as_many_stops_as_the_arithmetic_says(table, load, stops):
    theory_s = backlog.expected(load).drained_after_s
    assert theory_s == pytest.approx(stops * backlog.STOP_S)
    assert backlog.gone_after_s(table, load) == pytest.approx((1 - backlog.GONE) * theory_s, rel=0.15)


def test_the_line_of_the_arithmetic_goes_through_the_simulated_one(table):
    line = backlog.arithmetic()
    both = table.merge(line, on=["load", "time_since_return_s"], suffixes=("", "_law"))
    for load in backlog.LOADS:
        rows = both[both.load == load]
        apart = (rows.unread_records - rows.unread_records_law).abs().max() / backlog.expected(load).largest
        assert apart < 0.2, load


@pytest.mark.parametrize("retention_s", [15.0, 40.0, 59.0])
def test_retention_deletes_what_is_older_and_nobody_has_read(retention_s):
    found = backlog.lost_percent(retention_s)
    assert found == pytest.approx(100 * (1 - retention_s / backlog.STOP_S), abs=5)


def test_a_retention_longer_than_the_stop_loses_nothing():
    assert backlog.lost_percent(70.0) == 0


def test_a_weekend_away_costs_days_in_one_product_and_nothing_in_the_other():
    losses = backlog.losses().set_index("product")
    days = published("broker_capacity").query("setting == 'retention'").set_index("product").value / 86_400
    assert losses.retention_days.to_dict() == days.to_dict() == {"Kafka": 7, "Kinesis": 1}
    assert losses.lost_percent.to_dict() == pytest.approx({"Kafka": 0, "Kinesis": 60})
    assert losses.drained_days["Kafka"] == pytest.approx(9 * 2.5)
    assert losses.drained_days["Kinesis"] == pytest.approx(9 * 1)
    assert losses.first_loss_days.to_dict() == pytest.approx({"Kafka": 700, "Kinesis": 100})


@pytest.fixture(scope="module")
def incident():
    return backlog.payments_away()


def test_the_shop_accepts_all_orders_while_payments_is_away_and_pays_them_later(incident):
    result, topology = incident
    assert result.availability("place_order") == 1.0
    lag = result.samples[result.samples.part == "shop events"].set_index("time_s").queue_length
    back_s = backlog.SHOP_AT_S + backlog.SHOP_STOP_S
    assert lag[lag.index < backlog.SHOP_AT_S].max() < 60
    assert lag[back_s - 1 : back_s + 8].max() > backlog.ORDERS_PER_S * backlog.SHOP_STOP_S
    assert lag.iloc[-20:].mean() < 60
    assert "shop events" in topology


def test_a_load_that_is_no_share_is_refused():
    with pytest.raises(ValueError, match="load"):
        backlog.stopped(1, load=1.5)
    with pytest.raises(ValueError, match=r"load is 1\.0; it must be below 1"):
        backlog.lags((1.0,))
