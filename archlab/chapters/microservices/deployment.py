"""Deployment of the shop as microservices: a new version of one service, and who notices.

The rule asks that some use case does not notice, whichever service it is.

>>> deploy(seed=1, program="notifications")["browse_percent"]
100.0
>>> independent_deployment(use_cases_interrupted_at_worst=2, use_cases=3).words
'Holds'
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.shop.deployment import RESTART_S, restart_in_turn
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, PROGRAMS, MicroservicesConfig
from archlab.sim.experiment import sweep


def deploy(
    seed: int, program: str, restart_s: float = RESTART_S, config: MicroservicesConfig = MICROSERVICES
) -> dict[str, float]:
    """Deploy a new version of one service (or of the gateway): restart its instances, one after the other.

    Returns the figures of `archlab.shop.deployment.restart_in_turn`.
    """
    parts = [f"{program}-{number}" for number in range(1, config.count(program) + 1)]
    return restart_in_turn(Microservices, config, parts, seed, restart_s)


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
    """Holds when some use case does not notice, whichever service is deployed."""
    return holds_if(use_cases_interrupted_at_worst < use_cases)
