"""Deployment of the shop as microservices: a new version of one service, and who notices.

The rule asks that some use case does not notice, whichever service it is. What decides is whether all use cases need
one and the same service, as those of many shops need one for accounts.

>>> deploy(seed=1, program="notifications")["browse_percent"]
100.0
>>> independent_deployment(use_cases_interrupted_at_worst=2, use_cases=3).words
'Holds when: with the use cases that need the same service at most 2 (here 2)'
"""

from collections.abc import Iterable, Sequence
from functools import partial

import joblib
import numpy as np
import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.shop.day import KINDS, availability_percent, run_day
from archlab.shop.deployment import HURT_PERCENT, RESTART_S, restart_in_turn
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, PROGRAMS, MicroservicesConfig
from archlab.sim.faults import Crash
from archlab.sim.parallel import in_parallel
from archlab.sim.workload import Poisson


def deploy(
    seed: int, program: str, restart_s: float = RESTART_S, config: MicroservicesConfig = MICROSERVICES
) -> dict[str, float]:
    """Deploy a new version of one service (or of the gateway): restart its instances, one after the other.

    Returns the figures of `archlab.shop.deployment.restart_in_turn`.
    """
    parts = [f"{program}-{number}" for number in range(1, config.count(program) + 1)]
    return restart_in_turn(Microservices, config, parts, seed, restart_s)


SHORT_RESTART_S, SHORT_RATE_PER_S = 4.0, 30.0
"""Who notices a deployment does not depend on how long it takes, nor on how many ask."""


def noticed(seed: int, program: str, config: MicroservicesConfig = MICROSERVICES) -> float:
    """Return how many use cases are interrupted while every instance of a program is down for a short time."""
    parts = [f"{program}-{number}" for number in range(1, config.count(program) + 1)]
    begin_s, end_s = 1.0, 1.0 + SHORT_RESTART_S
    faults = [Crash(part, begin_s, SHORT_RESTART_S) for part in parts]
    load = Poisson(SHORT_RATE_PER_S)
    result = run_day(Microservices, config, load, seed, end_s + 1, faults=faults).result
    shares = (availability_percent(result, kind, begin_s, end_s) for kind in KINDS)
    return float(sum(share < HURT_PERCENT for share in shares))


def who_notices(
    programs: Sequence[str] = PROGRAMS,
    seeds: Iterable[int] = range(10),
    config: MicroservicesConfig = MICROSERVICES,
) -> pd.DataFrame:
    """Return how many use cases the deployment of each program interrupts. A row a seed, a column a program."""
    chosen = list(seeds)
    model = joblib.delayed(partial(noticed, config=config))
    runs = in_parallel(model(seed, program) for seed in chosen for program in programs)
    return pd.DataFrame(np.reshape(runs, (len(chosen), len(programs))), chosen, list(programs))


def use_cases_interrupted_at_worst(who_notices: pd.DataFrame) -> OverSeeds:
    """Return the largest number among the services, for each seed; takes `deployment.who_notices`."""
    services = who_notices.drop(columns="gateway", errors="ignore")
    return OverSeeds(services.max(axis=1))


@settles(
    "pros.independent-deployment",
    evidence=Evidence.SIMULATED,
    says={
        "use_cases_interrupted_at_worst": "use cases that the worst service interrupts",
    },
)
def independent_deployment(use_cases_interrupted_at_worst: float, use_cases: int) -> Verdict:
    """Holds when some use case does not notice, whichever service is deployed."""
    most = Limit("up to", [use_cases - 1], whole=True)
    needed = Assumption("the use cases that need the same service", use_cases_interrupted_at_worst, most)
    return holds_if(use_cases_interrupted_at_worst < use_cases, needed)
