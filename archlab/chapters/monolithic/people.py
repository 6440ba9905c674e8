"""People around the monolithic shop: teams on one release train, or each with a unit and a train of its own.

A model of people, not a measurement: `archlab.sim.teams.delivery.DeliveryModel` lists its assumptions. The rules
at the end judge by the runs of the pipeline for a change, and by limits read off the curves of lead times.

>>> most_teams([8], [0.1, 0.02]).most_teams.tolist()
[5, 16]
>>> team_is_small(shared_train_is_faster_up_to_teams=3).words
'Holds when: up to 3 teams'
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, first_holding, holds_from, holds_if, holds_up_to
from archlab.sim.experiment import sweep
from archlab.sim.teams.comparison import ONE_UNIT, UNIT_PER_TEAM, differences, intervals, sweep_teams
from archlab.sim.teams.delivery import WORKING_DAY_S, DeliveryModel
from archlab.sim.teams.release_train import LEAD_TIME, deliver
from archlab.sim.teams.theory import most_teams_on_one_unit

TEAMS = (1, 2, 3, 4, 5, 6, 8, 12)
DELIVERY = DeliveryModel()


def lead_times(
    teams: Sequence[int] = TEAMS,
    model: DeliveryModel = DELIVERY,
    replications: int = 4,
    days: float = 60,
    seed: int = 1,
) -> pd.DataFrame:
    """Compare the mean lead time of a change on one shared train and on a train for each team.

    A row a number of teams: `teams`, `shared_h` and `separate_h` with their intervals, `shared_saturated`, and
    `shared_is_slower_by_h` with its paired interval. Hours of working time.
    """
    runs = sweep_teams(model, teams, replications, days, warm_up_days=days / 6, seed=seed)
    each = intervals(runs, LEAD_TIME).drop(columns="load").set_index("teams")
    shared, separate = (
        each[each.organisation == name].drop(columns="organisation") for name in (ONE_UNIT, UNIT_PER_TEAM)
    )
    more = differences(runs, LEAD_TIME).set_index("teams")
    columns = [
        _renamed(shared, "shared_h").rename(columns={"saturated": "shared_saturated"}),
        _renamed(separate, "separate_h").drop(columns="saturated"),
        _renamed(more, "shared_is_slower_by_h"),
    ]
    return pd.concat(columns, axis=1).reset_index()


def _renamed(interval: pd.DataFrame, name: str) -> pd.DataFrame:
    return interval.rename(columns={"mean": name, "low": f"{name}_low", "high": f"{name}_high"})


def one_team(
    seed: int, units: int, coordinated_fraction: float, model: DeliveryModel = DELIVERY, days: float = 100
) -> dict[str, float]:
    """Return what one team needs to deliver with so many units: mean lead time, runs of the pipeline a change."""
    built = replace(model, teams=1, units=units, coordinated_fraction=coordinated_fraction)
    delivered = deliver(built, days, seed)
    summary = delivered.summary(days / 10)
    trains = delivered.trains[delivered.trains.left_s >= days / 10 * WORKING_DAY_S]
    return {
        "lead_time_h": summary[LEAD_TIME],
        "runs_per_change": float(trains.runs.sum() / summary["released"]),
    }


def one_unit_or_five(
    coordinated_fractions: Sequence[float] = (0.0, 0.1, 0.2, 0.4, 0.6),
    units: int = 5,
    seeds: Iterable[int] = range(4),
    model: DeliveryModel = DELIVERY,
    days: float = 100,
) -> pd.DataFrame:
    """Compare one team with one unit and the same team with `units`, against the share of changes that need two.

    Columns: coordinated_percent; lead_time_h and runs_per_change of one unit, with intervals; the same of
    `units`, with names that begin with `split_`; and later_with_units_h, the difference of the lead times. The
    same changes on both sides. It leaves out the work of making and running more units: it errs in favour of
    the five.
    """
    frames = {}
    for count in (1, units):
        grid = {"units": [count], "coordinated_fraction": coordinated_fractions}
        frames[count] = sweep(partial(one_team, model=model, days=days), grid, seeds).drop(columns="units")
    split = frames[units].drop(columns="coordinated_fraction").add_prefix("split_")
    both = pd.concat([frames[1], split], axis=1)
    both.insert(0, "coordinated_percent", 100 * both.pop("coordinated_fraction"))
    return both.assign(later_with_units_h=both.split_lead_time_h - both.lead_time_h)


def most_teams(
    batch_sizes: Sequence[int] = (1, 2, 4, 8, 16, 32),
    failure_probabilities: Sequence[float] = (0.0, 0.02, 0.05, 0.1, 0.2),
    model: DeliveryModel = DELIVERY,
) -> pd.DataFrame:
    """Return how many teams one shared train can serve, by theory, for trains of each size and each probability
    that a change fails. Columns: batch_size, change_failure_probability, most_teams.
    """
    rows = [
        (size, p, most_teams_on_one_unit(replace(model, batch_size=size, change_failure_probability=p)))
        for p in failure_probabilities
        for size in batch_sizes
    ]
    return pd.DataFrame(rows, columns=["batch_size", "change_failure_probability", "most_teams"])


@settles("pros.easy-deployment", evidence=Evidence.MODELLED)
def easy_deployment(runs_per_change_one_unit: float, runs_per_change_five_units: float) -> Verdict:
    """Holds when a team runs its pipelines {NOTICEABLE_PERCENT} % more often for each change with five units than
    with one.
    """
    return holds_if(runs_per_change_five_units > (1 + NOTICEABLE_PERCENT / 100) * runs_per_change_one_unit)


WORKING_DAY_H = 8.0
"""A change that is not out on the day after it was written is late."""


def over_a_day_from_teams(times: pd.DataFrame) -> float:
    """Return the teams from which a mean change on one train takes more than a working day.

    Takes `lead_times`. Lead times of a saturated train grow with the days simulated; they only say
    "over a day".
    """
    return _up(first_holding(times.teams.tolist(), (times.shared_h - WORKING_DAY_H).tolist()))


@settles("cons.long-deployment-cycles", evidence=Evidence.MODELLED)
def long_deployment_cycles(over_a_day_from_teams: float) -> Verdict:
    """Holds from the number of teams at which the mean change takes more than {WORKING_DAY_H} hours, a working
    day, with one train for all.
    """
    return holds_from(over_a_day_from_teams, "teams on one release train")


def shared_train_is_faster_up_to_teams(times: pd.DataFrame) -> float:
    """Return the teams up to which one train is not the slower one; takes `lead_times`."""
    slower = _up(first_holding(times.teams.tolist(), times.shared_is_slower_by_h.tolist()))
    return slower - 1


@settles("when-to-use.team-is-small", evidence=Evidence.MODELLED)
def team_is_small(shared_train_is_faster_up_to_teams: float) -> Verdict:
    """Holds up to the number of teams at which the mean change is out no later with one train for all than with
    one for each.
    """
    return holds_up_to(shared_train_is_faster_up_to_teams, "teams")


def _up(teams: float) -> float:
    """Return the next whole number; inf and -inf as they are."""
    return teams if math.isinf(teams) else float(math.ceil(teams))


def one_unit_is_faster_from_percent(units: pd.DataFrame) -> float:
    """Return the share of changes that touch two units from which one unit is faster; takes `one_unit_or_five`."""
    return first_holding(units.coordinated_percent.tolist(), units.later_with_units_h.tolist())


@settles("when-to-use.rapid-prototyping", evidence=Evidence.MODELLED)
def rapid_prototyping(one_unit_is_faster_from_percent: float) -> Verdict:
    """Holds from the share of changes that touch two units at which one team delivers sooner with one unit than
    with five.
    """
    return holds_from(one_unit_is_faster_from_percent, "% of changes that would touch two units")
