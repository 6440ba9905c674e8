"""Data transformation: one large batch with a deadline, as functions all at once, or on machines rented for it.

A batch of files, two seconds of computing each. As functions each file is a call, and a thousand run at a time; the
others are told 429 and call again. As many machines are rented as it takes to meet the deadline; they need a minute
to start, and are given back at the end. They are paid by the second, which errs in their favour where a cloud has a
minimum.

>>> batch = as_functions(files=100, seed=1)
>>> batch.took_s < 20, machines_usd(batch.files, deadline_s=600.0) < batch.usd
(True, True)
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from math import ceil, inf
from typing import Any

import joblib
from simpy.events import Event

from archlab.chapters.serverless.uses import CORES, INIT_S, KEPT_S
from archlab.course.claims import (
    Assumption,
    Evidence,
    Limit,
    OverSeeds,
    Verdict,
    holds_up_to,
    settles,
)
from archlab.course.quantity import number
from archlab.data import load
from archlab.sim.billing import total_usd
from archlab.sim.distributions import Exponential
from archlab.sim.functions import Function, Invocation
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole

FILES, COMPUTES_S, MEMORY_MB = 5000, 2.0, 1769
START_S = 60.0
"""From asking for a machine to its first file. All are assumptions."""
USUAL_DEADLINE_S = 600.0
SEEDS = range(10)


@dataclass(frozen=True)
class Batch:
    """What came of a batch: how long it took in seconds, what it cost in US dollars, and which share of the time that
    was billed went into initialisations.
    """

    files: int
    took_s: float
    usd: float
    init_share: float


def as_functions(files: int = FILES, seed: int = 1) -> Batch:
    """Transform all files at once, a call each. What is throttled is called again after a second.

    Raises `ValueError` when an argument is not allowed.
    """
    require_whole("files", files, at_least=1)
    sim = Simulation(seed)
    draw_s = sim.durations("files", "computes_s", Exponential(COMPUTES_S))

    def transform(invocation: Invocation) -> Generator[Event, Any, None]:
        yield invocation.compute(draw_s())

    function = Function(sim, "transform", transform, INIT_S, KEPT_S, MEMORY_MB)

    def one() -> Generator[Event, Any, None]:
        while (invocation := function.invoke()).triggered:  # throttled
            invocation.defused = True
            yield sim.timeout(1.0)
        yield invocation

    tasks = [sim.start(one()) for _ in range(files)]
    sim.run(until=sim.all_of(tasks))
    init_share = function.cold * INIT_S / (function.usage().compute_gb_s * 1024 / MEMORY_MB)
    return Batch(files, sim.now, total_usd(function.usage()), init_share)


def machines_usd(files: int, deadline_s: float, start_s: float = START_S) -> float:
    """Return what the machines cost that meet a deadline; infinite when it is over before they have started.

    With n machines it takes start + work / (cores n), so n is the least that is in time. A part of a machine is rented
    as a part here: the batch could share one.
    """
    require_positive("deadline_s", deadline_s)
    if deadline_s <= start_s:
        return inf
    work_s = files * COMPUTES_S
    machines = work_s / (CORES * (deadline_s - start_s))
    per_s_usd = float(load("prices").set_index("item").price_usd["m5.large"]) / 3600
    return (machines * start_s + work_s / CORES) * per_s_usd


def machines_needed(files: int, deadline_s: float) -> int:
    """Return how many whole machines meet a deadline."""
    return ceil(files * COMPUTES_S / (CORES * (deadline_s - START_S)))


def figures(seeds: Iterable[int] = SEEDS) -> dict[str, float]:
    """Return the figures of `data_transformation`, by their names."""
    chosen = list(seeds)
    batches = in_parallel(joblib.delayed(as_functions)(FILES, seed) for seed in chosen)
    usd = [batch.usd for batch in batches]
    return {
        "cheaper_up_to_s": Limit("up to", [_turns_at(one) for one in usd]),
        "took_s": OverSeeds([batch.took_s for batch in batches]),
        "usd": OverSeeds(usd),
        "init_percent": OverSeeds([100 * batch.init_share for batch in batches]),
        "flips_at_start_s": _start_that_flips(sum(usd) / len(usd)),
    }


def _turns_at(usd: float) -> float:
    """Return the deadline at which machines cost as much."""
    from scipy.optimize import brentq  # SciPy is loaded when it is used: that takes a while

    return float(brentq(lambda deadline_s: machines_usd(FILES, deadline_s) - usd, START_S + 1e-3, 7200.0))


def _start_that_flips(usd: float) -> float:
    """Return how long a machine must take to start so that both cost the same with the usual deadline."""
    from scipy.optimize import brentq

    high = USUAL_DEADLINE_S - 1e-3
    return float(brentq(lambda start_s: machines_usd(FILES, USUAL_DEADLINE_S, start_s) - usd, 0.0, high))


SAYS = {
    "cheaper_up_to_s": "seconds up to which a deadline makes functions cheaper",
    "took_s": "seconds for the batch as functions",
    "usd": "its price in US dollars",
    "init_percent": "the part of that for initialisations, in per cent",
    "flips_at_start_s": "seconds a machine must take to start so that both cost the same at ten minutes",
}


@settles("use-cases.data-transformation", evidence=Evidence.SIMULATED, says=SAYS)
def data_transformation(
    cheaper_up_to_s: float, took_s: float, usd: float, init_percent: float, flips_at_start_s: float
) -> Verdict:
    """Holds up to the deadline for which functions, all at once, cost less than machines that are rented for the batch
    and given back. A machine takes {START_S} s to start; the start that flips it is looked for with a deadline
    of {USUAL_DEADLINE_S} s.
    """
    start = Assumption(
        "the start of a machine",
        START_S,
        flips_at_start_s,
        "s",
        when=f"a machine takes less than {{flips_at}} to start, for a deadline of {number(USUAL_DEADLINE_S)} s",
    )
    took = f"{number(round(float(took_s)))} s, for {float(usd):.2f} USD, {number(round(init_percent))} % of it to start"
    unit = (
        f"seconds to the deadline (as functions it takes {took}; machines cannot meet one within their start)"
    )
    return holds_up_to(cheaper_up_to_s, unit, decided_by=start)
