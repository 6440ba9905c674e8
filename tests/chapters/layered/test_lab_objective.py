"""Task 5 of lab 04: briefs that are met by the known shop with any customers, or by none."""

from dataclasses import replace

import numpy as np
import pytest

from archlab.chapters.layered import (
    lab_check_cache,
    lab_check_objective,
    lab_check_orders,
    lab_check_sinkhole,
    lab_objective,
    lab_objective_known,
    lab_orders,
)


def test_the_figures_that_the_text_of_the_lab_names():
    assert (lab_check_orders.MOST_STATEMENTS, lab_orders.MOST_VALUES) == (3, 999)
    assert (lab_check_cache.ROOM, lab_check_sinkhole.LEAST) == (1.35, 0.9)
    assert (lab_check_objective.DEAR, lab_check_objective.LUCK) == (1.35, 1.1)
    assert (len(lab_objective_known.KINDS), lab_objective.MOST_WORKERS) == (6, 64)


@pytest.fixture(scope="module")
def known():
    random = np.random.default_rng(5)
    return {kind: lab_objective_known.drawn(random, kind) for kind in lab_objective_known.KINDS}


def test_the_known_shop_meets_its_brief_with_other_customers(known):
    for kind in ("small", "busy", "far", "busy and far"):
        brief, config = known[kind].brief, known[kind].config
        assert lab_objective.impossible(config, brief) == []
        for seed in (11, 12):
            assert lab_objective.p99_s(config, brief, seed) <= lab_check_objective.LUCK * brief.p99_s
        assert lab_objective.usd_per_h(config) <= brief.budget_usd_per_h


@pytest.mark.parametrize("kind", ["far", "busy and far"])
def test_far_away_a_call_for_each_change_is_too_slow_on_the_known_shop(known, kind):
    brief, config = known[kind].brief, known[kind].config
    chatty = lab_objective.p99_s(replace(config, chatty=True), brief)
    assert chatty > lab_check_objective.LUCK * brief.p99_s


def test_without_money_nothing_carries_the_load_and_without_time_nothing_is_fast_enough(known):
    poor, hurried = known["no money"].brief, known["no time"].brief
    carrying = lab_objective_known.cheapest(poor, at_work=1.0)
    assert poor.budget_usd_per_h < lab_objective.usd_per_h(carrying) <= 1.05 * poor.budget_usd_per_h
    assert lab_objective.p99_s(lab_objective_known.cheapest(poor), poor, seed=3) < poor.p99_s
    large = replace(lab_objective_known.cheapest(hurried, at_work=0.1), cores=4, database_cores=4)
    fastest_s = lab_objective.p99_s(large, hurried, load_per_s=10.0)
    assert fastest_s > lab_check_objective.LUCK * hurried.p99_s


@pytest.mark.parametrize("seed", range(3))
def test_a_long_way_and_a_short_time_do_not_tell_that_a_brief_cannot_be_met(seed):
    random = np.random.default_rng(seed)
    hurried, far = (lab_objective_known.drawn(random, kind).brief for kind in ("no time", "far"))
    assert hurried.p99_s > 0.2
    assert hurried.p99_s < 1.3 * far.p99_s


def test_the_cheapest_shop_has_no_station_busier_than_is_said(known):
    brief = known["busy"].brief
    config = lab_objective_known.cheapest(brief)
    assert (
        lab_objective.capacity_per_s(config, brief).iloc[0] >= brief.load_per_s / lab_objective_known.AT_WORK
    )


def test_the_price_is_that_of_the_shop_itself():
    from archlab.shop.layered import Layered
    from archlab.sim import Simulation

    brief = lab_objective.Brief(100, {"browse": 1.0}, 0.001, 1.0, 1.0, 4)
    config = replace(lab_objective.smallest(brief), instances={"web": 2})
    assert lab_objective.usd_per_h(config) == pytest.approx(
        Layered(Simulation(1), config).price_per_hour_usd()
    )


def test_facts_of_life_cannot_be_chosen():
    brief = lab_objective.Brief(100, {"browse": 1.0}, 0.001, 1.0, 1.0, 2)
    config = replace(lab_objective.smallest(brief), hop_s=0.0, cores=4, workers=100)
    assert [words.split()[0] for words in lab_objective.impossible(config, brief)] == [
        "hop_s",
        "cores",
        "workers",
    ]


def test_a_shop_over_its_capacity_is_never_in_time():
    brief = lab_objective.Brief(10_000, {"browse": 1.0}, 0.001, 1.0, 1.0, 2)
    assert lab_objective.p99_s(lab_objective.smallest(brief), brief) == float("inf")


@pytest.mark.parametrize("name", ["load_per_s", "p99_s", "budget_usd_per_h"])
def test_a_brief_without_a_figure_is_refused(name):
    brief = lab_objective.Brief(100, {"browse": 1.0}, 0.001, 1.0, 1.0, 2)
    with pytest.raises(ValueError, match=name):
        replace(brief, **{name: 0})
