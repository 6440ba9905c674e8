"""A settled claim: its words, the figures, the verdict, the kind of evidence, and how it shows itself.

The verdict is a symbol and words, so that it can be read without colour and aloud.

>>> from archlab.course.claims.claim import claims_of
>>> from archlab.course.claims.rule import Evidence, settles
>>> from archlab.course.claims.verdict import holds_if
>>> @settles("definition.eventual-consistency-between-models", evidence=Evidence.SIMULATED)
... def reads_are_stale(stale_reads: int):
...     return holds_if(stale_reads > 0)
>>> claim = claims_of("cqrs")[reads_are_stale.claim]
>>> figures = {"stale_reads": 12}
>>> print(Settled(claim, reads_are_stale, figures, reads_are_stale.verdict(figures), "Copies take time."))
Claim (definition): Eventual consistency between models
✔ Holds (simulated)
  stale reads: 12
  Rule: return holds_if(stale_reads > 0)
  Because: Copies take time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from archlab.course.claims.claim import Claim
from archlab.course.claims.rule import Evidence, Rule
from archlab.course.claims.verdict import Verdict
from archlab.course.quantity import describe, with_unit, words_and_unit

CARD = "border: 1px solid #767676; border-left: 6px solid #0072B2; padding: 0.4em 1em; margin: 0.5em 0"
CODE = "font-family: monospace; margin: 0.3em 0"
CELL = "text-align: left; padding: 0.1em 1em 0.1em 0"


@dataclass(frozen=True)
class Settled:
    """A claim, the rule and figures that decided it, the verdict, and why in one sentence."""

    claim: Claim
    rule: Rule[...]
    figures: Mapping[str, float]
    verdict: Verdict
    because: str

    @property
    def evidence(self) -> str:
        """The kind of evidence in words; empty when there is none, for the verdict says that already."""
        return "" if self.rule.evidence is Evidence.NONE else self.rule.evidence.value

    def record(self) -> dict[str, Any]:
        """Return all of it as plain values: a row of the course's table of claims.

        `flips_at` has six digits: the last ones of a sum may differ from run to run.
        """
        flips_at = self.verdict.flips_at
        return {
            "claim": self.claim.id,
            "pattern": self.claim.pattern,
            "section": self.claim.section,
            "text": self.claim.text,
            "verdict": self.verdict.outcome.value,
            "detail": self.verdict.detail,
            "flips_at": None if flips_at is None else float(f"{flips_at:.6g}"),
            "evidence": self.rule.evidence.value,
            "because": self.because,
            "figures": {name: with_unit(name, value) for name, value in self.figures.items()},
        }

    def __str__(self) -> str:
        evidence = f" ({self.evidence})" if self.evidence else ""
        figures = [f"  {describe(name, value)}" for name, value in self.figures.items()]
        rule = " ".join(line.strip() for line in self.rule.source.splitlines())
        return "\n".join(
            [
                f"Claim ({self.claim.section}): {self.claim.text}",
                f"{self.verdict.symbol} {self.verdict.words}{evidence}",
                *figures,
                *([f"  Rule: {rule}"] if figures else []),
                f"  Because: {self.because}",
            ]
        )

    def _html(self) -> str:
        evidence = f" ({self.evidence})" if self.evidence else ""
        return (
            f'<div role="group" aria-label="{escape(f"Claim: {self.claim.text}")}" style="{CARD}">'
            f"<p><strong>Claim</strong> ({escape(self.claim.section)}): {escape(self.claim.text)}</p>"
            f'<p><strong><span aria-hidden="true">{self.verdict.symbol}</span> {escape(self.verdict.words)}'
            f"</strong>{evidence}</p>{self._figures_html()}<p>{escape(self.because)}</p></div>"
        )

    def _figures_html(self) -> str:
        rows = [
            f'<tr><th scope="row" style="{CELL}">{escape(words_and_unit(name)[0])}</th>'
            f'<td style="{CELL}">{escape(with_unit(name, value))}</td></tr>'
            for name, value in self.figures.items()
        ]
        if not rows:
            return ""
        return f'<table>{"".join(rows)}</table><pre style="{CODE}">{escape(self.rule.source)}</pre>'

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self._html(), "text/plain": str(self)}
