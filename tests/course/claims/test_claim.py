"""The course has 100 claims, and every pattern finds its own."""

import pytest

from archlab.course.claims.claim import all_claims, claims_of

COUNTS = {
    "monolithic": 18,
    "microservices": 31,
    "event-driven": 15,
    "layered": 11,
    "serverless": 22,
    "cqrs": 3,
}


def test_there_are_a_hundred_claims_with_different_ids():
    assert len({claim.id for claim in all_claims()}) == 100


def test_every_pattern_has_its_claims():
    assert {pattern: len(claims_of(pattern)) for pattern in COUNTS} == COUNTS


def test_an_id_says_pattern_and_section_and_the_words_are_there():
    for claim in all_claims():
        assert claim.id.startswith(f"{claim.pattern}.{claim.section}.")
        assert claim.short_id.startswith(f"{claim.section}.")
        assert claim.text.strip()


def test_a_pattern_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(ValueError, match=r"pattern is 'monolith'; it must be one of cqrs, .*monolithic"):
        claims_of("monolith")
