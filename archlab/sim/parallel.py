"""Many runs in parallel, through joblib, with a bar for whoever waits for them in a notebook.

How many at a time, and where, says `joblib.parallel_config`: on one core if nobody says anything, on several, or on a
Dask cluster. No result depends on it.

>>> import joblib
>>> in_parallel(joblib.delayed(pow)(base, 2) for base in (1, 2, 3))
[1, 4, 9]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from archlab.sim.waiting import Bar

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
"""What `joblib.delayed(function)(arguments)` gives: a call that is still to be made."""


def in_parallel(calls: Iterable[Call]) -> list[Any]:
    """Make the calls, and return what they return, in their order. What one of them raises is raised here."""
    import joblib  # it takes a while to load: it waits until something is repeated

    jobs = list(calls)
    results = []
    with Bar(len(jobs)) as bar:
        for result in joblib.Parallel(return_as="generator")(jobs):
            results.append(result)
            bar.show(len(results))
    return results
