"""Experiments: the same run with many seeds, and over a grid of parameters, with confidence intervals.

One run is one draw of luck. `replicate` repeats it, `sweep` repeats it at every point of a grid. Both run through
`archlab.sim.parallel`: on one core, on all of them (`with joblib.parallel_config(n_jobs=-1)`), or on a Dask cluster
(`backend="dask"`). The figures do not depend on which.

A figure that a run cannot give, such as a latency of a part that is saturated, is NaN. Then the cell of the sweep is
NaN, too: the mean over the seeds that had luck would be a figure of survivors. Percentiles are best given as
`PooledPercentile`, and taken from the requests of all seeds together.

>>> def model(seed, sides):
...     from archlab.sim import Streams
...     return {"throw": float(Streams(seed).stream("die").integers(1, sides + 1))}
>>> replicate(model, seeds=[1, 2, 3], sides=6).columns.tolist()
['seed', 'throw']
>>> sweep(model, {"sides": [6, 20]}, seeds=range(4)).columns.tolist()
['sides', 'throw', 'throw_low', 'throw_high', 'throw_n']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from itertools import product
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from archlab.sim.parallel import in_parallel
from archlab.sim.statistics import (
    Interval,
    Values,
    mean_interval,
    percentile,
    pooled_percentile,
    require_confidence,
)
from archlab.sim.validation import (
    is_whole,
    numbers_in,
    require_function,
    require_percent,
    shown,
)


@dataclass(frozen=True, eq=False)
class PooledPercentile:
    """A figure of a model: the percentile `q` of `values`, which `sweep` takes over the requests of all seeds.

    Say `PooledPercentile(99, run.latencies_s())` where you would say `run.latency_s(99)`. The p99 of a short run
    is low, and so is the mean of many. `float` gives that of the one run, NaN when it has no values.

    >>> float(PooledPercentile(50, [1.0, 2.0, 9.0]))
    2.0
    """

    q: float
    values: Values

    def __post_init__(self) -> None:
        require_percent("q", self.q)
        values = np.empty(0) if _is_empty(self.values) else numbers_in("values", self.values, "numbers")
        object.__setattr__(self, "values", values)

    def __float__(self) -> float:
        return percentile(self.values, self.q) if self.values.size else float("nan")


Figure = float | PooledPercentile
Model = Callable[..., Mapping[str, Figure]]
"""A function of `seed` and of parameters by name, that runs a simulation and returns figures by name."""


def replicate(model: Model, seeds: Iterable[int] = range(10), **parameters: Any) -> pd.DataFrame:
    """Run `model` once with each seed. A row a seed: `seed` and the model's figures, a percentile as its run's own.

    Give a column to `mean_interval`, which refuses one with NaN. The mean of pandas leaves NaN out, without a word:
    it is that of the seeds which had luck.
    """
    require_function("model", model)
    chosen = _seeds(seeds, at_least=1)
    figures = _run(model, [(seed, parameters) for seed in chosen])
    return pd.DataFrame([{"seed": seed, **_own(row)} for seed, row in zip(chosen, figures, strict=True)])


def sweep(
    model: Model,
    grid: Mapping[str, Sequence[Any]],
    seeds: Iterable[int] = range(5),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Run `model` with every seed at every point of `grid`.

    Returns a row a point: the grid's columns and for each figure of the model its mean over the seeds and the ends of
    its Student t interval, `figure`, `figure_low`, `figure_high`; of a `PooledPercentile` the percentile over all
    requests and its interval (see `archlab.sim.statistics.pooled_percentile`). `figure_n` is how many seeds gave the
    figure; when one of them did not, the other three are NaN. A mean that is infinite has no interval. The same seeds
    at every point: designs meet the same luck. Raises `ValueError` for an empty grid or fewer than two seeds.
    """
    require_function("model", model)
    require_confidence(confidence)
    chosen = _seeds(seeds, at_least=2)
    points = _points(grid)
    figures = _run(model, [(seed, point) for point in points for seed in chosen])
    names = list(dict.fromkeys(name for row in figures for name in row))
    rows = []
    for number, point in enumerate(points):
        of_point = figures[number * len(chosen) : (number + 1) * len(chosen)]
        cells = [_cells(name, [row.get(name, nan) for row in of_point], confidence) for name in names]
        rows.append({key: value for cell in (point, *cells) for key, value in cell.items()})
    return pd.DataFrame(rows)


def _points(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    named = isinstance(grid, Mapping) and len(grid) > 0
    if not named or not all(isinstance(values, Sized) and len(values) for values in grid.values()):
        raise ValueError(
            f"grid is {shown(grid)}; a grid must name at least one parameter, each with at least one value"
        )
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def _seeds(seeds: Iterable[int], at_least: int) -> list[int]:
    is_list = isinstance(seeds, Iterable) and not isinstance(seeds, (str, Mapping))
    chosen = list(seeds) if is_list else []
    are_whole = all(is_whole(seed) and seed >= 0 for seed in chosen)
    if len(chosen) < at_least or not are_whole or len(set(chosen)) != len(chosen):
        given = chosen if is_list else seeds
        raise ValueError(f"seeds is {shown(given)}; it must be {at_least} or more different seeds")
    return chosen


def _run(model: Model, jobs: list[tuple[int, dict[str, Any]]]) -> list[Mapping[str, Figure]]:
    import joblib  # it takes a while to load: it waits until something is repeated

    return in_parallel(joblib.delayed(model)(seed, **parameters) for seed, parameters in jobs)


def _own(figures: Mapping[str, Figure]) -> dict[str, float]:
    """The figures of one run as numbers."""
    return {
        name: float(figure) if isinstance(figure, PooledPercentile) else figure
        for name, figure in figures.items()
    }


def _cells(name: str, figures: Sequence[Figure], confidence: float) -> dict[str, float]:
    """What a sweep says of one figure at one point."""
    there = [figure for figure in figures if not _is_missing(figure)]
    if len(there) < len(figures):
        mean = low = high = nan
    else:
        interval = _interval(name, there, confidence)
        mean, low, high = interval.mean, interval.low, interval.high
    return {name: mean, f"{name}_low": low, f"{name}_high": high, f"{name}_n": len(there)}


def _is_empty(values: Values) -> bool:
    return isinstance(values, (np.ndarray, list, tuple)) and len(values) == 0


def _is_missing(figure: Figure) -> bool:
    return not figure.values.size if isinstance(figure, PooledPercentile) else bool(np.isnan(figure))


def _interval(name: str, figures: Sequence[Figure], confidence: float) -> Interval:
    pooled = [figure for figure in figures if isinstance(figure, PooledPercentile)]
    if not pooled:
        values = np.array(figures, dtype=np.float64)
        if np.isinf(values).any():
            return Interval(float(values.mean()), nan, nan, values.size, confidence)
        return mean_interval(values, confidence)
    asked = {figure.q for figure in pooled}
    if len(asked) > 1 or len(pooled) < len(figures):
        raise ValueError(f"the model's {name} must be one and the same percentile for every seed")
    return pooled_percentile([figure.values for figure in pooled], asked.pop(), confidence)
