"""Outcomes: what became of requests, how each way is drawn, and their shares.

>>> import pandas as pd
>>> shares({"run": pd.DataFrame({"outcome": ["ok", "ok", "ok", "crashed"]})}).to_dict("records")
[{'ok': 75.0, 'crashed': 25.0}]
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from archlab.course.figures.line import require_columns


@dataclass(frozen=True)
class OutcomeLook:
    """Colour and hatch of an outcome. Every failure has a hatch of its own, so that colour is not needed."""

    colour: str
    hatch: str


KNOWN = {
    "ok": OutcomeLook("#DCE6EE", ""),
    "refused": OutcomeLook("#E6B800", "///"),
    "unavailable": OutcomeLook("#E07B39", "\\\\\\"),
    "crashed": OutcomeLook("#A8201A", "xxx"),
    "timed_out": OutcomeLook("#6A51A3", "..."),
    "unfinished": OutcomeLook("#9A9A9A", "---"),
    "circuit_open": OutcomeLook("#2B7A78", "ooo"),
    "bulkhead_full": OutcomeLook("#5C8A3A", "+++"),
    "shed": OutcomeLook("#8A6D5C", "|||"),
}
"""The outcomes that the kit's parts and guards give, in the order in which they are stacked."""
OTHERS = (OutcomeLook("#5C8A3A", "+++"), OutcomeLook("#2B7A78", "ooo"), OutcomeLook("#8A6D5C", "|||"))
"""For outcomes that a model names itself; which one, its name alone decides."""


def look_of_outcome(outcome: str) -> OutcomeLook:
    """Return how an outcome is drawn: always the same way."""
    return KNOWN.get(outcome) or OTHERS[sum(map(ord, outcome)) % len(OTHERS)]


def in_order(outcomes: Iterable[str]) -> list[str]:
    """Return the different outcomes, the kit's own first, in their fixed order."""
    found = set(map(str, outcomes))
    return [name for name in KNOWN if name in found] + sorted(found - KNOWN.keys())


def shares(runs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a row a run and a column an outcome: per cent of the requests that arrived.

    Raises:
        ValueError: when there is no run, or one has no requests or no column `outcome`.
    """
    if not runs:
        raise ValueError("runs is empty; it must have at least one run")
    for name, requests in runs.items():
        require_columns(f"run {name!r}", requests, "outcome")
    table = pd.DataFrame(
        {name: 100 * run["outcome"].astype(str).value_counts(normalize=True) for name, run in runs.items()}
    )
    return table.T.fillna(0.0).loc[list(runs), in_order(table.index)]
