"""The verdicts on people and code come from their experiments, and come out the other way when the model changes."""

from dataclasses import replace

import pytest

from archlab.chapters import microservices_people as rules
from archlab.chapters.microservices import code, deployment, diversity, operations, people
from archlab.course.claims.verdict import Outcome
from archlab.shop.code.source import modules
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.monolithic.architecture import Monolith
from archlab.sim import Simulation

HOLDS, HOLDS_WHEN, DOES_NOT_HOLD = Outcome.HOLDS, Outcome.HOLDS_WHEN, Outcome.DOES_NOT_HOLD


def test_services_that_call_each_other_do_not_answer_alone_and_those_that_call_nobody_do():
    def verdict(alone):
        answered = int((alone.answered == alone.operations).sum())
        return rules.service_independence(services_that_answer_alone=answered, services=len(alone))

    alone = code.answers_alone()
    assert verdict(alone).outcome is DOES_NOT_HOLD
    assert verdict(alone[alone.needs == ""]).outcome is HOLDS


def test_a_service_can_have_another_store_unless_another_service_imports_its_program(tmp_path):
    def verdict(known_by):
        found = diversity.one_service_on_another_store(orders=5)
        return rules.technology_diversity(
            other_services_changed=len(known_by),
            anomalies=found["anomalies"],
            orders=found["orders"],
            messages=found["messages"],
        )

    package = tmp_path / "shop"
    package.mkdir()
    for name in ("__init__", "notifications", "inventory"):
        (package / f"{name}.py").write_text("")
    (package / "orders.py").write_text("from shop.notifications import send\n")
    tied = diversity.services_that_know("notifications", modules(package))
    assert tied == ["orders"]
    assert verdict(diversity.services_that_know("notifications")).outcome is HOLDS
    assert verdict(tied).outcome is DOES_NOT_HOLD


def test_a_deployment_of_a_service_spares_somebody_and_one_of_the_gateway_nobody():
    def verdict(programs):
        worst = deployment.deploy_each(programs).interrupted.max()
        return rules.independent_deployment(use_cases_interrupted_at_worst=worst, use_cases=3)

    assert verdict(["orders", "notifications"]).outcome is HOLDS
    assert verdict(["orders", "gateway"]).outcome is DOES_NOT_HOLD


def test_each_service_can_change_its_database_alone_unless_all_share_one():
    def verdict(shop):
        frame = code.replace_a_database(shop.tables, code.OWNERS)
        stuck = int((frame.services_to_change > 1).sum())
        return rules.technology_flexibility(services_that_cannot_change_alone=stuck)

    assert verdict(Microservices(Simulation(seed=1))).outcome is HOLDS
    assert verdict(Monolith(Simulation(seed=1))).outcome is DOES_NOT_HOLD


def test_autonomy_pays_up_to_some_share_of_changes_across_services_and_always_when_handing_over_is_free():
    def verdict(teams=people.TEAMS, **changed):
        frame = people.autonomy(teams=teams, seeds=range(3), model=replace(people.DELIVERY, **changed))
        figure = rules.own_trains_are_faster_up_to_percent(frame)
        return rules.team_autonomy(own_trains_are_faster_up_to_percent=figure)

    usual = verdict()
    assert usual.outcome is HOLDS_WHEN
    assert 15 < usual.flips_at < 50
    assert verdict(handover_s=0.0).outcome is HOLDS
    assert verdict(teams=2, handover_s=100_000.0, changes_per_team_per_day=1.0).outcome is not HOLDS


def test_services_are_more_complex_and_a_second_monolith_is_not():
    things = code.to_understand()
    same = things.assign(microservices=things.monolith)
    assert rules.increased_complexity(rules.least_times_as_much(things)).outcome is HOLDS
    assert rules.increased_complexity(rules.least_times_as_much(same)).outcome is DOES_NOT_HOLD


def test_many_services_wake_too_many_people_unless_parts_hardly_ever_page():
    def verdict(**changed):
        frame = operations.growth(operations=operations.Operations(**changed))
        figure = rules.too_many_pages_from_services(frame)
        return rules.operational_overhead(too_many_pages_from_services=figure)

    usual = verdict()
    assert usual.outcome is HOLDS_WHEN
    assert 15 < usual.flips_at < 30
    assert verdict(on_call=2).flips_at > usual.flips_at
    assert verdict(pages_per_part_per_month=0.05).outcome is DOES_NOT_HOLD


def test_each_rule_is_for_a_claim_of_its_own():
    names = [rule.claim for rule in rules.PEOPLE]
    assert len(set(names)) == len(names) == 7


@pytest.mark.parametrize("rule", rules.PEOPLE, ids=lambda rule: rule.claim)
def test_each_rule_says_in_words_what_would_make_it_true(rule):
    assert rule.decide.__doc__
