"""Which single answer would change a decision."""

from dataclasses import replace

import pandas as pd
import pytest

from archlab.chapters.choosing.decide import Measured, decide
from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.chapters.choosing.needs import Needs
from archlab.chapters.choosing.sensitivity import NUMBERS, changes_of, frame, need_in_words

FAULTS = pd.DataFrame(
    [(name, "a fault", 100.0, 0.0 if name == "monolithic" else 100.0, True) for name in ARCHITECTURES],
    columns=["architecture", "fault", "pages_percent", "orders_percent", "applies"],
)
MEASURED = Measured(FAULTS, dict.fromkeys(ARCHITECTURES, 0.0))
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
        assert decision.first.architecture not in leaders
        assert change.leader == leaders[0]


def test_a_hair_nearer_it_does_not_change_yet(decision, changes):
    for change in changes:
        if change.need in NUMBERS:
            nearer = change.value * (1.02 if change.value < change.now else 1 / 1.02)
            leaders = decide(replace(NEEDS, **{change.need: nearer}), MEASURED).leaders
            assert decision.first.architecture in leaders


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


def test_every_need_has_its_answer_in_words():
    told = need_in_words(NEEDS).set_index("need").answer
    assert told["usual load [requests/s]"] == "60"
    assert told["faults to bear"] == "none"
    assert told["the peak is foreseen"] == "no"
