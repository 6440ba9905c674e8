"""Task 1 of lab 04: the program leaks in two places, and whatever hides a leak is seen when it runs."""

import ast

import numpy as np
import pytest

from archlab.chapters.layered import lab_leak

RULE = "shop/business/delivery.py"
PAGES, ORDERS = "shop/presentation/pages.py", "shop/business/orders.py"


@pytest.fixture(scope="module")
def sources():
    return lab_leak.given()


@pytest.fixture(scope="module")
def use():
    return lab_leak.drawn_use(np.random.default_rng(1), free_from=4900)


def test_one_import_goes_past_two_layers_and_one_goes_up_inside_a_function(sources):
    first, second = lab_leak.upwards(sources)
    assert first == "shop.business.orders imports shop.presentation.delivery"
    assert second == "shop.presentation.pages imports shop.data.rows"
    head = ast.parse(sources[ORDERS]).body
    names = [node.module for node in head if isinstance(node, ast.ImportFrom)]
    assert not [name for name in names if "presentation" in name]


@pytest.mark.parametrize(
    ("caller", "called", "allowed"),
    [
        ("presentation", "application", True),
        ("business", "business", True),
        ("presentation", "business", False),
        ("presentation", "data", False),
        ("data", "business", False),
        ("presentation", "", False),
    ],
)
def test_a_layer_may_use_itself_and_the_next_one(caller, called, allowed):
    assert lab_leak.is_allowed(caller, called) is allowed


def test_the_given_program_runs_and_its_leaks_are_seen_as_calls(sources, use):
    seen = lab_leak.used(sources, use)
    assert (seen.error, len(seen.answers)) == ("", len(use["steps"]))
    assert {("business", "presentation"), ("presentation", "data"), ("data", lab_leak.ROWS)} <= set(
        seen.calls
    )


def test_without_pages_on_the_disk_the_given_program_cannot_place_an_order(sources, use):
    whole = lab_leak.used(sources, use, "application")
    seen = lab_leak.used(sources, use, "application", without=["presentation"])
    assert whole.error == ""
    assert "No module named 'shop.presentation'" in seen.error


@pytest.mark.parametrize(
    "trick",
    [
        "__import__('shop.data.rows', fromlist=['rows']).on_hand",
        "__import__('importlib').import_module('shop.data.rows').on_hand",
        "__import__('sys').modules['shop.data.rows'].on_hand",
        "use_cases.orders.rows.on_hand",
        "eval('use_cases.orders.rows.on_hand')",
        "(lambda *all: list(map(use_cases.orders.rows.on_hand, *zip(all)))[0])",
    ],
)
def test_a_call_past_a_layer_is_seen_however_it_comes_about(sources, use, trick):
    new = lab_leak.edited(sources, PAGES, "from shop.data import rows\n", "")
    new = lab_leak.edited(new, PAGES, "rows.on_hand", trick)
    seen = lab_leak.used(new, use)
    assert seen.answers == lab_leak.used(sources, use).answers
    assert ("presentation", "data") in seen.calls


def test_a_module_that_gives_itself_another_name_is_known_by_its_file(sources, use):
    new = lab_leak.edited(
        sources, PAGES, "from shop.data import rows\n", "__name__ = 'shop.application.pages'\n"
    )
    new = lab_leak.edited(new, PAGES, "rows.on_hand", "use_cases.orders.rows.on_hand")
    assert ("presentation", "data") in lab_leak.used(new, use).calls


def test_a_program_that_ends_the_watch_is_seen_to_do_so(sources, use):
    new = lab_leak.edited(
        sources, PAGES, "rows.on_hand", "__import__('sys').setprofile(None) or rows.on_hand"
    )
    callers = [
        pair for pair in lab_leak.used(new, use).calls if not set(pair) <= {*lab_leak.LAYERS, lab_leak.ROWS}
    ]
    assert callers == [("presentation", "the watch")]


def test_random_use_reaches_every_refusal_and_both_sides_of_the_rule(sources, use):
    said = " ".join(lab_leak.used(sources, use).answers)
    for words in (
        "no such product",
        "too few",
        "basket is empty",
        "placed already",
        "no such order",
        "delivery 0.00",
    ):
        assert words in said
    assert "delivery 4.90" in said


def test_figures_are_drawn_anew_and_stand_once_as_numbers():
    new = lab_leak.with_rule(555, 5678)
    for figure in (555, 5678):
        ((path, _, _),) = lab_leak.places(new, figure)
        assert path == lab_leak.RULES


def test_a_figure_is_changed_at_one_place_however_it_is_written():
    sources = {"shop/business/a.py": "x = 4_900 + 4900\n"}
    first, second = lab_leak.places(sources, 4900)
    assert lab_leak.with_figure(sources, first, 4900, 7)["shop/business/a.py"] == "x = 7 + 4900\n"
    assert lab_leak.with_figure(sources, second, 4900, 7)["shop/business/a.py"] == "x = 4_900 + 7\n"


def test_an_edit_says_what_is_not_there(sources):
    with pytest.raises(ValueError, match=r"path is 'shop/x\.py'"):
        lab_leak.edited(sources, "shop/x.py", "a", "b")
    with pytest.raises(ValueError, match="old is 'nowhere'"):
        lab_leak.edited(sources, PAGES, "nowhere", "b")


def test_a_program_that_breaks_down_says_why(sources, use):
    broken = lab_leak.used({**sources, PAGES: "import nothing_like_that\n"}, use)
    assert "nothing_like_that" in broken.error
    ended = lab_leak.used({**sources, PAGES: "import os\nos._exit(3)\n"}, use)
    assert "code 3" in ended.error
