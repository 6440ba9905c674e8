"""Saturation: which parts have no steady state, and which kinds of requests suffer from it.

A saturated part gets more work than it can do. Its queue grows for as long as you watch, so a latency behind it tells
how long you watched, and nothing else. A queue also grows now and then by luck; here it must grow for longer than luck
explains.

>>> grows(np.array([0.0, 2, 3, 9, 12, 15, 20, 22, 27])), grows(np.array([0.0, 9, 3, 2, 0, 5, 1, 4, 6]))
(True, False)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from archlab.sim.recording import OK

NEARLY_ALL = 0.98
"""A part that is this busy may be saturated."""

FEWEST_SAMPLES = 9
"""With fewer since the queue was last empty, nothing is said of its growth: three to each third."""

FEWEST_SERVICES = 100
"""Nor while the part could do less than this many pieces of work: one that takes long makes a queue, too."""

STANDARD_ERRORS = 3.0
"""By how many the mean step of the queue, from sample to sample, must be above zero."""

FEWER_SUCCEED = 0.1
"""A kind whose share of good answers falls by more than this suffers."""

SHARE_OF_WAIT = 0.25
"""So does one whose answers take longer by this share of what the wait grew. Not all its requests need wait there."""

Values = npt.NDArray[np.float64]


def saturated_parts(parts: pd.DataFrame, samples: pd.DataFrame, duration_s: float) -> list[str]:
    """Return the parts that were busy all the time while their queue went on growing, up to the end.

    "All the time" is the whole measured time or, for a load that passes the capacity later, the time since the queue
    was last empty. Overload of a few per cent shows in long runs only: the growth must stand out from luck. And luck
    is sometimes called saturation. A constant load below the capacity with exponential service times is, in runs of a
    few hundred of them: in 1 or 2 of 100 runs at 0.9, in 5 at 0.95; with a coefficient of variation of 3, in 8 and 13.

    Args:
        parts, samples: as in `archlab.sim.Result`.
    """
    of_parts = dict(list(samples.groupby("part", sort=False)))
    return [
        str(name)
        for name, part in parts.iterrows()
        if name in of_parts and _is_saturated(part, of_parts[name], duration_s)
    ]


def _is_saturated(part: pd.Series, samples: pd.DataFrame, duration_s: float) -> bool:
    queue = samples["queue_length"].to_numpy(dtype=float)
    if part["utilisation"] >= NEARLY_ALL and grows(queue):
        return True
    empty = np.flatnonzero(queue == 0)
    since = samples.iloc[empty[-1] if empty.size else 0 :]
    return _grows_since(since, _services_per_s(part, duration_s))


def _services_per_s(part: pd.Series, duration_s: float) -> float:
    """How many pieces of work the part completes a second while all of it is busy; 0 when it did nothing."""
    busy_s = part["utilisation"] * duration_s
    return float(part["completed"] / busy_s) if busy_s > 0 else 0.0


def _grows_since(samples: pd.DataFrame, services_per_s: float) -> bool:
    """Whether a part was busy and its queue grew in these samples, the first of which is the start."""
    if len(samples) < FEWEST_SAMPLES:
        return False
    busy = (samples["busy"] / samples["capacity"]).iloc[1:].mean()
    services = services_per_s * (samples["time_s"].iloc[-1] - samples["time_s"].iloc[0])
    queue = samples["queue_length"].to_numpy(dtype=float)
    steps = np.diff(queue)
    luck = STANDARD_ERRORS * steps.std(ddof=1) / np.sqrt(steps.size)
    return bool(busy >= NEARLY_ALL and services >= FEWEST_SERVICES and grows(queue) and steps.mean() > luck)


def grows(levels: Values) -> bool:
    """Say whether a level was higher in each third of the time than in the third before; with 3 samples or more."""
    if len(levels) < 3:
        return False
    first, middle, last = _thirds(levels)
    return bool(last > 1.1 * middle + 1 and middle > 1.1 * first + 1)


def _thirds(levels: Values) -> tuple[float, float, float]:
    first, middle, last = (float(piece.mean()) for piece in np.array_split(levels, 3))
    return first, middle, last


def longer_wait_s(part: pd.Series, samples: pd.DataFrame, duration_s: float) -> float:
    """Return how much longer one waits at a part in the last third of the time than in the first.

    By Little's law: the growth of the queue, over the rate of arrivals. Infinite when nothing arrives. `part` and
    `samples` are what `Result.parts` and `Result.samples` have of it.
    """
    queue = samples["queue_length"].to_numpy(dtype=float)
    first, _, last = _thirds(queue)
    per_s = (part["completed"] + queue[-1] - queue[0]) / duration_s
    return float((last - first) / per_s) if per_s > 0 else float("inf")


def suffers(rows: pd.DataFrame, times_s: Values, end_s: float, longer_s: float) -> bool:
    """Say whether requests go on as before, or suffer from a part where one waits `longer_s` more at the end.

    They suffer when they pile up, when fewer succeed, or when the good answers take longer by a good part of that wait.
    So it is read off the requests and not off their way, which nobody records: a kind that is served before all others
    does not suffer, and neither does one that throws in work without waiting for it. Of a kind with few requests in a
    third of the time it may be said though it is not so.

    Args:
        rows: the requests of a kind, as in `archlab.sim.Result`.
        times_s: when the part was sampled.
        end_s: the end of the measured time, which began with the first sample.
    """
    arrived_s, finished_s = rows["arrived_s"].to_numpy(), rows["finished_s"].dropna().to_numpy()
    inside = _count_by(arrived_s, times_s) - _count_by(finished_s, times_s)
    if grows(inside):
        return True
    third_s = (end_s - times_s[0]) / 3
    first = rows[rows["finished_s"] < times_s[0] + third_s]
    last = rows[~(rows["finished_s"] < end_s - third_s)]
    if last.empty:
        return False
    return _share_ok(last) < _share_ok(first) - FEWER_SUCCEED or _is_slower(
        first, last, SHARE_OF_WAIT * longer_s
    )


def _count_by(times_s: Values, moments_s: Values) -> Values:
    """How many of the times have come at each of the moments."""
    return np.searchsorted(np.sort(times_s), moments_s, side="right").astype(np.float64)


def _share_ok(rows: pd.DataFrame) -> float:
    """The share of good answers, of all that ended; 1 when none did."""
    ended = rows[rows["finished_s"].notna()]
    return float((ended["outcome"] == OK).mean()) if len(ended) else 1.0


def _is_slower(first: pd.DataFrame, last: pd.DataFrame, by_s: float) -> bool:
    """Whether good answers take longer in the last third than in the first. Without any in the last third: yes."""
    before_s, after_s = (rows.loc[rows["outcome"] == OK, "latency_s"].mean() for rows in (first, last))
    return bool(np.isnan(after_s) or after_s - np.nan_to_num(before_s) >= by_s)
