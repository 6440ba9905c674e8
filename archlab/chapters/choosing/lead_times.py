"""Lead times: how long a change takes to production when an architecture is deployed as one unit, or in parts.

The model of people is `archlab.sim.teams.delivery.DeliveryModel`, and its assumptions are printed there. One unit has
one release train for all teams, parts have a train for each team. Both spend the same money on pipelines: the one train
tests on as many machines at the same time, where its tests can be divided.

Two programs of one code base, as CQRS has, are one unit here. Functions and components are parts.

>>> together, apart = lead_time_h("monolithic", teams=4), lead_time_h("microservices", teams=4)
>>> bool(together < apart)
True
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.chapters.microservices.people import BUILD_MIN, DELIVERY, own_trains_h, shared_train_h
from archlab.sim.teams.delivery import DeliveryModel
from archlab.sim.validation import require_one_of, require_percent

ONE_UNIT = ("monolithic", "layered", "cqrs")
MOST_TEAMS = 40
SEEDS = range(10)
TEAM_DAYS = 160.0
"""Of each run, of all teams together: so that it sees as many changes with many teams as with few."""
CROSSING_PERCENT = 100 * DELIVERY.coordinated_fraction


def lead_time_h(
    architecture: str,
    teams: int,
    crossing_percent: float = CROSSING_PERCENT,
    are_tests_parallel: bool = True,
) -> float:
    """Return the mean lead time of a change over ten seeds, in working hours.

    Args:
        teams: how many change the system, 1 to 40.
        crossing_percent: of the changes that touch two teams' parts, taken as whole percents; one unit does not notice.
        are_tests_parallel: whether the tests of one unit can be run on several machines at a time.

    Raises `ValueError` when there is no such architecture, or no such number.
    """
    require_one_of("architecture", architecture, ARCHITECTURES)
    require_percent("crossing_percent", crossing_percent)
    if architecture in ONE_UNIT:
        return _one_unit_h(teams, are_tests_parallel)
    return _parts_h(teams, round(crossing_percent))


@cache
def _one_unit_h(teams: int, are_tests_parallel: bool) -> float:
    model, minutes = _organised(teams), BUILD_MIN / teams if are_tests_parallel else BUILD_MIN
    days = TEAM_DAYS / teams
    return float(np.mean([shared_train_h(seed, minutes, days, model) for seed in SEEDS]))


@cache
def _parts_h(teams: int, crossing_percent: int) -> float:
    model, days = _organised(teams), TEAM_DAYS / teams
    return float(np.mean([own_trains_h(seed, crossing_percent, model, days) for seed in SEEDS]))


def _organised(teams: int) -> DeliveryModel:
    if not 1 <= teams <= MOST_TEAMS:
        raise ValueError(f"teams is {teams!r}; it must be from 1 to {MOST_TEAMS}")
    return replace(DELIVERY, teams=teams)
