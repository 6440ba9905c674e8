"""The ranking of forms by needs."""

from dataclasses import replace

import pandas as pd
import pytest

from archlab.chapters.choosing.costs import form_cost
from archlab.chapters.choosing.decide import CANDIDATES, NOT_MEASURED, Measured, decide
from archlab.chapters.choosing.needs import Needs

ONE_PROCESS = "layered, one process"
LATER = "monolithic, pays later"
NOTHING = Measured.nothing()
ALL_BUT_TWO = {name: 100.0 for name in CANDIDATES} | {"monolithic": 40.0, ONE_PROCESS: 40.0}


def measured(kept_percent=ALL_BUT_TWO, old_s=None, applies=True):
    rows = [(name, "a fault", 100.0, kept, applies) for name, kept in kept_percent.items()]
    columns = ["form", "fault", "pages_percent", "orders_percent", "applies"]
    return Measured(
        pd.DataFrame(rows, columns=columns).assign(architecture="any"),
        old_s or dict.fromkeys(CANDIDATES, 0.0),
    )


def test_without_other_needs_the_cheapest_leads():
    needs = Needs(per_s=60)
    cheapest = min(form_cost(name, needs).usd_per_h for name in CANDIDATES)
    decision = decide(needs, NOTHING)
    assert decision.first.usd_per_h == cheapest
    assert decision.is_met


def test_layers_in_one_process_and_the_monolith_are_alike():
    assert set(decide(Needs(per_s=60), NOTHING).leaders) == {"monolithic", ONE_PROCESS}


def test_a_runner_up_is_always_named_and_is_none_of_the_leaders():
    decision = decide(Needs(per_s=60), NOTHING)
    assert decision.runner_up.form not in decision.leaders
    assert f"Runner-up: {decision.runner_up.form}" in decision.words


def test_a_fault_that_must_be_borne_puts_those_back_who_do_not_bear_it():
    needs = Needs(per_s=60, faults=("a fault",), keeps_percent=90)
    decision = decide(needs, measured())
    assert set(decision.leaders) <= set(CANDIDATES) - {"monolithic", ONE_PROCESS}
    missed = {one.form: one.missed for one in decision.ranking}
    assert missed["monolithic"] == ("a fault: keeps 40 %",)
    assert decide(replace(needs, keeps_percent=30), measured()).first.form in (
        "monolithic",
        ONE_PROCESS,
    )


def test_a_fault_that_cannot_happen_is_borne():
    assert measured(applies=False).kept_percent("monolithic", "a fault") == 100


def test_of_pages_and_orders_the_worse_counts():
    assert measured().kept_percent(ONE_PROCESS, "a fault") == 40


def test_an_old_answer_puts_back_who_gives_it():
    old = measured(dict.fromkeys(CANDIDATES, 100.0), dict.fromkeys(CANDIDATES, 0.0) | {"monolithic": 5.0})
    decision = decide(Needs(per_s=60, old_up_to_s=1.0), old)
    assert decision.first.form == ONE_PROCESS
    assert decide(Needs(per_s=60, old_up_to_s=6.0), old).first.form in ("monolithic", ONE_PROCESS)


def test_a_budget_that_nobody_meets_is_said():
    decision = decide(Needs(per_s=60, budget_usd_per_h=0.01), NOTHING)
    assert not decision.is_met
    assert decision.words.startswith("No form meets all of it.")


def test_a_load_that_cannot_be_bought_is_said():
    decision = decide(Needs(per_s=100_000, budget_usd_per_h=1000.0), NOTHING)
    missed = {one.form: one.missed for one in decision.ranking}
    assert missed["monolithic"] == ("serves no 100,000 requests/s with databases that large",)


def test_a_lead_time_puts_parts_back_and_undivided_tests_the_one_unit():
    needs = Needs(per_s=60, teams=4, lead_h=1.0)
    parallel = {one.form: one.missed for one in decide(needs, NOTHING).ranking}
    assert parallel["microservices"]
    assert not parallel["monolithic"]
    divided = decide(replace(needs, lead_h=2.0, are_tests_parallel=False), NOTHING)
    missed = {one.form: one.missed for one in divided.ranking}
    assert missed["monolithic"]
    assert not missed["microservices"]


def test_the_frame_has_a_row_a_form_best_first():
    frame = decide(Needs(per_s=60), NOTHING).frame()
    assert list(frame.form) == [one.form for one in decide(Needs(per_s=60), NOTHING).ranking]
    assert set(frame.form) == set(CANDIDATES)
    assert frame.usd_per_hour.is_monotonic_increasing


def test_a_fault_that_nobody_measured_is_named():
    with pytest.raises(ValueError, match=r"^fault is 'a flood'; it must be one of 'a fault'"):
        decide(Needs(faults=("a flood",)), measured())


def test_measurements_that_lack_something_are_named():
    with pytest.raises(ValueError, match="it must have pages_percent"):
        Measured(pd.DataFrame(columns=["architecture", "form", "fault"]), dict.fromkeys(CANDIDATES, 0.0))
    with pytest.raises(ValueError, match="it must know cqrs, separate"):
        Measured(NOTHING.faults, dict.fromkeys(CANDIDATES[:-1], 0.0))


def test_nobody_leads_where_nobody_can_be_had():
    decision = decide(Needs(per_s=100_000_000.0, budget_usd_per_h=1e6), NOTHING)
    assert decision.leaders == []
    assert decision.words == "No form can be had for that load"


def test_who_cannot_be_had_comes_last_however_few_needs_it_misses():
    decision = decide(Needs(per_s=6000, budget_usd_per_h=0.01, old_up_to_s=0.0), NOTHING)
    costs = [one.usd_per_h for one in decision.ranking]
    assert costs == sorted(costs)
    assert costs[-1] == float("inf")


def test_each_leader_has_its_own_misses_when_nobody_meets_all():
    old = measured(dict.fromkeys(CANDIDATES, 100.0), dict.fromkeys(CANDIDATES, 5.0))
    decision = decide(Needs(per_s=60, old_up_to_s=1.0), old)
    assert "monolithic: answers up to 5 s old / layered, one process: answers up to 5 s old" in decision.words


def test_one_form_of_an_architecture_is_judged_by_its_own_faults_and_its_own_price():
    kept = dict.fromkeys(CANDIDATES, 0.0) | {"cqrs, separate": 100.0}
    needs = Needs(per_s=60, faults=("a fault",))
    decision = decide(needs, measured(kept))
    assert decision.leaders == ["cqrs, separate"]
    assert decision.first.usd_per_h == form_cost("cqrs, separate", needs).usd_per_h
    assert decision.first.architecture == "cqrs"


def test_who_pays_later_leads_where_it_alone_bears_a_fault_and_an_old_answer_will_do():
    kept = dict.fromkeys(CANDIDATES, 0.0) | {LATER: 100.0, "microservices": 100.0}
    old = measured(kept, dict.fromkeys(CANDIDATES, 0.0) | {LATER: 1.3})
    needs = Needs(per_s=60, faults=("a fault",), old_up_to_s=2.0)
    assert decide(needs, old).leaders == [LATER]
    assert decide(replace(needs, old_up_to_s=1.0), old).leaders == ["microservices"]


def test_who_was_not_measured_comes_last_and_the_others_are_judged():
    kept = dict.fromkeys(CANDIDATES, 0.0)
    del kept["monolithic"]
    decision = decide(Needs(per_s=60, faults=("a fault",)), measured(kept))
    last = decision.ranking[-1]
    assert (last.form, last.missed, last.is_judged) == ("monolithic", (f"a fault: {NOT_MEASURED}",), False)
    assert "monolithic" not in decision.leaders
    assert decide(Needs(per_s=60), measured(kept)).first.form == "monolithic"


def test_where_nobody_was_measured_nobody_leads():
    decision = decide(Needs(per_s=60, faults=("a fault",)), measured({"layered, three tiers": 100.0}))
    assert decision.leaders == []
    assert decision.words == "No form that can be had was measured"


def test_the_tables_of_the_chapter_are_taken_whole():
    matrix = measured().faults.assign(architecture="any")
    ages = [(name, 0.0, 1.5 if name == LATER else 0.0, 0.1) for name in CANDIDATES]
    summary = pd.DataFrame(ages, columns=["form", "known_p99_s", "placed_p99_s", "left_p99_s"])
    taken = Measured.of(matrix, summary)
    assert (taken.old_s[LATER], taken.old_s["monolithic"]) == (1.5, 0.1)
    assert taken.kept_percent("monolithic", "a fault") == 40
    with pytest.raises(ValueError, match="it must have placed_p99_s"):
        Measured.of(matrix, summary.drop(columns="placed_p99_s"))


def test_a_leader_that_misses_a_need_is_never_named_without_it():
    decision = decide(Needs(per_s=60, faults=("a fault",)), measured(dict.fromkeys(CANDIDATES, 7.0)))
    assert not decision.is_met
    for name in decision.leaders:
        assert f"{name}: a fault: keeps 7 %" in decision.words
