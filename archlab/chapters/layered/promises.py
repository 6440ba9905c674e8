"""Promises: what a shop must do, as tests that can be asked at any of the doors of `archlab.chapters.layered.doors`.

Each is the same test, with the same assertions, wherever it is asked. So suites differ in where they ask and in nothing
else. A door at which a promise cannot be asked, since its part of the program does not decide it, leaves it out.

What this leaves out: promises about time, and about what happens when a machine dies.

>>> [name for name, suite in suites().items() if a_refused_order_changes_nothing in suite]
['functions', 'rules', 'use cases', 'whole', 'monolith on fakes', 'monolith whole']
>>> len(PROMISES), len(suites()["functions"]), len(suites()["rules"]), len(suites()["use cases"])
(18, 11, 15, 18)
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from archlab.chapters.layered.doors import (
    PIECES,
    CannotAskError,
    Door,
    FunctionsDoor,
    RulesDoor,
    UseCasesDoor,
)
from archlab.chapters.layered.monolith_on_fakes import MonolithOnFakesDoor
from archlab.chapters.layered.whole_doors import MonolithDoor, WholeDoor

DOORS: Mapping[str, Callable[[bool], Door]] = {
    "functions": FunctionsDoor,
    "rules": RulesDoor,
    "use cases": UseCasesDoor,
    "whole": WholeDoor,
    "monolith on fakes": MonolithOnFakesDoor,
    "monolith whole": MonolithDoor,
}
"""A suite's name -> how its door is opened: with a payment provider that declines, or one that does not."""

Open = Callable[[bool], Door]
Promise = Callable[[Open], None]


@contextmanager
def refused_as_nonsense() -> Iterator[None]:
    """Expect a `ValueError`."""
    try:
        yield
    except ValueError:
        return
    raise AssertionError("nothing was refused")


def an_order_has_the_prices_of_today(door_to: Open) -> None:
    door = door_to(False)
    assert door.order(7, {1: 2, 2: 1}) == ("placed", 2105)
    assert door.seen().lines == {(7, 1, 2, 450), (7, 2, 1, 1205)}
    assert door.seen().orders == {(7, "placed")}


def a_new_price_is_for_the_next_order(door_to: Open) -> None:
    door = door_to(False)
    door.order(7, {1: 1})
    door.reprice(1, 1)
    assert door.order(8, {1: 3}) == ("placed", 3)


def a_product_without_a_price_is_not_sold(door_to: Open) -> None:
    door = door_to(False)
    with refused_as_nonsense():
        door.reprice(1, 0)
        door.order(7, {1: 1})
    assert not door.seen().orders


def an_order_takes_its_pieces(door_to: Open) -> None:
    door = door_to(False)
    door.order(7, {1: 2, 2: 1})
    assert door.seen().stock == {1: 3, 2: 4}


def the_last_piece_can_be_had(door_to: Open) -> None:
    door = door_to(False)
    assert door.order(7, {1: PIECES})[0] == "placed"
    assert door.seen().stock[1] == 0


def a_refused_order_changes_nothing(door_to: Open) -> None:
    door = door_to(False)
    before = door.seen()
    assert door.order(7, {2: 1, 1: PIECES + 1}) == ("out_of_stock", 0)
    assert door.seen() == before


def a_product_that_is_not_there_is_refused(door_to: Open) -> None:
    door = door_to(False)
    before = door.seen()
    assert door.order(7, {1: 1, 3: 1}) == ("not_found", 0)
    assert door.seen() == before


def an_order_of_nothing_is_refused(door_to: Open) -> None:
    door = door_to(False)
    before = door.seen()
    with refused_as_nonsense():
        door.order(7, {})
    assert door.seen() == before


def an_order_of_no_pieces_is_refused(door_to: Open) -> None:
    door = door_to(False)
    before = door.seen()
    with refused_as_nonsense():
        door.order(7, {1: 0})
    assert door.seen() == before


def an_order_is_paid_in_full(door_to: Open) -> None:
    door = door_to(False)
    door.order(7, {1: 2, 2: 1})
    assert door.seen().payments == ((7, 2105, "authorised"),)


def an_order_that_is_not_paid_changes_nothing(door_to: Open) -> None:
    door = door_to(True)
    before = door.seen()
    assert door.order(7, {1: 1}) == ("payment_declined", 0)
    assert door.seen() == before


def a_customer_is_told_what_and_how_much(door_to: Open) -> None:
    door = door_to(False)
    door.order(7, {1: 1})
    door.order(8, {1: 2, 2: 1})
    assert door.seen().messages == (
        (7, "Order 7: 1 item, 4.50 in total. Thank you."),
        (8, "Order 8: 3 items, 21.05 in total. Thank you."),
    )


def an_order_that_is_sent_again_is_there_once(door_to: Open) -> None:
    door = door_to(False)
    if isinstance(door, FunctionsDoor | RulesDoor):
        raise CannotAskError
    first = door.order(7, {1: 2})
    after = door.seen()
    assert door.order(7, {1: 2}) == first
    assert door.seen() == after


def of_two_at_once_one_gets_the_last_pieces(door_to: Open) -> None:
    door = door_to(False)
    assert sorted(door.together([7, 8], {2: 1, 1: PIECES})) == ["out_of_stock", "placed"]
    assert door.seen().stock == {1: 0, 2: PIECES - 1}
    assert len(door.seen().payments) == len(door.seen().messages) == 1


def a_page_shows_price_and_pieces(door_to: Open) -> None:
    door = door_to(False)
    assert door.page(1) == ("found", 450 * 1000 + PIECES)
    assert door.page(3) == ("not_found", 0)


def an_order_can_be_asked_for_until_it_is_paid(door_to: Open) -> None:
    door = door_to(False)
    assert door.status(7) == ("not_found", 0)
    door.order(7, {2: 1})
    door.order(8, {1: 1})
    assert door.status(7) == ("placed authorised", 1205)
    door.settle()
    door.settle()
    assert (door.status(7), door.status(8)) == (("placed captured", 1205), ("placed captured", 450))


def a_refused_order_asks_for_no_money(door_to: Open) -> None:
    door = door_to(False)
    door.order(7, {2: 1, 1: PIECES + 1})
    door.order(8, {3: 1})
    assert door.money() == (0, 0)


def money_is_held_with_the_order_and_taken_later(door_to: Open) -> None:
    door = door_to(False)
    if isinstance(door, RulesDoor):
        raise CannotAskError
    door.order(7, {1: 1})
    assert door.money() == (1, 0)
    door.settle()
    assert door.money() == (1, 1)


PROMISES: tuple[Promise, ...] = (
    an_order_has_the_prices_of_today,
    a_new_price_is_for_the_next_order,
    a_product_without_a_price_is_not_sold,
    an_order_takes_its_pieces,
    the_last_piece_can_be_had,
    a_refused_order_changes_nothing,
    a_product_that_is_not_there_is_refused,
    an_order_of_nothing_is_refused,
    an_order_of_no_pieces_is_refused,
    an_order_is_paid_in_full,
    an_order_that_is_not_paid_changes_nothing,
    a_customer_is_told_what_and_how_much,
    an_order_that_is_sent_again_is_there_once,
    of_two_at_once_one_gets_the_last_pieces,
    a_page_shows_price_and_pieces,
    an_order_can_be_asked_for_until_it_is_paid,
    a_refused_order_asks_for_no_money,
    money_is_held_with_the_order_and_taken_later,
)
FOUND_BY_MISTAKES = PROMISES[-2:]
"""They were written last: mistakes that no other promise noticed showed that they were missing."""


@cache
def suites() -> Mapping[str, tuple[Promise, ...]]:
    """Return a suite's name -> the promises that can be asked at its door. Each of them is kept."""
    return {name: tuple(one for one in PROMISES if _can_ask(one, door_to)) for name, door_to in DOORS.items()}


def _can_ask(promise: Promise, door_to: Open) -> bool:
    try:
        promise(door_to)
    except CannotAskError:
        return False
    return True
