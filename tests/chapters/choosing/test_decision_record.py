"""The decision record as Markdown."""

from datetime import date

import pytest

from archlab.chapters.choosing.decide import CANDIDATES, Measured, decide
from archlab.chapters.choosing.decision_record import MOST_CHANGES, TO_WRITE, record, save
from archlab.chapters.choosing.needs import UNKNOWN, WORDS, Needs
from archlab.chapters.choosing.sensitivity import changes_of
from archlab.chapters.choosing.twelve_faults import FAULTS
from archlab.course.quantity import number
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


def test_the_outcome_comes_first(decision, text):
    after_title = text.split("# How do we build the shop?")[1].strip()
    assert after_title.startswith(
        f"**Outcome: {decision.first.form}; {decision.first.usd_per_h:.2f} USD/h.**"
    )


def test_every_option_says_what_it_costs_in_times_of_the_first_what_it_keeps_and_how_old_it_is():
    down = next(fault for fault in FAULTS if fault.startswith("payment provider"))
    ages = dict.fromkeys(CANDIDATES, 0.0) | {"event-driven": 0.5}
    decision = decide(Needs(per_s=60), Measured(MEASURED.faults.assign(fault=down), ages))
    text = record(decision, "Why?", TODAY)
    for one in decision.ranking:
        option = text.split(f"### {one.form}\n")[1].split("###")[0]
        orders = 0 if one.form == "monolithic" else 100
        assert f"keeps 100 % of the pages and {orders} % of the orders" in option
        age = "up to 0.5 s old" if one.form == "event-driven" else "never old"
        assert f"right after an order are {age}" in option
        times = one.usd_per_h / decision.first.usd_per_h
        said = ", as much as the first" if times == 1 else f", {number(times)} times the first"
        assert (said in option) == (one is not decision.first)


def test_it_names_the_runner_up_and_what_would_change_it(decision, text):
    assert f"Runner-up: {decision.runner_up.form}" in text
    assert all(f"* Neutral: {change.words}" in text for change in changes_of(decision)[:MOST_CHANGES])


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
