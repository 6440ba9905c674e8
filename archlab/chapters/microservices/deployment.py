"""Deployment of the shop as microservices: a new version of one service, and who notices.

>>> deploy(seed=1, program="notifications")["browse_percent"]
100.0
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from archlab.chapters.microservices.day import MICROSERVICES, run_microservices
from archlab.chapters.monolithic.day import KINDS, availability_percent
from archlab.chapters.monolithic.failure import FAULT_AT_S, HURT_PERCENT, RATE_PER_S
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.shop.microservices.config import PROGRAMS, MicroservicesConfig
from archlab.sim.experiment import sweep
from archlab.sim.faults import Crash
from archlab.sim.workload import Poisson

RESTART_S = 30.0
"""How long a new version takes to start, as in chapter 01."""


def deploy(
    seed: int, program: str, restart_s: float = RESTART_S, config: MicroservicesConfig = MICROSERVICES
) -> dict[str, float]:
    """Deploy a new version of one service (or of the gateway): restart its instances, one after the other.

    The next instance waits until the callers have surely seen the one before. Returns for each use case the share
    that succeeded during the deployment (`browse_percent` ...), and `interrupted`: how many use cases had less than
    `HURT_PERCENT`. A restart is a crash here; one that first finishes its work would lose less, so it errs against
    deployments.
    """
    step_s = restart_s + config.health_check_s
    names = [f"{program}-{number}" for number in range(1, config.count(program) + 1)]
    faults = [Crash(name, FAULT_AT_S + i * step_s, restart_s) for i, name in enumerate(names)]
    end_s = FAULT_AT_S + restart_s + (len(names) - 1) * step_s
    result = run_microservices(config, Poisson(RATE_PER_S), seed, end_s + 5, faults=faults).result
    percent = {f"{kind}_percent": availability_percent(result, kind, FAULT_AT_S, end_s) for kind in KINDS}
    return percent | {"interrupted": float(sum(share < HURT_PERCENT for share in percent.values()))}


def deploy_each(
    programs: Sequence[str] = PROGRAMS,
    instances: int = 1,
    seeds: Iterable[int] = range(2),
    restart_s: float = RESTART_S,
    config: MicroservicesConfig = MICROSERVICES,
) -> pd.DataFrame:
    """Deploy each program by itself, with so many instances of it. Columns: program, the figures of `deploy`."""
    frames = []
    for program in programs:
        built = replace(config, instances={**config.instances, program: instances})
        model = partial(deploy, restart_s=restart_s, config=built)
        frames.append(sweep(model, {"program": [program]}, seeds))
    return pd.concat(frames, ignore_index=True)


@settles("pros.independent-deployment", evidence=Evidence.SIMULATED)
def independent_deployment(use_cases_interrupted_at_worst: float, use_cases: int) -> Verdict:
    """Whichever service is deployed, some use case does not notice."""
    return holds_if(use_cases_interrupted_at_worst < use_cases)
