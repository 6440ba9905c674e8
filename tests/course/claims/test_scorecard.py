"""A scorecard tells claims with the same words apart, and leaves the others as they are."""

from dataclasses import replace

from archlab.course.claims.claim import claims_of
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.scorecard import Scorecard
from archlab.course.claims.settled import Settled
from archlab.course.claims.verdict import Verdict, holds_if

STALE = "definition.eventual-consistency-between-models"


@settles(STALE, evidence=Evidence.MEASURED)
def stale_reads(reads: int) -> Verdict:
    """Holds when some reads are stale."""
    return holds_if(reads > 0)


def test_claims_with_the_same_words_are_named_with_their_section():
    claim = claims_of("cqrs")[STALE]
    row = Settled(claim, stale_reads, {"reads": 1}, stale_reads.verdict({"reads": 1}), "Copies take time.")
    other = replace(row, claim=replace(claim, section="pros"))
    alone = replace(row, claim=replace(claim, text="Something else"))
    html = Scorecard("cqrs", (row, other, alone))._repr_mimebundle_()["text/html"]
    for name in (f"{claim.text} (definition)", f"{claim.text} (pros)", "Something else<"):
        assert name in html
