"""Retries in layers multiply, and which layer may repeat what depends on what a failure undoes."""

import pytest

from archlab.chapters.layered import retries_in_layers as retries
from archlab.published.retry_layers import expected_attempts

LAYERS = retries.LAYERS


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_with_a_dead_database_the_attempts_multiply_exactly(count):
    found = retries.model(1, LAYERS[:count], failure=1.0, kind="browse", requests=3)
    assert found["queries"] == retries.ATTEMPTS**count
    assert found["success"] == 0


@pytest.mark.parametrize("failure", [0.2, 0.7, 0.9])
def test_a_page_costs_what_the_published_formula_says(failure):
    found = retries.model(2, LAYERS, failure, kind="browse", requests=400)
    expected = expected_attempts(layers=4, attempts=retries.ATTEMPTS, failure=failure)
    assert found["queries"] == pytest.approx(expected, rel=0.15)
    assert found["queries_formula"] == pytest.approx(expected)


@pytest.fixture(scope="module")
def by_layer():
    table = retries.which_layer([0.1], undoes=("statement", "transaction"), seeds=range(4), requests=150)
    return table.set_index(["layer", "undoes"])


@pytest.mark.parametrize("layer", ["none", "presentation", "application", "data access"])
def test_an_order_succeeds_and_costs_as_the_formula_says(by_layer, layer):
    found = by_layer.loc[layer, "statement"]
    assert found.success == pytest.approx(found.success_formula, abs=0.06)
    assert found.queries == pytest.approx(found.queries_formula, rel=0.07)


def test_the_layer_that_repeats_the_least_saves_most_orders_with_the_fewest_queries(by_layer):
    lowest, whole = by_layer.loc["data access", "statement"], by_layer.loc["application", "statement"]
    assert lowest.success_low > whole.success_high
    assert lowest.queries_high < whole.queries_low


def test_a_layer_that_repeats_half_a_call_has_good_orders_refused(by_layer):
    assert by_layer.loc["business", "statement"].refused_low > 0.05
    assert by_layer.loc["application", "statement"].refused == 0


@pytest.mark.parametrize("layer", LAYERS)
def test_only_who_holds_the_whole_transaction_may_repeat_what_was_undone(by_layer, layer):
    found = by_layer.loc[layer, "transaction"]
    broken = found.anomalies + found.lost_percent
    assert (broken == 0) == (layer in ("presentation", "application"))


@pytest.fixture(scope="module")
def lost():
    return retries.commits_lost(seeds=range(3)).set_index(["layer", "numbers"])


def test_without_retries_an_order_stands_whose_customer_was_told_that_it_failed(lost):
    assert lost.loc["none", "customer"].untold_percent == pytest.approx(10, abs=3)


def test_every_layer_may_repeat_an_order_that_has_its_number_from_the_customer(lost):
    found = lost.xs("customer", level="numbers").loc[list(LAYERS)]
    assert (found.doubled_percent == 0).all()
    assert (found.success > 0.99).all()


def test_who_repeats_above_the_place_where_the_number_is_made_doubles_orders(lost):
    found = lost.xs("application", level="numbers").doubled_percent
    assert found["presentation"] == pytest.approx(100 * (0.1 + 0.1**2 + 0.1**3), abs=3)
    assert (found[["application", "business", "data access"]] == 0).all()


def test_a_budget_keeps_the_load_within_its_share_but_for_what_was_saved():
    without, budget = (
        retries.model(1, LAYERS, 1.0, kind="browse", budget=budget, requests=400)["queries"]
        for budget in (None, retries.BUDGET)
    )
    assert without == 256
    assert budget <= (1 + retries.BUDGET) ** 4


def test_a_budget_helps_fewer_requests_than_retries_without_one():
    budget, free = (
        retries.model(1, LAYERS, 0.5, kind="browse", budget=budget, requests=300)["success"]
        for budget in (retries.BUDGET, None)
    )
    assert budget < free


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"retrying": ("cellar",)}, "retrying is 'cellar'"),
        ({"failure": 1.5}, "failure is 1.5"),
        ({"kind": "return"}, "kind is 'return'"),
        ({"requests": 0}, "requests is 0"),
    ],
)
def test_what_cannot_be_is_refused(arguments, named):
    with pytest.raises(ValueError, match=named):
        retries.model(**{"seed": 1, "retrying": LAYERS, "failure": 0.1, **arguments})


def test_figures_say_their_numbers():
    pages = retries.multiplied([0.5, 1.0], seeds=range(2))
    assert "256 at 100" in retries.figure(pages, "Title").alt
    orders = retries.which_layer([0.05, 0.1], seeds=range(2), requests=20)
    assert "data access from" in retries.layer_figure(orders, "Title").alt
