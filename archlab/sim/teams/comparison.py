"""Comparison of organisations: all teams on one shared release train, or a unit and a train for each.

At equal money the shared train has as many pipelines as there are teams. All see the same changes under the same
seed, so their difference is compared pair by pair. Which is faster depends on the measure: the median change crosses no
border between teams, while the mean and the 95th percentile pay for the changes that do.

>>> model = DeliveryModel(change_failure_probability=0.05)
>>> sweep = sweep_teams(model, team_counts=[1, 16], replications=3, days=30, warm_up_days=5, seed=1)
>>> crossing(sweep, "lead_time_mean_h")
16
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from joblib import delayed

from archlab.sim.parallel import in_parallel
from archlab.sim.statistics import mean_interval
from archlab.sim.teams.delivery import DeliveryModel, require_model
from archlab.sim.teams.release_train import deliver
from archlab.sim.teams.theory import load
from archlab.sim.validation import (
    is_whole,
    refuse,
    require_instance,
    require_non_negative,
    require_one_of,
    require_positive,
    require_whole,
)

ONE_UNIT = "one unit"
ONE_UNIT_EQUAL_MONEY = "one unit, a pipeline per team"
UNIT_PER_TEAM = "a unit per team"
ORGANISATIONS: Mapping[str, Callable[[int], tuple[int, int]]] = {
    ONE_UNIT: lambda teams: (1, 1),
    ONE_UNIT_EQUAL_MONEY: lambda teams: (1, teams),
    UNIT_PER_TEAM: lambda teams: (teams, 1),
}
"""The units, and the pipelines of each, that so many teams have."""


def sweep_teams(
    model: DeliveryModel,
    team_counts: Iterable[int] = range(1, 21),
    replications: int = 10,
    days: float = 60,
    warm_up_days: float = 10,
    seed: int = 1,
    organisations: Sequence[str] = (ONE_UNIT, UNIT_PER_TEAM),
) -> pd.DataFrame:
    """Simulate these `ORGANISATIONS` for each number of teams, with joblib.

    Returns a row per run: teams, organisation, replication, load (of the busiest pipeline, by theory), and
    the figures of `Deliveries.summary`. `model.teams`, `model.units` and `model.pipelines` are replaced.

    Raises:
        ValueError: when there are fewer than two replications, which give no interval.
    """
    require_model(model)
    counts = list(team_counts) if _is_list(team_counts) else []
    if not counts or not all(is_whole(teams) and teams >= 1 for teams in counts):
        refuse(ValueError, "team_counts", team_counts, "a list of whole numbers, 1 or more")
    chosen = list(organisations) if _is_list(organisations) else []
    if not chosen or not all(isinstance(name, str) and name in ORGANISATIONS for name in chosen):
        refuse(ValueError, "organisations", organisations, f"a list of some of {', '.join(ORGANISATIONS)}")
    require_whole("replications", replications, at_least=2)
    require_positive("days", days)
    require_non_negative("warm_up_days", warm_up_days)
    require_whole("seed", seed, at_least=0)
    runs = [
        (organised(model, teams, name), name, replication)
        for teams in counts
        for name in chosen
        for replication in range(replications)
    ]
    rows = in_parallel(delayed(_run)(*run, days, warm_up_days, seed) for run in runs)
    return pd.DataFrame(rows)


def _is_list(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (str, Mapping))


def organised(model: DeliveryModel, teams: int, organisation: str) -> DeliveryModel:
    """Return the model with so many teams in one of the `ORGANISATIONS`."""
    require_one_of("organisation", organisation, list(ORGANISATIONS))
    units, pipelines = ORGANISATIONS[organisation](teams)
    return replace(model, teams=teams, units=units, pipelines=pipelines)


def _run(
    model: DeliveryModel, organisation: str, replication: int, days: float, warm_up_days: float, seed: int
) -> dict[str, str | float]:
    summary = deliver(model, days, seed + replication).summary(warm_up_days)
    return {
        "teams": model.teams,
        "organisation": organisation,
        "replication": replication,
        "load": load(model),
        **summary,
    }


def intervals(sweep: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return mean and 95 % interval of a measure over the replications.

    Columns: teams, organisation, load, mean, low, high, saturated (load of 1 or more: the figure grows with
    the days simulated, so read it as "too slow" and not as a lead time).
    """
    _require_measure(sweep, measure)
    keys = ["teams", "organisation", "load"]
    frame = _interval_of_each(sweep.set_index(keys)[measure])
    return frame.assign(saturated=frame.load >= 1)


def differences(sweep: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return how much more one shared unit has of a measure than a unit per team, with 95 % intervals.

    Paired: the two organisations of one replication saw the same changes. Columns: teams, mean, low, high.
    """
    _require_measure(sweep, measure)
    pairs = sweep.pivot(index=["teams", "replication"], columns="organisation", values=measure)
    return _interval_of_each((pairs[ONE_UNIT] - pairs[UNIT_PER_TEAM]).droplevel("replication"))


def crossing(sweep: pd.DataFrame, measure: str) -> int | None:
    """Return the number of teams from which on the shared unit has more of the measure, surely.

    The smallest number in the sweep at which, and at every larger one, the paired 95 % interval lies above
    0. `None` when there is none. The answer is as fine as the sweep's steps and as sure as its replications.
    """
    more = differences(sweep, measure).sort_values("teams", ascending=False)
    first = None
    for teams, low in zip(more["teams"].tolist(), more["low"].tolist(), strict=True):
        if low <= 0:
            break
        first = teams
    return first


def _require_measure(sweep: pd.DataFrame, measure: str) -> None:
    """Raise `TypeError` or `ValueError` unless `sweep` is one of `sweep_teams`, and has a figure of this name."""
    keys = {"teams", "organisation", "replication", "load"}
    require_instance("sweep", sweep, pd.DataFrame, "a frame, as `sweep_teams` returns it")
    require_one_of("measure", measure, [name for name in sweep.columns if name not in keys])


def _interval_of_each(values: pd.Series) -> pd.DataFrame:
    """Return the interval of the values under each entry of the index: its levels, mean, low, high."""
    levels = list(values.index.names)
    groups: Any = values.groupby(level=levels)
    rows = []
    for key, group in groups:
        interval = mean_interval(group.to_numpy())
        rows.append([*key, interval.mean, interval.low, interval.high])
    return pd.DataFrame(rows, columns=[*levels, "mean", "low", "high"])
