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


@pytest.mark.parametrize(
    ("head", "asked", "into"),
    [
        ("", "use_cases.orders.rows.LAST", "shop.data.rows"),
        ("from shop.application.use_cases import orders\n", "orders.rows.LAST", "shop.data.rows"),
        ("from shop.business.orders import rows\n", "rows.LAST", "shop.data.rows"),
        ("import shop.application.use_cases as below\n", "below.orders", "shop.business.orders"),
        ("import shop.application.use_cases\n", "shop.application.use_cases.orders", "shop.business.orders"),
    ],
)
def test_a_value_past_a_layer_is_found_in_the_text_through_whichever_module_it_is_reached(
    sources, head, asked, into
):
    new = lab_leak.edited(sources, PAGES, "from shop.data import rows\n", head)
    new = lab_leak.edited(new, PAGES, "rows.on_hand(db, product)", asked)
    assert ("shop.presentation.pages", into) in [*lab_leak.reached(new), *lab_leak.imports(new)]
    assert any(words.endswith(into) for words in lab_leak.upwards(new))


def test_what_a_layer_takes_from_the_next_one_reaches_no_further(sources):
    assert not [pair for pair in lab_leak.reached(sources) if pair[0] == "shop.presentation.pages"]


def test_modules_that_import_each_other_in_a_circle_are_followed_once(sources):
    circle = {
        **sources,
        "shop/business/a.py": "from shop.business.b import c\nc.d\n",
        "shop/business/b.py": "from shop.business.a import c\nc.d\n",
    }
    assert ("shop.business.a", "shop.business.b") in lab_leak.imports(circle)
    assert lab_leak.upwards(circle) == lab_leak.upwards(sources)


def test_the_name_of_a_module_as_a_text_counts_as_an_import(sources):
    new = lab_leak.edited(sources, PAGES, "from shop.data import rows\n", "ROWS = 'shop.data.rows'\n")
    assert ("shop.presentation.pages", "shop.data.rows") in lab_leak.imports(new)


def test_a_comparison_is_turned_round_and_the_others_are_left():
    sources = {"shop/business/a.py": "x = a < b and c == d\n"}
    for place, wanted in zip(
        lab_leak.comparisons(sources),
        ("x = (not a < b) and c == d", "x = a < b and (not c == d)"),
        strict=True,
    ):
        (text,) = lab_leak.reversed_at(sources, place).values()
        assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(wanted))


def test_an_order_that_costs_exactly_what_is_needed_is_delivered_free_of_charge(sources, use):
    above = lab_leak.edited(sources, lab_leak.RULES, ">=", ">")
    old, new = (lab_leak.used(one, use).answers for one in (sources, above))
    assert [one for one, other in zip(old, new, strict=True) if one != other] != []


def test_rows_that_were_not_committed_are_lost(sources, use):
    loose = lab_leak.edited(sources, "shop/data/rows.py", "    with db:\n", "    if True:\n")
    old, new = lab_leak.used(sources, use), lab_leak.used(loose, use)
    assert new.answers == old.answers
    assert new.rows != old.rows


def test_a_program_that_has_taken_the_watch_away_breaks_down(sources, use):
    trick = "(list(map(__import__('sys').setprofile, [None])), rows.on_hand(db, product))[1]"
    new = lab_leak.edited(sources, PAGES, "rows.on_hand(db, product)", trick)
    assert "sys.setprofile" in lab_leak.used(new, use).error


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
