"""The rules of chapter 02 about people and code: what would make these seven claims true, or not.

>>> team_autonomy(own_trains_are_faster_up_to_percent=80.0).words
'Holds when: up to 80 % of changes that touch two services'
>>> technology_flexibility(services_that_cannot_change_alone=5).words
'Does not hold'

The figures come from `archlab.shop.microservices_experiments`: `people`, `deployment`, `code`, `diversity` and
`operations`. The functions at the end find where a curve of figures crosses a threshold.
"""

import pandas as pd

from archlab.course.rule import Evidence, settles
from archlab.course.verdict import Verdict, first_holding, holds_from, holds_if, holds_up_to, last_holding

TIMES_AS_MUCH = 2.0
"""More complex: at least twice as much to understand, whichever of the things counted you look at."""

TOO_MANY_SHIFTS_PERCENT = 10.0
"""More than one shift in ten with too many pages is not bad luck any more."""


@settles("characteristics.service-independence", evidence=Evidence.MEASURED)
def service_independence(services_that_answer_alone: int, services: int) -> Verdict:
    """Every service answers everything it offers while all the others are down."""
    return holds_if(services_that_answer_alone == services)


@settles("characteristics.technology-diversity", evidence=Evidence.MEASURED)
def technology_diversity(other_services_changed: int, anomalies: int, orders: int, messages: int) -> Verdict:
    """One service keeps its rows in a store of another kind: no other changes, no order is wrong, none is left out."""
    return holds_if(other_services_changed == 0 == anomalies and orders == messages > 0)


@settles("pros.independent-deployment", evidence=Evidence.SIMULATED)
def independent_deployment(use_cases_interrupted_at_worst: float, use_cases: int) -> Verdict:
    """Whichever service is deployed, some use case does not notice."""
    return holds_if(use_cases_interrupted_at_worst < use_cases)


@settles("pros.technology-flexibility", evidence=Evidence.MEASURED)
def technology_flexibility(services_that_cannot_change_alone: int) -> Verdict:
    """Each service can get another kind of database without a change in any other."""
    return holds_if(services_that_cannot_change_alone == 0)


@settles("pros.team-autonomy", evidence=Evidence.MODELLED)
def team_autonomy(own_trains_are_faster_up_to_percent: float) -> Verdict:
    """Up to this share of changes that touch two services, a change is out sooner with a train for each team."""
    return holds_up_to(own_trains_are_faster_up_to_percent, "% of changes that touch two services")


@settles("cons.increased-complexity", evidence=Evidence.MEASURED)
def increased_complexity(least_times_as_much: float) -> Verdict:
    """Of each thing counted (programs, databases, links, messages) there is at least twice as much."""
    return holds_if(least_times_as_much >= TIMES_AS_MUCH)


@settles("cons.operational-overhead", evidence=Evidence.MODELLED)
def operational_overhead(too_many_pages_from_services: float) -> Verdict:
    """From this number of services on, too many shifts bring one person more pages than can be dealt with."""
    return holds_from(too_many_pages_from_services, "services, for one person on call")


PEOPLE = (
    service_independence,
    technology_diversity,
    independent_deployment,
    technology_flexibility,
    team_autonomy,
    increased_complexity,
    operational_overhead,
)


def own_trains_are_faster_up_to_percent(autonomy: pd.DataFrame) -> float:
    """Return the share of coordinated changes up to which a train for each team is faster; takes `people.autonomy`."""
    return last_holding(autonomy.coordinated_percent.tolist(), autonomy.autonomous_is_faster_h.tolist())


def least_times_as_much(things: pd.DataFrame) -> float:
    """Return the smallest ratio of microservices to monolith; takes `code.to_understand`."""
    return float((things.microservices / things.monolith.clip(lower=1)).min())


def too_many_pages_from_services(growth: pd.DataFrame) -> float:
    """Return the number of services from which too many shifts are too busy; takes `operations.growth`."""
    margin = growth.overloaded_shifts_percent - TOO_MANY_SHIFTS_PERCENT
    return first_holding(growth.services.tolist(), margin.tolist())
