"""The surprises follow from the table of claims by a rule, so another table has others."""

import pytest

from archlab.chapters.choosing.all_claims import all_claims
from archlab.chapters.choosing.surprises import KINDS, surprise_cards, surprises


@pytest.fixture(scope="module")
def claims():
    return all_claims()


def turned(claims, claim: str, **changes):
    """The table with one row changed."""
    found = claims.copy()
    for column, value in changes.items():
        found.loc[found.claim == claim, column] = value
    return found


def test_there_are_ten_and_every_claim_that_does_not_hold_is_among_them(claims):
    found = surprises(claims)
    assert len(found) == 10
    assert set(claims.claim[claims.verdict == "Does not hold"]) <= set(found.claim)


def test_they_are_ordered_by_kind_and_then_as_in_the_table(claims):
    found = surprises(claims)
    places = [KINDS.index(kind) for kind in found.kind]
    assert places == sorted(places)
    for _, same in found.groupby("kind"):
        assert list(same.index) == sorted(same.index)


def test_the_same_words_with_two_verdicts_surprise_and_name_their_twin(claims):
    (twin,) = surprises(claims)[surprises(claims).twin != ""].itertuples()
    assert (twin.pattern, twin.text, twin.section) == ("serverless", "No server management", "pros")
    assert twin.twin == "faas: Holds, true by construction"


def test_the_same_words_with_one_verdict_are_no_surprise(claims):
    same = claims[(claims.pattern == "microservices") & (claims.text == "Fault isolation")]
    assert len(same) == 2
    assert same.verdict.nunique() == 1
    assert not set(same.claim) & set(surprises(claims).claim)


def test_a_pro_that_stops_holding_becomes_the_first_of_its_kind(claims):
    claim = "monolithic.pros.easy-deployment"
    assert claim not in set(surprises(claims).claim)
    found = surprises(turned(claims, claim, verdict="Does not hold", way="Does not hold"))
    assert (found.claim.iloc[0], found.kind.iloc[0]) == (claim, KINDS[0])
    assert len(found) == 10


def test_a_con_that_begins_to_hold_makes_room_for_a_pro_that_holds_only_when(claims):
    found = surprises(turned(claims, "serverless.cons.vendor-lock-in", verdict="Holds", way="Holds"))
    assert "serverless.cons.vendor-lock-in" not in set(found.claim)
    assert list(found.kind).count(KINDS[-1]) == 1
    assert found.section.iloc[-1] in ("pros", "benefits")


def test_what_holds_or_cannot_be_shown_is_never_a_surprise(claims):
    every = surprises(claims, count=100)
    assert not every.verdict.isin(["Cannot be shown here"]).any()
    assert len(every) < 100


@pytest.mark.parametrize("count", [0, -1, 2.5])
def test_a_count_that_makes_no_sense_is_refused(claims, count):
    with pytest.raises(ValueError, match="count"):
        surprises(claims, count)


def test_each_card_has_claim_verdict_figures_reason_and_link():
    cards = surprise_cards()
    html = cards._repr_mimebundle_()["text/html"]
    assert html.count('role="group"') == html.count("<details>") == html.count(".ipynb#cell-id=") == 10
    assert cards.rows.because.str.replace("'", "&#x27;").map(lambda words: words in html).all()
    assert "an advantage that does not hold: 3" in cards.words
