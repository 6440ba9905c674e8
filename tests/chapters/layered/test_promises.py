"""Promises and doors: every promise is kept at every door, and one that is broken is noticed."""

import pytest

from archlab.chapters.layered import promises
from archlab.chapters.layered.doors import PIECES, CannotAskError, FunctionsDoor
from archlab.chapters.layered.monolith_on_fakes import MonolithOnFakesDoor
from archlab.chapters.layered.promises import DOORS, PROMISES, suites

ASKED = [(name, promise) for name, suite in suites().items() for promise in suite]


@pytest.mark.parametrize(("name", "promise"), ASKED, ids=[f"{n}-{p.__name__}" for n, p in ASKED])
def test_every_promise_is_kept_at_every_door_where_it_can_be_asked(name, promise):
    promise(DOORS[name])


def test_the_shops_with_use_cases_can_be_asked_for_everything():
    complete = [name for name, suite in suites().items() if suite == PROMISES]
    assert complete == ["use cases", "whole", "monolith on fakes", "monolith whole"]


@pytest.mark.parametrize("name", ["use cases", "whole", "monolith on fakes", "monolith whole"])
def test_a_door_that_forgets_to_take_from_the_stock_breaks_promises(name):
    class Forgetful(DOORS[name]):
        def seen(self):
            before = super().seen()
            return type(before)(
                {1: PIECES, 2: PIECES}, before.orders, before.lines, before.payments, before.messages
            )

    with pytest.raises(AssertionError):
        promises.an_order_takes_its_pieces(Forgetful)


def test_all_doors_leave_the_same_behind():
    left = []
    for name, door_to in DOORS.items():
        door = door_to(False)
        answers = [door.order(7, {1: 2, 2: 1}), door.order(8, {1: 4}), door.order(9, {3: 1})]
        left.append((answers, door.seen()))
        assert answers == [("placed", 2105), ("out_of_stock", 0), ("not_found", 0)], name
    assert all(one == left[0] for one in left)


def test_functions_alone_cannot_be_asked_about_a_provider_that_declines():
    with pytest.raises(CannotAskError):
        FunctionsDoor(declines=True)


def test_an_order_of_the_monolith_on_fakes_has_only_the_lines_that_were_written():
    door = MonolithOnFakesDoor()
    door.order(7, {1: 2, 2: 1})
    assert door.seen().lines == {(7, 1, 2, 450), (7, 2, 1, 1205)}
