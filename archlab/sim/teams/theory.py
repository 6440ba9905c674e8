"""Theory of release trains: how often a train fails, what finding the culprits costs, and where the end is.

The closed forms beside the simulation of `archlab.sim.teams.release_train`. They need no run, so they answer at
once from which number of teams one shared train cannot keep up.

>>> round(probability_train_fails(size=8, change_failure_probability=0.1), 2)
0.57
>>> [most_teams_on_one_unit(DeliveryModel(change_failure_probability=p)) for p in (0.02, 0.1)]
[16, 5]
"""

from dataclasses import replace

from archlab.sim.teams.delivery import WORKING_DAY_S, DeliveryModel, require_model
from archlab.sim.validation import require_fraction, require_whole


def probability_train_fails(size: int, change_failure_probability: float) -> float:
    """Return 1 - (1 - p)^n: a train of n independent changes fails when at least one of them does.

    Raises:
        ValueError: when the size is not a whole number above 0 or p is not between 0 and 1.
    """
    require_whole("size", size, at_least=1)
    require_fraction("change_failure_probability", change_failure_probability)
    return 1 - (1 - change_failure_probability) ** size


def runs_per_train(size: int, change_failure_probability: float) -> float:
    """Return the mean number of pipeline runs a train of `size` changes takes under binary splitting.

    Each part of the train that fails and holds more than one change costs two runs more, one a half, so the
    mean is 1 + 2 * the sum, over the train and all its parts of two changes or more, of the probability
    that the part fails.
    """
    require_whole("size", size, at_least=1)
    require_fraction("change_failure_probability", change_failure_probability)
    return 1 + _runs_after_failures(size, change_failure_probability)


def _runs_after_failures(size: int, change_failure_probability: float) -> float:
    if size == 1:
        return 0.0
    halves = (size // 2, size - size // 2)
    here = 2 * probability_train_fails(size, change_failure_probability)
    return here + sum(_runs_after_failures(half, change_failure_probability) for half in halves)


def released_per_run(size: int, change_failure_probability: float) -> float:
    """Return the mean number of changes that full trains of `size` changes release per pipeline run.

    Testing one change at a time gives 1 - p. When p is large, larger trains give less than that; users of
    the bors merge bot found the same (https://forum.bors.tech/t/batching-strategy-vs-one-at-a-time/220).
    """
    released = size * (1 - change_failure_probability)
    return released / runs_per_train(size, change_failure_probability)


def capacity_per_day(model: DeliveryModel) -> float:
    """Return the changes a day one unit can release when there is always a full train waiting for its pipelines."""
    require_model(model)
    runs_per_day = WORKING_DAY_S / model.pipeline_s
    return (
        model.pipelines * runs_per_day * released_per_run(model.batch_size, model.change_failure_probability)
    )


def changes_per_day(model: DeliveryModel) -> list[float]:
    """Return the changes a day that each unit must release: its own and its part of coordinated ones."""
    own = [0.0] * model.units
    for team in range(model.teams):
        homes = model.home_units(team)
        for unit in homes:
            own[unit] += model.changes_per_team_per_day / len(homes)
    if model.units == 1:
        return own
    to_each_other = model.coordinated_fraction / (model.units - 1)
    return [mine + to_each_other * (sum(own) - mine) for mine in own]


def load(model: DeliveryModel) -> float:
    """Return the load of the busiest unit: changes that arrive / changes its pipelines can release.

    From 1 on the queue before it grows as long as people commit: there is no steady lead time to speak of.
    """
    return max(changes_per_day(model)) / capacity_per_day(model)


def most_teams_on_one_unit(model: DeliveryModel) -> int:
    """Return the largest number of teams that one shared unit can serve: the last with a load below 1.

    Everything but `teams` and `units` is taken from the model. 0 means not even one team.
    """
    require_model(model)
    teams = 0
    while load(replace(model, teams=teams + 1, units=1)) < 1:
        teams += 1
    return teams
