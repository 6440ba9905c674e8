"""The report: a description and what was measured, as Markdown for those who were not there.

>>> import pandas as pd
>>> print(table(pd.DataFrame({"part": ["web"], "busy_percent": [25.04], "usd_per_hour": [float("nan")]})))
| Part | Busy [%] | USD/h |
| --- | --- | --- |
| web | 25 |  |
"""

from __future__ import annotations

import pandas as pd

from archlab.chapters.choosing.own_system import bill as bills
from archlab.chapters.choosing.own_system import capacity as capacities
from archlab.chapters.choosing.own_system.description import Description
from archlab.course.quantity import axis_label, number

LEAVES_OUT = """\
The figures are those of a model. Demands do not grow with load, stores copy nothing between their copies, nobody writes
to the wrong place, and customers do not try again. Most of that errs for the system. Measure your own demands before
you decide anything by these figures."""


def cells(frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Return the heads of a table in words with units, and its cells as text; a NaN is empty."""
    return [_head(str(name)) for name in frame], [[_text(value) for value in row] for row in frame.to_numpy()]


def _head(name: str) -> str:
    return "USD/h" if name == "usd_per_hour" else axis_label(name)


def _text(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else number(value)
    return str(value)


def table(frame: pd.DataFrame) -> str:
    """Return a frame as a table in Markdown."""
    heads, rows = cells(frame)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(text.replace('|', '/') for text in line)} |" for line in lines)


def report(
    description: Description,
    summary: str,
    parts: pd.DataFrame,
    load: pd.DataFrame | None = None,
    faults: pd.DataFrame | None = None,
) -> str:
    """Return the report. `load` and `faults` are the tables of `against_load` and `fault_matrix`, if they were made."""
    pieces = [f"# {description.title}", summary.partition(": ")[2] + ".", "## Parts", table(parts)]
    pieces += ["## What to buy next", table(capacities.next_purchases(description))]
    if bills.usd_per_hour(description) == bills.usd_per_hour(description):
        million = number(bills.usd_per_million(description))
        missing = bills.without_price(description)
        pieces += ["## Bill", f"{million} USD for a million requests at the load above."]
        pieces += [f"Without a price: {', '.join(missing)}."] if missing else []
    if load is not None:
        shown = ["rate_per_s", "ok_percent", "throughput_per_s", "p50_ms", "p99_ms"]
        pieces += ["## Latency against load", table(load[shown])]
    if faults is not None:
        shown = ["part", "fault", "kind", "ok_percent", "p99_ms", "well_after_s"]
        pieces += ["## What goes wrong", table(faults[shown])]
    return "\n\n".join([*pieces, "## What this leaves out", LEAVES_OUT]) + "\n"
