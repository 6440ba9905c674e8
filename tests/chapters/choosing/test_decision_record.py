"""The decision record as Markdown."""

from datetime import date

import pytest

from archlab.chapters.choosing.decide import Measured, decide
from archlab.chapters.choosing.decision_record import TO_WRITE, record, save
from archlab.chapters.choosing.needs import UNKNOWN, WORDS, Needs
from tests.chapters.choosing.test_sensitivity import MEASURED

TODAY = date(2026, 11, 28)
MADR_4 = [
    "## Context and Problem Statement",
    "## Decision Drivers",
    "## Considered Options",
    "## Decision Outcome",
    "### Consequences",
    "### Confirmation",
    "## Pros and Cons of the Options",
    "## More Information",
]


@pytest.fixture(scope="module")
def decision():
    return decide(Needs(per_s=60, faults=("a fault",), lead_h=3.0), MEASURED)


@pytest.fixture(scope="module")
def text(decision):
    return record(decision, "How do we build the shop?", TODAY, ["Ada", "Łukasz"])


def test_it_has_the_headings_of_madr_4_in_order(text):
    headings = [line for line in text.splitlines() if line in MADR_4]
    assert headings == MADR_4


def test_the_front_matter_says_when_and_who(text):
    front = text.split("---")[1]
    assert "status: proposed" in front
    assert "date: 2026-11-28" in front
    assert 'decision-makers: "Ada, Łukasz"' in front


def test_every_driver_and_every_option_with_its_cost_is_in_it(decision, text):
    for words in WORDS.values():
        assert f"* {words}: " in text
    for one in decision.ranking:
        assert f"### {one.form}\n\n* Neutral, because it costs {one.usd_per_h:.2f} USD/h" in text


def test_it_names_the_runner_up_and_what_would_change_it(decision, text):
    assert f"Runner-up: {decision.runner_up.architecture}" in text
    assert "this would change it" in text


def test_a_test_that_would_confirm_it_is_named_for_each_kind_of_need(text):
    confirmation = text.split("### Confirmation")[1].split("##")[0]
    for words in ("load test at 60 requests/s", "a fault", "lead time", "at most 1 s old"):
        assert words in confirmation


def test_what_is_not_known_is_said(text):
    assert all(one in text for one in UNKNOWN)


def test_another_choice_than_the_first_is_written_down_with_what_it_misses(decision):
    text = record(decision, "Why?", TODAY, chosen="monolithic", because="we know it")
    assert 'Chosen option: "monolithic", because we know it.' in text
    assert "* Bad, because of this driver it falls short: a fault: keeps 0 %." in text


def test_what_only_people_know_is_marked(decision):
    assert TO_WRITE in record(decision, "Why?", TODAY)


def test_when_nothing_meets_all_of_it_the_record_says_so():
    hopeless = decide(Needs(budget_usd_per_h=0.01), Measured.nothing())
    assert "No option meets all drivers" in record(hopeless, "How?", TODAY)


def test_a_record_is_never_overwritten(text, tmp_path):
    path = save(text, tmp_path / "0001-shop.md")
    assert path.read_text(encoding="utf-8") == text
    with pytest.raises(FileExistsError):
        save("other", path)
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"question": " "}, "question is ''"),
        ({"question": "Why?", "decision_makers": []}, "decision_makers"),
        ({"question": "Why?", "chosen": "chaos"}, "chosen is 'chaos'; it must be one of"),
    ],
)
def test_bad_input_is_named(decision, wrong, words):
    with pytest.raises(ValueError, match=words):
        record(decision, decided_on=TODAY, **wrong)
