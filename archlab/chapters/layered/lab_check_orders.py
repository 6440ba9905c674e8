"""The check of task 2 of lab 04: a page with few statements.

>>> from archlab.chapters.layered.lab_orders import one_by_one
>>> orders_page(one_by_one)  # doctest: +ELLIPSIS
Traceback (most recent call last):
AssertionError: a page of ... orders takes ... statements; 3 may...
"""

import sqlite3
from collections.abc import Iterable
from typing import Any

from archlab.chapters.layered import lab_orders
from archlab.course.labs import Answer, expect, stream, task_check
from archlab.course.labs.new_process import in_new_process

MOST_STATEMENTS = 3
"""One each for orders, lines with their products, and parcels."""
HOPS_S = (0.00025, 0.001, 0.005)
"""Inside a region, between buildings, and between cities that are near. The second and third one are assumptions."""


@task_check
def orders_page(orders_page: Answer) -> str:
    """Compare pages of random shops with our own count, and count statements and rows."""
    random, shown = stream("orders_page"), 0
    sizes = [(0, 5), (1, 1), *((int(random.integers(5, 60)), int(random.integers(3, 40))) for _ in range(10))]
    sizes.append((1500, 1200))
    for orders, last in sizes:
        shop = lab_orders.drawn(random, orders)
        right = shop.page(last)
        case = f"a customer with {orders} orders, the last {last} of them"
        asking, given = _asked(orders_page, shop, last, case)
        _expect_page(given, right, case)
        if right:
            _expect_few(asking, right, len(right))
        shown += len(right)
    times_ms = [1000 * lab_orders.page_s(asking.statements, asking.rows, hop_s) for hop_s in HOPS_S]
    said = ", ".join(f"{time_ms:.1f}" for time_ms in times_ms)
    return (
        f"{shown} orders are shown right; the last page takes {asking.statements} statements, and {said} ms"
    )


def _asked(
    orders_page: Answer, shop: lab_orders.Orders, last: int, case: str
) -> tuple[lab_orders.Asking, Any]:
    """Ask for a page, in a process that remembers no other page."""
    asking = lab_orders.Asking(shop.database())
    try:
        return asking, in_new_process(orders_page)(asking, shop.customer, last)
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise AssertionError(f"{case}: SQLite refuses a statement: {error}") from error


def _plain(given: Any) -> Any:
    """Lists and tuples as lists, so that it does not matter which of them an answer takes."""
    if isinstance(given, Iterable) and not isinstance(given, str | bytes):
        return [_plain(one) for one in given]
    return given if isinstance(given, str | int | None) else repr(given)


def _expect_page(given: Any, right: list[lab_orders.Shown], case: str) -> None:
    is_list = isinstance(given, Iterable) and not isinstance(given, str | bytes | dict)
    expect(is_list, f"{case}: the page is {given!r}; a list of (number, lines, parcels) is wanted")
    page, wanted = _plain(given), _plain(right)
    expect(len(page) == len(wanted), f"{case}: {len(page)} orders are on the page; {len(wanted)} are there")
    for shown, one in zip(page, wanted, strict=True):
        is_three = isinstance(shown, list) and len(shown) == 3
        expect(is_three, f"{case}: {shown!r} is on the page; (number, lines, parcels) is wanted")
        for what, seen, there in zip(("number", "lines", "parcels"), shown, one, strict=True):
            expect(
                seen == there, f"{case}: {what} of order {one[0]}: {seen} on the page, {there} in the tables"
            )


def _most_rows(right: list[lab_orders.Shown]) -> int:
    """Each order, line and parcel once."""
    return sum(1 + len(lines) + len(parcels) for _, lines, parcels in right)


def _expect_few(asking: lab_orders.Asking, right: list[lab_orders.Shown], orders: int) -> None:
    expect(asking.statements, f"a page of {orders} orders comes without a statement: from where?")
    expect(
        asking.statements <= MOST_STATEMENTS,
        f"a page of {orders} orders takes {asking.statements} statements; {MOST_STATEMENTS} may. Is one of them "
        "asked once for each order or line? Or could two be one?",
    )
    expect(asking.rows, f"a page of {orders} orders comes without a row: from where?")
    rows = _most_rows(right)
    expect(
        asking.rows <= rows,
        f"a page of {orders} orders fetches {asking.rows} rows; there are {rows} orders, lines and parcels on it. "
        "Which of them come more than once, or are not shown?",
    )
