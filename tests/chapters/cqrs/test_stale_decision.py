"""A command that trusts the page sells as many pieces too many as customers come while the page is old."""

import pytest

from archlab.chapters.cqrs import stale_decision
from archlab.chapters.cqrs.stale_decision import RATE_PER_S, sale


@pytest.fixture(scope="module")
def table():
    return stale_decision.against_lag(lags_s=(0.2, 1.0), seeds=range(6))


@pytest.mark.parametrize("lag_s", [0.2, 1.0])
def test_too_many_are_sold_for_as_long_as_the_page_is_old(table, lag_s):
    trusting = table[(table.lag_s == lag_s) & (table.way == "trusts the page")]
    # from the last piece's commit to the page: the lag; and those who have looked by then and not yet ordered
    at_least, on_the_way = RATE_PER_S * lag_s, RATE_PER_S * 0.06
    assert at_least * 0.8 < trusting.oversold.mean() < (at_least + on_the_way) * 1.2


def test_where_the_write_model_checks_they_are_refused_instead(table):
    mean = table.groupby(["way", "lag_s"])[["oversold", "refused_late"]].mean()
    assert (mean.loc["checks"].oversold == 0).all()
    assert mean.refused_late["checks", 1.0] == pytest.approx(mean.oversold["trusts the page", 1.0], rel=0.2)
    assert (mean.loc["trusts the page"].refused_late == 0).all()


def test_in_the_end_the_page_turns_customers_away():
    assert sale("checks", seed=1).turned_away > 50


@pytest.mark.parametrize(
    ("values", "named"), [({"way": "hopes"}, "way"), ({"rate_per_s": 0.0}, "rate_per_s")]
)
def test_what_cannot_be_is_refused(values, named):
    with pytest.raises(ValueError, match=named):
        sale(**{"way": "checks", "seed": 1, **values})


def test_the_picture_counts_the_pieces_of_one_way_and_the_customers_of_the_other(table):
    points = stale_decision.means(table).set_index(["way", "lag_s"])
    by_hand = table.groupby(["way", "lag_s"])[["oversold", "refused_late"]].mean()
    assert points.pieces["checks", 1.0] == by_hand.refused_late["checks", 1.0]
    assert points.pieces["trusts the page", 1.0] == by_hand.oversold["trusts the page", 1.0]
    assert (points.pieces_low < points.pieces).all()
    told = stale_decision.figure(table, "It sells what is not there").alt
    assert told.startswith("It sells what is not there. trusts the page: sold too many from ")
