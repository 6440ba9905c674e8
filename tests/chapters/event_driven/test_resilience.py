"""A minute without one part: what comes right in the end, here and in a monolith for the same money."""

import pytest

from archlab.chapters.event_driven import resilience
from archlab.chapters.event_driven.resilience import BEFORE, BEHIND, all_kept, by_dual_write, kept, resilient
from archlab.course.claims.limit import Limit
from archlab.course.claims.verdict import Outcome

SEEDS = range(3)


@pytest.fixture(scope="module")
def table():
    return all_kept(seeds=SEEDS)


def test_all_shops_cost_the_same_within_a_clone():
    usd = resilience.prices_usd_per_hour()
    assert 0 <= usd["events"] - usd["monolith"] < 0.096
    assert usd["later"] == pytest.approx(usd["monolith"])


def test_orders_come_right_whatever_is_away_behind_the_topic(table):
    assert (table[table.fault.isin(list(BEHIND))].events_percent == 100).all()


def test_what_takes_the_orders_is_no_better_than_a_monolith(table):
    lost = table[table.fault.isin(["code of orders", "database of orders"])]
    assert lost.events_percent.max() < 40
    machine = table[table.fault == "one machine that takes orders"]
    assert (machine[["events_percent", "monolith_percent", "later_percent"]] == 100).all(axis=None)


def test_a_monolith_loses_what_its_customers_do_not_wait_for(table):
    shares = table.groupby("fault").monolith_percent.mean()
    assert shares.drop(["broker", "one machine that takes orders"]).max() < 40
    waited = kept(seed=1, fault="payment provider", patience_s=90.0)
    assert waited["monolith_percent"] == 100


def test_a_monolith_that_pays_later_bears_as_much_but_for_its_one_database(table):
    shares = table.groupby("fault").later_percent.agg(["min", "max"])
    assert shares.loc["payment provider", "min"] == shares.loc["code of payments", "min"] == 100
    assert shares.loc[["database of payments", "database of orders", "code of orders"], "max"].max() < 40


def test_a_dual_write_loses_the_orders_of_customers_who_meet_no_broker():
    assert by_dual_write(range(2)) < 40


def test_the_verdict_names_the_patience_that_decides(table):
    patience = resilience.patience_limit(seeds=SEEDS)
    assert patience == pytest.approx(60, abs=6)
    verdict = resilient(**resilience.figures(table, patience))
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert set(BEFORE) | set(BEHIND) == set(table.fault)


def test_the_verdict_turns_with_a_shop_that_publishes_by_itself_and_with_patient_customers(table):
    patience = Limit("up to", [60.0] * 3)
    figures = resilience.figures(table, patience)
    worse = figures | {"kept_behind_percent": by_dual_write(SEEDS)}
    assert resilient(**worse).outcome is Outcome.DOES_NOT_HOLD
    as_good = figures | {"later_at_worst_percent": 100.0}
    assert resilient(**as_good).outcome is Outcome.DOES_NOT_HOLD
