"""What functions use in a month, in the units of a price list: requests, GB-seconds, GB, hours.

A function pays for the memory it was given times the time it ran (GB-seconds), to the millisecond, and for each
request. Since 1 August 2025 AWS bills the initialisation of every environment in the same way; before, a zip file with
a managed runtime had it for nothing. Environments that are kept ready cost by the second whether they are used or not.

A `Usage` holds no prices. Usages add up, so a bill may be put together from single calls of a simulation or from
averages. `function_bill` says what one costs. A GB is 1,024 MB here, as on AWS's own bills.

What this leaves out: data sent to the internet, logs, and whatever the function asks others to do. So it errs in favour
of functions.

>>> on_demand(requests=3e6, run_s=0.120, memory_mb=1536).compute_gb_s
540000.0
>>> billed_s(run_s=0.25006, init_s=0.10077).tolist(), billed_s(run_s=0.25006).tolist()
([0.351], [0.251])
>>> day = provisioned(environments=7, lasts_s=86_400, memory_mb=4096)
>>> (day + in_provisioned(requests=2e6, run_s=0.280, memory_mb=4096)).provisioned_gb_s
2419200.0
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from archlab.sim.validation import (
    numbers_in,
    refuse,
    require_fraction,
    require_instance,
    require_non_negative,
    require_whole,
)

Values = npt.NDArray[np.float64]

MB_PER_GB = 1024
MEMORY_MB = (128, 10_240)
STORAGE_MB = (512, 10_240)
"""What a function may have; of temporary disk, the smallest is included in the price of the run."""
STREAMED_FREE_MB = 6
"""The start of a streamed answer that costs nothing."""
PROVISIONED_STEP_S = 300
"""Environments that are kept ready are billed in steps of so many seconds, rounded up."""
EVENT_KB, FURTHER_KB, LARGEST_EVENT_KB = 256, 64, 1024
"""An event up to the first size is one request; each further block is one more."""
NOISE_MS = 1e-6
"""A nanosecond: what floating-point numbers may add to a whole number of milliseconds."""


@dataclass(frozen=True)
class Usage:
    """What was used, in the units in the names. `usage + usage` adds up, `usage * n` is n times as much.

    Raises `ValueError` when an amount is negative or no finite number.
    """

    requests: float = 0.0
    compute_gb_s: float = 0.0
    provisioned_gb_s: float = 0.0
    provisioned_compute_gb_s: float = 0.0
    storage_gb_s: float = 0.0
    streamed_gb: float = 0.0
    tenant_environments_gb: float = 0.0
    snapshot_cache_gb_s: float = 0.0
    snapshot_restore_gb: float = 0.0
    queue_poller_h: float = 0.0
    log_poller_h: float = 0.0
    transitions: float = 0.0

    def __post_init__(self) -> None:
        for item, amount in self.amounts().items():
            require_non_negative(item, amount)

    def amounts(self) -> dict[str, float]:
        """Return each item of the price list, and how much of it was used."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __add__(self, other: Usage) -> Usage:
        require_instance("other", other, Usage, "a Usage")
        more = other.amounts()
        return Usage(**{item: amount + more[item] for item, amount in self.amounts().items()})

    def __mul__(self, times: float) -> Usage:
        require_non_negative("times", times)
        return Usage(**{item: amount * times for item, amount in self.amounts().items()})

    def without(self, allowance: Usage) -> Usage:
        """Return what is left to pay for when so much is free."""
        require_instance("allowance", allowance, Usage, "a Usage")
        free = allowance.amounts()
        return Usage(**{item: max(0.0, amount - free[item]) for item, amount in self.amounts().items()})


def on_demand(
    requests: float,
    run_s: float,
    memory_mb: int,
    cold_share: float = 0.0,
    init_s: float = 0.0,
    storage_mb: int = STORAGE_MB[0],
) -> Usage:
    """Return what requests use that run for `run_s` on average.

    Args:
        cold_share: of the requests that wait for a new environment, 0 to 1.
        init_s: how long its initialisation takes on average. It is billed; 0 for the bills of before August 2025.
        storage_mb: temporary disk.

    Averages are taken as they are. Rounding up to the millisecond adds half a millisecond a request on average: 5 %
    for a function of 10 ms. `invocations` has it.
    """
    require_fraction("cold_share", cold_share)
    require_non_negative("init_s", init_s)
    busy_s = _busy_s(requests, run_s) + requests * cold_share * init_s
    return Usage(
        requests=requests,
        compute_gb_s=busy_s * memory_gb(memory_mb),
        storage_gb_s=busy_s * _storage_gb(storage_mb),
    )


def invocations(run_s: npt.ArrayLike, memory_mb: int, init_s: npt.ArrayLike = 0.0) -> Usage:
    """Return what these invocations use, each rounded up to the millisecond.

    `run_s` and `init_s`: a number a request, or one for all; `init_s` is 0 where the environment was warm.
    Raises `ValueError` when a time is negative, or the two are not equally long.
    """
    billed = billed_s(run_s, init_s)
    return Usage(requests=float(len(billed)), compute_gb_s=float(billed.sum()) * memory_gb(memory_mb))


def billed_s(run_s: npt.ArrayLike, init_s: npt.ArrayLike = 0.0) -> Values:
    """Return the billed duration of invocations: run and initialisation together, rounded up to the millisecond."""
    run, init = _times("run_s", run_s), _times("init_s", init_s)
    if len(init) not in (1, len(run)):
        refuse(ValueError, "init_s", init_s, f"one number, or as many as run_s has, {len(run)}")
    return np.ceil((run + init) * 1000 - NOISE_MS) / 1000


def provisioned(environments: int, lasts_s: float, memory_mb: int) -> Usage:
    """Return what environments kept ready for so long use, in steps of five minutes. Their runs come on top."""
    require_whole("environments", environments, at_least=0)
    require_non_negative("lasts_s", lasts_s)
    billed = math.ceil(lasts_s / PROVISIONED_STEP_S) * PROVISIONED_STEP_S
    return Usage(provisioned_gb_s=environments * billed * memory_gb(memory_mb))


def in_provisioned(requests: float, run_s: float, memory_mb: int) -> Usage:
    """Return what requests use that run in environments kept ready. Those that spill are `on_demand`."""
    return Usage(requests=requests, provisioned_compute_gb_s=_busy_s(requests, run_s) * memory_gb(memory_mb))


def streamed(answers: float, answer_mb: float) -> Usage:
    """Return what streamed answers of this size use: nothing for the first 6 MB of each."""
    require_non_negative("answers", answers)
    require_non_negative("answer_mb", answer_mb)
    return Usage(streamed_gb=answers * max(0.0, answer_mb - STREAMED_FREE_MB) / MB_PER_GB)


def requests_of_event(event_kb: float) -> int:
    """Return as how many requests an asynchronous event of this size is billed.

    Raises `ValueError` when it is larger than 1,024 KB, which is refused.
    """
    require_non_negative("event_kb", event_kb)
    if event_kb > LARGEST_EVENT_KB:
        refuse(ValueError, "event_kb", event_kb, f"{LARGEST_EVENT_KB} or less: larger events are refused")
    return 1 + math.ceil(max(0.0, event_kb - EVENT_KB) / FURTHER_KB)


def memory_gb(memory_mb: int) -> float:
    """Return the memory of a function in GB. Raises `ValueError` when no function may have so much or so little."""
    return _size_gb("memory_mb", memory_mb, MEMORY_MB)


def _storage_gb(storage_mb: int) -> float:
    """Return the temporary disk that is billed, in GB."""
    return _size_gb("storage_mb", storage_mb, STORAGE_MB) - STORAGE_MB[0] / MB_PER_GB


def _size_gb(name: str, size_mb: int, limits: tuple[int, int]) -> float:
    least, most = limits
    require_whole(name, size_mb, at_least=least)
    if size_mb > most:
        refuse(ValueError, name, size_mb, f"from {least} to {most}")
    return size_mb / MB_PER_GB


def _busy_s(requests: float, run_s: float) -> float:
    require_non_negative("requests", requests)
    require_non_negative("run_s", run_s)
    return requests * run_s


def _times(name: str, values: npt.ArrayLike) -> Values:
    numbers = numbers_in(name, values if isinstance(values, (Sequence, np.ndarray)) else [values], "seconds")
    if isinstance(values, bool) or not (np.isfinite(numbers).all() and (numbers >= 0).all()):
        refuse(ValueError, name, values, "finite numbers of seconds, 0 or more")
    return numbers
