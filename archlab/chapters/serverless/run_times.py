"""Do functions run for a short time? How long the functions of Azure ran in 2019, on average and at the longest.

The shares are published, and so is a lognormal that the authors fitted to the averages (`data/function_traces.csv`).
What share of the *time* the long ones take is not. The answer here is for functions that are all called equally often,
which they are not: so it is no more than an example of how far the two can lie apart.

>>> at_most(10.0, "average") > 0.8, at_most(10.0, "longest") > 0.8
(True, False)
"""

import math
from statistics import NormalDist
from typing import Literal

import numpy as np
import pandas as pd

from archlab.course.claims import Assumption, Evidence, Verdict, holds_if, settles
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number, percent
from archlab.course.style import INK, LAB, Size, variants
from archlab.data import load
from archlab.sim.functions.function import TIME_LIMIT_S
from archlab.sim.validation import require_one_of, require_positive

Run = Literal["average", "longest"]
RUNS = ("average", "longest")
SHORT_S = 60.0
"""A run of a minute or less is short: the longest that a scheduler which ticks every minute does not notice."""
MOST = 0.9
"""Functions run for a short time when nine of ten do, on average."""


def curve(run: Run) -> pd.DataFrame:
    """Return the published points: `run_s`, and the `share` of functions that run so long or less."""
    require_one_of("run", run, RUNS)
    table = load("function_traces")
    rows = table[table.setting == f"{run} run of a function"]
    return pd.DataFrame({"run_s": rows["at"].astype(float).to_numpy(), "share": rows.value.to_numpy()})


def at_most(run_s: float, run: Run = "average") -> float:
    """Return the share of functions whose average or longest run is at most so long, between the published points."""
    require_positive("run_s", run_s)
    points = curve(run)
    return float(np.interp(math.log(run_s), np.log(points.run_s), points.share))


def shortest_for(share: float) -> float:
    """Return how long a run must be so that this share of functions runs no longer on average, in seconds."""
    points = curve("average")
    return float(np.exp(np.interp(share, points.share, np.log(points.run_s))))


def printed(run: Run) -> float:
    """Return the share of functions that the authors print for a minute: at most so long, or less on average."""
    require_one_of("run", run, RUNS)
    return _fact(f"{run} run of a function as printed")


def _fact(setting: str) -> float:
    table = load("function_traces")
    return float(table.value[table.setting == setting].iloc[0])


def fitted() -> NormalDist:
    """Return the distribution of the logarithm of the average run times in seconds, as the authors fitted it."""
    return NormalDist(_fact("log mean of the averages"), _fact("log sigma of the averages"))


def fit_misses() -> float:
    """Return the largest difference between the fit and a share that was read off the figure."""
    points = curve("average")
    return float(np.abs([fitted().cdf(math.log(run_s)) for run_s in points.run_s] - points.share).max())


def time_beyond(run_s: float, cut_at_s: float = math.inf) -> float:
    """Return the share of the time that functions take whose average run is longer than this, if all are called
    equally often and none runs longer than `cut_at_s`.

    The time of a lognormal is a lognormal as well, with its logarithm moved by sigma squared.
    """
    require_positive("run_s", run_s)
    runs = fitted()
    time = NormalDist(runs.mean + runs.variance, runs.stdev)
    below_cut = 1.0 if math.isinf(cut_at_s) else time.cdf(math.log(cut_at_s))
    return 1 - time.cdf(math.log(run_s)) / below_cut


def figures() -> dict[str, float]:
    """Return the figures of `short_lived`, by their names."""
    return {
        "short_on_average": printed("average"),
        "short_at_the_longest": printed("longest"),
        "nine_of_ten_s": shortest_for(MOST),
        "time_within_the_limit": time_beyond(SHORT_S, TIME_LIMIT_S),
        "time_without_limit": time_beyond(SHORT_S),
    }


SAYS = {
    "short_on_average": "functions whose average run is short",
    "short_at_the_longest": "functions whose longest run is",
    "nine_of_ten_s": "seconds that nine of ten do not exceed on average",
    "time_within_the_limit": "of the time, for longer ones, if all were called equally often and within 15 minutes",
    "time_without_limit": "the same without a limit",
}


@settles("characteristics.short-lived-execution", evidence=Evidence.MODELLED, says=SAYS)
def short_lived(
    short_on_average: float,
    short_at_the_longest: float,
    nine_of_ten_s: float,
    time_within_the_limit: float,
    time_without_limit: float,
) -> Verdict:
    """Holds when at least {MOST} of the functions that Azure saw run for {SHORT_S} s or less on average. Their longest
    runs, and the time that the others would take, stand beside it.
    """
    short = Assumption(
        "what is called short",
        SHORT_S,
        nine_of_ten_s,
        "s",
        when=(
            f"{{flips_at}} or more is called short, for the average run ({percent(short_at_the_longest)} are short at "
            f"their longest; the others would take {percent(time_within_the_limit)} to {percent(time_without_limit)} "
            f"of the time if all were called equally often, which they are not)"
        ),
    )
    return holds_if(short_on_average >= MOST, decided_by=short)


def figure(title: str, size: Size = LAB) -> Picture:
    """Draw both published curves, with a minute and the longest that AWS Lambda lets a function run."""
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for run, look in zip(RUNS, variants("serverless", RUNS).values(), strict=True):
            points = curve("average" if run == "average" else "longest")
            line = draw_with_band(panel, points, "run_s", "share", look)
            drawing.name_along(panel, line, f"{run} run")
        for at_s, name in ((SHORT_S, "1 minute"), (TIME_LIMIT_S, "15 minutes")):
            panel.axvline(at_s, color=INK, linewidth=1)
            drawing.name_line(panel, at_s, name)
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        scale(panel, log=False)
        panel.yaxis.set_major_formatter(lambda value, _: percent(value))
        panel.set_xlabel("Run [s]")
        panel.set_ylabel("Functions that run\nso long or less")
    alt = " ".join(
        in_words(f"{run} run", curve(run).run_s, curve(run).share) for run in ("average", "longest")
    )
    return Picture(drawing.figure, f"{title}. {alt}")
