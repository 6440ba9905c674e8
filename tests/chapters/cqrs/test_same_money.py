"""Four ways to answer questions at one budget: what the law says, the simulated shops do."""

import pytest

from archlab.chapters.cqrs import growing, same_money
from archlab.chapters.cqrs.growing import MODELS, best, mix_of, usd_per_h
from archlab.chapters.cqrs.same_money import BUDGET_USD_PER_H, capacity
from archlab.shop.cqrs import Cqrs, Question
from archlab.shop.day import Users, run_shop


@pytest.mark.parametrize("models", MODELS)
def test_the_money_is_spent_and_no_more(models):
    config = best(models, mix_of(10), BUDGET_USD_PER_H)
    assert usd_per_h(config) <= BUDGET_USD_PER_H
    assert usd_per_h(config) > 0.6 * BUDGET_USD_PER_H
    assert capacity(models, 10, 2.5) >= capacity(models, 10, 1.25)


@pytest.mark.parametrize("models", MODELS)
def test_a_crowd_gets_what_the_law_says(models):
    mix = mix_of(10)
    config = best(models, mix, BUDGET_USD_PER_H)
    day = run_shop(lambda sim: Cqrs(sim, config), Users(400, 0.01), seed=1, duration_s=8, mix=mix)
    law = config.capacity_per_s(mix).min()
    assert 0.75 * law < day.result.throughput_per_s() < 1.08 * law


def test_a_read_model_is_worth_it_when_it_saves_more_than_it_writes():
    few, many = growing.worth_it(0.1), growing.worth_it(100)
    assert few == ()
    assert Question.BEST_SELLERS in many
    assert Question.PRODUCT not in many  # a look-up by joins as well
    mix = mix_of(100)
    with_all, with_those = (growing.smallest("same database", read_models) for read_models in (None, many))
    assert with_those.capacity_per_s(mix)["database"] > with_all.capacity_per_s(mix)["database"]


def test_replicas_lead_with_small_machines_and_not_with_large_ones():
    cores = same_money.replicas_lead_up_to_cores()
    for largest, leads in ((cores, True), (cores + 1, False)):
        served = {models: capacity(models, same_money.FACEBOOK, 20.0, largest) for models in MODELS}
        assert (max(served, key=served.get) == "replicas") is leads


def test_nearly_without_questions_models_beside_are_money_for_nothing():
    assert capacity("separate", 0.1) <= 1.05 * capacity("one", 0.1)


def test_there_is_a_way_for_each_ratio():
    table = same_money.against_reads(reads_per_order=(1, 100))
    assert len(table) == 2 * len(MODELS)
    assert (table.per_s > 0).all()


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: mix_of(0.0), "reads_per_order"),
        (lambda: capacity("two", 10), "models"),
        (lambda: capacity("one", 10, 0.1), "budget_usd_per_h"),
    ],
)
def test_what_cannot_be_is_refused(call, named):
    with pytest.raises(ValueError, match=named):
        call()
