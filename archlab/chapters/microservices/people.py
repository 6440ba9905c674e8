"""People around the shop as microservices: what autonomy is worth when changes cross the borders between services.

A model of people, not a measurement: `archlab.sim.teams.delivery.DeliveryModel` lists its assumptions.
Autonomy pays up to the share of such changes at which a shared train is as fast.

>>> frame = autonomy([0.0, 1.0], teams=2, seeds=range(2), days=30)
>>> frame.coordinated_percent.tolist(), bool(frame.autonomous_h[1] > frame.autonomous_h[0])
([0.0, 100.0], True)
>>> team_autonomy(own_trains_are_faster_up_to_percent=25).words
'Holds when: up to 25 % of changes that touch two services'
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pandas as pd

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_up_to, last_holding
from archlab.sim.experiment import sweep
from archlab.sim.teams.delivery import DeliveryModel
from archlab.sim.teams.release_train import LEAD_TIME, deliver

TEAMS = 4
"""Four teams for the five services: one of them has two. With five one shared train is nearly full, so that its lead
time is mostly luck."""

DELIVERY = DeliveryModel(teams=TEAMS)
COORDINATED = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def lead_times_of(
    seed: int, coordinated_fraction: float, teams: int, model: DeliveryModel = DELIVERY, days: float = 120
) -> dict[str, float]:
    """Return the mean lead time of a change on one shared train and with a train for each team, in working hours.

    Both see the same changes. `autonomous_is_faster_h` is the difference; the first tenth of the days is warm-up.
    """
    organised = replace(model, teams=teams, coordinated_fraction=coordinated_fraction)
    shared_h, autonomous_h = (
        deliver(replace(organised, units=units), days, seed).summary(days / 10)[LEAD_TIME]
        for units in (1, teams)
    )
    return {
        "shared_h": shared_h,
        "autonomous_h": autonomous_h,
        "autonomous_is_faster_h": shared_h - autonomous_h,
    }


def autonomy(
    coordinated_fractions: Sequence[float] = COORDINATED,
    teams: int = TEAMS,
    seeds: Iterable[int] = range(5),
    model: DeliveryModel = DELIVERY,
    days: float = 120,
) -> pd.DataFrame:
    """Sweep `lead_times_of` over the share of changes that touch two services.

    Columns: coordinated_percent, and its figures with intervals. A change that touches two services goes through
    two trains, one after the other, and waits for the other team in between. It leaves out meetings, and that two
    services deployed one after the other must understand each other meanwhile: it errs in favour of autonomy.
    """
    grid = {"coordinated_fraction": coordinated_fractions, "teams": [teams], "model": [model], "days": [days]}
    frame = sweep(lead_times_of, grid, seeds).drop(columns=["teams", "model", "days"])
    frame.insert(0, "coordinated_percent", 100 * frame.pop("coordinated_fraction"))
    return frame


def own_trains_are_faster_up_to_percent(autonomy: pd.DataFrame) -> float:
    """Return the share of coordinated changes up to which a train for each team is faster; takes `people.autonomy`."""
    return last_holding(autonomy.coordinated_percent.tolist(), autonomy.autonomous_is_faster_h.tolist())


@settles("pros.team-autonomy", evidence=Evidence.MODELLED)
def team_autonomy(own_trains_are_faster_up_to_percent: float) -> Verdict:
    """Holds up to the share of changes that touch two services at which a change is out no sooner with a train for
    each team than with one for all.
    """
    return holds_up_to(own_trains_are_faster_up_to_percent, "% of changes that touch two services")
