"""A function in a new process: it knows what it knew at first, wherever it has put what it learnt since."""

import sqlite3
from functools import lru_cache

import pytest

from archlab.course.labs import in_new_process
from archlab.course.labs.task_check import watched

SEEN: list[str] = []
COUNTED = 0


def in_a_global_list(word):
    SEEN.append(word)
    return len(SEEN)


def in_a_global_number(word):
    global COUNTED
    COUNTED += 1
    return COUNTED


def in_a_default(word, seen=[]):  # noqa: B006
    seen.append(word)
    return len(seen)


def in_an_attribute(word):
    in_an_attribute.seen = getattr(in_an_attribute, "seen", 0) + 1
    return in_an_attribute.seen


def through_a_helper(word):
    return in_a_global_list(word)


def in_a_closure():
    seen = []

    def remember(word):
        seen.append(word)
        return len(seen)

    return remember


@lru_cache
def in_a_cache(word):
    return in_a_global_list(word)


class InAnObject:
    seen = 0

    def __call__(self, word):
        self.seen += 1
        return self.seen


@pytest.mark.parametrize(
    "remember",
    [
        in_a_global_list,
        in_a_global_number,
        in_a_default,
        in_an_attribute,
        through_a_helper,
        in_a_closure(),
        in_a_cache,
        InAnObject(),
        watched(in_a_global_list),
    ],
)
def test_nothing_is_remembered_wherever_it_was_put(remember):
    one = in_new_process(remember)
    assert (one("a"), one("b")) == (1, 2)  # one process remembers
    assert in_new_process(remember)("c") == 1


def test_functions_that_call_one_another_are_copied_together():
    def even(number):
        return number == 0 or odd(number - 1)

    def odd(number):
        return number != 0 and even(number - 1)

    assert in_new_process(even)(10)


def test_what_cannot_be_copied_is_shared():
    connection = sqlite3.connect(":memory:")
    assert in_new_process(lambda: connection)() is connection
