"""The code of the monolithic shop, counted: one codebase, one database, who calls whom, what a test needs.

The functions take the classes or components to look at, so that you can hold another shop's code beside it. What these
counts say follows from how the shop was built: its rules say "true by construction". How tightly the modules hold
together is counted in `archlab.chapters.monolithic.coupling`.

>>> codebases()["packages"], databases(Monolith(Simulation(seed=1)).tables)["databases"]
(1, 1)
>>> sorted(direct_calls().successors("Orders"))
['Catalogue', 'Inventory', 'Notifications', 'Payments']
"""

from __future__ import annotations

import pickle
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

import pandas as pd

import archlab.shop.monolithic.architecture as monolithic
import archlab.shop.store as store
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, cannot_be_shown, holds_if
from archlab.shop.code.call_graph import call_graph
from archlab.shop.code.source import Component, classes
from archlab.shop.code.table_access import shared_tables, table_access
from archlab.shop.code.testability import setup_statements, sql_statements
from archlab.shop.domain import Order, OrderLine, OutOfStock, Refusal, reserve
from archlab.shop.monolithic.architecture import MODULES, Monolith, Program
from archlab.shop.monolithic.config import MONOLITH, MonolithConfig
from archlab.sim.network import Network
from archlab.sim.simulation import Simulation

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

MODULE_NAMES = tuple(module.__name__ for module in MODULES)
REPOSITORY_OF = {
    "CatalogueRepository": "Catalogue",
    "OrderRepository": "Orders",
    "StockRepository": "Inventory",
    "PaymentRepository": "Payments",
    "NotificationRepository": "Notifications",
}
TOO_MANY = 10**9
"""Pieces: more than any shop here has."""


def repositories(file: str | Path = store.__file__) -> list[Component]:
    """Return the classes that hold the SQL of the five modules."""
    return classes(Path(file), list(REPOSITORY_OF))


def codebases(parts: Sequence[type] = MODULES) -> dict[str, int]:
    """Return in how many packages and files the parts of a shop are written."""
    modules = [sys.modules[part.__module__] for part in parts]
    packages = {module.__name__.split(".")[0] for module in modules}
    return {"parts": len(parts), "packages": len(packages), "files": len({m.__file__ for m in modules})}


def databases(
    tables: Mapping[str, sqlite3.Connection], components: Sequence[Component] | None = None
) -> dict[str, int]:
    """Return how many databases are behind the tables, and how many tables two or more modules read or write."""
    touched = table_access(components if components is not None else repositories())
    return {
        "tables": len(tables),
        "databases": len({id(connection) for connection in tables.values()}),
        "shared_tables": len(shared_tables(touched)),
    }


def direct_calls(components: Sequence[Component] | None = None) -> nx.DiGraph:
    """Return which of the five modules calls which, read off the source."""
    graph = call_graph(components if components is not None else classes(Path(monolithic.__file__)))
    return graph.subgraph(MODULE_NAMES)


def check_the_rule_alone() -> None:
    """Three pieces ordered are three pieces fewer: the rule by itself."""
    order = Order(7, (OrderLine(product=1, quantity=3, unit_price_cents=450),))
    assert reserve(order, on_hand={1: 5}) == {1: 2}


def check_the_rule_in_the_shop(shop: Monolith) -> None:
    """The same, through the whole shop, with real rows."""
    before = shop.answer(shop.browse(1)).on_hand
    shop.answer(shop.place_order(7, {1: 3}))
    assert shop.answer(shop.browse(1)).on_hand == before - 3


def cost_of_a_test(config: MonolithConfig = MONOLITH, seed: int = 1) -> pd.DataFrame:
    """Compare a test of one rule by itself with a test of it through the shop.

    Columns: test, sql_statements (executed), setup_statements (in its source), parts_to_start: programs,
    balancers and databases that must run. Counts are the same on every machine; `time_checks` of
    `archlab.shop.code.testability` gives times.
    """
    import networkx as nx

    shop = Monolith(Simulation(seed), config)
    database = shop.database.connection
    kinds = nx.get_node_attributes(shop.topology(), "kind").values()
    parts = sum(kind in ("process", "balancer", "database") for kind in kinds)
    alone = len(sql_statements(check_the_rule_alone, database))
    through = len(sql_statements(lambda: check_the_rule_in_the_shop(shop), database))
    rows = [
        ("the rule alone", alone, setup_statements(check_the_rule_alone), 0),
        ("through the shop", through, setup_statements(check_the_rule_in_the_shop), parts),
    ]
    return pd.DataFrame(rows, columns=["test", "sql_statements", "setup_statements", "parts_to_start"])


class ProgramApart(Program):
    """The same program with a real boundary in each call: what crosses it is bytes, as over any network."""

    def __init__(self, shop: Monolith, program: Program) -> None:
        super().__init__(shop, program.clone)
        self.network = Network(shop.sim, latency_s=0.00025)

    def call(self, step: monolithic.Steps[Any]) -> monolithic.Steps[Any]:
        answer = pickle.loads((yield self.network.call("caller", "callee", _in_bytes(step))))
        if isinstance(answer, Exception):
            raise answer
        return answer


def _in_bytes(step: monolithic.Steps[Any]) -> monolithic.Steps[bytes]:
    """Do the work at the far end, and return the answer, or what went wrong, as it travels."""
    try:
        return pickle.dumps((yield from step))
    except Refusal as refusal:
        return pickle.dumps(refusal)


def failing_order(apart: bool = False, seed: int = 1) -> dict[str, int]:
    """Let an order fail in the inventory module, and look which modules its traceback shows.

    `apart`: with a network between the modules, so that an error crosses as bytes. `on_the_path`: the modules
    from the one that is asked to the one that fails, by the calls in the source. What is lost comes back only
    with tracing, which must be built and run.
    """
    import networkx as nx

    shop = Monolith(Simulation(seed), MONOLITH)
    if apart:
        shop.programs = {name: ProgramApart(shop, program) for name, program in shop.programs.items()}
    path = nx.shortest_path(direct_calls(), "Orders", "Inventory")
    owners: list[str] = []
    try:
        shop.answer(shop.place_order(7, {1: TOO_MANY}))
    except OutOfStock as error:
        owners = [type(frame.f_locals.get("self")).__name__ for frame, _ in walk_tb(error.__traceback__)]
    return {"on_the_path": len(path), "visible": len(set(owners) & set(path))}


@settles("characteristics.single-codebase", evidence=Evidence.BY_CONSTRUCTION)
def single_codebase(packages: int) -> Verdict:
    """Holds when all modules are in one package."""
    return holds_if(packages == 1)


@settles("characteristics.shared-database", evidence=Evidence.BY_CONSTRUCTION)
def shared_database(databases: int, shared_tables: int) -> Verdict:
    """Holds when all tables are in one database, and modules do meet in them: some table is used by two."""
    return holds_if(databases == 1 and shared_tables > 0)


A_PROGRAM_AND_A_DATABASE = 2
"""The fewest parts a shop with real rows can have."""


@settles("pros.simple-to-develop-and-test", evidence=Evidence.BY_CONSTRUCTION)
def simple_to_test(sql_statements_for_a_rule: int, parts_to_start: int) -> Verdict:
    """Holds when the test of a rule needs no SQL, and that of a whole order at most {A_PROGRAM_AND_A_DATABASE}
    parts: a program and a database.
    """
    return holds_if(sql_statements_for_a_rule == 0 and parts_to_start <= A_PROGRAM_AND_A_DATABASE)


@settles("pros.easier-debugging", evidence=Evidence.BY_CONSTRUCTION)
def easier_debugging(
    modules_on_the_path: int, visible_in_process: int, visible_across_network: int
) -> Verdict:
    """Holds when one traceback shows every module on the way to a failure, and would not if messages lay between."""
    return holds_if(visible_in_process == modules_on_the_path > visible_across_network)


@settles("cons.large-codebase-can-be-hard-to-maintain", evidence=Evidence.NONE)
def large_codebase() -> Verdict:
    """What would be needed is time: years of changes by people, counted."""
    return cannot_be_shown(
        "it would take a large program and years of people's work on it; this one is small and new"
    )
