"""Every claim about microservices has one rule, which says in words what would make it true."""

from archlab.chapters.microservices import rules
from archlab.course.claims.claim import claims_of


def test_each_rule_is_for_a_claim_of_its_own():
    names = [rule.claim for rule in rules.RULES]
    assert len(set(names)) == len(names)
    assert set(names) == set(claims_of("microservices"))
    assert len(rules.PEOPLE) == 7


def test_each_rule_says_in_words_what_would_make_it_true():
    assert [rule.claim for rule in rules.RULES if not rule.decide.__doc__] == []
