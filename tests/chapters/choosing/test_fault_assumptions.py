"""The order under other assumptions: what was recorded is what the model gives, and what the chapter may say of it."""

import pandas as pd
import pytest

from archlab.chapters.choosing import fault_assumptions
from archlab.chapters.choosing.fault_assumptions import (
    CASES,
    TRIED,
    means,
    measured,
    orders_table,
    places,
    recorded,
)
from archlab.chapters.choosing.fault_matrix import SHOWN
from archlab.chapters.choosing.trial_terms import USUAL
from archlab.chapters.choosing.twelve_faults import DATABASE_DOWN, PROVIDER_DOWN, PROVIDER_SLOW

ACCEPT_FIRST = ("monolithic, pays later", "microservices", "event-driven")
"""They accept an order though it is not paid yet."""
APART = ("microservices", "event-driven", "cqrs, separate")
"""What makes pages needs nothing of what orders need."""


@pytest.fixture(scope="module")
def table():
    return recorded()


@pytest.fixture(scope="module")
def kept(table):
    return means(table).set_index(["case", "form"])


def test_every_case_has_every_form_and_fault(table):
    assert len(table) == len(CASES) * len(SHOWN) * len(TRIED)
    assert not table.duplicated(["case", "form", "fault"]).any()


@pytest.mark.parametrize(
    ("case", "form", "fault"),
    [
        ("as assumed", "monolithic", PROVIDER_SLOW),
        ("customers wait 4 s", "layered, one process", PROVIDER_SLOW),
        ("smallest shop, two copies", "cqrs, same database", DATABASE_DOWN),
        ("faults last 5 s", "monolithic, pays later", PROVIDER_DOWN),
    ],
)
def test_what_is_recorded_is_what_the_model_gives(table, case, form, fault):
    anew = measured(case, [form], [fault]).iloc[0]
    before = table[(table.case == case) & (table.form == form) & (table.fault == fault)].iloc[0]
    for column in ("pages_percent", "orders_percent", "tracking_percent", "untold_percent"):
        assert before[column] == pytest.approx(anew[column], abs=0.006)
    assert before.runs == anew.runs


@pytest.mark.parametrize("case", CASES)
def test_in_every_case_those_that_accept_first_keep_most_orders(kept, case):
    first = kept.loc[case].orders_percent
    others = first.drop(list(ACCEPT_FIRST))
    assert first[list(ACCEPT_FIRST)].min() > others.max() - fault_assumptions.ALIKE_PERCENT


@pytest.mark.parametrize("case", CASES)
def test_in_every_case_those_whose_pages_stand_apart_keep_most_pages(kept, case):
    pages = kept.loc[case].pages_percent
    assert pages[list(APART)].min() > pages.drop(list(APART)).max()


def test_no_case_leaves_wrong_rows(table):
    assert table.wrong_orders.sum() == 0


def test_halved_and_doubled_is_meant_by_the_cases():
    assert CASES["faults last 5 s"].trial.lasts_s * 2 == USUAL.lasts_s
    assert CASES["customers wait 4 s"].trial.patience_s == 2 * USUAL.patience_s
    assert CASES["twice as slow"].trial.slow_provider_times == 2 * USUAL.slow_provider_times
    assert CASES["half as many customers"].trial_of("monolithic").rate_per_s * 2 == USUAL.rate_per_s


def test_the_same_share_of_its_capacity_is_another_rate_for_each():
    case = CASES["40 % of its capacity"]
    rates = {form: case.trial_of(form).rate_per_s for form in SHOWN}
    assert rates["serverless"] > rates["microservices"] > rates["monolithic"] > 5 * USUAL.rate_per_s


def test_who_keeps_as_much_within_a_point_shares_the_place():
    assert places(pd.Series([90.0, 89.5, 88.0, 50.0])).tolist() == [1, 1, 3, 4]


def test_the_table_has_a_row_a_case_and_a_column_a_form(table):
    wide = orders_table(table)
    assert list(wide.case) == list(CASES)
    assert list(wide.columns) == ["case", *SHOWN]


def test_an_unknown_case_is_refused():
    with pytest.raises(ValueError, match="case is 'rain'; it must be one of"):
        measured("rain")
