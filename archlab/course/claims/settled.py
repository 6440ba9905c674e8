"""A settled claim: its words, the figures, the verdict, the kind of evidence, and how it shows itself.

The verdict is a symbol and words, so that it can be read without colour and aloud.

>>> from archlab.course.claims.claim import claims_of
>>> from archlab.course.claims.rule import Evidence, settles
>>> from archlab.course.claims.verdict import holds_if
>>> @settles("definition.eventual-consistency-between-models", evidence=Evidence.SIMULATED)
... def reads_are_stale(stale_reads: int):
...     '''Holds when some reads are older than the last write.'''
...     return holds_if(stale_reads > 0)
>>> claim = claims_of("cqrs")[reads_are_stale.claim]
>>> figures = {"stale_reads": 12}
>>> print(Settled(claim, reads_are_stale, figures, reads_are_stale.verdict(figures), "Copies take time."))
Claim (definition): Eventual consistency between models
  Rule: Holds when some reads are older than the last write.
  Measured: stale reads: 12
  So: ✔ Holds (simulated)
  Because: Copies take time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from archlab.course.claims.claim import Claim
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, Rule
from archlab.course.claims.verdict import ENOUGH_SEEDS, Outcome, Verdict
from archlab.course.quantity import with_unit

CARD = "border: 1px solid #767676; border-left: 6px solid #0072B2; padding: 0.4em 1em; margin: 0.5em 0"
BUILT_SO = "≡"
"""Instead of the symbol for "holds": no experiment could have come out the other way."""


@dataclass(frozen=True)
class Settled:
    """A claim, the rule and figures that decided it, the verdict, and why in one sentence."""

    claim: Claim
    rule: Rule[...]
    figures: Mapping[str, float]
    verdict: Verdict
    because: str

    @property
    def holds_by_construction(self) -> bool:
        """Whether it holds because we built the shop so."""
        return (
            self.rule.evidence is Evidence.BY_CONSTRUCTION
            and self.verdict.outcome is not Outcome.DOES_NOT_HOLD
        )

    @property
    def symbol(self) -> str:
        return BUILT_SO if self.holds_by_construction else self.verdict.symbol

    @property
    def evidence(self) -> str:
        """The kind of evidence in words, and over how many seeds the verdict is the same; empty when there is none,
        for the verdict says that already."""
        kind, seeds = self.rule.evidence, self.verdict.seeds
        if kind is Evidence.NONE:
            return ""
        if kind is Evidence.BY_CONSTRUCTION and not self.holds_by_construction:
            return f"it was to be {kind.value}"
        if seeds is None or self.verdict.outcome is Outcome.BY_LUCK:
            return kind.value
        same = "the same with each of" if self.verdict.is_stable else "tried with only"
        return f"{kind.value}, {same} {seeds} seeds"

    def require_stable(self) -> None:
        """Raise `ValueError` unless the verdict is one that a chapter may print.

        It must not depend on luck, and must come from `ENOUGH_SEEDS` seeds where luck is in the figures: always when it
        is simulated.
        """
        needs_seeds = self.rule.evidence is Evidence.SIMULATED or self.verdict.seeds is not None
        if self.verdict.outcome is Outcome.BY_LUCK or (needs_seeds and not self.verdict.is_stable):
            raise ValueError(
                f"the verdict on {self.claim.id} is {self.verdict.words!r} over {self.verdict.seeds or 'no'} seeds; "
                f"it must be the same over {ENOUGH_SEEDS} or more. Give figures for each seed, make the runs longer, "
                "or try a wider range"
            )

    def record(self) -> dict[str, Any]:
        """Return all of it as plain values: a row of the course's table of claims.

        `flips_at` and its interval have six digits: the last ones of a sum may differ from run to run.
        """
        flips_at = self.verdict.flips_at
        ends = (flips_at.low, flips_at.high) if isinstance(flips_at, OverSeeds) else (flips_at, flips_at)
        return {
            "claim": self.claim.id,
            "pattern": self.claim.pattern,
            "section": self.claim.section,
            "text": self.claim.text,
            "verdict": self.verdict.outcome.value,
            "detail": self.verdict.detail,
            "flips_at": _six_digits(flips_at),
            "flips_at_low": _six_digits(ends[0]),
            "flips_at_high": _six_digits(ends[1]),
            "seeds": self.verdict.seeds,
            "evidence": self.rule.evidence.value,
            "rule": self.rule.words,
            "because": self.because,
            "figures": {name: with_unit(name, value) for name, value in self.figures.items()},
        }

    def __str__(self) -> str:
        evidence = f" ({self.evidence})" if self.evidence else ""
        told = [f"Rule: {self.rule.words}", f"Measured: {'; '.join(self._figures())}"] if self.figures else []
        lines = [*told, f"So: {self.symbol} {self.verdict.words}{evidence}", f"Because: {self.because}"]
        return "\n".join(
            [f"Claim ({self.claim.section}): {self.claim.text}", *(f"  {line}" for line in lines)]
        )

    def _figures(self) -> list[str]:
        return [self.rule.describe(name, value) for name, value in self.figures.items()]

    def _html(self) -> str:
        evidence = f" ({self.evidence})" if self.evidence else ""
        return (
            f'<div role="group" aria-label="{escape(f"Claim: {self.claim.text}")}" style="{CARD}">'
            f"<p><strong>Claim</strong> ({escape(self.claim.section)}): {escape(self.claim.text)}</p>"
            f'{self._figures_html()}<p><em>So</em>: <strong><span aria-hidden="true">{self.symbol}</span> '
            f"{shown(self.verdict.words)}</strong>{evidence}</p><p>{escape(self.because)}</p></div>"
        )

    def _figures_html(self) -> str:
        if not self.figures:
            return ""
        lines = "<br>".join(shown(line) for line in self._figures())
        measured = lines if len(self.figures) == 1 else f"<br>{lines}"
        return f"<p><em>Rule</em>: {shown(self.rule.words)}</p><p><em>Measured</em>: {measured}</p>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self._html(), "text/plain": str(self)}


def shown(words: str) -> str:
    """Return words for a page, with no line break between a number and its per cent sign."""
    return escape(words).replace(" %", "&nbsp;%")


def _six_digits(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
