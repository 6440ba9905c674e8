"""Replications and sweeps against SciPy's intervals, and the same figures from one worker and from two."""

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from archlab.sim import Exponential, Poisson, Simulation, Station, Streams, replicate, sweep
from archlab.sim.experiment import PooledPercentile
from archlab.sim.statistics import mean_interval, pooled_percentile


def queue_model():
    """A model: mean and p99 latency of a short run of an M/M/c queue. Made here, so that it travels to workers."""

    def queue(seed, rate_per_s=8.0, workers=1):
        sim = Simulation(seed=seed)
        web = Station(sim, "web", capacity=workers)
        service_s = sim.draws("service", Exponential(0.1))

        def handler(request):
            yield web.serve(service_s())

        sim.open_load(Poisson(rate_per_s), handler)
        result = sim.measure(duration_s=50, warmup_s=5)
        return {"mean_s": result.mean_latency_s(), "p99_s": PooledPercentile(99, result.latencies_s())}

    return queue


def dice(seed, sides=6, bonus=0):
    return {"throw": float(Streams(seed).stream("die").integers(1, sides + 1)) + bonus}


def test_replicate_runs_the_model_once_with_each_seed_in_order():
    table = replicate(dice, seeds=[5, 3, 9], sides=20)
    assert table["seed"].tolist() == [5, 3, 9]
    assert table["throw"].tolist() == [dice(seed, sides=20)["throw"] for seed in (5, 3, 9)]


def test_a_sweep_has_a_row_a_point_in_the_grids_order_with_scipys_interval():
    grid = {"sides": [20, 6], "bonus": [0, 100]}
    table = sweep(dice, grid, seeds=range(6), confidence=0.9)
    assert table[["sides", "bonus"]].values.tolist() == [[20, 0], [20, 100], [6, 0], [6, 100]]
    for row in table.itertuples():
        values = [dice(seed, row.sides, row.bonus)["throw"] for seed in range(6)]
        interval = stats.t.interval(0.9, 5, loc=np.mean(values), scale=stats.sem(values))
        assert (row.throw, row.throw_low, row.throw_high) == pytest.approx((np.mean(values), *interval))


def test_every_point_meets_the_same_luck():
    """Common random numbers: with the same arrivals and work, more workers never make the mean longer."""
    table = sweep(queue_model(), {"workers": [1, 2, 3]}, seeds=range(3))
    assert table["mean_s"].is_monotonic_decreasing
    shifted = sweep(dice, {"bonus": [0, 10]}, seeds=range(5))["throw"]
    assert shifted[1] - shifted[0] == pytest.approx(10)


def test_one_worker_and_two_give_the_same_figures():
    def tables():
        return (
            replicate(queue_model(), seeds=range(4), rate_per_s=5.0),
            sweep(queue_model(), {"rate_per_s": [4.0, 8.0], "workers": [1, 2]}, seeds=range(3)),
        )

    with joblib.parallel_config(n_jobs=1):
        alone = tables()
    with joblib.parallel_config(n_jobs=2):
        together = tables()
    for one, two in zip(alone, together, strict=True):
        pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_the_same_seed_gives_the_same_run_row_by_row_and_another_seed_another():
    def rows(seed):
        sim = Simulation(seed=seed)
        web = Station(sim, "web")
        service_s = sim.draws("service", Exponential(0.1))

        def handler(request):
            yield web.serve(service_s())

        sim.open_load(Poisson(8), handler, mix={"a": 1, "b": 2})
        result = sim.measure(duration_s=50)
        return result.rows, result.samples, result.parts

    for one, two in zip(rows(1), rows(1), strict=True):
        pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert not rows(1)[0].equals(rows(2)[0])


def test_another_part_and_another_stream_change_no_figure():
    def figures(more):
        sim = Simulation(seed=1)
        if more:
            cache = Station(sim, "cache", capacity=3)
            hit_s = sim.draws("cache", Exponential(0.001))
            sim.open_load(Poisson(50), lambda request: iter_serve(cache, hit_s), name="cache load")
        web = Station(sim, "web")
        service_s = sim.draws("service", Exponential(0.1))

        def handler(request):
            yield web.serve(service_s())

        sim.open_load(Poisson(8), handler, mix={"shop": 1})
        rows = sim.measure(duration_s=20).rows
        return rows.loc[rows["kind"] == "shop", ["arrived_s", "finished_s"]].to_numpy()

    np.testing.assert_array_equal(figures(more=False), figures(more=True))


def iter_serve(station, next_s):
    yield station.serve(next_s())


def test_a_figure_that_is_missing_for_some_seeds_is_empty_and_says_how_many_gave_it():
    """The mean of the seeds that had luck would be a figure of survivors."""

    def sometimes(seed, lucky):
        return {"figure": float(seed) if seed < lucky else float("nan"), "other": 1.0}

    table = sweep(sometimes, {"lucky": [4, 3, 0]}, seeds=range(4))
    assert table["figure_n"].tolist() == [4, 3, 0]
    assert table["figure"][0] == 1.5
    assert table.loc[1:, ["figure", "figure_low", "figure_high"]].isna().all(axis=None)
    assert table[["other", "other_low", "other_high"]].eq(1.0).all(axis=None)
    assert table["other_n"].tolist() == [4, 4, 4]


def test_a_column_of_replications_with_a_missing_figure_has_no_mean_interval():
    table = replicate(lambda seed: {"figure": float("nan") if seed == 2 else 1.0}, seeds=range(4))
    assert table["figure"].isna().tolist() == [False, False, True, False]
    with pytest.raises(ValueError, match="values holds a number that is not finite"):
        mean_interval(table["figure"])


def test_a_figure_that_is_infinite_for_a_seed_has_an_infinite_mean_and_no_interval():
    table = sweep(lambda seed, x: {"figure": np.inf if seed else x}, {"x": [1.0]}, seeds=range(3))
    assert table["figure"][0] == np.inf
    assert table[["figure_low", "figure_high"]].isna().all(axis=None)
    assert table["figure_n"][0] == 3


def draws(seed, size=50, q=90):
    values = Streams(seed).stream("values").exponential(1.0, size)
    return {"p90": PooledPercentile(q, values), "mean": float(values.mean())}


def test_a_pooled_percentile_is_taken_from_the_requests_of_all_seeds():
    table = sweep(draws, {"size": [50, 80]}, seeds=range(6), confidence=0.9)
    for row in table.itertuples():
        runs = [Streams(seed).stream("values").exponential(1.0, row.size) for seed in range(6)]
        interval = pooled_percentile(runs, 90, 0.9)
        assert (row.p90, row.p90_low, row.p90_high) == (interval.mean, interval.low, interval.high)
        assert row.p90 == np.percentile(np.concatenate(runs), 90)
        assert row.mean == pytest.approx(np.mean([run.mean() for run in runs]))
    assert table["p90_n"].tolist() == [6, 6]


def test_replicate_gives_each_run_its_own_percentile():
    table = replicate(draws, seeds=range(3))
    own = [np.percentile(Streams(seed).stream("values").exponential(1.0, 50), 90) for seed in range(3)]
    assert table["p90"].tolist() == own


def test_a_seed_without_requests_empties_a_pooled_percentile_and_no_other_figure():
    def model(seed, x):
        return {"p50": PooledPercentile(50, [] if seed == 1 else [1.0, 2.0]), "x": x}

    table = sweep(model, {"x": [3.0]}, seeds=range(3))
    assert table[["p50", "p50_low", "p50_high"]].isna().all(axis=None)
    assert (table["p50_n"][0], table["x"][0]) == (2, 3.0)
    assert np.isnan(replicate(model, seeds=[1], x=3.0)["p50"][0])


def test_a_pooled_percentile_must_be_the_same_for_every_seed():
    with pytest.raises(ValueError, match="the model's p90 must be one and the same percentile"):
        sweep(lambda seed, size: draws(seed, size, q=90 + seed), {"size": [9]}, seeds=range(2))
    with pytest.raises(ValueError, match="the model's p must be one and the same percentile"):
        sweep(lambda seed, x: {"p": 1.0 if seed else PooledPercentile(50, [x])}, {"x": [1.0]}, seeds=range(2))
    with pytest.raises(ValueError, match="q is 101; it must be between 0 and 100"):
        PooledPercentile(101, [1.0])


def test_an_error_of_the_model_comes_through():
    def broken(seed):
        raise ZeroDivisionError("a bug in the model")

    with pytest.raises(ZeroDivisionError, match="a bug in the model"):
        replicate(broken, seeds=[1])


BAD = [
    (lambda: replicate(dice, seeds=[]), r"seeds is \[\]; it must be 1 or more different seeds"),
    (lambda: replicate(dice, seeds=[1, 1]), r"seeds is \[1, 1\]; it must be 1 or more different seeds"),
    (lambda: sweep(dice, {"sides": [6]}, seeds=[1]), r"seeds is \[1\]; it must be 2 or more different seeds"),
    (lambda: sweep(dice, {}), "a grid must name at least one parameter"),
    (
        lambda: sweep(dice, {"sides": []}),
        "a grid must name at least one parameter, each with at least one value",
    ),
    (
        lambda: sweep(dice, {"sides": [6]}, confidence=1.0),
        "confidence is 1.0; it must be above 0 and below 1",
    ),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_experiments_say_what_is_allowed(make, words):
    with pytest.raises(ValueError, match=words):
        make()
