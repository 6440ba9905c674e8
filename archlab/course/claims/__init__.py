"""The claims: what each says, the rule that decides it, the verdict, and the scorecard of a chapter."""

from archlab.course.claims.chapter import Chapter
from archlab.course.claims.claim import Claim, all_claims, claims_of
from archlab.course.claims.rule import Evidence, Rule, settles
from archlab.course.claims.thresholds import MUCH_SLOWER, NOTICEABLE_PERCENT
from archlab.course.claims.verdict import (
    Outcome,
    Verdict,
    cannot_be_shown,
    first_holding,
    holds_from,
    holds_if,
    holds_up_to,
    last_holding,
)

__all__ = [
    "MUCH_SLOWER",
    "NOTICEABLE_PERCENT",
    "Chapter",
    "Claim",
    "Evidence",
    "Outcome",
    "Rule",
    "Verdict",
    "all_claims",
    "cannot_be_shown",
    "claims_of",
    "first_holding",
    "holds_from",
    "holds_if",
    "holds_up_to",
    "last_holding",
    "settles",
]
