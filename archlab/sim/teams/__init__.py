"""Teams that deliver changes: release trains, their theory, and one train compared with many."""

from archlab.sim.teams.comparison import (
    ONE_UNIT,
    ONE_UNIT_EQUAL_MONEY,
    UNIT_PER_TEAM,
    crossing,
    differences,
    intervals,
    sweep_teams,
)
from archlab.sim.teams.delivery import WORKING_DAY_S, DeliveryModel
from archlab.sim.teams.release_train import LEAD_TIME, deliver
from archlab.sim.teams.theory import (
    capacity_per_day,
    most_teams_on_one_unit,
    probability_train_fails,
    runs_per_train,
)

__all__ = [
    "LEAD_TIME",
    "ONE_UNIT",
    "ONE_UNIT_EQUAL_MONEY",
    "UNIT_PER_TEAM",
    "WORKING_DAY_S",
    "DeliveryModel",
    "capacity_per_day",
    "crossing",
    "deliver",
    "differences",
    "intervals",
    "most_teams_on_one_unit",
    "probability_train_fails",
    "runs_per_train",
    "sweep_teams",
]
