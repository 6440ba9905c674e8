"""People around the monolithic shop: teams on one release train, or each with a unit and a train of its own.

A model of people, not a measurement: `archlab.sim.teams.delivery.DeliveryModel` lists its assumptions. Every verdict
names the assumption that moves it most, and the value at which it flips.

>>> most_teams([8], [0.1, 0.02]).most_teams.tolist()
[5, 16]
>>> queue_grows_from_teams(), round(queue_grows_from_minutes(), 1)
(6, 14.3)
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache, partial

import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_from, holds_up_to
from archlab.sim.experiment import sweep
from archlab.sim.teams.comparison import ONE_UNIT, UNIT_PER_TEAM, differences, intervals, sweep_teams
from archlab.sim.teams.delivery import WORKING_DAY_S, DeliveryModel
from archlab.sim.teams.release_train import LEAD_TIME, deliver
from archlab.sim.teams.theory import load, most_teams_on_one_unit

TEAMS = (1, 2, 3, 4, 5, 6)
UNITS = 5
"""As many as the shop has modules."""

DELIVERY = DeliveryModel()
DAYS = 60.0
LONG_DAYS = 120.0
"""Lead times differ more from seed to seed than runs of a pipeline do."""
SEEDS = range(10)


def both_organisations(
    teams: Sequence[int] = TEAMS,
    model: DeliveryModel = DELIVERY,
    replications: int = 10,
    days: float = DAYS,
    seed: int = 1,
) -> pd.DataFrame:
    """Run one train for all teams, and a train for each, with each number of teams: a row a run.

    The columns are those of `archlab.sim.teams.comparison.sweep_teams`. The first sixth of the days is warm-up.
    """
    return sweep_teams(model, teams, replications, days, warm_up_days=days / 6, seed=seed)


def lead_times(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the mean lead time of a change in both organisations; takes `both_organisations`.

    A row a number of teams: `teams`, `shared_h` and `separate_h` with their intervals, `shared_saturated`, and
    `shared_is_slower_by_h` with its paired interval. Hours of working time.
    """
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


@lru_cache(maxsize=256)
def one_team(seed: int, units: int, model: DeliveryModel = DELIVERY, days: float = DAYS) -> dict[str, float]:
    """Return what one team needs to deliver with so many units: mean lead time, runs of the pipeline a change."""
    delivered = deliver(replace(model, teams=1, units=units), days, seed)
    summary = delivered.summary(days / 10)
    trains = delivered.trains[delivered.trains.left_s >= days / 10 * WORKING_DAY_S]
    return {
        "lead_time_h": summary[LEAD_TIME],
        "runs_per_change": float(trains.runs.sum() / summary["released"]),
    }


def _one_team(
    seed: int, units: int, coordinated_percent: float, model: DeliveryModel, days: float = DAYS
) -> dict[str, float]:
    """The same, with this share of changes that touch two units. One unit has no such changes."""
    touching = replace(model, coordinated_fraction=coordinated_percent / 100) if units > 1 else model
    return one_team(seed, units, touching, days)


def one_unit_or_five(
    coordinated_percents: Sequence[float] = (0.0, 10.0, 20.0, 40.0, 60.0),
    units: int = UNITS,
    seeds: Iterable[int] = SEEDS,
    model: DeliveryModel = DELIVERY,
) -> pd.DataFrame:
    """Compare one team with one unit and the same team with `units`, against the share of changes that need two.

    Columns: coordinated_percent; lead_time_h and runs_per_change of one unit, with intervals; and the same of
    `units`, with names that begin with `split_`. The same changes on both sides. It leaves out the work of making and
    running more units, which errs in favour of the five; and a run of a fifth of the shop takes as long as one of the
    whole, which errs in favour of the one (`one_unit_is_faster_up_to_growing_run_percent`).
    """
    frames = {}
    for count in (1, units):
        grid = {"coordinated_percent": coordinated_percents, "units": [count]}
        frames[count] = sweep(partial(_one_team, model=model), grid, seeds).drop(columns="units")
    split = frames[units].drop(columns="coordinated_percent").add_prefix("split_")
    return pd.concat([frames[1], split], axis=1)


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


def extra_runs_from_percent(
    seeds: Iterable[int] = SEEDS, model: DeliveryModel = DELIVERY, units: int = UNITS
) -> Limit:
    """Return the share of changes that touch two units from which the pipelines run noticeably more often."""
    margin = partial(_extra_runs, model=model, units=units)
    return bisect(margin, between=(0, 60), holds="from", seeds=seeds, tolerance=2)


def _extra_runs(seed: int, coordinated_percent: float, model: DeliveryModel, units: int) -> float:
    """By how much the runs a change with several units are above what hides in the noise of one."""
    one, split = (_one_team(seed, count, coordinated_percent, model) for count in (1, units))
    return split["runs_per_change"] - (1 + NOTICEABLE_PERCENT / 100) * one["runs_per_change"]


def extra_runs_anyway_from_changes_per_day(
    seeds: Iterable[int] = SEEDS, model: DeliveryModel = DELIVERY, units: int = UNITS
) -> Limit:
    """Return the changes a day from which the pipelines run more often though no change touches two units.

    One unit then tests several changes together, and five seldom have two that wait.
    """
    margin = partial(_extra_runs_when_busy, model=model, units=units)
    return bisect(margin, between=(4, 20), holds="from", seeds=seeds, tolerance=1)


def _extra_runs_when_busy(seed: int, changes_per_day: float, model: DeliveryModel, units: int) -> float:
    return _extra_runs(seed, 0.0, replace(model, changes_per_team_per_day=changes_per_day), units)


@settles("pros.easy-deployment", evidence=Evidence.MODELLED)
def easy_deployment(extra_runs_from_percent: float, extra_runs_anyway_from_changes_per_day: float) -> Verdict:
    """Holds from the share of changes that touch two units at which a team runs its pipelines {NOTICEABLE_PERCENT} %
    more often for each change with five units than with one.
    """
    usual = DELIVERY.changes_per_team_per_day
    busy = Assumption(
        "the changes a team makes in a day",
        usual,
        extra_runs_anyway_from_changes_per_day,
        when="a team makes fewer than {flips_at} changes a day, and with more always",
    )
    return holds_from(extra_runs_from_percent, "% of changes that would touch two units", busy)


LARGEST_ORGANISATION = 12
"""Teams on one program: about a hundred people. With more the question is no longer whether to split it."""


def queue_grows_from_teams(model: DeliveryModel = DELIVERY) -> int:
    """Return the teams whose changes are more than one pipeline can bring out, by theory: exact, without luck."""
    return most_teams_on_one_unit(model) + 1


def queue_grows_from_minutes(model: DeliveryModel = DELIVERY) -> float:
    """Return how long a run must take so that the `LARGEST_ORGANISATION` is too much for one pipeline, by theory.

    The load is proportional to the length of a run. A run of ten minutes is what extreme programming asks for (K.
    Beck, *Extreme Programming Explained*, 2004, "ten-minute build"); those of large programs take an hour and more.
    """
    return _minutes_of_a_run(model) / load(replace(model, teams=LARGEST_ORGANISATION, units=1))


@settles("cons.long-deployment-cycles", evidence=Evidence.MODELLED)
def long_deployment_cycles(queue_grows_from_teams: int, queue_grows_from_minutes: float) -> Verdict:
    """Holds from the number of teams whose changes are more than the one pipeline for all can bring out: the queue
    grows for as long as people commit. Tried with up to {LARGEST_ORGANISATION} teams.
    """
    if queue_grows_from_teams > LARGEST_ORGANISATION:
        return holds_from(math.inf, "teams on one release train")
    run = Assumption(
        "a run of its pipeline",
        _minutes_of_a_run(DELIVERY),
        queue_grows_from_minutes,
        "minutes",
        when=f"a run of its pipeline takes at least {{flips_at}}: a shorter one serves {LARGEST_ORGANISATION} teams",
    )
    return holds_from(queue_grows_from_teams, "teams on one release train", run)


def _minutes_of_a_run(model: DeliveryModel) -> float:
    return model.pipeline_s / 60


def shared_train_is_faster_up_to_teams(runs: pd.DataFrame) -> Limit:
    """Return the teams up to which one train for all is not the slower one; takes `both_organisations`.

    Every whole number was tried, so the limit lies between no two of them. One team alone has one train either way,
    so counting begins with two: -inf where one train is slower even for these, inf where it never is.
    """
    several = runs[runs.teams > 1].pivot(
        index="replication", columns=["organisation", "teams"], values=LEAD_TIME
    )
    slower = several[ONE_UNIT] > several[UNIT_PER_TEAM]
    return Limit("up to", [_last_before(row) for _, row in slower.iterrows()], whole=True)


def _last_before(slower: pd.Series) -> float:
    """The number of teams before the first at which one train is slower."""
    if not slower.any():
        return math.inf
    first = int(slower.idxmax())
    return float(first - 1) if first > slower.index[0] else -math.inf


def shared_train_is_faster_from_percent(
    seeds: Iterable[int] = SEEDS, model: DeliveryModel = DELIVERY
) -> Limit:
    """Return the share of changes that touch two units below which even two teams are faster with a train each."""
    margin = partial(_shared_is_faster_h, model=replace(model, teams=2))
    return bisect(margin, between=(0, 20), holds="from", seeds=seeds, tolerance=1)


def _shared_is_faster_h(seed: int, coordinated_percent: float, model: DeliveryModel) -> float:
    touching = replace(model, coordinated_fraction=coordinated_percent / 100)
    return _lead_time_h(seed, replace(touching, units=model.teams)) - _lead_time_h(
        seed, replace(model, units=1)
    )


@lru_cache(maxsize=64)
def _lead_time_h(seed: int, model: DeliveryModel) -> float:
    return deliver(model, DAYS, seed).summary(DAYS / 6)[LEAD_TIME]


@settles("when-to-use.team-is-small", evidence=Evidence.MODELLED)
def team_is_small(
    shared_train_is_faster_up_to_teams: float, shared_train_is_faster_from_percent: float
) -> Verdict:
    """Holds up to the number of teams at which the mean change is out no later with one train for all than with
    one for each.
    """
    touching = Assumption(
        "the share of changes that touch two units",
        100 * DELIVERY.coordinated_fraction,
        shared_train_is_faster_from_percent,
        "%",
        when="{flips_at} of the changes, or more, touch two units",
    )
    return holds_up_to(shared_train_is_faster_up_to_teams, "teams", touching)


def one_unit_is_faster_from_percent(
    seeds: Iterable[int] = SEEDS, model: DeliveryModel = DELIVERY, units: int = UNITS
) -> Limit:
    """Return the share of changes that touch two units from which one team delivers sooner with one unit."""
    margin = partial(_one_unit_is_faster_h, model=model, units=units)
    return bisect(margin, between=(0, 60), holds="from", seeds=seeds, tolerance=2)


def _one_unit_is_faster_h(seed: int, coordinated_percent: float, model: DeliveryModel, units: int) -> float:
    one, split = (_one_team(seed, count, coordinated_percent, model, LONG_DAYS) for count in (1, units))
    return split["lead_time_h"] - one["lead_time_h"]


def one_unit_is_faster_up_to_growing_run_percent(
    seeds: Iterable[int] = SEEDS, model: DeliveryModel = DELIVERY, units: int = UNITS
) -> Limit:
    """Return the share of a run that may grow with the code, so that one unit is still faster at our share of
    changes that touch two: a run of the whole then takes longer than one of a fifth.
    """
    margin = partial(_one_unit_is_faster_though_grown_h, model=model, units=units)
    return bisect(margin, between=(0, 80), holds="up to", seeds=seeds, tolerance=2.5)


def _one_unit_is_faster_though_grown_h(
    seed: int, grown_percent: float, model: DeliveryModel, units: int
) -> float:
    grown_s = model.build_and_test_s * grown_percent / 100
    grown = replace(
        model, build_and_test_s=model.build_and_test_s - grown_s, build_and_test_per_team_s=grown_s
    )
    return _one_unit_is_faster_h(seed, 100 * model.coordinated_fraction, grown, units)


@settles("when-to-use.rapid-prototyping", evidence=Evidence.MODELLED)
def rapid_prototyping(
    one_unit_is_faster_from_percent: float, one_unit_is_faster_up_to_growing_run_percent: float
) -> Verdict:
    """Holds from the share of changes that touch two units at which one team delivers sooner with one unit than
    with five.
    """
    grown = Assumption(
        "the share of a run that grows with the code",
        100 * DELIVERY.build_and_test_per_team_s / DELIVERY.pipeline_s,
        one_unit_is_faster_up_to_growing_run_percent,
        "%",
    )
    return holds_from(one_unit_is_faster_from_percent, "% of changes that would touch two units", grown)
