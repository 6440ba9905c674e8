"""A slow data layer takes the workers of all tiers, unless callers stop waiting soon enough."""

import pytest

from archlab.chapters.layered import slow_data as slow
from archlab.chapters.layered import slow_data_arithmetic as arithmetic
from archlab.chapters.layered import slow_data_incident as watched
from archlab.chapters.layered import slow_data_tables as tables
from archlab.course.replay import replay

SEEDS = range(3)


@pytest.fixture(scope="module")
def designs():
    return slow.every_design(seeds=SEEDS)


@pytest.fixture(scope="module")
def means(designs):
    return designs.groupby("design").mean()


@pytest.fixture(scope="module")
def free():
    return [slow.day("no time-outs", seed) for seed in SEEDS]


def test_without_time_outs_pages_that_need_no_database_are_lost_with_the_others(means):
    assert means.loc["no time-outs", "during_pages"] < 0.1
    assert slow.in_time(slow.day("no time-outs", seed=1, factor=1.0), slow.PAGES) == 1.0


def test_the_workers_of_the_first_tier_run_out_when_the_fluid_says(free):
    seen = sum(map(slow.all_held_s, free)) / len(free)
    assert seen == pytest.approx(arithmetic.empty_after_s(), rel=0.4)


def test_who_has_waited_is_served_after_the_time_that_the_fluid_says(means):
    assert means.loc["no time-outs", "recovered_s"] == pytest.approx(arithmetic.drained_after_s(), rel=0.15)


def test_with_a_bounded_queue_as_large_a_share_of_pages_comes_as_of_slow_work(means):
    assert means.loc["bounded queues", "during_pages"] == pytest.approx(
        arithmetic.served_per_s() / arithmetic.slow_per_s(), rel=0.15
    )


def test_a_time_out_that_is_too_long_for_the_workers_does_not_help_pages_and_more_workers_make_it_help(means):
    assert means.loc["the same everywhere", "during_pages"] < 0.1
    needed = arithmetic.slow_per_s() * slow.IN_TIME_S
    assert slow.CONFIG.workers < needed
    many = slow.every_design(["the same everywhere"], seeds=[1], workers=round(4 * needed))
    assert many.during_pages.item() > slow.GOOD


def test_short_time_outs_further_down_keep_pages_and_the_shop_is_well_at_once(means):
    assert means.loc["shorter further down", "during_pages"] > slow.GOOD
    assert means.loc["shorter further down", "recovered_s"] == 0


def test_where_the_limit_travels_pages_come_late_by_the_wait_that_settles(means):
    found = means.loc["what is left travels"]
    assert found.page_s == pytest.approx(arithmetic.settled_wait_s(), rel=0.15)
    assert found.during_slow > means.loc["shorter further down", "during_slow"]


def test_time_outs_give_pages_back_and_not_what_needs_the_database(designs):
    paid = tables.pays(designs).set_index("design")
    kept = paid.loc[["shorter further down", "what is left travels"]]
    assert (kept.pages_percent >= 99).all()
    assert (kept.orders_percent < 10).all()
    assert kept.tracking_percent.between(20, 95).all()
    assert paid.loc["only at the edge", "untold_orders"] == round(
        designs[designs.design == "only at the edge"].untold_orders.mean()
    )


def test_orders_and_tracking_are_together_what_needs_the_database(designs):
    inside = designs.during_slow.between(
        designs[["during_orders", "during_tracking"]].min(axis=1),
        designs[["during_orders", "during_tracking"]].max(axis=1),
    )
    assert inside.all()


def test_a_database_that_is_ten_times_slower_costs_orders_only_where_time_outs_are_short():
    chosen = ("no time-outs", "shorter further down")
    paid = tables.pays(slow.every_design(chosen, seeds=SEEDS, factor=10.0)).set_index("design")
    assert paid.loc["no time-outs", ["pages_percent", "orders_percent"]].min() >= 98
    assert paid.loc["shorter further down", "pages_percent"] >= 99
    assert 75 < paid.loc["shorter further down", "orders_percent"] < 92


def test_a_time_out_at_the_edge_lets_orders_stand_of_which_the_customer_was_told_that_they_failed(means):
    assert means.loc["only at the edge", "untold_orders"] > 50
    assert means.loc[["no time-outs", "what is left travels"], "untold_orders"].max() < 5


def test_calls_wait_before_the_tier_that_has_fewer_workers_than_the_one_before_it():
    seen = tables.where_they_wait(seeds=[1])
    inside = seen[seen.tier != "web"]
    assert (inside.queue - inside.queue_expected).abs().max() <= 1.0
    assert (seen[seen.tier == "web"].queue > 1000).all()


def test_the_longest_time_out_that_helps_is_that_of_littles_law_when_each_slow_call_fails():
    assert tables.longest_seen_s(seed=1, factor=slow.HANGS) == pytest.approx(
        arithmetic.longest_helpful_s(), rel=0.2
    )
    assert tables.longest_seen_s(seed=1) < arithmetic.longest_helpful_s()


def test_nothing_is_lost_when_the_database_is_not_slow():
    found = slow.figures_of(slow.day("shorter further down", seed=1, factor=1.0))
    assert found["during_slow"] > 0.99
    assert found["unheard_share"] < 0.001


def test_the_incident_can_be_replayed_and_all_workers_of_the_web_tier_are_held():
    result, topology = watched.incident()
    replay(result, topology, "The data layer is slow")
    assert slow.by_tier(result).query("tier == 'web'").held.max() == watched.INCIDENT_WORKERS


def test_a_figure_is_refused_for_a_column_that_it_does_not_know():
    with pytest.raises(ValueError, match="y is"):
        tables.figure(tables.over_time(), "Title", y="latency")


def test_an_unknown_design_is_refused():
    with pytest.raises(ValueError, match="design is 'hope'"):
        slow.day("hope", seed=1)
