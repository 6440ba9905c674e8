"""The scorecard: every claim of a pattern with its verdict, made from what the chapter settled.

It carries its rows along as data in the saved notebook, so that the last chapter can gather all of them
(`gather`) without running the others again.

>>> Scorecard("cqrs", ()).summary
'0 claims about cqrs: holds 0, holds when 0, does not hold 0, cannot be shown here 0'
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from archlab.course.claims.settled import CELL, Settled
from archlab.course.claims.verdict import Outcome
from archlab.course.quantity import describe

MIME = "application/vnd.archlab.scorecard+json"
"""The type under which a scorecard's rows are stored beside its table. Viewers ignore it."""


@dataclass(frozen=True)
class Scorecard:
    """The settled claims of a pattern. `frame()` has them as a table of data."""

    pattern: str
    rows: tuple[Settled, ...]

    def frame(self) -> pd.DataFrame:
        """Return a row a claim: `claim`, `pattern`, `section`, `text`, `verdict`, `detail` (condition or
        reason),
        `flips_at` (NaN when there is no condition), `evidence`, `because`, `figures` (name -> value with
        unit)."""
        return _frame(row.record() for row in self.rows)

    @property
    def summary(self) -> str:
        """How many claims came out in each way, in one line."""
        counts = Counter(row.verdict.outcome for row in self.rows)
        ways = ", ".join(f"{outcome.value.lower()} {counts[outcome]}" for outcome in Outcome)
        return f"{len(self.rows)} claims about {self.pattern}: {ways}"

    def __str__(self) -> str:
        lines = [f"{row.verdict.symbol} {row.claim.text}: {row.verdict.words}" for row in self.rows]
        return "\n".join([self.summary, *lines])

    def _html(self) -> str:
        heads = ("Claim", "Verdict", "Figures", "Evidence")
        head = "".join(f'<th scope="col" style="{CELL}">{name}</th>' for name in heads)
        body = "".join(_row(row) for row in self.rows)
        return (
            f"<table><caption>{escape(self.summary)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

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
    cells = nbformat.read(notebook, as_version=4).cells
    bundles = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    records = [record for bundle in bundles for record in bundle.get(MIME, [])]
    if not records:
        raise ValueError(f"notebook is {notebook.name}; it must hold a scorecard, so run it first")
    return records


def _frame(records: Iterable[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(records)
    return frame.assign(flips_at=frame["flips_at"].astype(float))


def _row(row: Settled) -> str:
    figures = "<br>".join(escape(describe(name, value)) for name, value in row.figures.items())
    verdict = f'<span aria-hidden="true">{row.verdict.symbol}</span> {escape(row.verdict.words)}'
    return (
        f'<tr><th scope="row" style="{CELL}">{escape(row.claim.text)}</th><td style="{CELL}">{verdict}</td>'
        f'<td style="{CELL}">{figures or "none"}</td><td style="{CELL}">{row.rule.evidence.value}</td></tr>'
    )
