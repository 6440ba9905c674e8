"""What separate models save: the price of the work, and from where on the verdict turns."""

import pytest

from archlab.chapters.cqrs import growing, separate
from archlab.course.claims import Outcome
from archlab.data import load
from archlab.shop.config import BROWSE_CPU_S, CORES_PER_MACHINE, QUERY_S
from archlab.shop.cqrs import JOINED_QUERIES, KINDS, Question
from archlab.sim.distributions import as_distribution


@pytest.fixture(scope="module")
def figures():
    return separate.figures()


def test_a_shop_that_is_only_asked_pays_for_its_pages_and_their_joins():
    usd_per_core_s = load("prices").set_index("item").price_usd["m5.large"] / CORES_PER_MACHINE / 3600
    page_s, query_s = as_distribution(BROWSE_CPU_S).mean, as_distribution(QUERY_S).mean
    shares = growing.QUESTIONS
    joins_s = sum(share * JOINED_QUERIES[KINDS[kind]] for kind, share in shares.items()) * query_s
    half_pages = 1 - shares["track_order"] / 2  # to look at an order takes half as much
    found_s = separate.usd_per_million("one", reads_per_order=1e9) / usd_per_core_s / 1e6
    assert found_s == pytest.approx(half_pages * page_s + joins_s, rel=0.001)


def test_a_read_model_costs_more_where_nobody_looks_and_less_where_many_do(figures):
    at = float(figures["cheaper_from_reads"])
    assert separate.saved_usd(at * 1.05) > 0
    assert separate.saved_usd(at / 1.05) <= 0


def test_the_limit_is_where_the_best_sellers_save_what_they_write(figures):
    """An order writes some rows; each page view in twenty saves the time of all simple queries but one."""
    saved = growing.QUESTIONS["best_sellers"] * (JOINED_QUERIES[Question.BEST_SELLERS] - 1)
    expected = growing.rows_an_order(Question.BEST_SELLERS) / saved
    assert float(figures["cheaper_from_reads"]) == pytest.approx(expected, rel=0.02)


def test_the_more_the_joins_take_the_sooner_they_are_dearer(figures):
    at = float(figures["cheaper_from_queries"])
    few, many = (separate.saved_usd(separate.USUAL_READS, at * factor) for factor in (0.95, 1.05))
    assert few <= 0 < many


def test_a_cache_of_the_best_sellers_leaves_little_to_save(figures):
    assert figures["cheaper_beside_a_cache"] > 10 * figures["cheaper_from_reads"]
    assert separate.usd_per_million(separate.CACHED, 10) < separate.usd_per_million("one", 10)


def test_copies_of_the_tables_never_save_work():
    for reads in (0.3, 10, 500):
        assert separate.usd_per_million("replicas", reads) > separate.usd_per_million("one", reads)


def test_the_claim_does_not_hold_where_all_joins_are_look_ups(figures, monkeypatch):
    assert separate.separate_models(**figures).outcome is Outcome.HOLDS_WHEN
    look_ups = dict.fromkeys(JOINED_QUERIES, 1.0)
    monkeypatch.setattr(separate, "JOINED_QUERIES", look_ups)
    found = separate.figures()
    assert found["cheaper_from_reads"] == float("inf")
    assert separate.separate_models(**found).outcome is Outcome.DOES_NOT_HOLD


def test_rows_and_steps_in_the_verdict_are_those_of_the_best_sellers_alone(figures):
    assert figures["rows_with"] - figures["rows_without"] == 2  # a row for each of two products
    assert figures["steps_of_joins"] > 100 * figures["steps_of_read_model"]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"way": "two", "reads_per_order": 1}, "way"),
        ({"way": "one", "reads_per_order": 0}, "reads_per_order"),
        ({"way": "one", "reads_per_order": 1, "best_sellers": 0}, "best_sellers"),
    ],
)
def test_what_cannot_be_is_refused(values, named):
    with pytest.raises(ValueError, match=named):
        separate.usd_per_million(**values)
