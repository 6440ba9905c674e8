"""How long an initialisation takes and how long an environment is kept: published measurements, with their dates.

Initialisation depends on the runtime and on what must be fetched and imported, and not on the memory (with 128, 512 and
1,024 MB it was the same within 3 %). The figures of 2026 are for functions that import nothing, so they are the least
that a runtime costs (`data/initialisations.csv`). What libraries add was measured in 2021, by another method.

Between the published percentiles a lognormal is drawn through the median and the 99th percentile, or the 95th where
there is no 99th. That is an assumption. The 95th of Python up to 3.13 and of Node come out within 15 %; those of Java
and .NET do not, since their tails have another shape.

The keep-alive is what one observer saw on AWS Lambda at a time. No cloud promises one.

>>> python = initialisation_s("Python 3.13")
>>> round(python.median, 3), keep_alive_s("January 2021"), keep_alive_s("August 2019")
(0.085, Uniform(low=300.0, high=420.0), 600.0)
>>> with_libraries_s("14 MB")
1.695
"""

from statistics import NormalDist
from typing import Literal

import pandas as pd

from archlab.data import load
from archlab.sim.distributions import Distribution, Lognormal, Uniform
from archlab.sim.validation import require_one_of

Package = Literal["zip", "container image"]
PACKAGES = ("zip", "container image")
WHEN = ("August 2019", "January 2021")
SIZES = ("1 KB", "14 MB", "35 MB")
YEAR = 2026


def initialisations_ms(package: Package = "zip", year: int = YEAR) -> pd.DataFrame:
    """Return the published percentiles in milliseconds: a row a runtime, columns `p50`, `p95` and so on.

    Raises `ValueError` when the package is not one of `PACKAGES`, or nothing was published for the year.
    """
    require_one_of("package", package, PACKAGES)
    table = load("initialisations")
    rows = table[table.setting == f"{package}, {year}"]
    if rows.empty:
        raise ValueError(f"year is {year!r}; it must be one for which {package!r} was measured")
    percentiles = rows.assign(percentile=rows.what.str.partition(" of ")[0])
    return percentiles.pivot(index="product", columns="percentile", values="value")


def initialisation_s(runtime: str, package: Package = "zip") -> Lognormal:
    """Return how long a new environment of a runtime takes to be ready, in seconds, in the summer of 2026.

    Raises `ValueError` when the runtime was not measured.
    """
    table = initialisations_ms(package) / 1000
    require_one_of("runtime", runtime, tuple(table.index))
    row = table.loc[runtime].dropna()
    highest = row.index[-1]
    return _lognormal(float(row["p50"]), float(row[highest]), float(highest[1:]) / 100)


def _lognormal(median: float, high: float, share: float) -> Lognormal:
    """Return the lognormal through the median and one higher percentile."""
    to_p99 = NormalDist().inv_cdf(0.99) / NormalDist().inv_cdf(share)
    return Lognormal.from_median_p99(median, median * (high / median) ** to_p99)


def with_libraries_s(size: str) -> float:
    """Return the median cold start of a JavaScript function whose zip has this size, in seconds, in January 2021.

    Raises `ValueError` when the size is not one of `SIZES`.
    """
    require_one_of("size", size, SIZES)
    table = load("initialisations").set_index("setting")
    return float(table.value[f"zip of {size}, 2021"]) / 1000


def keep_alive_s(when: str) -> float | Distribution:
    """Return for how long AWS Lambda kept an idle environment: a number of seconds, or from one to another.

    Raises `ValueError` when `when` is not one of `WHEN`.
    """
    require_one_of("when", when, WHEN)
    table = load("lambda")
    rows = table[table.setting == f"keep-alive, {when}"].set_index("what").value.astype(float)
    if "idle lifetime" in rows:
        return float(rows["idle lifetime"])
    return Uniform(float(rows["shortest idle lifetime"]), float(rows["longest idle lifetime"]))
