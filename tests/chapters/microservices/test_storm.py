"""A retry storm in the shop: from half of its capacity on it does not end, unless nobody retries or retries are few."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from archlab.chapters.microservices import failure, storm
from archlab.course.claims.verdict import Outcome
from archlab.published.retry_storm import drain_s
from archlab.shop.microservices.guards import Guards
from archlab.sim.experiment import sweep

LOADS, SEEDS = [0.25, 0.5, 0.6], range(2)


@pytest.fixture(scope="module")
def recoveries():
    return storm.recoveries(LOADS, SEEDS)


@pytest.fixture(scope="module")
def with_a_budget_s():
    budget = replace(storm.RETRYING, guards={"catalogue": replace(storm.TWICE, retry_budget=0.1)})
    return sweep(partial(storm.recovery, config=budget), {"load": LOADS}, SEEDS).ill_for_s


@pytest.mark.parametrize("load", [0.25, 0.32])
def test_with_one_retry_the_shop_is_ill_about_as_long_as_two_calls_a_page_take_to_drain(load):
    """The published arithmetic, less the time-out, which a queue may be long without harm."""
    mean_s = np.mean([storm.recovery(seed, load)["ill_for_s"] for seed in range(3)])
    assert mean_s == pytest.approx(drain_s(load, 1.0, retries=1, outage_s=storm.FAULT_S), abs=5)


def test_from_half_of_the_capacity_on_the_storm_does_not_end(recoveries):
    assert (recoveries.retrying_s[recoveries.load_percent >= 50] == storm.WATCH_S).all()
    assert storm.recovery(seed=1, load=0.6, watch_s=10)["ill_for_s"] == 10


def test_without_the_retry_or_with_a_budget_it_does(with_a_budget_s):
    once = replace(storm.RETRYING, guards={"catalogue": Guards(timeout_s=1.0)})
    assert (with_a_budget_s < 20).all()
    assert storm.recovery(1, 0.6, once)["ill_for_s"] < 20


def test_the_monolith_has_the_recovery_of_services_that_ask_once(recoveries):
    assert (recoveries.asking_once_s - recoveries.monolithic_s).abs().max() < 6
    assert recoveries.asking_once_s.max() < 20


def test_a_shop_that_was_never_ill_has_been_ill_for_no_time():
    healthy = failure.day(1, replace(failure.SLOW, factor=1.0), duration_s=25).result
    assert storm.ill_for_s(healthy) == 0


def test_a_fault_outlives_itself_in_services_that_retry_and_not_in_those_with_a_budget(
    recoveries, with_a_budget_s
):
    def verdict(recoveries):
        return storm.distributed_system_complexity(**storm.storm_limits(recoveries))

    real = verdict(recoveries)
    assert real.outcome is Outcome.HOLDS_WHEN
    assert 30 < real.flips_at < 50
    assert verdict(recoveries.assign(retrying_s=with_a_budget_s)).outcome is Outcome.DOES_NOT_HOLD
