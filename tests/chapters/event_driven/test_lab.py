"""What lab 03 works on: the figures its text names, and days that punish what they should and nothing else."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from archlab.chapters.event_driven import lab as sale_days
from archlab.chapters.event_driven import lab_backlog_known, lab_history, lab_keys, lab_poison, lab_rows
from archlab.chapters.event_driven.lab import TODAY, SaleDay
from archlab.sim.failure import Failure

GOOD = replace(
    TODAY,
    instances={"orders": 2},
    way_out="log_tailing",
    idempotent=True,
    partitions=16,
    readers={"payments": 16},
)


def test_the_figures_that_the_text_of_the_lab_names():
    assert [fault.lasts_s for fault in SaleDay().faults] == [2, 2, 6, 5]
    assert (sale_days.ACCEPTED.availability, sale_days.ACCEPTED.p99_s) == (0.90, 1.0)
    assert (sale_days.MEDIAN_DONE_S, sale_days.P90_DONE_S) == (1.0, 6.0)
    assert (lab_keys.PARTITIONS, lab_keys.CUSTOMERS, lab_keys.MOST_ON_ONE_PARTITION) == (12, 400, 0.3)
    assert lab_keys.WHOLESALE_SHARE == 0.08
    assert (lab_poison.LONGEST_AWAY_S, lab_poison.LONGEST_WAIT_S) == (20, 60)
    assert lab_history.REPLAYS == 14
    assert sale_days.SALE_MIX.shares["place_order"] == pytest.approx(0.7)


# Keys


@pytest.fixture(scope="module")
def events():
    return lab_keys.events_of_a_day(np.random.default_rng(3), count=3000)


def test_the_key_decides_the_order_and_the_load(events):
    by_customer = lab_keys.handled_by_key(events, lambda event: event.customer, seed=3)
    by_order = lab_keys.handled_by_key(events, lambda event: event.order, seed=3)
    by_country = lab_keys.handled_by_key(events, lambda event: event.country, seed=3)
    assert by_customer.customers_out_of_order == 0 < by_order.customers_out_of_order
    assert by_customer.customers_apart == 0 < by_order.customers_out_of_order < by_order.customers_apart
    assert max(by_customer.largest_share, by_order.largest_share) < 0.3 < by_country.largest_share
    assert by_country.customers_out_of_order == 0


def test_what_is_published_says_the_same_and_shares_nothing(events):
    again = lab_keys.published(events[0])
    assert again == events[0]
    assert again.customer is not events[0].customer


# Rows


def note_first(rows, event):
    if rows.execute("INSERT OR IGNORE INTO inbox VALUES (?)", (event.event_id,)).rowcount == 0:
        return False
    sql = "UPDATE points SET points = points + ? WHERE customer = ?"
    rows.execute(sql, (event.points, event.customer))
    return True


@pytest.mark.parametrize(("dies_after", "points"), [(0, 10), (1, 0), (2, 10)])
def test_a_program_dies_after_as_many_statements_as_it_was_given(dies_after, points):
    rows = lab_rows.Rows(["Ann"])
    event = lab_rows.PointsEarned("order-7-4", "Ann", 10)
    assert lab_rows.deliver(note_first, rows, event, lives=[dies_after]) == 2
    assert rows.points() == {"Ann": points}


def test_a_killed_program_s_open_transaction_is_taken_back():
    rows = lab_rows.Rows(["Ann"])
    rows.execute("BEGIN")
    rows.execute("UPDATE points SET points = 5")
    rows.take_back()
    assert rows.points() == {"Ann": 0}


def test_no_program_can_catch_its_own_death():
    def tries_everything(rows, event):
        try:
            return note_first(rows, event)
        except BaseException:
            return True

    rows = lab_rows.Rows(["Ann"])
    event = lab_rows.PointsEarned("order-7-4", "Ann", 10)
    assert lab_rows.deliver(tries_everything, rows, event, lives=[1]) == 2


def test_a_new_program_finds_the_rows_and_nothing_of_what_the_one_before_it_kept():
    class Watch:  # a class is not copied
        kept: ClassVar[list[object]] = []

    remembered = []

    def keeps(rows, event):
        Watch.kept += [getattr(rows, "kept", None), len(remembered)]
        rows.kept = event
        remembered.append(event)
        return note_first(rows, event)

    rows = lab_rows.Rows(["Ann"])
    assert lab_rows.deliver(keeps, rows, lab_rows.PointsEarned("order-7-4", "Ann", 10), lives=[2]) == 2
    assert Watch.kept == [None, 0, None, 0]
    assert rows.points() == {"Ann": 10}


def test_work_past_the_statements_that_are_counted_is_refused():
    event = lab_rows.PointsEarned("order-7-4", "Ann", 10)
    with pytest.raises(AssertionError, match="neither can be had"):
        lab_rows.deliver(lambda rows, event: True, lab_rows.Rows(), event, lives=[1])


# Poison


def patient(seconds):
    def deal_with(sim, record, work, park):
        began_s = sim.now
        while True:
            try:
                return (yield from work(record))
            except Failure as failure:
                if sim.now - began_s > seconds:
                    return park(record, failure)
            yield sim.timeout(1.0)

    return deal_with


def test_patience_between_the_longest_outage_and_the_longest_wait_parks_the_bad_record_alone():
    short, right, long = (lab_poison.PoisonDay(away_s=18.0).run(patient(s), seed=1) for s in (8, 30, 90))
    assert right.parked == [right.poison]
    assert max(right.waits_s) < lab_poison.LONGEST_WAIT_S < max(long.waits_s)
    assert set(short.parked) > {short.poison}
    assert right.left == []
    assert right.out_of_order == 0


def test_the_bad_record_may_also_come_before_the_outage():
    day = lab_poison.PoisonDay.drawn(np.random.default_rng(4), lab_poison.AFTER_S)
    lived = day.run(patient(55), seed=1)
    assert lived.parked == [lived.poison]
    assert 50 < max(lived.waits_s) < lab_poison.LONGEST_WAIT_S
    assert len(day.run(patient(15), seed=1).parked) > 1


def test_a_failure_that_the_work_did_not_raise_is_none():
    def makes_one_up(sim, record, work, park):
        yield sim.timeout(0.01)
        park(record, Failure("gave up"))

    lived = lab_poison.PoisonDay(away_s=18.0).run(makes_one_up, seed=1)
    assert lived.parked_without_failure == len(lived.parked) > 0


# Backlog


@pytest.mark.parametrize("kind", lab_backlog_known.KINDS)
def test_the_arithmetic_of_a_backlog_agrees_with_simulated_consumers(kind):
    random = np.random.default_rng(5)
    for _ in range(3):
        case = lab_backlog_known.drawn(random, kind)
        needed = lab_backlog_known.consumers_needed(case)
        if kind == "deleted":
            assert needed == 0
            assert lab_backlog_known.busiest(case, case.partitions) < 1
            assert case.missed(case.partitions) > 0
        elif kind == "too few partitions":
            assert needed == 0
            assert case.left_at_the_end(case.partitions) > 0
        else:
            assert case.left_at_the_end(needed) == 0 < case.left_at_the_end(needed - 1)


def test_nothing_is_deleted_unread_when_the_consumers_keep_up_and_started_in_time():
    case = lab_backlog_known.drawn(np.random.default_rng(5), "even")
    assert case.outage_s < case.retention_s < case.within_s
    assert case.missed(lab_backlog_known.consumers_needed(case)) == 0


# History


def test_books_are_right_before_the_first_wrong_event_and_wrong_from_it_on():
    told, first_wrong = lab_history.drawn(np.random.default_rng(2))
    positions = range(first_wrong, told.store.head, 97)
    assert told.books_at(first_wrong - 1) == {}
    assert all(told.books_at(position) for position in positions)
    assert told.replays_left == lab_history.REPLAYS - 1 - len(positions)


def test_no_more_replays_are_to_be_had_than_were_promised():
    told, _ = lab_history.drawn(np.random.default_rng(2), orders=20)
    for _ in range(lab_history.REPLAYS):
        told.books_at(5)
    with pytest.raises(AssertionError, match="no replay is left"):
        told.books_at(5)


# The sale


@pytest.fixture(scope="module")
def lived():
    names = {"today": TODAY, "good": GOOD, "dual write": replace(GOOD, way_out="dual_write")}
    return {name: SaleDay().run(config, seed=1) for name, config in names.items()}


def test_today_s_shop_breaks_each_kind_of_promise(lived):
    today = lived["today"]
    assert today.misses
    assert today.wrong_rows
    assert today.median_done_s > sale_days.MEDIAN_DONE_S
    assert today.price_per_hour_usd < sale_days.BUDGET_USD_PER_HOUR


def test_a_good_shop_keeps_every_promise_and_a_dual_write_refuses_while_the_broker_is_away(lived):
    good = lived["good"]
    assert not good.misses
    assert not good.wrong_rows
    assert not good.never_done
    assert good.median_done_s < sale_days.MEDIAN_DONE_S
    assert good.p90_done_s < sale_days.P90_DONE_S
    assert good.price_per_hour_usd < sale_days.BUDGET_USD_PER_HOUR
    assert lived["dual write"].accepted_share < good.accepted_share - 0.05


def test_facts_of_life_cannot_be_chosen():
    assert sale_days.impossible(GOOD) == []
    assert sale_days.impossible(replace(GOOD, provider_s=0.01)) == ["provider_s cannot be chosen"]


def test_what_is_decided_is_taken_over_and_nothing_else():
    assert sale_days.decided(GOOD) == GOOD
    assert sale_days.decided(replace(GOOD, provider_s=0.01)) == GOOD
    assert type(sale_days.decided(GOOD).instances) is dict
