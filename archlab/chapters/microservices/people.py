"""People around the shop as microservices: what autonomy is worth when changes cross the borders between services.

A model of people, not a measurement: `archlab.sim.teams.delivery.DeliveryModel` lists its assumptions.
Autonomy pays up to the share of such changes at which a shared train is as fast. What decides is how fast the shared
train is. With the money of all the small pipelines it tests in parallel, in a quarter of the time: that is the fair
opponent, by which the claim is judged. With one pipeline against four it depends on the number of teams, too: with
three own trains are never faster, with five or six, which nearly fill the shared train, always.

>>> frame = autonomy([0.0, 1.0], teams=2, seeds=range(2))
>>> frame.coordinated_percent.tolist(), bool(frame.own_h[1] > frame.own_h[0])
([0.0, 100.0], True)
>>> team_autonomy(float("-inf"), shared_train_takes_from_minutes=27).words
"Does not hold: it would hold with the shared train's build and test at least 27 min (here 7.5)"
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import joblib
import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_up_to
from archlab.sim.experiment import sweep
from archlab.sim.parallel import in_parallel
from archlab.sim.teams.delivery import DeliveryModel
from archlab.sim.teams.release_train import LEAD_TIME, deliver

TEAMS = 4
"""Four teams for the five services: one of them has two. With five one shared train is nearly full, so that its lead
time is mostly luck."""

DELIVERY = DeliveryModel(teams=TEAMS)
COORDINATED = (0.0, 0.2, 0.4, 0.6)
SHARED_DAYS = 400.0
"""The shared train is nearly full, so its mean lead time needs long runs."""

OWN_DAYS = 80.0
DAYS = 110.0
"""Of runs with a shared train that is faster, and so less full."""

BUILD_MIN = DELIVERY.build_and_test_s / 60
PARALLEL_MIN = BUILD_MIN / TEAMS
"""Of a shared train that spends the money of all teams' pipelines, and tests so many parts at a time. Tests that cannot
be divided take longer: it errs in favour of the shared train."""


def autonomy(
    coordinated_fractions: Sequence[float] = COORDINATED,
    teams: int = TEAMS,
    seeds: Iterable[int] = range(5),
    model: DeliveryModel = DELIVERY,
) -> pd.DataFrame:
    """Return the mean lead time of a change with a train for each team and on one for all, in working hours.

    Columns: coordinated_percent, own_h and shared_h with intervals. A change that touches two services goes through
    two trains, one after the other, and waits for the other team in between; on one train it is like any other. It
    leaves out meetings, and that two services deployed one after the other must understand each other meanwhile: it
    errs in favour of autonomy.
    """
    chosen, organised = list(seeds), replace(model, teams=teams)
    percents = [100 * fraction for fraction in coordinated_fractions]
    own = sweep(partial(_own, model=organised), {"percent": percents}, chosen)
    shared = sweep(partial(_shared, model=organised), {"minutes": [model.build_and_test_s / 60]}, chosen)
    own = own.rename(columns={"percent": "coordinated_percent"})
    return own.merge(shared.drop(columns="minutes"), how="cross")


def _own(seed: int, percent: float, model: DeliveryModel) -> dict[str, float]:
    return {"own_h": own_trains_h(seed, percent, model)}


def _shared(seed: int, minutes: float, model: DeliveryModel) -> dict[str, float]:
    return {"shared_h": shared_train_h(seed, minutes, model=model)}


def shared_train_h(
    seed: int, minutes: float = BUILD_MIN, days: float = SHARED_DAYS, model: DeliveryModel = DELIVERY
) -> float:
    """Return the mean lead time on one train for all teams, whose build and test take so many minutes.

    Here and below in working hours; the first tenth of the days is warm-up.
    """
    organised = replace(model, units=1, build_and_test_s=60 * minutes)
    return deliver(organised, days, seed).summary(days / 10)[LEAD_TIME]


def own_trains_h(seed: int, percent: float, model: DeliveryModel = DELIVERY, days: float = OWN_DAYS) -> float:
    """Return the mean lead time with a train for each team, when so many changes touch two services."""
    organised = replace(model, units=model.teams, coordinated_fraction=percent / 100)
    return deliver(organised, days, seed).summary(days / 10)[LEAD_TIME]


def own_trains_are_faster_up_to_percent(
    seeds: Iterable[int] = range(10), model: DeliveryModel = DELIVERY, shared_minutes: float = BUILD_MIN
) -> Limit:
    """Return the share of coordinated changes up to which a train for each team is faster, for each seed."""
    chosen = list(seeds)
    hours = in_parallel(joblib.delayed(shared_train_h)(seed, shared_minutes, model=model) for seed in chosen)
    margin = partial(_sooner_h, shared_h=dict(zip(chosen, hours, strict=True)), model=model)
    return bisect(margin, between=(0, 80), holds="up to", seeds=chosen, tolerance=2.5)


def _sooner_h(seed: int, percent: float, shared_h: Mapping[int, float], model: DeliveryModel) -> float:
    """How much sooner a change is out with own trains."""
    return shared_h[seed] - own_trains_h(seed, percent, model)


def shared_train_takes_from_minutes(
    seeds: Iterable[int] = range(10), between: tuple[float, float] = (22.0, 32.0)
) -> Limit:
    """Return how long the shared train's build and test must take for own trains to be faster, for each seed.

    With the usual share of changes that touch two services; the own trains' build and test stay as they are.
    """
    percent = 100 * DELIVERY.coordinated_fraction
    chosen = list(seeds)
    hours = in_parallel(joblib.delayed(own_trains_h)(seed, percent) for seed in chosen)
    margin = partial(_later_h, own_h=dict(zip(chosen, hours, strict=True)))
    return bisect(margin, between, holds="from", seeds=chosen, tolerance=1.5)


def _later_h(seed: int, minutes: float, own_h: Mapping[int, float]) -> float:
    """How much later a change is out with one train for all."""
    return shared_train_h(seed, minutes, DAYS) - own_h[seed]


def autonomy_figures(seeds: Iterable[int] = range(10)) -> dict[str, float]:
    """Return what the rule below needs."""
    chosen = list(seeds)
    return {
        "for_the_same_money_up_to_percent": own_trains_are_faster_up_to_percent(
            chosen, shared_minutes=PARALLEL_MIN
        ),
        "shared_train_takes_from_minutes": shared_train_takes_from_minutes(chosen),
    }


@settles(
    "pros.team-autonomy",
    evidence=Evidence.MODELLED,
    says={
        "for_the_same_money_up_to_percent": "share of such changes, at the same money",
        "shared_train_takes_from_minutes": "own trains would be sooner if the shared one took",
    },
)
def team_autonomy(
    for_the_same_money_up_to_percent: float,
    shared_train_takes_from_minutes: float,
) -> Verdict:
    """Holds up to the share of changes that touch two services at which a change is out no sooner with a train for
    each of {TEAMS} teams than with one for all, which tests in parallel for the same money, in {PARALLEL_MIN} min.
    """
    shared = Assumption(
        "the shared train's build and test", PARALLEL_MIN, shared_train_takes_from_minutes, "min"
    )
    return holds_up_to(for_the_same_money_up_to_percent, "% of changes that touch two services", shared)
