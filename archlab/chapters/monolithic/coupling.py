"""Coupling in the monolithic shop: which modules know of one another, and what holds one of them to its database.

Modules are tied by calls, and by data: a table that both read or write, a transaction in which both write. All are
read off the source.

>>> ties = tied_pairs()
>>> len(ties.pairs), len(ties.by_calls), len(ties.all)
(10, 4, 8)
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import pandas as pd

import archlab.shop.monolithic.architecture as monolithic
from archlab.chapters.monolithic.code import MODULE_NAMES, REPOSITORY_OF, direct_calls, repositories
from archlab.course.claims.assumption import Assumption
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.shop.code.change_impact import change_impact, extent
from archlab.shop.code.source import Component, classes
from archlab.shop.code.table_access import shared_tables, table_access

Pair = frozenset[str]
"""Two modules, in no order."""


@dataclass(frozen=True)
class TiedPairs:
    """Pairs of modules, in no order, and those that are tied: by a call, by a table of one that the other reads or
    writes, or by a transaction in which both write."""

    pairs: frozenset[Pair]
    by_calls: frozenset[Pair]
    by_tables: frozenset[Pair]
    by_transaction: frozenset[Pair]

    @property
    def all(self) -> frozenset[Pair]:
        """The pairs that are tied in any way."""
        return self.by_calls | self.by_tables | self.by_transaction

    def percent(self, tied: frozenset[Pair] | None = None) -> float:
        """Return the share of the pairs that are tied, in any way or in the way you name."""
        return 100 * len(self.all if tied is None else tied) / len(self.pairs)

    def frame(self) -> pd.DataFrame:
        """Return a row a way to be tied: `tied_by`, `pairs`, `percent`. Some pairs are tied in two ways."""
        ways = {
            "a call": self.by_calls,
            "a table": self.by_tables,
            "a transaction": self.by_transaction,
            "any of these": self.all,
        }
        rows = [(way, len(tied), self.percent(tied)) for way, tied in ways.items()]
        return pd.DataFrame(rows, columns=["tied_by", "pairs", "percent"])

    def in_steps(self) -> str:
        """Return in words how the share of tied pairs grows with the kinds of ties that are counted."""
        calls, tables = self.percent(self.by_calls), self.percent(self.by_calls | self.by_tables)
        return (
            f"By calls alone {calls:.0f} % of the pairs are tied, with tables {tables:.0f} %, with the transaction "
            f"{self.percent():.0f} %"
        )


def tied_pairs(
    modules: Sequence[Component] | None = None,
    tables: Sequence[Component] | None = None,
    in_transaction: Iterable[str] | None = None,
) -> TiedPairs:
    """Return which of the ten pairs of modules are tied, and by what, read off the source.

    `modules`, `tables`: the classes of the modules and of the repositories; None: ours. `in_transaction`: who writes in
    one transaction; None: those of the modules that are handed the same unit of work.
    """
    together = tied_by_transaction(modules) if in_transaction is None else set(in_transaction)
    by_tables = {pair for one, others in tied_by_tables(tables).items() for pair in _pairs_of({one}, others)}
    return TiedPairs(
        pairs=_all_pairs(MODULE_NAMES),
        by_calls=frozenset(frozenset(edge) for edge in direct_calls(modules).edges),
        by_tables=frozenset(by_tables),
        by_transaction=_all_pairs(together),
    )


def _all_pairs(names: Iterable[str]) -> frozenset[Pair]:
    return frozenset(frozenset(pair) for pair in combinations(names, 2))


def _pairs_of(ones: Iterable[str], others: Iterable[str]) -> set[Pair]:
    return {frozenset((one, other)) for one in ones for other in others}


def modules_in_transaction_needed(
    modules: Sequence[Component] | None = None, tables: Sequence[Component] | None = None
) -> float:
    """Return how many modules must write in one transaction, so that the coupling is tight whichever they are.

    They are taken from those that do it now. 0 when it is tight without any transaction, inf when it is not even with
    all of them.
    """
    writers = sorted(tied_by_transaction(modules))
    apart = tied_pairs(modules, tables, in_transaction=())
    for count in range(len(writers) + 1):
        tied = [replace(apart, by_transaction=_all_pairs(some)) for some in combinations(writers, count)]
        if all(ties.percent() > TIGHT_PERCENT for ties in tied):
            return float(count)
    return math.inf


def column_change(column: str = "on_hand", components: Sequence[Component] | None = None) -> dict[str, int]:
    """Return how far the change of a column's name reaches in the repositories, and how many modules own them."""
    impact = change_impact(components if components is not None else repositories(), column)
    owners = {REPOSITORY_OF[name] for name in impact.component if name in REPOSITORY_OF}
    return {"modules": len(owners), **extent(impact)}


def tied_by_tables(components: Sequence[Component] | None = None) -> dict[str, set[str]]:
    """Return for each module which others read or write its tables, or it theirs: repository by repository."""
    shared = shared_tables(table_access(components if components is not None else repositories()))
    tied: dict[str, set[str]] = {name: set() for name in MODULE_NAMES}
    for users in shared.components:
        owners = {REPOSITORY_OF[name] for name in users.split(", ")}
        for owner in owners:
            tied[owner] |= owners - {owner}
    return tied


def tied_by_transaction(components: Sequence[Component] | None = None, unit: str = "work") -> set[str]:
    """Return the modules that write in one transaction: those that are handed the same unit of work."""
    own = components if components is not None else classes(Path(monolithic.__file__), MODULE_NAMES)
    return set(change_impact(own, unit).component)


def replace_a_database(
    modules: Sequence[Component] | None = None, tables: Sequence[Component] | None = None
) -> pd.DataFrame:
    """Return, for each module, whose code must change when this module alone gets another kind of database.

    Its own; that of all whose queries join its tables, or whose tables it joins; and that of all that write
    in one transaction with it, for no transaction spans two kinds of database. Columns: module, changes (who),
    modules_to_change (how many). Data to move and knowledge of the new database come on top: it errs low.
    """
    ties = tied_pairs(modules, tables)
    rows = []
    for name in MODULE_NAMES:
        changed = frozenset({name}).union(*_with(name, ties.by_tables | ties.by_transaction))
        rows.append((name, ", ".join(sorted(changed)), len(changed)))
    return pd.DataFrame(rows, columns=["module", "changes", "modules_to_change"])


def _with(name: str, pairs: Iterable[Pair]) -> list[Pair]:
    return [pair for pair in pairs if name in pair]


def shared_by_data(
    modules: Sequence[Component] | None = None, tables: Sequence[Component] | None = None
) -> list[frozenset[Pair]]:
    """Return what the modules share of the database: each pair that meets in tables, and the one transaction.

    An entry is the pairs of modules that it ties.
    """
    ties = tied_pairs(modules, tables)
    shared = [frozenset({pair}) for pair in sorted(ties.by_tables, key=sorted)]
    return [*shared, ties.by_transaction] if ties.by_transaction else shared


def shared_needed_for_lock_in(shared: Sequence[frozenset[Pair]]) -> float:
    """Return how many of these must stay, whichever, so that most modules still cannot change alone.

    Takes `shared_by_data`. inf when not even all of them are enough.
    """
    for count in range(len(shared) + 1):
        kept = [frozenset[Pair]().union(*some) for some in combinations(shared, count)]
        if all(_most_are_stuck(pairs) for pairs in kept):
            return float(count)
    return math.inf


def _most_are_stuck(pairs: Iterable[Pair]) -> bool:
    stuck = len(frozenset[str]().union(*pairs))
    return technology_is_locked_in(stuck, len(MODULE_NAMES))


TIGHT_PERCENT = 50.0
"""Tightly coupled: two modules taken at random are more likely tied than not. Five modules in a chain, or one in the
middle of four, have 40 % of their pairs tied; five of which each knows all those below have 100 %, without a circle."""


@settles(
    "characteristics.tight-coupling-between-components",
    evidence=Evidence.MEASURED,
    says={
        "modules_in_transaction": "modules that write in one transaction",
        "modules_in_transaction_needed": "modules in it from which more than half are tied",
    },
)
def tight_coupling(
    pairs_tied_percent: float, modules_in_transaction: int, modules_in_transaction_needed: float
) -> Verdict:
    """Holds when more than {TIGHT_PERCENT} % of the pairs of modules are tied: by a call, by a table that both use, or
    by a transaction in which both write. What counts as a tie is our choice.
    """
    together = Assumption(
        "the number of modules that write in one transaction",
        modules_in_transaction,
        modules_in_transaction_needed,
    )
    return holds_if(pairs_tied_percent > TIGHT_PERCENT, together)


def technology_is_locked_in(modules_that_cannot_change_alone: int, modules: int) -> bool:
    """Whether more than half of the modules cannot get another database without a change in others."""
    return modules_that_cannot_change_alone > modules / 2


@settles(
    "cons.technology-lock-in",
    evidence=Evidence.MEASURED,
    says={
        "shared_tables_and_transactions": "shared tables and transactions",
        "shared_needed_for_lock_in": "as many lock in",
    },
)
def technology_lock_in(
    modules_that_cannot_change_alone: int,
    modules: int,
    shared_tables_and_transactions: int,
    shared_needed_for_lock_in: float,
) -> Verdict:
    """Holds when more than half of the modules are locked in to one database: they cannot get another one without a
    change in others. Languages and libraries are not judged.
    """
    shared = Assumption(
        "the number of shared tables and transactions that tie modules to one database",
        shared_tables_and_transactions,
        shared_needed_for_lock_in,
    )
    return holds_if(technology_is_locked_in(modules_that_cannot_change_alone, modules), shared)
