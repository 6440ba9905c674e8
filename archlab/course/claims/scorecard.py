"""The scorecard: every claim of a pattern with its verdict, made from what the chapter settled.

It carries its rows along as data in the saved notebook, so that the last chapter can gather all of them
(`gather`) without running the others again.

>>> Scorecard("cqrs", ()).summary
'0 claims about cqrs: holds 0, true by construction 0, holds when 0, does not hold 0, cannot be shown here 0'
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from archlab.course.claims.rule import Evidence
from archlab.course.claims.settled import Settled, shown
from archlab.course.claims.verdict import Outcome

CELL = "text-align: left; vertical-align: top; padding: 0.1em 1em 0.1em 0"

MIME = "application/vnd.archlab.scorecard+json"
"""The type under which a scorecard's rows are stored beside its table. Viewers ignore it."""


NUMBERS = ("flips_at", "flips_at_low", "flips_at_high", "seeds")
"""The columns of `Scorecard.frame` that are numbers, or NaN."""

WAYS: tuple[str, ...] = (
    Outcome.HOLDS,
    Evidence.BY_CONSTRUCTION,
    Outcome.HOLDS_WHEN,
    Outcome.DOES_NOT_HOLD,
    Outcome.CANNOT_BE_SHOWN,
    Outcome.BY_LUCK,
)
"""In the order of the summary."""


@dataclass(frozen=True)
class Scorecard:
    """The settled claims of a pattern. `frame()` has them as a table of data."""

    pattern: str
    rows: tuple[Settled, ...]

    def frame(self) -> pd.DataFrame:
        """Return a row a claim: `claim`, `pattern`, `section`, `text`, `verdict`, `detail` (condition or
        reason), `flips_at` with the interval `flips_at_low` to `flips_at_high` (NaN when there is no condition),
        `seeds` (NaN when the figures do not say), `evidence`, `rule` (its words), `because`, `figures` (name -> value
        with unit)."""
        return _frame(row.record() for row in self.rows)

    @property
    def summary(self) -> str:
        """How many claims came out in each way, in one line. What is true by construction is counted apart."""
        counts = Counter(_way(row) for row in self.rows)
        ways = [way for way in WAYS if counts[way] or way != Outcome.BY_LUCK]
        said = ", ".join(f"{way.lower()} {counts[way]}" for way in ways)
        return f"{len(self.rows)} claims about {self.pattern}: {said}"

    def __str__(self) -> str:
        lines = [f"{row.symbol} {row.claim.text}: {row.verdict.words}" for row in self._told_apart()]
        return "\n".join([self.summary, *lines])

    def _html(self) -> str:
        heads = ("Claim", "Verdict", "Figures", "Evidence")
        head = "".join(f'<th scope="col" style="{CELL}">{name}</th>' for name in heads)
        body = "".join(_row(row) for row in self._told_apart())
        return (
            f"<table><caption>{escape(self.summary)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def _told_apart(self) -> list[Settled]:
        """The rows, with their section behind the words where two claims have the same words."""
        times = Counter(row.claim.text for row in self.rows)
        return [
            replace(row, claim=replace(row.claim, text=f"{row.claim.text} ({row.claim.section})"))
            if times[row.claim.text] > 1
            else row
            for row in self.rows
        ]

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        records = [row.record() for row in self.rows]
        return {"text/html": self._html(), "text/plain": str(self), MIME: records}


def gather(notebooks: Iterable[Path]) -> pd.DataFrame:
    """Return the rows of the scorecards saved in these notebooks, in the form of `Scorecard.frame`.

    Raises:
        ValueError: when a notebook holds no scorecard.
    """
    return _frame(record for notebook in notebooks for record in _records(notebook))


def _records(notebook: Path) -> list[dict[str, Any]]:
    import nbformat  # reading and running notebooks loads much

    cells = nbformat.read(notebook, as_version=4).cells
    bundles = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    records = [record for bundle in bundles for record in bundle.get(MIME, [])]
    if not records:
        raise ValueError(f"notebook is {notebook.name}; it must hold a scorecard, so run it first")
    return records


def _way(row: Settled) -> str:
    return Evidence.BY_CONSTRUCTION if row.holds_by_construction else row.verdict.outcome


def _frame(records: Iterable[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(records)
    return frame.astype({name: float for name in NUMBERS if name in frame})


def _row(row: Settled) -> str:
    figures = "<br>".join(escape(row.rule.describe(name, value)) for name, value in row.figures.items())
    verdict = f'<span aria-hidden="true">{row.symbol}</span> {shown(row.verdict.words)}'
    seeds = f", {row.verdict.seeds} seeds" if row.verdict.seeds else ""
    return (
        f'<tr><th scope="row" style="{CELL}">{escape(row.claim.text)}</th><td style="{CELL}">{verdict}</td>'
        f'<td style="{CELL}">{figures or "none"}</td><td style="{CELL}">{row.rule.evidence.value}{seeds}</td></tr>'
    )
