"""The cards of the cases, and what a verdict shows of itself."""

import re
from html import unescape

import pytest

from archlab.chapters.choosing import cases
from archlab.chapters.choosing.cases import CASES, Foretold, not_testable
from archlab.course.claims.settled import shown

LABELS = ("Published:", "Our model says:", "Foretold?", "What decides:", "Asked about others:")


@pytest.fixture(scope="module")
def cards():
    return cases.cards()._repr_mimebundle_()


def test_there_is_a_card_with_a_name_for_each_case(cards):
    named = re.findall(r'role="group" aria-label="([^"]+)"', cards["text/html"])
    assert named == [f"Case {number}: {name}" for number, name in enumerate(CASES, start=1)]


@pytest.mark.parametrize("label", LABELS)
def test_every_card_has_every_line_on_a_page_and_as_text(cards, label):
    assert cards["text/html"].count(f"<em>{label}</em>") == len(CASES)
    assert cards["text/plain"].count(f"\n  {label} ") == len(CASES)


def test_the_cards_say_what_the_table_says(cards):
    text = unescape(cards["text/html"]).replace("\N{NO-BREAK SPACE}", " ")
    for row in cases.table().itertuples():
        for words in (row.published, row.model_says, row.condition, row.decides, row.elsewhere):
            assert words[1:] in text
            assert words[1:] in cards["text/plain"]


def test_a_number_and_its_per_cent_sign_stay_on_one_line(cards):
    assert re.search(r"\d %", cards["text/html"]) is None
    assert "&nbsp;%" in cards["text/html"]


def test_a_verdict_shows_its_answer_with_the_condition_and_what_decides():
    verdict = CASES["step functions"].verdict()
    assert repr(verdict) == f"Foretold? {verdict.words}\nWhat decides: transitions a second"
    for words in (verdict.words, verdict.decides):
        assert shown(words) in verdict._repr_html_()
    assert 'aria-label="Foretold? Yes, when"' in verdict._repr_html_()


def test_signs_of_html_in_a_verdict_harm_nobody():
    assert "&lt;b&gt;" in not_testable("<b>")._repr_html_()


def test_a_verdict_with_another_guess_is_that_of_the_module():
    assert CASES["step functions"].verdict().foretold is Foretold.WHEN
    slow = CASES["step functions"].verdict(1 / 60)
    assert slow.foretold is Foretold.NO
    assert slow.words == cases.step_functions.verdict(1 / 60).words
    assert CASES["uber"].verdict(10).foretold is Foretold.YES


def test_a_verdict_without_a_condition_on_the_unknown_says_that_the_guesses_must_be_right():
    as_often = CASES["segment"].verdict(2.9)
    assert as_often.words.startswith("Yes, when our guesses are right: then any value of the hands' work")


def test_nothing_decides_where_no_guess_was_put_in():
    assert CASES["uber"].verdict().decides == "nothing published to compare with"
    assert CASES["uber"].verdict(10).decides == "no guess of ours"


def test_more_guesses_than_a_case_takes_and_bad_ones_are_refused():
    with pytest.raises(ValueError, match=r"guesses is \(1, 2\); it must be 1 at most: hours"):
        CASES["segment"].verdict(1, 2)
    with pytest.raises(ValueError, match="transitions_per_s is -1"):
        CASES["step functions"].verdict(-1)
