"""The fault matrix: who keeps pages, who keeps orders, and what makes it flip."""

from dataclasses import replace
from math import inf

import joblib
import pandas as pd
import pytest

import archlab.chapters.choosing.trials
from archlab.chapters.choosing import fault_figure, fault_matrix
from archlab.chapters.choosing.fault_matrix import (
    BUDGET_USD_PER_H,
    PAYS_LATER,
    ROWS,
    SHOWN,
    matrix,
    shop_of,
    smallest,
    trials,
)
from archlab.chapters.choosing.fault_tables import (
    by_architecture,
    common_faults,
    mean_kept,
    recovery,
    wide,
)
from archlab.chapters.choosing.forms import ARCHITECTURES, FORMS
from archlab.chapters.choosing.trial_terms import USUAL, Trial
from archlab.chapters.choosing.trials import run_trial, well_s
from archlab.chapters.choosing.twelve_faults import (
    DATABASE_DOWN,
    DATABASE_SLOW,
    MACHINE,
    PROVIDER_DOWN,
    PROVIDER_SLOW,
    QUEUE_DOWN,
    RELEASE,
    TWICE,
)
from archlab.course.style import contrast
from archlab.sim.simulation import Simulation

TRIED = (RELEASE, DATABASE_DOWN, PROVIDER_DOWN)


@pytest.fixture(scope="module")
def runs():
    return trials(seeds=(1, 2), faults=TRIED)


@pytest.fixture(scope="module")
def table(runs):
    return matrix(runs)


@pytest.fixture(scope="module")
def kept(table):
    return table.set_index(["form", "fault"])


# What the chapter may say -----------------------------------------------------------------------------------------


def test_a_bad_release_of_ordering_takes_the_pages_where_one_program_makes_both(kept):
    pages = {form: kept.pages_percent[form, RELEASE] for form in SHOWN}
    assert {form for form, percent in pages.items() if percent == 0} == {
        "monolithic",
        "monolithic, pays later",
        "layered, one process",
    }
    assert min(percent for percent in pages.values() if percent) == 100


def test_nobody_keeps_orders_when_their_code_or_their_database_is_down(kept):
    assert max(kept.orders_percent[form, fault] for form in SHOWN for fault in (RELEASE, DATABASE_DOWN)) < 5


def test_the_database_of_orders_takes_the_pages_where_they_share_it(kept):
    pages = {form: kept.pages_percent[form, DATABASE_DOWN] for form in SHOWN}
    assert {form for form, percent in pages.items() if percent > 99} == {
        "microservices",
        "event-driven",
        "cqrs, separate",
    }
    assert max(percent for percent in pages.values() if percent < 99) < 5


def test_who_accepts_first_keeps_orders_while_the_provider_is_down(kept):
    orders = {form: kept.orders_percent[form, PROVIDER_DOWN] for form in SHOWN}
    assert {form for form, percent in orders.items() if percent == 100} == {
        "monolithic, pays later",
        "microservices",
        "event-driven",
    }
    assert max(percent for percent in orders.values() if percent < 100) < 10


def test_what_is_accepted_first_is_paid_some_time_after_the_provider_is_back(kept):
    for form in ("monolithic, pays later", "microservices", "event-driven"):
        assert 0.5 < kept.recovered_s[form, PROVIDER_DOWN] < USUAL.after_s


def test_guarded_shops_leave_no_wrong_rows(table):
    assert table.wrong_orders.sum() == 0


def test_functions_charge_for_orders_whose_customers_were_told_no(kept):
    assert kept.untold_percent["serverless", PROVIDER_DOWN] > 80
    assert kept.untold_percent["monolithic", PROVIDER_DOWN] == 0


# What makes it flip -----------------------------------------------------------------------------------------------


def _pages_percent(config, form="monolithic", fault=PROVIDER_SLOW, trial=USUAL, seed=1):
    tried = run_trial(ROWS[form], config, fault, seed, trial)
    return 100 * tried["pages_kept"] / tried["pages"]


def test_without_bulkheads_a_monolith_with_few_workers_loses_pages_when_the_provider_is_slow():
    few = replace(smallest(ROWS["monolithic"], 1), workers=6, payment_timeout_s=None)
    assert _pages_percent(replace(few, bulkheads={"place_order": 3})) == 100
    assert _pages_percent(replace(few, bulkheads=None)) < 60


def test_with_a_provider_a_little_slow_even_who_asks_it_first_keeps_orders():
    trial = Trial(slow_provider_times=3.0)
    tried = run_trial(ROWS["monolithic"], shop_of(ROWS["monolithic"]), PROVIDER_SLOW, 1, trial)
    assert tried["orders_kept"] > 0.9 * tried["orders"]


def test_services_that_ask_the_provider_first_lose_the_orders_too():
    form = ROWS["microservices"]
    naive = replace(shop_of(form), ordering="naive")
    tried = run_trial(form, naive, PROVIDER_DOWN, 1)
    assert tried["orders_kept"] <= 0.05 * tried["orders"]


def test_functions_lose_no_pages_to_a_slow_database_that_is_large_but_do_to_the_smallest():
    form = ROWS["serverless"]
    assert _pages_percent(shop_of(form), "serverless", DATABASE_SLOW) > 95
    assert _pages_percent(smallest(form), "serverless", DATABASE_SLOW) < 50


def test_one_copy_of_two_matters_more_than_one_of_many():
    form = ROWS["monolithic"]
    many, two, one = (
        _pages_percent(config, fault=MACHINE)
        for config in (shop_of(form), smallest(form, 2), smallest(form, 1))
    )
    assert many > two > one == 0


def test_more_partitions_of_the_log_keep_no_more():
    form = ROWS["event-driven"]
    few = shop_of(form)
    many = replace(few, partitions=256, readers=dict.fromkeys(few.readers, 256))
    figures = [run_trial(form, config, PROVIDER_DOWN, 1) for config in (few, many)]
    assert figures[0]["orders_kept"] == figures[1]["orders_kept"] == figures[0]["orders"]


# How it is counted ------------------------------------------------------------------------------------------------


def test_without_a_fault_everything_is_kept_and_nothing_waits():
    for name in ("monolithic", "serverless", "cqrs, separate"):
        tried = run_trial(ROWS[name], shop_of(ROWS[name]), "", seed=1)
        assert tried["pages_kept"] == tried["pages"] > 0
        assert tried["orders_kept"] == tried["orders"] > 0
        assert tried["recovered_s"] <= 0.5
        assert tried["wrong_orders"] == tried["in_flight"] == tried["untold"] == 0


def test_all_shops_meet_the_same_customers(runs):
    came = runs[runs.fault == PROVIDER_DOWN].groupby("seed")[["pages", "orders", "tracks"]].nunique()
    assert (came == 1).all(axis=None)


def test_the_shares_are_over_the_requests_of_all_seeds(runs, table):
    here = runs[(runs.form == "layered, one process") & (runs.fault == PROVIDER_DOWN)]
    row = table[(table.form == "layered, one process") & (table.fault == PROVIDER_DOWN)].iloc[0]
    assert row.orders_percent == pytest.approx(100 * here.orders_kept.sum() / here.orders.sum())
    assert row.runs == 2


def test_the_same_seeds_give_the_same_figures_on_one_core_and_on_two(runs):
    with joblib.parallel_config("threading", n_jobs=2):
        again = trials(seeds=(1, 2), forms=("monolithic", "cqrs, separate"), faults=[RELEASE])
    before = runs[runs.form.isin(["monolithic", "cqrs, separate"]) & (runs.fault == RELEASE)]
    pd.testing.assert_frame_equal(again, before.reset_index(drop=True))


def _requests(losses):
    """A page every tenth of a second; those that come at a second of `losses` after the fault are lost."""
    seconds = [USUAL.over_s + place / 10 for place in range(int(10 * USUAL.after_s))]
    kept = [int(at_s - USUAL.over_s + 1e-9) not in losses for at_s in seconds]
    return pd.DataFrame({"kind": "browse", "arrived_s": [at + 1e-6 for at in seconds], "kept": kept})


@pytest.mark.parametrize(
    ("losses", "expected_s"), [((), 0.0), ((0,), 1.0), ((0, 3), 4.0), ((int(USUAL.after_s) - 1,), inf)]
)
def test_it_is_well_again_after_the_last_second_with_a_loss(losses, expected_s):
    assert well_s(_requests(losses), USUAL) == expected_s


def test_an_order_that_is_sent_twice_is_charged_once_and_has_one_row():
    form = ROWS["layered, one process"]
    tried = run_trial(form, shop_of(form), TWICE, seed=2)
    assert tried["orders_kept"] == tried["orders"] > 10
    assert tried["double_charges"] == tried["stock_mismatches"] == 0


# Which shops ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHOWN)
def test_every_shop_costs_the_budget_and_no_more(name):
    form = ROWS[name]
    rent = form.build(Simulation(1), config=shop_of(form)).price_per_hour_usd()
    assert rent <= BUDGET_USD_PER_H
    if name != "serverless":  # its database cannot grow further
        assert rent > BUDGET_USD_PER_H - 0.11


def test_functions_spend_on_their_database_what_requests_leave():
    assert shop_of(ROWS["serverless"]).database_cores == 16
    assert shop_of(ROWS["serverless"], 0.5).database_cores < 16


def test_a_budget_too_small_names_the_smallest_shop():
    with pytest.raises(ValueError, match=r"the smallest shop of event-driven costs 1\.23"):
        shop_of(ROWS["event-driven"], 0.5)


# Tables and the figure --------------------------------------------------------------------------------------------


def _row(form, fault, pages, orders, applies=True):
    known = {"architecture": FORMS[form].architecture, "form": form, "fault": fault, "applies": applies}
    return {**known, "pages_percent": pages, "orders_percent": orders}


SMALL = pd.DataFrame(
    [
        _row("monolithic", RELEASE, 0.0, 0.0),
        _row("monolithic", PROVIDER_DOWN, 100.0, 50.0),
        _row("monolithic", QUEUE_DOWN, float("nan"), float("nan"), applies=False),
        _row("event-driven", RELEASE, 100.0, 0.0),
        _row("event-driven", PROVIDER_DOWN, 100.0, 100.0),
        _row("event-driven", QUEUE_DOWN, 100.0, 40.0),
    ]
)


def test_the_mean_is_over_the_faults_that_apply_to_all():
    assert common_faults(SMALL) == [RELEASE, PROVIDER_DOWN]
    assert mean_kept(SMALL).orders_percent.tolist() == [25.0, 50.0]


def test_weights_change_the_mean_and_what_cannot_happen_takes_nothing():
    weighted = mean_kept(SMALL, {PROVIDER_DOWN: 1.0, QUEUE_DOWN: 3.0})
    assert weighted.orders_percent.tolist() == [(50 + 3 * 100) / 4, (100 + 3 * 40) / 4]
    with pytest.raises(ValueError, match="weights"):
        mean_kept(SMALL, {"fire": 1.0})
    with pytest.raises(ValueError, match="is -1"):
        mean_kept(SMALL, {RELEASE: -1.0})


def test_each_architecture_has_the_form_that_keeps_most(table):
    rows = by_architecture(table)
    assert list(rows.architecture.unique()) == list(ARCHITECTURES)
    assert rows.groupby("architecture").form.nunique().max() == 1
    assert "cqrs, separate" in set(rows.form)
    assert PAYS_LATER.key not in set(rows.form)


def test_the_time_until_all_is_well_is_said_in_words(table):
    words = recovery(table).set_index("fault")
    assert words.loc[PROVIDER_DOWN, "monolithic"] == "at once"
    assert " s (" in words.loc[PROVIDER_DOWN, "microservices"]
    ends = {"recovered_s": [4.0] * 6, "recovered_s_low": [3.0] * 6, "recovered_s_high": [inf] * 6}
    assert recovery(SMALL.assign(**ends)).loc[0, "monolithic"] == "4.0 s (3.0 to never)"
    assert "–" in set(recovery(SMALL.assign(**ends)).monolithic)


def test_an_order_that_stays_pending_is_never_caught_up():
    form = ROWS["event-driven"]
    stuck = replace(shop_of(form), provider_s=1000.0)
    assert run_trial(form, stuck, "", seed=1)["caught_up_s"] == inf


def test_what_is_only_late_is_waited_for_and_not_called_wrong(monkeypatch):
    trial = Trial(rate_per_s=150.0, lasts_s=2.0, after_s=2.0)
    late = run_trial(PAYS_LATER, smallest(PAYS_LATER), "", 1, trial)
    assert late["caught_up_s"] > 2.0
    assert late["wrong_orders"] == 0
    monkeypatch.setattr(archlab.chapters.choosing.trials, "DRAIN_S", 0.0)
    assert run_trial(PAYS_LATER, smallest(PAYS_LATER), "", 1, trial)["orders_without_payment"] > 0


def test_a_wide_table_has_a_row_a_fault_and_a_column_a_form(table):
    shown = wide(table, "pages_percent")
    assert list(shown.columns) == ["fault", *SHOWN]
    assert set(shown.fault) == set(TRIED)


def test_what_does_not_apply_is_in_the_table_with_its_reason():
    rows = matrix(trials([1], ("monolithic", "event-driven"), [QUEUE_DOWN, PROVIDER_DOWN]))
    monolith, events = (row for row in rows.itertuples() if row.fault == QUEUE_DOWN)
    assert events.applies
    assert not events.why_not
    assert not monolith.applies
    assert monolith.why_not
    assert pd.isna(monolith.orders_percent)


def test_the_figure_says_all_of_it_and_marks_what_does_not_apply():
    picture = fault_figure.figure(SMALL, "Events keep the orders")
    assert "does not apply to monolithic" in picture.alt
    texts = [text.get_text() for panel in picture.figure.axes for text in panel.texts]
    assert texts.count("–") == 2
    assert "50" in texts


def test_less_than_all_is_never_shown_as_all():
    assert fault_figure.sign(99.6, applies=True) == fault_figure.ALL_KEPT
    assert fault_figure.sign(99.4, applies=True) == "99"
    assert fault_figure.sign(float("nan"), applies=False) == "–"


def test_the_figures_in_the_cells_can_be_read_on_every_shade():
    for percent in range(0, 101, 5):
        shade = fault_figure.shade(percent)
        assert contrast(shade, fault_figure.letters_on(shade)) >= 4.5


def test_a_frame_without_the_columns_is_refused():
    with pytest.raises(ValueError, match="orders_percent"):
        fault_figure.figure(SMALL.drop(columns="orders_percent"), "title")
    assert fault_matrix.BUDGET_USD_PER_H > 0
