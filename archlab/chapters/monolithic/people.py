"""People around the monolithic shop: teams on one release train, or each with a unit and a train of its own.

A model of people, not a measurement: `archlab.sim.teams.delivery.DeliveryModel` lists its assumptions. The verdicts
compare at equal money: what is shared has as many pipelines as those have together that are not. Machines for tests can
be had by the hour, and merge queues do test several trains at a time: GitLab's up to twenty (its manual, "Merge
trains"). Every verdict names the assumption that moves it most, and the value at which it flips.

>>> most_teams([8], [0.1, 0.02]).most_teams.tolist()
[5, 16]
>>> queue_grows_from_teams(), queue_grows_up_to_pipelines()
(6, 2.0)
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache, partial

import joblib
import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_from, holds_up_to
from archlab.course.figures import designs
from archlab.sim.experiment import sweep
from archlab.sim.parallel import in_parallel
from archlab.sim.teams.comparison import (
    ONE_UNIT,
    ONE_UNIT_EQUAL_MONEY,
    ORGANISATIONS,
    UNIT_PER_TEAM,
    intervals,
    organised,
    sweep_teams,
)
from archlab.sim.teams.delivery import HOUR_S, WORKING_DAY_S, DeliveryModel
from archlab.sim.teams.release_train import LEAD_TIME, deliver
from archlab.sim.teams.theory import load, most_teams_on_one_unit

LARGEST_ORGANISATION = 12
"""Teams on one program: about a hundred people. With more the question is no longer whether to split it."""

TEAMS = (1, 2, 3, 4, 5, 6, LARGEST_ORGANISATION)
UNITS = 5
"""As many as the shop has modules."""

DELIVERY = DeliveryModel()
DAYS = 60.0
LONG_DAYS = 120.0
"""Lead times differ more from seed to seed than runs of a pipeline do."""
MONTH_DAYS = 20.0
"""Enough for twelve teams, who make fifty changes a day."""
SEEDS = range(10)


def both_organisations(
    teams: Sequence[int] = TEAMS,
    model: DeliveryModel = DELIVERY,
    replications: int = 10,
    days: float = 2 * MONTH_DAYS,
    seed: int = 1,
) -> pd.DataFrame:
    """Run one train for all teams with one pipeline, with one for each team, and a train for each: a row a run.

    With each number of teams. The columns are those of `archlab.sim.teams.comparison.sweep_teams`. The first sixth of
    the days is warm-up.
    """
    names = list(ORGANISATIONS)
    return sweep_teams(
        model, teams, replications, days, warm_up_days=days / 6, seed=seed, organisations=names
    )


SHARED = (ONE_UNIT_EQUAL_MONEY, ONE_UNIT)
"""One train for all, with a pipeline for each team, and with one."""

COLUMNS = {ONE_UNIT: "one_pipeline_h", ONE_UNIT_EQUAL_MONEY: "shared_h", UNIT_PER_TEAM: "separate_h"}
LINES = {
    "one_pipeline_h": "one train, one pipeline",
    "shared_h": "one train, a pipeline a team",
    "separate_h": "a train for each team",
}
"""The names of the columns of `lead_times` in a figure."""


def lead_times(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the mean lead time of a change in each organisation; takes `both_organisations`.

    A row a number of teams: `teams`, `one_pipeline_h` (a shared train with one pipeline), `shared_h` (with one for each
    team) and `separate_h`, with their intervals and `_saturated`. Hours of working time.
    """
    each = intervals(runs, LEAD_TIME).drop(columns="load").set_index("teams")
    columns = [
        _renamed(each[each.organisation == organisation].drop(columns="organisation"), name)
        for organisation, name in COLUMNS.items()
    ]
    return pd.concat(columns, axis=1).reset_index()


def lead_time_lines(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the same as the lines of a figure: design, teams, lead_time_hours with its interval."""
    return designs(lead_times(runs), "teams", "lead_time_hours", LINES)


def in_hours(model: DeliveryModel = DELIVERY) -> pd.DataFrame:
    """Return the numbers of the model that matter most, in working hours and per cent: a row each."""
    rows = [
        ("changes of a team in a day", model.changes_per_team_per_day),
        ("build, test and release one train [h]", model.build_and_test_s / HOUR_S),
        ("changes that a train takes at most", model.batch_size),
        ("changes that fail in the pipeline [%]", 100 * model.change_failure_probability),
        ("the team fixes a failing change [h]", model.fix_s / HOUR_S),
        ("changes that need two units [%]", 100 * model.coordinated_fraction),
        ("the second team takes over [h]", model.handover_s / HOUR_S),
    ]
    return pd.DataFrame(rows, columns=["assumption", "value"]).set_index("assumption")


def conclusion(one_pipeline: float, one_each: float) -> str:
    """Return in words up to how many teams one train is no slower, with one pipeline and with one for each team."""
    served = [
        ("always" if teams > 0 else "never") if math.isinf(teams) else f"up to {teams:.0f} teams"
        for teams in (one_pipeline, one_each)
    ]
    return f"One train is no slower with one pipeline {served[0]}, with one for each team {served[1]}"


def _renamed(interval: pd.DataFrame, name: str) -> pd.DataFrame:
    ends = {"low": f"{name}_low", "high": f"{name}_high", "saturated": f"{name}_saturated"}
    return interval.rename(columns={"mean": name} | ends)


@lru_cache(maxsize=1024)
def one_team(
    seed: int, units: int, model: DeliveryModel = DELIVERY, days: float = DAYS, pipelines: int = 1
) -> dict[str, float]:
    """Return what one team needs to deliver with so many units, and so many pipelines for each of them.

    The mean lead time, and the minutes of pipelines that a change takes.
    """
    organised_so = replace(model, teams=1, units=units, pipelines=pipelines)
    delivered = deliver(organised_so, days, seed)
    summary = delivered.summary(days / 10)
    trains = delivered.trains[delivered.trains.left_s >= days / 10 * WORKING_DAY_S]
    return {
        "lead_time_h": summary[LEAD_TIME],
        "pipeline_minutes": float(trains.runs.sum() * organised_so.pipeline_s / 60 / summary["released"]),
    }


def _split(
    seed: int, coordinated_percent: float, units: int, model: DeliveryModel, days: float
) -> dict[str, float]:
    """The same with several units, a pipeline for each, when so many changes touch two of them."""
    return one_team(seed, units, replace(model, coordinated_fraction=coordinated_percent / 100), days)


def one_unit_or_five(
    coordinated_percents: Sequence[float] = (0.0, 10.0, 20.0, 40.0, 60.0),
    units: int = UNITS,
    seeds: Iterable[int] = SEEDS,
    model: DeliveryModel = DELIVERY,
) -> pd.DataFrame:
    """Compare one team with one unit and the same team with `units`, against the share of changes that need two.

    Columns: coordinated_percent; lead_time_h and pipeline_minutes (for each change) of one unit that has as many
    pipelines as the `units` together, with intervals; the same of one unit with a single pipeline, with names that
    begin with `one_pipeline_`; and of `units`, with `split_`. The same changes everywhere. It leaves out the work of
    making and running more units, which errs in favour of the five; and a run of a fifth of the shop takes as long as
    one of the whole, which errs in favour of the one (`one_unit_is_faster_up_to_growing_run_percent`).
    """
    chosen = list(seeds)
    runs = {
        "": partial(one_team, units=1, model=model, days=DAYS),
        "split_": partial(_split, units=units, model=model, days=DAYS),
    }
    one = sweep(runs[""], {"pipelines": [1, units]}, chosen).set_index("pipelines")
    split = sweep(runs["split_"], {"coordinated_percent": coordinated_percents}, chosen)
    named = split.set_index("coordinated_percent").add_prefix("split_").reset_index()
    alone = pd.concat([one.loc[units], one.loc[1].add_prefix("one_pipeline_")])
    return named.assign(**alone.to_dict())


TOUCHING = "changes_that_touch_two_units_percent"
UNIT_LINES = {
    "one_pipeline_lead_time_h": "one unit, one pipeline",
    "lead_time_h": "one unit, five pipelines",
    "split_lead_time_h": "five units, a pipeline each",
}
"""The names of the columns of `one_unit_or_five` in a figure, with the usual number of units."""


def lines_of_units(units: pd.DataFrame) -> pd.DataFrame:
    """Return `one_unit_or_five` as the lines of a figure: design, `TOUCHING`, lead_time_hours with its interval."""
    named = units.rename(columns={"coordinated_percent": TOUCHING})
    return designs(named, TOUCHING, "lead_time_hours", UNIT_LINES)


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


def extra_minutes_from_percent(
    seeds: Iterable[int] = SEEDS, model: DeliveryModel = DELIVERY, units: int = UNITS
) -> Limit:
    """Return the share of changes that touch two units from which the pipelines run noticeably longer."""
    margin = partial(_extra_minutes, model=model, units=units)
    return bisect(margin, between=(0, 100), holds="from", seeds=seeds, tolerance=2)


def _extra_minutes(seed: int, coordinated_percent: float, model: DeliveryModel, units: int) -> float:
    """By how much the minutes a change takes in several units are above what hides in the noise of one."""
    one = one_team(seed, 1, model, DAYS, units)
    split = _split(seed, coordinated_percent, units, model, DAYS)
    return split["pipeline_minutes"] - (1 + NOTICEABLE_PERCENT / 100) * one["pipeline_minutes"]


def extra_minutes_up_to_growing_run_percent(
    seeds: Iterable[int] = SEEDS, model: DeliveryModel = DELIVERY, units: int = UNITS
) -> Limit:
    """Return the share of a run that may grow with the code, so that several units still run noticeably longer at our
    share of changes that touch two: a run of a fifth of the code is then a short one.
    """
    margin = partial(_extra_minutes_though_grown, model=model, units=units)
    return bisect(margin, between=(0, 80), holds="up to", seeds=seeds, tolerance=2)


def _extra_minutes_though_grown(seed: int, grown_percent: float, model: DeliveryModel, units: int) -> float:
    return _extra_minutes(seed, 100 * model.coordinated_fraction, _grown(model, grown_percent), units)


def _grown(model: DeliveryModel, grown_percent: float) -> DeliveryModel:
    """Of one unit's run this share grows with the code; a run of one unit takes as long as before."""
    grown_s = model.build_and_test_s * grown_percent / 100
    return replace(
        model, build_and_test_s=model.build_and_test_s - grown_s, build_and_test_per_team_s=grown_s
    )


def growing_percent(model: DeliveryModel = DELIVERY) -> float:
    """Return how much of a run grows with the code: in our model nothing, which errs in favour of one unit."""
    return 100 * model.build_and_test_per_team_s / replace(model, teams=1, units=1).pipeline_s


@settles(
    "pros.easy-deployment",
    evidence=Evidence.MODELLED,
    says={
        "extra_minutes_from_percent": "five units take more from a share of such changes of",
        "extra_minutes_up_to_growing_run_percent": "as long as a run grows with the code by no more than",
    },
)
def easy_deployment(
    extra_minutes_from_percent: float, extra_minutes_up_to_growing_run_percent: float
) -> Verdict:
    """Holds from the share of changes that touch two units at which each change takes {NOTICEABLE_PERCENT} % more time
    of pipelines with five units than with one. All have the same number of pipelines.
    """
    grown = Assumption(
        "the share of a run that grows with the code",
        growing_percent(),
        extra_minutes_up_to_growing_run_percent,
        "%",
    )
    return holds_from(extra_minutes_from_percent, "% of changes that would touch two units", grown)


def queue_grows_from_teams(model: DeliveryModel = DELIVERY) -> int:
    """Return the teams whose changes are more than one pipeline can bring out, by theory: exact, without luck."""
    return most_teams_on_one_unit(replace(model, pipelines=1)) + 1


def queue_grows_at_equal_money_from_teams(model: DeliveryModel = DELIVERY) -> float:
    """Return the teams whose changes are more than a pipeline for each of them can bring out together, by theory.

    inf when there is no such number up to the `LARGEST_ORGANISATION`: where a run does not grow with the code, so many
    pipelines bring out what so many teams change.
    """
    for teams in range(1, LARGEST_ORGANISATION + 1):
        if load(organised(model, teams, ONE_UNIT_EQUAL_MONEY)) >= 1:
            return float(teams)
    return math.inf


def queue_grows_up_to_pipelines(model: DeliveryModel = DELIVERY) -> float:
    """Return the most pipelines that the `LARGEST_ORGANISATION` is too much for, by theory; -inf when one is enough."""
    shared = replace(model, teams=LARGEST_ORGANISATION, units=1, pipelines=1)
    return float(math.floor(load(shared))) if load(shared) >= 1 else -math.inf


@settles(
    "cons.long-deployment-cycles",
    evidence=Evidence.MODELLED,
    says={
        "queue_grows_at_equal_money_from_teams": "teams with which the queue grows, at equal money",
        "queue_grows_up_to_pipelines": "pipelines with which it grows, for the most teams",
    },
)
def long_deployment_cycles(
    queue_grows_at_equal_money_from_teams: float, queue_grows_up_to_pipelines: float
) -> Verdict:
    """Holds from the number of teams whose changes are more than one train for all can bring out, with as many
    pipelines as there are teams: the queue grows for as long as people commit. Tried with up to {LARGEST_ORGANISATION}
    teams.
    """
    pipelines = Assumption(
        f"the pipelines of a train for {LARGEST_ORGANISATION} teams",
        LARGEST_ORGANISATION,
        queue_grows_up_to_pipelines,
    )
    return holds_from(queue_grows_at_equal_money_from_teams, "teams on one release train", pipelines)


def shared_train_is_faster_up_to_teams(runs: pd.DataFrame, organisation: str = ONE_UNIT_EQUAL_MONEY) -> Limit:
    """Return the teams up to which one train for all is not the slower one; takes `both_organisations`.

    `organisation`: the pipelines of the one train. Of the numbers of teams that were tried, it is the last. One team
    alone has one train either way, so counting begins with two: -inf where one train is slower even for these, inf
    where it never is.
    """
    several = runs[runs.teams > 1].pivot(
        index="replication", columns=["organisation", "teams"], values=LEAD_TIME
    )
    slower = several[organisation] > several[UNIT_PER_TEAM]
    return Limit("up to", [_last_before(row) for _, row in slower.iterrows()], whole=True)


def _last_before(slower: pd.Series) -> float:
    """The number of teams before the first at which one train is slower."""
    if not slower.any():
        return math.inf
    before = slower.index[: int(slower.to_numpy().argmax())]
    return float(before[-1]) if len(before) else -math.inf


def shared_train_is_faster_from_pipelines(
    seeds: Iterable[int] = SEEDS, model: DeliveryModel = DELIVERY
) -> float:
    """Return how many pipelines one train for the `LARGEST_ORGANISATION` needs so that it is no slower with any seed.

    -inf when one is enough, inf when not even one for each team is.
    """
    chosen, teams = list(seeds), LARGEST_ORGANISATION
    separate = _lead_times_h(chosen, organised(model, teams, UNIT_PER_TEAM))
    for pipelines in range(1, teams + 1):
        shared = _lead_times_h(chosen, replace(model, teams=teams, units=1, pipelines=pipelines))
        if all(one <= own for one, own in zip(shared, separate, strict=True)):
            return float(pipelines) if pipelines > 1 else -math.inf
    return math.inf


def _lead_times_h(seeds: Sequence[int], model: DeliveryModel) -> list[float]:
    return list(in_parallel(joblib.delayed(_lead_time_h)(seed, model) for seed in seeds))


def _lead_time_h(seed: int, model: DeliveryModel) -> float:
    return deliver(model, MONTH_DAYS, seed).summary(MONTH_DAYS / 6)[LEAD_TIME]


@settles(
    "when-to-use.team-is-small",
    evidence=Evidence.MODELLED,
    says={
        "shared_train_is_faster_up_to_teams": "teams up to which one train is as fast",
        "shared_train_is_faster_from_pipelines": "pipelines that one train needs, for the most teams",
    },
)
def team_is_small(
    shared_train_is_faster_up_to_teams: float, shared_train_is_faster_from_pipelines: float
) -> Verdict:
    """Holds up to the number of teams at which the mean change is out no later with one train for all than with
    one for each. All have the same number of pipelines. Tried with up to {LARGEST_ORGANISATION} teams.
    """
    pipelines = Assumption(
        f"the pipelines of one train for {LARGEST_ORGANISATION} teams",
        LARGEST_ORGANISATION,
        shared_train_is_faster_from_pipelines,
    )
    return holds_up_to(shared_train_is_faster_up_to_teams, "teams", pipelines)


def one_unit_is_faster_from_percent(
    seeds: Iterable[int] = SEEDS,
    model: DeliveryModel = DELIVERY,
    units: int = UNITS,
    pipelines: int | None = None,
) -> Limit:
    """Return the share of changes that touch two units from which one team delivers noticeably sooner with one unit.

    `pipelines` of the one unit; None: as many as the several units have together.
    """
    margin = partial(_one_unit_is_faster_h, model=model, units=units, pipelines=pipelines)
    return bisect(margin, between=(0, 100), holds="from", seeds=seeds, tolerance=2)


def _one_unit_is_faster_h(
    seed: int, coordinated_percent: float, model: DeliveryModel, units: int, pipelines: int | None = None
) -> float:
    """By how much the lead time with several units is above what hides in the noise of one."""
    one = one_team(seed, 1, model, LONG_DAYS, units if pipelines is None else pipelines)
    split = _split(seed, coordinated_percent, units, model, LONG_DAYS)
    return split["lead_time_h"] - (1 + NOTICEABLE_PERCENT / 100) * one["lead_time_h"]


def one_unit_is_faster_up_to_growing_run_percent(
    seeds: Iterable[int] = SEEDS, model: DeliveryModel = DELIVERY, units: int = UNITS
) -> Limit:
    """Return the share of a run that may grow with the code, so that one unit is still noticeably faster at our share
    of changes that touch two: a run of the whole then takes longer than one of a fifth.
    """
    margin = partial(_one_unit_is_faster_though_grown_h, model=model, units=units)
    return bisect(margin, between=(0, 80), holds="up to", seeds=seeds, tolerance=2.5)


def _one_unit_is_faster_though_grown_h(
    seed: int, grown_percent: float, model: DeliveryModel, units: int
) -> float:
    return _one_unit_is_faster_h(seed, 100 * model.coordinated_fraction, _grown(model, grown_percent), units)


@settles(
    "when-to-use.rapid-prototyping",
    evidence=Evidence.MODELLED,
    says={
        "one_unit_is_faster_from_percent": "one unit is faster from a share of such changes of",
        "one_unit_is_faster_up_to_growing_run_percent": "as long as a run grows with the code by no more than",
    },
)
def rapid_prototyping(
    one_unit_is_faster_from_percent: float, one_unit_is_faster_up_to_growing_run_percent: float
) -> Verdict:
    """Holds from the share of changes that touch two units at which one team takes {NOTICEABLE_PERCENT} % longer to
    bring out a change with five units than with one. All have the same number of pipelines.
    """
    grown = Assumption(
        "the share of a run that grows with the code",
        growing_percent(),
        one_unit_is_faster_up_to_growing_run_percent,
        "%",
    )
    return holds_from(one_unit_is_faster_from_percent, "% of changes that would touch two units", grown)
