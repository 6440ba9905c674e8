"""Testability: what a test of a rule costs, when the rule stands alone and when it lives in a database.

Counts first, because they are the same on every machine: the SQL statements a test executes and the
statements it needs to set the scene. The time comes last: it depends on the machine and on the day.

>>> connection = sqlite3.connect(":memory:")
>>> sql_statements(lambda: connection.execute("SELECT 1").fetchone(), connection)
['SELECT 1']
>>> order_of_magnitude(45.0)
'tens of times'
"""

import ast
import inspect
import math
import sqlite3
import statistics
import textwrap
import time
import timeit
from collections.abc import Callable, Mapping

import pandas as pd

from archlab.sim.validation import require_positive, require_whole

Check = Callable[[], object]

ORDERS_OF_MAGNITUDE = ("several times", "tens of times", "hundreds of times", "thousands of times")


def sql_statements(check: Check, connection: sqlite3.Connection) -> list[str]:
    """Run a check and return the SQL statements the connection executed meanwhile, in order.

    BEGIN, COMMIT and ROLLBACK count. Made for databases without triggers: a trigger adds entries of its own.
    A trace callback set on the connection before is taken off.
    """
    executed: list[str] = []
    connection.set_trace_callback(executed.append)
    try:
        check()
    finally:
        connection.set_trace_callback(None)
    return executed


def setup_statements(test: Callable[..., object]) -> int:
    """Return how many Python statements a test function has besides its assertions and its docstring.

    What it calls, fixtures included, is not counted: errs low for the test with more machinery.

    Raises:
        ValueError: when the source holds no function, as with a lambda, or cannot be read.
    """
    function = _parsed(test)
    nodes = (node for statement in function.body for node in ast.walk(statement))
    return sum(isinstance(node, ast.stmt) and not _is_assertion_or_text(node) for node in nodes)


def _parsed(test: Callable[..., object]) -> ast.FunctionDef | ast.AsyncFunctionDef:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(test)))
    except (OSError, TypeError, SyntaxError) as problem:
        raise ValueError(f"test is {test!r}; it must be a function whose source can be read") from problem
    if not tree.body or not isinstance(tree.body[0], ast.FunctionDef | ast.AsyncFunctionDef):
        raise ValueError(f"test is {test!r}; it must be a function written with def")
    return tree.body[0]


def _is_assertion_or_text(node: ast.stmt) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Assert) or is_text


def time_checks(checks: Mapping[str, Check], repeats: int = 5, least_s: float = 0.02) -> pd.DataFrame:
    """Return how long one run of each check takes: columns check, best_s, median_s (CPU time), runs.

    Each check is repeated until a measurement takes at least `least_s`, then measured `repeats` times, the
    checks in turn, so that a slow moment of the machine hits all of them. Best is the steadier figure
    (https://docs.python.org/3/library/timeit.html). Set-up that the check does not do itself is not included.

    Raises:
        ValueError: when `repeats` is not a whole number above 0 or `least_s` is not above 0.
    """
    require_whole("repeats", repeats, at_least=1)
    require_positive("least_s", least_s)
    timers = {name: timeit.Timer(check, timer=time.process_time) for name, check in checks.items()}
    runs = {name: _runs_for(timer, least_s) for name, timer in timers.items()}
    measured: dict[str, list[float]] = {name: [] for name in checks}
    for _ in range(repeats):
        for name, timer in timers.items():
            measured[name].append(timer.timeit(runs[name]) / runs[name])
    rows = [(name, min(times), statistics.median(times), runs[name]) for name, times in measured.items()]
    return pd.DataFrame(rows, columns=["check", "best_s", "median_s", "runs"])


def _runs_for(timer: timeit.Timer, least_s: float) -> int:
    """Return how many runs take at least `least_s` together: a power of ten."""
    runs = 1
    while timer.timeit(runs) < least_s:
        runs *= 10
    return runs


def order_of_magnitude(ratio: float) -> str:
    """Say in words how many times as large one figure is as another, coarsely: steady from run to run.

    Below 2 it is "less than twice", below 10 "several times", below 100 "tens of times", and so on.

    Raises:
        ValueError: when the ratio is not a finite number above 0.
    """
    require_positive("ratio", ratio)
    if ratio < 2:
        return "less than twice"
    power = min(math.floor(math.log10(ratio)), len(ORDERS_OF_MAGNITUDE) - 1)
    return ORDERS_OF_MAGNITUDE[power]
