"""Anomalies on the rows: the form decides, not the architecture."""

import pytest

from archlab.chapters.choosing.anomalies import (
    GUARDED,
    NAIVE,
    PAYMENTS_DIE,
    both,
    counted,
    runs_of,
    table,
)
from archlab.chapters.choosing.fault_matrix import trials
from archlab.chapters.choosing.twelve_faults import DATABASE_DOWN, QUEUE_DOWN, RELEASE, TWICE

TRIED = {
    "monolithic": TWICE,
    "microservices": DATABASE_DOWN,
    "event-driven": PAYMENTS_DIE,
    "serverless": RELEASE,
}
"""An architecture -> the fault in which its naive form does most harm."""
SEEDS = range(3)


def _runs(is_naive):
    return [runs_of([name], SEEDS, [fault], is_naive=is_naive) for name, fault in TRIED.items()]


@pytest.fixture(scope="module")
def naive():
    return _runs(is_naive=True)


@pytest.fixture(scope="module")
def guarded():
    return _runs(is_naive=False)


def test_every_naive_form_leaves_wrong_rows_and_no_guarded_one_does(naive, guarded):
    for name, bad, good in zip(TRIED, naive, guarded, strict=True):
        assert bad.wrong_orders.sum() > 0, name
        assert good.wrong_orders.sum() == 0, name


def test_both_forms_meet_the_same_customers(naive, guarded):
    for bad, good in zip(naive, guarded, strict=True):
        assert bad.orders.tolist() == good.orders.tolist()


def test_services_without_keys_charge_twice_or_for_nothing(naive):
    services = naive[list(TRIED).index("microservices")]
    assert services.payments_without_order.sum() > 0


def test_events_without_an_inbox_charge_twice(naive):
    events = naive[list(TRIED).index("event-driven")]
    assert events.double_charges.sum() == events.wrong_orders.sum() > 0


def test_the_table_has_a_row_a_form_and_only_the_kinds_that_occur(naive):
    quiet = trials([1], ["cqrs, separate"], [TWICE])
    shown = table(both(quiet, *naive))
    assert list(shown.architecture) == ["monolithic", "microservices", "event-driven", "serverless", "cqrs"]
    assert set(shown.lacks) == {GUARDED, *(one.lacks for one in NAIVE.values())}
    assert "double charges" in shown
    assert "oversold products" not in shown
    assert shown[shown.lacks == GUARDED].drop(columns=["architecture", "form", "lacks"]).sum(axis=None) == 0


def test_the_kinds_come_with_their_meaning_and_how_many_runs_had_them(naive):
    kinds = counted(both(trials([1], ["monolithic"], [TWICE]), *naive))
    assert kinds.anomalies.sum() == sum(one.wrong_orders.sum() for one in naive)
    assert (kinds.runs_with <= kinds.runs).all()
    assert kinds.meaning[kinds.kind != "none"].str.len().min() > 10
    assert kinds.kind[kinds.lacks == GUARDED].tolist() == ["none"]


def test_what_does_not_apply_is_not_run():
    assert set(runs_of(["monolithic"], [1], [QUEUE_DOWN, TWICE]).fault) == {TWICE}


def test_an_architecture_without_a_naive_form_is_refused():
    with pytest.raises(ValueError, match="'layered'; it must be one of"):
        runs_of(["layered"], [1])
