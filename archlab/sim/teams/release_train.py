"""Release trains: how changes made by teams reach production, simulated in plain SimPy.

A train takes the changes that wait when a pipeline is free. When one of them fails, the pipeline halves
the train and tests each half again, until every good change is released and every failing one is back with
its team. Merge queues work like this (https://docs.trunk.io/merge-queue/batching). A coordinated change
goes through a second unit after the first.

>>> model = DeliveryModel(changes_per_team_per_day=1.0, change_failure_probability=0.0)
>>> deliver(model, days=100, seed=1).summary()["lead_time_median_h"]
0.5
"""

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
import simpy

from archlab.sim.core.streams import Streams
from archlab.sim.distributions import Exponential
from archlab.sim.teams.delivery import HOUR_S, WORKING_DAY_S, DeliveryModel, require_model
from archlab.sim.validation import is_finite, refuse, require_positive, require_whole

Process = Generator[simpy.Event, Any, None]

LEAD_TIME = "lead_time_mean_h"
"""In a summary, the mean hours from the commit of a change to its release."""


@dataclass
class Change:
    """One change on its way: the units it must go through, and the versions that fail in each."""

    team: int
    committed_s: float
    route: list[int]
    failing_versions: list[int]
    part: int = 0
    released_s: float = np.nan
    trains_missed: int = 0
    trains_failed: int = 0
    stopped_by_other_team: bool = False

    @property
    def fails(self) -> bool:
        """Whether the version committed last fails in the pipeline."""
        return self.failing_versions[self.part] > 0


@dataclass
class Train:
    """One train: what it carried, how often the pipeline ran for it, and what it deployed."""

    unit: int
    left_s: float
    size: int
    failed: bool
    finished_s: float = np.nan
    runs: int = 0
    deployments: int = 0


@dataclass(frozen=True)
class Deliveries:
    """What was delivered in `days` working days."""

    model: DeliveryModel
    days: float
    changes: pd.DataFrame
    """A row a change: team, unit (its first), coordinated, committed_s, released_s (NaN: still inside),
    lead_time_h, trains_missed (left without it), trains_failed (failed with it on board),
    stopped_by_other_team (it was good and stopped by another team's failing change)."""
    trains: pd.DataFrame
    """A row a train: unit, left_s, size, failed, finished_s, runs (of the pipeline), deployments."""

    def summary(self, warm_up_days: float = 0.0) -> dict[str, float]:
        """Return the figures over changes released, and trains that left, after the warm-up.

        Lead times are hours of working time. `unreleased` counts the changes still inside at the end.

        Raises:
            ValueError: when the warm-up is not shorter than the simulated days.
        """
        if not (is_finite(warm_up_days) and 0 <= warm_up_days < self.days):
            refuse(ValueError, "warm_up_days", warm_up_days, f"from 0 to below {self.days} days")
        warm_up_s = warm_up_days * WORKING_DAY_S
        released = self.changes[self.changes.released_s >= warm_up_s]
        trains = self.trains[self.trains.left_s >= warm_up_s]
        return {
            LEAD_TIME: float(released.lead_time_h.mean()),
            "lead_time_median_h": float(released.lead_time_h.median()),
            "lead_time_p95_h": float(released.lead_time_h.quantile(0.95)),
            "deployments_per_day": float(trains.deployments.sum() / (self.days - warm_up_days)),
            "trains_failed_share": float(trains.failed.mean()),
            "train_size_mean": float(trains["size"].mean()),
            "stopped_by_other_team_share": float(released.stopped_by_other_team.mean()),
            "released": float(len(released)),
            "unreleased": float(self.changes.released_s.isna().sum()),
        }


def deliver(model: DeliveryModel, days: float, seed: int) -> Deliveries:
    """Simulate `days` working days of an organisation.

    Each team has its own streams, so that under one seed another number of units sees the same changes,
    committed at the same times and with the same failing versions.

    Raises:
        ValueError: when `days` is not above 0 or the seed is not a whole number.
    """
    require_model(model)
    require_positive("days", days)
    require_whole("seed", seed, at_least=0)
    organisation = _Organisation(model, Streams(seed))
    organisation.env.run(until=days * WORKING_DAY_S)
    trains = pd.DataFrame([vars(train) for train in organisation.trains], columns=_names(Train))
    return Deliveries(model, days, organisation.changes_frame(), trains)


class _Organisation:
    """The teams, the platforms where changes wait, and the pipelines, as SimPy processes.

    `arrivals` holds for each unit the event of its next change: its idle pipelines wait for it.
    """

    def __init__(self, model: DeliveryModel, streams: Streams) -> None:
        self.model = model
        self.env = simpy.Environment()
        self.waiting: list[deque[Change]] = [deque() for _ in range(model.units)]
        self.arrivals = [self.env.event() for _ in range(model.units)]
        self.changes: list[Change] = []
        self.trains: list[Train] = []
        for team in range(model.teams):
            self.env.process(self.commits(team, streams))
        for unit in range(model.units):
            for _ in range(model.pipelines):
                self.env.process(self.pipeline(unit))

    def commits(self, team: int, streams: Streams) -> Process:
        """A team that commits changes as a Poisson process."""
        gaps = Exponential(WORKING_DAY_S / self.model.changes_per_team_per_day)
        gap_s = gaps.sampler(streams.stream(f"gaps between commits of team {team}"))
        routes = streams.stream(f"routes of changes of team {team}")
        failures = streams.stream(f"failing versions of changes of team {team}")
        while True:
            yield self.env.timeout(gap_s())
            failing = failures.geometric(1 - self.model.change_failure_probability, size=2) - 1
            change = Change(team, self.env.now, self.route(team, routes), failing.tolist())
            self.changes.append(change)
            self.wait_for_train(change)

    def wait_for_train(self, change: Change) -> None:
        """Put a change on the platform of the unit it must go through now."""
        unit = change.route[change.part]
        self.waiting[unit].append(change)
        if not self.arrivals[unit].triggered:
            self.arrivals[unit].succeed()

    def route(self, team: int, rng: np.random.Generator) -> list[int]:
        """Draw the unit a change starts in and, for a coordinated change, the second one."""
        which_home, is_coordinated, which_other = rng.random(3)
        homes = self.model.home_units(team)
        first = homes[int(which_home * len(homes))]
        if self.model.units == 1 or is_coordinated >= self.model.coordinated_fraction:
            return [first]
        others = [unit for unit in range(self.model.units) if unit != first]
        return [first, others[int(which_other * len(others))]]

    def pipeline(self, unit: int) -> Process:
        """One of a unit's pipelines: when free, it takes who waits, up to a full train, and brings them through."""
        waiting = self.waiting[unit]
        while True:
            while not waiting:
                if self.arrivals[unit].triggered:
                    self.arrivals[unit] = self.env.event()
                yield self.arrivals[unit]
            batch = [waiting.popleft() for _ in range(min(len(waiting), self.model.batch_size))]
            for left_behind in waiting:
                left_behind.trains_missed += 1
            train = Train(unit, self.env.now, len(batch), failed=any(change.fails for change in batch))
            self.trains.append(train)
            if train.failed:
                self.note_failure(batch)
            yield from self.bring_through(batch, train)
            train.finished_s = self.env.now

    def note_failure(self, batch: list[Change]) -> None:
        """Write down, for each change on board, that its train failed and whether others were to blame."""
        culprits = {change.team for change in batch if change.fails}
        for change in batch:
            change.trains_failed += 1
            if not change.fails and culprits - {change.team}:
                change.stopped_by_other_team = True

    def bring_through(self, batch: list[Change], train: Train) -> Process:
        """Run the pipeline on the batch; when it fails, on each half, down to the failing change."""
        yield self.env.timeout(self.model.pipeline_s)
        train.runs += 1
        if not any(change.fails for change in batch):
            train.deployments += 1
            self.release(batch)
        elif len(batch) == 1:
            self.env.process(self.fix(batch[0]))
        else:
            half = len(batch) // 2
            yield from self.bring_through(batch[:half], train)
            yield from self.bring_through(batch[half:], train)

    def fix(self, change: Change) -> Process:
        """The team repairs its change and commits it again, at the end of the queue."""
        yield self.env.timeout(self.model.fix_s)
        change.failing_versions[change.part] -= 1
        self.wait_for_train(change)

    def release(self, batch: list[Change]) -> None:
        """Mark changes as released, or pass them on to the next unit of their route."""
        for change in batch:
            change.part += 1
            if change.part == len(change.route):
                change.released_s = self.env.now
            else:
                self.env.process(self.hand_over(change))

    def hand_over(self, change: Change) -> Process:
        """The owner of the next unit takes over; a team hands over to itself at once."""
        unit = change.route[change.part]
        if unit % self.model.teams != change.team:
            yield self.env.timeout(self.model.handover_s)
        self.wait_for_train(change)

    def changes_frame(self) -> pd.DataFrame:
        """Return the changes as a tidy frame, a row each."""
        frame = pd.DataFrame([vars(change) for change in self.changes], columns=_names(Change))
        frame.insert(1, "unit", [change.route[0] for change in self.changes])
        frame.insert(2, "coordinated", [len(change.route) > 1 for change in self.changes])
        frame.insert(5, "lead_time_h", (frame.released_s - frame.committed_s) / HOUR_S)
        return frame.drop(columns=["route", "failing_versions", "part"])


def _names(record: type) -> list[str]:
    return [f.name for f in fields(record)]
