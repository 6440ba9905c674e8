"""A chapter settles the claims of its pattern, each where its experiment is, and ends with their scorecard.

>>> from archlab.course.claims.rule import Evidence, settles
>>> from archlab.course.claims.verdict import holds_if
>>> @settles("definition.eventual-consistency-between-models", evidence=Evidence.SIMULATED)
... def reads_are_stale(stale_reads: int):
...     '''Holds when some reads are older than the last write.'''
...     return holds_if(stale_reads > 0)
>>> claims = Chapter("cqrs", [reads_are_stale])
>>> because = "The read model follows the writes with a delay."
>>> claims.settle("definition.eventual-consistency-between-models", because, stale_reads=12).verdict.words
'Holds'
>>> claims.unsettled
['definition.separate-read-and-write-models', 'definition.optimize-each-independently']
"""

from collections.abc import Iterable

from archlab.course.claims.claim import claims_of
from archlab.course.claims.rule import Rule
from archlab.course.claims.scorecard import Scorecard
from archlab.course.claims.settled import Settled


class Chapter:
    """The claims of one pattern, the rules that decide them, and what has been settled so far.

    Settling a claim again replaces what was settled before, so that you can change an experiment, run its
    cells again and see the verdict change. That a notebook has one `settle` call for each claim is a test's
    business.

    Raises:
        ValueError: when a rule is for a claim that the pattern does not have, or two are for the same claim.
    """

    def __init__(self, pattern: str, rules: Iterable[Rule[...]]) -> None:
        self.pattern = pattern
        self.claims = claims_of(pattern)
        self._rules: dict[str, Rule[...]] = {}
        self._settled: dict[str, Settled] = {}
        for rule in rules:
            self._add(rule)

    def _add(self, rule: Rule[...]) -> None:
        self._require_claim(rule.claim)
        if rule.claim in self._rules:
            raise ValueError(f"rules has two for {rule.claim}; it must have one")
        self._rules[rule.claim] = rule

    def settle(self, claim: str, because: str, **figures: float) -> Settled:
        """Decide `claim` (its short id) by its rule from the figures given, and return the result, which
        shows itself.

        `because` says in one sentence what makes it so. A figure is a number, or one with a value for each seed
        (`OverSeeds`, `Limit`): then the rule decides with each seed by itself.

        Raises:
            ValueError: when the claim is unknown or has no rule, `because` is empty, or the figures are not
                those that the rule needs; see `Rule.verdict`.
        """
        self._require_claim(claim)
        if claim not in self._rules:
            raise ValueError(f"claim is {claim!r}; it has no rule in this chapter")
        if not because.strip():
            raise ValueError(f"because is {because!r}; it must be a sentence")
        rule = self._rules[claim]
        verdict = rule.verdict(figures)
        self._settled[claim] = Settled(self.claims[claim], rule, figures, verdict, because)
        return self._settled[claim]

    @property
    def unsettled(self) -> list[str]:
        """The short ids of the claims that nothing has settled yet."""
        return [claim for claim in self.claims if claim not in self._settled]

    def scorecard(self) -> Scorecard:
        """Return the table of all verdicts.

        Raises:
            ValueError: when a claim of the pattern is not settled; the message lists them.
        """
        if self.unsettled:
            missing, count = ", ".join(self.unsettled), len(self.claims)
            raise ValueError(
                f"{len(self.unsettled)} of {count} claims about {self.pattern} are not settled: {missing}. "
                "Run the cells that settle them first."
            )
        return Scorecard(self.pattern, tuple(self._settled[claim] for claim in self.claims))

    def _require_claim(self, claim: str) -> None:
        if claim not in self.claims:
            raise ValueError(f"claim is {claim!r}; it must be one of {', '.join(self.claims)}")
