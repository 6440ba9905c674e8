"""What separate models save: the price of the work, and from where on the verdict turns."""

import pytest

from archlab.chapters.cqrs import separate
from archlab.course.claims import Outcome
from archlab.data import load
from archlab.shop.config import BROWSE_CPU_S, CORES_PER_MACHINE, QUERY_S
from archlab.sim.distributions import as_distribution


@pytest.fixture(scope="module")
def figures():
    return separate.figures()


def test_a_shop_that_is_only_asked_pays_for_its_pages_and_their_joins():
    usd_per_core_s = load("prices").set_index("item").price_usd["m5.large"] / CORES_PER_MACHINE / 3600
    page_s = as_distribution(BROWSE_CPU_S).mean
    joins_s = separate.USUAL_QUERIES * as_distribution(QUERY_S).mean
    found = separate.usd_per_million("one", reads_per_order=1e9)
    share_of_half_pages = separate.QUESTIONS["track_order"]
    assert 0.8 * (page_s + joins_s) < found / usd_per_core_s / 1e6 < page_s + joins_s
    assert 0 < share_of_half_pages < 0.2


def test_read_models_cost_more_where_nobody_asks_and_less_where_many_do(figures):
    at = figures["cheaper_from_reads"]
    assert separate.saved_usd(at * 1.05) > 0 > separate.saved_usd(at / 1.05)
    assert 1 < at < 3


def test_the_more_the_joins_take_the_sooner_they_are_dearer(figures):
    at = figures["cheaper_from_queries"]
    few, many = (separate.saved_usd(separate.USUAL_READS, joined=at * factor) for factor in (0.95, 1.05))
    assert few < 0 < many
    assert 1 < at < separate.USUAL_QUERIES


def test_copies_of_the_tables_never_save_work():
    for reads in (0.3, 10, 500):
        assert separate.usd_per_million("replicas", reads) > separate.usd_per_million("one", reads)


def test_the_claim_holds_from_a_number_of_questions_and_would_fail_where_joins_were_look_ups(figures):
    assert separate.separate_models(**figures).outcome is Outcome.HOLDS_WHEN
    never = {**figures, "cheaper_from_reads": float("inf")}
    assert separate.separate_models(**never).outcome is Outcome.DOES_NOT_HOLD


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"models": "two", "reads_per_order": 1}, "models"),
        ({"models": "one", "reads_per_order": 0}, "reads_per_order"),
        ({"models": "one", "reads_per_order": 1, "joined": 0}, "joined"),
    ],
)
def test_what_cannot_be_is_refused(values, named):
    with pytest.raises(ValueError, match=named):
        separate.usd_per_million(**values)
