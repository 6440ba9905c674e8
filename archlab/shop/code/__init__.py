"""What is measured on source code: who calls whom, who touches which table, how far a change reaches."""

from archlab.shop.code.call_graph import call_graph
from archlab.shop.code.change_impact import change_impact, extent
from archlab.shop.code.definitions import definition_graph
from archlab.shop.code.metrics import coupling, import_graph, lines_of_code, lock_in
from archlab.shop.code.patches import Sources, patched
from archlab.shop.code.propagation import in_circles, must_be_tested_again, propagation_cost, visibility
from archlab.shop.code.source import Component, classes, docstrings, modules
from archlab.shop.code.table_access import is_sql, shared_tables, statement_tables, table_access
from archlab.shop.code.testability import order_of_magnitude, setup_statements, sql_statements, time_checks
from archlab.shop.code.touched import touched

__all__ = [
    "Component",
    "Sources",
    "call_graph",
    "change_impact",
    "classes",
    "coupling",
    "definition_graph",
    "docstrings",
    "extent",
    "import_graph",
    "in_circles",
    "is_sql",
    "lines_of_code",
    "lock_in",
    "modules",
    "must_be_tested_again",
    "order_of_magnitude",
    "patched",
    "propagation_cost",
    "setup_statements",
    "shared_tables",
    "sql_statements",
    "statement_tables",
    "table_access",
    "time_checks",
    "touched",
    "visibility",
]
