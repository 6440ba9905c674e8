"""Experiments: the same run with many seeds, and over a grid of parameters, with confidence intervals.

One run is one draw of luck. `replicate` repeats it, `sweep` repeats it at every point of a grid. Both run through
`joblib`: on one core, on all of them (`with joblib.parallel_config(n_jobs=-1)`), or on a Dask cluster
(`backend="dask"`). The figures do not depend on which.

>>> def model(seed, sides):
...     from archlab.sim import Streams
...     return {"throw": float(Streams(seed).stream("die").integers(1, sides + 1))}
>>> replicate(model, seeds=[1, 2, 3], sides=6).columns.tolist()
['seed', 'throw']
>>> sweep(model, {"sides": [6, 20]}, seeds=range(4)).columns.tolist()
['sides', 'throw', 'throw_low', 'throw_high']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import joblib
import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from archlab.sim.statistics import mean_interval

Model = Callable[..., Mapping[str, float]]
"""A function of `seed` and of parameters by name, that runs a simulation and returns figures by name."""


def replicate(model: Model, seeds: Iterable[int] = range(10), **parameters: Any) -> pd.DataFrame:
    """Run `model` once with each seed. A row a seed: `seed` and the model's figures."""
    chosen = _seeds(seeds, at_least=1)
    figures = _run(model, [(seed, parameters) for seed in chosen], progress=False)
    return pd.DataFrame([{"seed": seed, **row} for seed, row in zip(chosen, figures, strict=True)])


def sweep(
    model: Model,
    grid: Mapping[str, Sequence[Any]],
    seeds: Iterable[int] = range(5),
    progress: bool = False,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Run `model` with every seed at every point of `grid`.

    Returns a row a point: the grid's columns and for each figure of the model its mean over the seeds and the ends of
    its Student t interval, `figure`, `figure_low`, `figure_high`. A figure that is NaN for some seed has a mean over
    the others, and no interval when fewer than two are left. The same seeds at every point: designs meet the same luck.
    Raises `ValueError` for an empty grid or fewer than two seeds.
    """
    chosen = _seeds(seeds, at_least=2)
    points = _points(grid)
    jobs = [(seed, point) for point in points for seed in chosen]
    figures = pd.DataFrame(_run(model, jobs, progress))
    rows = []
    for number, point in enumerate(points):
        of_point = figures.iloc[number * len(chosen) : (number + 1) * len(chosen)]
        rows.append(point | _intervals(of_point, confidence))
    return pd.DataFrame(rows)


def _points(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    if not grid or not all(len(values) for values in grid.values()):
        raise ValueError("grid must name at least one parameter, each with at least one value")
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def _seeds(seeds: Iterable[int], at_least: int) -> list[int]:
    chosen = list(seeds)
    if len(chosen) < at_least or len(set(chosen)) != len(chosen):
        raise ValueError(f"seeds is {chosen}; it must be {at_least} or more different seeds")
    return chosen


def _run(model: Model, jobs: list[tuple[int, dict[str, Any]]], progress: bool) -> list[Mapping[str, float]]:
    parallel = joblib.Parallel(return_as="generator")
    results = parallel(joblib.delayed(model)(seed, **parameters) for seed, parameters in jobs)
    return list(tqdm(results, total=len(jobs), disable=not progress))


def _intervals(figures: pd.DataFrame, confidence: float) -> dict[str, float]:
    row: dict[str, float] = {}
    for name in figures.columns:
        values = figures[name].to_numpy(dtype=float)
        values = values[~np.isnan(values)]
        if len(values) < 2:
            mean = float(values[0]) if len(values) else float("nan")
            row |= {name: mean, f"{name}_low": float("nan"), f"{name}_high": float("nan")}
        else:
            interval = mean_interval(values, confidence)
            row |= {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return row
