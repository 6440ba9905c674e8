"""Which single answer would change a decision."""

from dataclasses import fields, replace

import pandas as pd
import pytest

from archlab.chapters.choosing.decide import CANDIDATES, Measured, decide
from archlab.chapters.choosing.needs import Needs
from archlab.chapters.choosing.sensitivity import (
    CHOICE_CONDITIONS,
    CONDITIONS,
    LEADS_THEN,
    NOBODY,
    NUMBERS,
    Change,
    changes_of,
    frame,
    need_in_words,
)

FAULTS = pd.DataFrame(
    [(name, "a fault", 100.0, 0.0 if name == "monolithic" else 100.0, True) for name in CANDIDATES],
    columns=["form", "fault", "pages_percent", "orders_percent", "applies"],
).assign(architecture="any")
MEASURED = Measured(FAULTS, dict.fromkeys(CANDIDATES, 0.0))
NEEDS = Needs(per_s=60)


@pytest.fixture(scope="module")
def decision():
    return decide(NEEDS, MEASURED)


@pytest.fixture(scope="module")
def changes(decision):
    return changes_of(decision)


def test_each_change_really_changes_who_leads(decision, changes):
    assert changes
    for change in changes:
        leaders = decide(replace(NEEDS, **{change.need: change.value}), MEASURED).leaders
        assert decision.first.form not in leaders
        assert change.leader == leaders[0]


def test_a_hair_nearer_it_does_not_change_yet(decision, changes):
    for change in changes:
        if change.need in NUMBERS:
            nearer = change.value * (1.02 if change.value < change.now else 1 / 1.02)
            leaders = decide(replace(NEEDS, **{change.need: nearer}), MEASURED).leaders
            assert decision.first.form in leaders


def test_the_nearest_comes_first(changes):
    assert [change.times for change in changes] == sorted(change.times for change in changes)


def test_a_load_that_falls_hands_over_to_functions(changes):
    (change,) = [one for one in changes if one.need == "per_s" and one.value < NEEDS.per_s]
    assert change.leader == "serverless"
    assert 1 < change.value < NEEDS.per_s


def test_one_more_fault_to_bear_can_change_it(changes):
    (change,) = [one for one in changes if one.need == "faults"]
    assert change.value == ("a fault",)
    assert change.leader != "monolithic"


def test_the_table_says_all_of_it_in_words(changes):
    told = frame(changes)
    assert len(told) == len(changes)
    assert "usual load [requests/s]" in set(told.need)
    assert list(told[LEADS_THEN]) == [change.leader for change in changes]


def test_every_need_has_its_answer_in_words():
    told = need_in_words(NEEDS).set_index("need").answer
    assert told["usual load [requests/s]"] == "60"
    assert told["faults to bear"] == "none"
    assert told["the peak is foreseen"] == "no"


def test_a_change_at_the_end_of_what_is_allowed_is_found():
    kept = {name: 95.0 for name in CANDIDATES} | {"serverless": 100.0}
    rows = [(name, "a fault", 100.0, percent, True) for name, percent in kept.items()]
    measured = Measured(
        pd.DataFrame(rows, columns=FAULTS.columns[:5]).assign(architecture="any"),
        dict.fromkeys(CANDIDATES, 0.0),
    )
    needs = Needs(per_s=60, faults=("a fault",), keeps_percent=90)
    (change,) = [one for one in changes_of(decide(needs, measured)) if one.need == "keeps_percent"]
    assert change.leader == "serverless"
    assert 95 < change.value < 96


def test_where_nobody_can_be_had_less_load_is_named_and_nothing_that_changes_nothing():
    needs = Needs(per_s=6000, largest_database_cores=4, budget_usd_per_h=100.0)
    changes = changes_of(decide(needs, MEASURED))
    assert {change.leader for change in changes}.isdisjoint({NOBODY})
    (less,) = [change for change in changes if change.need == "per_s"]
    assert less.value < 6000


def test_a_lead_time_is_tried_where_any_will_do():
    needs = Needs(per_s=60, teams=8, are_tests_parallel=False)
    (change,) = [one for one in changes_of(decide(needs, MEASURED)) if one.need == "lead_h"]
    assert change.leader not in ("monolithic", "layered, one process")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("copies", 1, 3), "If you need 3 copies of each program instead of 1, serverless leads."),
        (("is_foreseen", False, True), "If the peak is foreseen, serverless leads."),
        (("is_foreseen", True, False), "If the peak is not foreseen, serverless leads."),
        (("lead_h", None, 2.0), "If a change must be out within 2 working hours, serverless leads."),
        (("sharing", "nothing", "programs"), "If programs share machines, serverless leads."),
        (("faults", (), ("a fault",)), 'If "a fault" must be borne, too, serverless leads.'),
        (("faults", ("a fault",), ()), 'If "a fault" need not be borne, serverless leads.'),
    ],
)
def test_a_change_is_a_sentence(change, words):
    assert Change(*change, leader="serverless", times=2.0).words == words


def test_functions_lead_a_small_load_until_programs_and_databases_share_machines():
    decision = decide(Needs(per_s=10), MEASURED)
    (change,) = [one for one in changes_of(decision) if one.need == "sharing"]
    assert decision.leaders == ["serverless"]
    assert (change.value, change.leader) == ("programs and databases", "monolithic")


def test_a_fault_that_takes_a_copy_says_that_it_brings_one():
    change = Change("faults", (), ("one machine dies",), "serverless", 2.0)
    assert "must be borne, too, with two copies of each program at least, serverless leads." in change.words


def test_every_need_can_be_said_as_a_condition():
    assert {*CONDITIONS, *CHOICE_CONDITIONS, "faults"} == {field.name for field in fields(Needs)}


def test_alike_is_no_change_yet(decision, changes):
    (change,) = [one for one in changes if one.need == "per_s" and one.value < NEEDS.per_s]
    then = decide(replace(NEEDS, per_s=change.value), MEASURED)
    cost = {one.form: one.usd_per_h for one in then.ranking}
    assert cost[decision.first.form] / cost[change.leader] == pytest.approx(1.1, rel=0.02)
    assert cost[decision.first.form] > 1.1 * cost[change.leader]


def test_a_name_with_a_comma_in_it_stands_in_quotes():
    change = Change("per_s", 60.0, 30.0, "cqrs, separate", 2.0)
    assert change.words == 'If 30 requests/s come usually instead of 60, "cqrs, separate" leads.'
