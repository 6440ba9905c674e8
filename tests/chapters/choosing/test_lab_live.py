"""Lab 07 lives through briefs: the bill, the hour of faults, and verdicts that change with the model."""

from dataclasses import replace

import pytest

from archlab.chapters.choosing import lab_live
from archlab.chapters.choosing.forms import FORMS
from archlab.chapters.choosing.lab_briefs import BACK_OFFICE, SALE, START_UP
from archlab.chapters.choosing.lab_choices import decided, impossible
from archlab.chapters.choosing.lab_hour import Hour
from archlab.chapters.choosing.lab_known import FUNCTIONS, PROGRAM, SERVICES
from archlab.chapters.choosing.lab_runs import Run
from archlab.chapters.choosing.prices import usd_per_request
from archlab.shop.event_driven import EventDrivenConfig
from archlab.shop.monolithic import Monolith, MonolithConfig
from archlab.sim import Simulation

QUICK = replace(SALE, faults=(), peak_per_s=60.0)


@pytest.fixture(scope="module")
def seen():
    return lab_live.lived(PROGRAM, START_UP, seed=4)


def test_the_same_seed_gives_the_same_figures(seen):
    assert lab_live.lived(PROGRAM, START_UP, seed=4) == seen


def test_a_program_costs_its_machines_for_all_the_days(seen):
    assert seen.usd == pytest.approx(730 * Monolith(Simulation(1), PROGRAM).price_per_hour_usd())


def test_functions_cost_their_rent_and_about_what_a_warm_request_costs_times_the_requests():
    run = Run.of(decided(FUNCTIONS, QUICK), replace(QUICK, provider_times=1.0), seed=3, is_peak=True)
    warm = 3600 * QUICK.peak_per_s * usd_per_request(FUNCTIONS, QUICK.mix)
    assert 0.7 * warm < run.used_usd_per_h < 1.3 * warm  # "sold out" is cheaper, and cold starts are dearer


def test_a_slow_provider_is_on_the_bill_of_functions_and_not_on_that_of_a_program():
    brisk = replace(QUICK, provider_times=1.0)
    slow_usd, brisk_usd = (
        Run.of(decided(FUNCTIONS, brief), brief, 3, is_peak=True).used_usd_per_h for brief in (QUICK, brisk)
    )
    assert slow_usd > 3 * brisk_usd
    assert Run.of(decided(PROGRAM, QUICK), QUICK, 3, is_peak=True).used_usd_per_h == 0.0


def test_an_environment_kept_ready_is_paid_for_all_month():
    ready = replace(FUNCTIONS, provisioned={"browse": 1})
    gb_s = 1769 / 1024 * 3600
    assert lab_live._ready_usd_per_h(ready) == pytest.approx(gb_s * 0.0000041667, rel=1e-3)


def test_orders_that_were_promised_and_cancelled_are_counted():
    few = replace(QUICK, provider_times=1.0, stock=5)
    run = Run.of(decided(EventDrivenConfig(way_out="log_tailing"), few), few, seed=3, is_peak=True)
    assert run.unkept > 20
    assert Run.of(decided(PROGRAM, few), few, seed=3, is_peak=True).unkept == 0


@pytest.mark.parametrize("seed", range(3))
def test_programs_that_die_leave_wrong_rows_only_where_writes_do_not_belong_together(seed):
    apart = replace(PROGRAM, transactions=False)
    assert not Hour(decided(apart, BACK_OFFICE), BACK_OFFICE, seed).audit.ok
    assert Hour(decided(PROGRAM, BACK_OFFICE), BACK_OFFICE, seed).audit.ok


def test_without_faults_the_same_shop_leaves_right_rows():
    calm = replace(BACK_OFFICE, faults=())
    apart = replace(PROGRAM, transactions=False)
    assert Hour(decided(apart, calm), calm, seed=0).audit.ok


def test_a_verdict_changes_with_what_is_asked():
    waits = replace(BACK_OFFICE, told_within_s=0.8, is_paid_when_told=False)
    program, services = (lab_live.lived(config, waits, seed=2) for config in (PROGRAM, SERVICES))
    assert lab_live.broken(program, waits) != []
    assert lab_live.broken(services, waits) == []
    patient = replace(waits, told_within_s=None, is_paid_when_told=True)
    assert lab_live.broken(program, patient) == []
    assert lab_live.broken(services, patient) != []


def test_every_figure_that_is_missed_is_said(seen):
    worst = replace(
        seen,
        usd=1e6,
        page_p99_s=9,
        order_p99_s=float("nan"),
        kept_percent=50,
        wrong={"double_charges": 2},
        unkept=1,
    )
    said = lab_live.broken(worst, START_UP)
    assert len(said) == 6
    assert said[4].startswith("2 charges beyond the first")


def test_every_form_of_the_chapter_may_be_chosen():
    for form in FORMS.values():
        assert impossible(form.smallest(1), START_UP) == []


def test_facts_of_life_cannot_be_chosen_and_are_put_back():
    quick = MonolithConfig(browse_cpu_s=0.0001, cores=8, database_cores=40)
    assert [words.split()[0] for words in impossible(quick, START_UP)] == [
        "browse_cpu_s",
        "cores",
        "database_cores",
    ]
    assert decided(quick, START_UP).browse_cpu_s == MonolithConfig().browse_cpu_s


def test_a_brief_says_its_hours_and_leaves_out_what_asks_for_nothing():
    assert "90 USD for 730 h" in START_UP.words
    assert "10 USD for 24 h" in SALE.words
    assert "in a peak of 1 h" in SALE.words
    assert "15 times as slow" in SALE.words
    assert "paid when told" in BACK_OFFICE.words
    for words in ("in a peak", "as slow", "told within"):
        assert words not in BACK_OFFICE.words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("per_s", 0),
        ("budget_usd", -1),
        ("order_percent", 95),
        ("kept_percent", 101),
        ("stock", 0),
        ("faults", ("fire",)),
        ("told_within_s", 0),
    ],
)
def test_a_brief_with_an_impossible_figure_is_refused(name, value):
    with pytest.raises(ValueError, match=name):
        replace(START_UP, **{name: value})


def test_whether_customers_have_paid_is_a_yes_or_a_no():
    with pytest.raises(TypeError, match="is_paid_when_told"):
        replace(START_UP, is_paid_when_told=1)
