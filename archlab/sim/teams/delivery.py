"""Delivery: an organisation of teams and deployment units, described by numbers you can change.

A model of people. Teams commit changes; each deployment unit has one pipeline or more, and each of these builds,
tests and releases one train of changes at a time. One unit is a monolith; a unit for each team is what microservices
aim at. `archlab.sim.teams.release_train` simulates it, `archlab.sim.teams.theory` holds the closed forms.

>>> monolith = DeliveryModel(teams=6)
>>> services = DeliveryModel(teams=6, units=6)
>>> monolith.home_units(team=4), services.home_units(team=4)
([0], [4])
"""

from dataclasses import dataclass, field, fields
from typing import Any

import pandas as pd

from archlab.sim.validation import (
    require_fraction,
    require_instance,
    require_non_negative,
    require_positive,
    require_whole,
)

HOUR_S = 3600.0
WORKING_DAY_S = 8 * HOUR_S

STRUCTURAL_ASSUMPTIONS = {
    "working time": "Time counts eight hours a day. Nights and weekends are left out: lead times err low.",
    "trains do not wait for each other": "Where a unit has several pipelines, each releases its train when it is done."
    " Merge queues test the second as if the first had passed, and again when it has not: this errs in favour of the"
    " shared unit.",
    "each half fails as a whole": "A change that needs two units fails in each of them as often as a whole change:"
    " this errs in favour of the shared unit.",
    "both halves are tested": "When one half of a failed train passes, the other is tested as well, though it"
    " must fail. Some merge queues save that run (https://docs.mergify.com/merge-queue/batches/failures):"
    " this errs against the shared unit.",
    "no conflicts": "Changes on one train never conflict with each other, and a train that failed releases"
    " its good changes without their fix: this errs in favour of the shared unit.",
    "the pipeline sees every failure": "No failure reaches production: lead times err low.",
    "teams never wait for themselves": "A team commits and fixes at once, however much else it has to do.",
}
"""What the model takes for granted without a number to change, and the direction in which it errs."""


def _assumed(default: float, meaning: str) -> Any:
    """Return a dataclass field that carries its meaning, for `DeliveryModel.assumptions`."""
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True)
class DeliveryModel:
    """An organisation and how it delivers. Every number is an assumption: a guess to replace by your own.

    `units=1` puts all teams on one train; `units=teams` gives each team a unit; more units than teams give
    each team several. Unit `u` belongs to team `u % teams`. Times are seconds of working time. No default
    comes from a measurement; `assumptions()` lists them with their meaning.

    Raises:
        ValueError: when a count is not whole or a number is outside its range.
    """

    teams: int = _assumed(1, "teams that commit changes")
    units: int = _assumed(1, "deployment units, each with its own pipelines; 1 is a monolith")
    pipelines: int = _assumed(1, "pipelines of each unit: so many trains are tested at the same time")
    changes_per_team_per_day: float = _assumed(4.0, "changes a team commits a day (a Poisson process)")
    change_failure_probability: float = _assumed(
        0.1, "probability that a new or a fixed change fails in the pipeline, whatever the others do"
    )
    build_and_test_s: float = _assumed(1800.0, "seconds to build, test and release one train of any size")
    build_and_test_per_team_s: float = _assumed(
        0.0, "seconds added for each team's worth of code in a unit; 0 errs in favour of the shared unit"
    )
    batch_size: int = _assumed(8, "changes a train takes at most; it leaves when the pipeline is free")
    fix_s: float = _assumed(7200.0, "seconds until a team commits the fix of a failing change")
    coordinated_fraction: float = _assumed(
        0.2, "share of changes that need a second unit, released after the first; one unit has none"
    )
    handover_s: float = _assumed(14400.0, "seconds until the team that owns the second unit commits its part")

    def __post_init__(self) -> None:
        for name in ("teams", "units", "pipelines", "batch_size"):
            require_whole(name, getattr(self, name), at_least=1)
        for name in ("changes_per_team_per_day", "build_and_test_s"):
            require_positive(name, getattr(self, name))
        for name in ("build_and_test_per_team_s", "fix_s", "handover_s"):
            require_non_negative(name, getattr(self, name))
        require_fraction("coordinated_fraction", self.coordinated_fraction)
        require_fraction("change_failure_probability", self.change_failure_probability)
        if self.change_failure_probability == 1:
            raise ValueError("change_failure_probability is 1; it must be below 1: nothing would be released")

    @property
    def pipeline_s(self) -> float:
        """Seconds one run of a unit's pipeline takes: the code is spread evenly over the units."""
        return self.build_and_test_s + self.build_and_test_per_team_s * self.teams / self.units

    def home_units(self, team: int) -> list[int]:
        """Return the units in which a team's changes start."""
        return list(range(team, self.units, self.teams)) or [team % self.units]

    def assumptions(self) -> pd.DataFrame:
        """Return every assumption: columns assumption, value (None where there is no number), meaning."""
        numbers = [(f.name, getattr(self, f.name), f.metadata["meaning"]) for f in fields(self)]
        structure = [(name, None, meaning) for name, meaning in STRUCTURAL_ASSUMPTIONS.items()]
        return pd.DataFrame(numbers + structure, columns=["assumption", "value", "meaning"], dtype=object)


def require_model(model: DeliveryModel) -> None:
    """Raise `TypeError` unless `model` is a `DeliveryModel`."""
    require_instance("model", model, DeliveryModel, "a DeliveryModel")
