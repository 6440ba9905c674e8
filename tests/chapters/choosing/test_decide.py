"""The ranking of architectures by needs."""

from dataclasses import replace

import pandas as pd
import pytest

from archlab.chapters.choosing.costs import day_cost
from archlab.chapters.choosing.decide import Measured, decide
from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.chapters.choosing.needs import Needs

NOTHING = Measured.nothing()
ALL_BUT_TWO = {name: 100.0 for name in ARCHITECTURES} | {"monolithic": 40.0, "layered": 40.0}


def measured(kept_percent=ALL_BUT_TWO, old_s=None, applies=True):
    rows = [(name, "a fault", 100.0, kept, applies) for name, kept in kept_percent.items()]
    columns = ["architecture", "fault", "pages_percent", "orders_percent", "applies"]
    return Measured(pd.DataFrame(rows, columns=columns), old_s or dict.fromkeys(ARCHITECTURES, 0.0))


def test_without_other_needs_the_cheapest_leads():
    needs = Needs(per_s=60)
    cheapest = min(day_cost(name, needs).usd_per_h for name in ARCHITECTURES)
    decision = decide(needs, NOTHING)
    assert decision.first.usd_per_h == cheapest
    assert decision.is_met


def test_layers_in_one_process_and_the_monolith_are_alike():
    assert set(decide(Needs(per_s=60), NOTHING).leaders) == {"monolithic", "layered"}


def test_a_runner_up_is_always_named_and_is_none_of_the_leaders():
    decision = decide(Needs(per_s=60), NOTHING)
    assert decision.runner_up.architecture not in decision.leaders
    assert f"Runner-up: {decision.runner_up.architecture}" in decision.words


def test_a_fault_that_must_be_borne_puts_those_back_who_do_not_bear_it():
    needs = Needs(per_s=60, faults=("a fault",), keeps_percent=90)
    decision = decide(needs, measured())
    assert set(decision.leaders) <= set(ARCHITECTURES) - {"monolithic", "layered"}
    missed = {one.architecture: one.missed for one in decision.ranking}
    assert missed["monolithic"] == ("a fault: keeps 40 %",)
    assert decide(replace(needs, keeps_percent=30), measured()).first.architecture in (
        "monolithic",
        "layered",
    )


def test_a_fault_that_cannot_happen_is_borne():
    assert measured(applies=False).kept_percent("monolithic", "a fault") == 100


def test_of_pages_and_orders_the_worse_counts():
    assert measured().kept_percent("layered", "a fault") == 40


def test_an_old_answer_puts_back_who_gives_it():
    old = measured(
        dict.fromkeys(ARCHITECTURES, 100.0), dict.fromkeys(ARCHITECTURES, 0.0) | {"monolithic": 5.0}
    )
    decision = decide(Needs(per_s=60, old_up_to_s=1.0), old)
    assert decision.first.architecture == "layered"
    assert decide(Needs(per_s=60, old_up_to_s=6.0), old).first.architecture in ("monolithic", "layered")


def test_a_budget_that_nobody_meets_is_said():
    decision = decide(Needs(per_s=60, budget_usd_per_h=0.01), NOTHING)
    assert not decision.is_met
    assert decision.words.startswith("No architecture meets all of it.")


def test_a_load_that_cannot_be_bought_is_said():
    decision = decide(Needs(per_s=100_000, budget_usd_per_h=1000.0), NOTHING)
    missed = {one.architecture: one.missed for one in decision.ranking}
    assert missed["monolithic"] == ("serves no 100,000 requests/s with databases that large",)


def test_a_lead_time_puts_parts_back_and_undivided_tests_the_one_unit():
    needs = Needs(per_s=60, teams=4, lead_h=1.0)
    parallel = {one.architecture: one.missed for one in decide(needs, NOTHING).ranking}
    assert parallel["microservices"]
    assert not parallel["monolithic"]
    divided = decide(replace(needs, lead_h=2.0, are_tests_parallel=False), NOTHING)
    missed = {one.architecture: one.missed for one in divided.ranking}
    assert missed["monolithic"]
    assert not missed["microservices"]


def test_the_frame_has_a_row_an_architecture_best_first():
    frame = decide(Needs(per_s=60), NOTHING).frame()
    assert set(frame.architecture) == set(ARCHITECTURES)
    assert frame.usd_per_hour.is_monotonic_increasing


def test_a_fault_that_nobody_measured_is_named():
    with pytest.raises(ValueError, match=r"^fault is 'a flood'; it must be one of 'a fault'"):
        decide(Needs(faults=("a flood",)), measured())


def test_measurements_that_lack_something_are_named():
    with pytest.raises(ValueError, match="it must have pages_percent"):
        Measured(pd.DataFrame(columns=["architecture", "fault"]), dict.fromkeys(ARCHITECTURES, 0.0))
    with pytest.raises(ValueError, match="it must know cqrs"):
        Measured(NOTHING.faults, dict.fromkeys(ARCHITECTURES[:-1], 0.0))


def test_nobody_leads_where_nobody_can_be_had():
    decision = decide(Needs(per_s=100_000_000.0, budget_usd_per_h=1e6), NOTHING)
    assert decision.leaders == []
    assert decision.words == "No architecture can be had for that load"


def test_who_cannot_be_had_comes_last_however_few_needs_it_misses():
    decision = decide(Needs(per_s=6000, budget_usd_per_h=0.01, old_up_to_s=0.0), NOTHING)
    costs = [one.usd_per_h for one in decision.ranking]
    assert costs == sorted(costs)
    assert costs[-1] == float("inf")


def test_each_leader_has_its_own_misses_when_nobody_meets_all():
    old = measured(dict.fromkeys(ARCHITECTURES, 100.0), dict.fromkeys(ARCHITECTURES, 5.0))
    decision = decide(Needs(per_s=60, old_up_to_s=1.0), old)
    assert "monolithic: answers up to 5 s old / layered: answers up to 5 s old" in decision.words
