"""Eventual consistency: stale meanwhile, the same at rest, and up to which load."""

from dataclasses import replace

import pytest

from archlab.chapters.cqrs import consistent, lag
from archlab.chapters.cqrs.consistent import used
from archlab.course.claims import Limit, Outcome, OverSeeds
from archlab.shop.cqrs import READ_MODELS, Cqrs, CqrsConfig, Question
from archlab.sim.simulation import Simulation


@pytest.fixture(scope="module")
def runs():
    return {models: [used(models, seed) for seed in range(3)] for models in consistent.MODELS}


def test_models_in_databases_of_their_own_are_stale_meanwhile_and_the_same_at_rest(runs):
    assert all(run["stale_percent"] > 1 for run in runs["separate"])
    assert all(run["different"] == 0 for run in runs["separate"])


def test_models_in_the_same_database_are_never_stale(runs):
    assert all(run == {"stale_percent": 0, "different": 0} for run in runs["same database"])


def test_a_read_model_with_a_wrong_row_is_found_at_rest():
    shop = Cqrs(Simulation(seed=1), CqrsConfig(customers=5))
    shop.answer(shop.place_order(order_id=3, basket={1: 2}))
    shop.sim.run(until=shop.sim.now + 10)
    assert consistent.different(shop) == []
    shop.views[Question.HISTORY].server.connection.execute("UPDATE order_histories SET pieces = 9")
    assert consistent.different(shop) == [("order history", (3,))]


def test_the_limit_is_where_the_lag_passes_the_promise():
    limit = consistent.in_time_up_to(seeds=range(2))
    for seed, percent in enumerate(limit.per_seed):
        below, above = (lag.worked_out(percent / 100 * factor, 1, seed) for factor in (0.97, 1.03))
        assert below < consistent.LATE_S < above


def test_batches_bear_nearly_twice_as_much():
    one, batched = (consistent.in_time_up_to(one_by_one, seeds=range(2)) for one_by_one in (True, False))
    assert 1.7 * one < batched < 2.1 * one


def test_the_limit_of_a_hundred_thousand_commits_is_that_of_a_million():
    (limit,) = consistent.in_time_up_to(seeds=range(1)).per_seed
    below, above = (
        lag.worked_out(limit / 100 * factor, 1, seed=9, commits=1_000_000) for factor in (0.98, 1.02)
    )
    assert below < consistent.LATE_S < above


def test_a_projector_that_hears_of_commits_later_is_late_sooner():
    heard_s = float(consistent.figures(range(1))["heard_within_s"])
    at_half = lag.worked_out(consistent.HALF_BUSY, 1, seed=0)
    assert heard_s + at_half == pytest.approx(consistent.LATE_S)


def test_the_claim_does_not_hold_with_a_projector_that_forgets(monkeypatch):
    forgetful = replace(READ_MODELS[Question.HISTORY], writes=lambda _: [])
    monkeypatch.setitem(READ_MODELS, Question.HISTORY, forgetful)
    runs = [used("separate", seed) for seed in range(4)]
    assert all(run["different"] > 0 for run in runs)
    figures = {
        "in_time_up_to_percent": Limit("up to", [95.0] * 4),
        "batched_up_to_percent": Limit("up to", [180.0] * 4),
        "heard_within_s": Limit("up to", [0.9] * 4),
        "stale_percent": OverSeeds([run["stale_percent"] for run in runs]),
        "stale_same_database_percent": OverSeeds([0.0] * 4),
        "different_at_rest": OverSeeds([run["different"] for run in runs]),
    }
    assert consistent.eventually_consistent(**figures).outcome is Outcome.DOES_NOT_HOLD


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="models is 'one'"):
        used("one", seed=1)
