"""What each way to have models costs in parts: what runs, what is stored, and what somebody has to read.

Counted on the shops themselves: the parts of the simulation that can break, the tables of all databases, and the lines
of the modules that a way needs and one model for both does not.

What this leaves out: what nobody has written yet, such as dashboards for lag and a runbook for a rebuild. It errs in
favour of more models.

>>> table = counted()
>>> bool(table.parts.is_monotonic_increasing), int(table.lines["one"])
(True, 0)
"""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

import pandas as pd

from archlab.course.figures.bars import comparison
from archlab.course.figures.picture import Picture
from archlab.course.style import LAB, Size, variants
from archlab.shop.cqrs import Cqrs, CqrsConfig, commit_log, follower, news, projector, read_models, replica
from archlab.shop.events import event_store, projection, tail
from archlab.sim.simulation import Simulation

MODELS = ("one", "same database", "replicas", "separate")
NEEDS: Mapping[str, tuple[ModuleType, ...]] = {
    "one": (),
    "same database": (news, read_models),
    "replicas": (commit_log, follower, replica),
    "separate": (news, read_models, commit_log, follower, projector, event_store, projection, tail),
}
"""The modules that a way needs besides those of one model for both."""
INNER = "sqlite_%"


def lines_of(modules: Iterable[ModuleType]) -> int:
    """Return the lines of modules that are neither empty nor a comment nor documentation."""
    return sum(_code_lines(inspect.getsource(module)) for module in modules)


def _code_lines(source: str) -> int:
    count, inside = 0, False
    for line in map(str.strip, source.splitlines()):
        quotes = line.count('"""')
        is_text = inside or line.startswith(('"""', "#")) or not line
        inside ^= quotes % 2 == 1
        count += not is_text
    return count


def tables_of(connection: sqlite3.Connection) -> int:
    """Return how many tables a database has."""
    sql = """SELECT count(*) FROM sqlite_master
             WHERE type = 'table' AND name NOT LIKE ? AND name NOT LIKE 'found\\_%' ESCAPE '\\'"""
    return int(connection.execute(sql, (INNER,)).fetchone()[0])


def counted() -> pd.DataFrame:
    """Return a row a way: `parts` that can break, `databases`, `tables`, and `lines` of further code.

    The table of events is in every shop, and counted where it is written to.
    """
    rows: dict[str, dict[str, Any]] = {}
    for models in MODELS:
        shop = Cqrs(Simulation(seed=1), CqrsConfig(models=models))  # type: ignore[arg-type]
        others = [one.connection for one in shop.replicas]
        if models == "separate":
            others += [view.server.connection for view in shop.views.values()]
        breaks = [part for part in shop.parts.values() if hasattr(part, "crash")]
        rows[models] = {
            "parts": len(breaks),
            "databases": 1 + len(others),
            "tables": sum(map(tables_of, [shop.database.connection, *others])) - (models != "separate"),
            "lines": lines_of(NEEDS[models]),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the parts of each way that can break, with its tables and lines beside its name."""
    told = table.rename_axis("models").reset_index()
    names = [
        f"{row.models}: {row.tables} tables, {row.lines} more lines of code" for row in told.itertuples()
    ]
    looks = dict(zip(names, variants("cqrs", MODELS).values(), strict=True))
    label = "Parts that can break"
    return comparison(told.assign(design=names), title, "parts", bar_looks=looks, label=label, size=size)
