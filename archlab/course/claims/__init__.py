"""The claims: what each says, the rule that decides it, the verdict, and the scorecard of a chapter.

A figure may have a value for each seed (`OverSeeds`). The value at which a claim flips is one (`Limit`); `bisect` finds
it.
"""

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.chapter import Chapter
from archlab.course.claims.claim import Claim, all_claims, claims_of
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, Rule, settles
from archlab.course.claims.thresholds import MUCH_SLOWER, NOTICEABLE_PERCENT
from archlab.course.claims.verdict import (
    Outcome,
    Verdict,
    all_of,
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
    "Assumption",
    "Chapter",
    "Claim",
    "Evidence",
    "Limit",
    "Outcome",
    "OverSeeds",
    "Rule",
    "Verdict",
    "all_claims",
    "all_of",
    "bisect",
    "cannot_be_shown",
    "claims_of",
    "first_holding",
    "holds_from",
    "holds_if",
    "holds_up_to",
    "last_holding",
    "settles",
]
