"""What each architecture costs at a load, who is cheapest, and where that changes."""

from itertools import pairwise
from math import inf

import pytest

from archlab.chapters.choosing.buying import HOUR_S, Terms, cheapest, least_usd_per_h, usd_per_request
from archlab.chapters.choosing.cost_against_load import (
    bought_up_to_per_s,
    cost,
    costs,
    crossings,
    in_words,
    ranking,
)
from archlab.chapters.choosing.cost_figures import cost_figure
from archlab.chapters.choosing.forms import ARCHITECTURES, FORMS

LOADS = (1 / 60, 1.0, 30.0, 300.0, 3000.0)
SMALL_DATABASES = Terms(largest_database_cores=8)


@pytest.fixture(scope="module")
def table():
    return costs(LOADS)


def test_more_load_never_costs_less(table):
    for _, rows in table.groupby("architecture"):
        assert all(more >= less for less, more in pairwise(rows.usd_per_h))


def test_a_million_requests_cost_what_their_hours_cost(table):
    hours = 1e6 / (HOUR_S * table.per_s)
    assert table.usd_per_million.tolist() == pytest.approx((hours * table.usd_per_h).tolist())


def test_functions_end_where_they_cost_what_the_core_of_a_program_costs():
    """By hand: below the first step both are straight lines."""
    (first, *_) = crossings()
    saved_usd = least_usd_per_h("monolithic") - least_usd_per_h("serverless")
    by_hand = saved_usd / HOUR_S / usd_per_request(FORMS["serverless"].smallest(1))
    assert float(first.per_s) == pytest.approx(by_hand, rel=1e-3)
    assert (first.before, first.after) == (("serverless",), ("monolithic", "layered"))


def test_with_two_copies_of_each_program_functions_go_further():
    one, two = (crossings(Terms(copies=copies))[0].per_s for copies in (1, 2))
    assert two > 2 * one


def test_when_a_program_and_its_database_share_a_core_functions_save_nothing():
    assert crossings(sharing="programs and databases") == []
    assert ranking(1.0, sharing="programs and databases")[0] == ("monolithic", "layered", "cqrs")


def test_sharing_saves_the_more_the_more_programs_there_are():
    saved = {
        name: cost(name, 1.0).usd_per_h - cost(name, 1.0, sharing="programs").usd_per_h
        for name in ARCHITECTURES
    }
    assert saved["microservices"] == pytest.approx(5 * 0.048)
    assert saved["monolithic"] == saved["serverless"] == 0.0


def test_sharing_never_costs_more():
    for name in ARCHITECTURES:
        for load in (1.0, 100.0, 1000.0):
            shared = [
                cost(name, load, sharing=sharing).usd_per_h
                for sharing in ("nothing", "programs", "programs and databases")
            ]
            assert shared == sorted(shared, reverse=True)


def test_with_small_databases_the_first_place_goes_to_those_with_several():
    changes = crossings(SMALL_DATABASES)
    assert [change.after for change in changes] == [("monolithic", "layered"), ("cqrs",), ("microservices",)]
    assert float(changes[1].per_s) == pytest.approx(
        float(bought_up_to_per_s("monolithic", SMALL_DATABASES)), rel=1e-3
    )


def test_a_line_ends_where_no_shop_can_be_bought():
    limit = bought_up_to_per_s("serverless")
    assert cheapest("serverless", 0.999 * limit) is not None
    assert cheapest("serverless", 1.001 * limit) is None
    assert cost("serverless", 1.001 * limit).usd_per_h == inf
    assert bought_up_to_per_s("monolithic") == inf


def test_those_that_cost_the_same_share_a_place():
    ranks = ranking(100.0)
    assert ranks[0] == ("monolithic", "layered")
    assert in_words(ranks).startswith("monolithic = layered < ")


def test_the_figure_says_who_is_cheapest_from_where_and_labels_near_loads_together(table):
    picture = cost_figure(table, "Who is cheapest", crossings(SMALL_DATABASES))
    assert "From 23.6 requests/s on the cheapest is monolithic or layered." in picture.alt
    labels = {text.get_text() for text in picture.figure.axes[0].texts}
    assert "6,109 and 7,861/s" in labels


def test_an_unknown_sharing_is_refused():
    with pytest.raises(ValueError, match="sharing is 'rooms'"):
        cost("monolithic", 1.0, sharing="rooms")
