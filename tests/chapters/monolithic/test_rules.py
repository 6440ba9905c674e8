"""Every claim about the monolith has its rule, and one of them says that it cannot be shown."""

from archlab.chapters.monolithic import code, rules
from archlab.course.claims.chapter import Chapter
from archlab.course.claims.rule import Evidence
from archlab.course.claims.verdict import Outcome


def test_each_claim_about_the_monolith_has_its_rule_in_the_order_of_the_claims():
    assert [rule.claim for rule in rules.RULES] == list(Chapter("monolithic", rules.RULES).claims)


def test_only_a_large_codebase_cannot_be_shown():
    without_evidence = [rule.claim for rule in rules.RULES if rule.evidence is Evidence.NONE]
    assert without_evidence == ["cons.large-codebase-can-be-hard-to-maintain"]
    assert code.large_codebase().outcome is Outcome.CANNOT_BE_SHOWN
