"""Teams with a release train of their own: faster as long as few changes cross services, or handing over is free."""

import math
from dataclasses import replace

import pytest

from archlab.chapters.microservices import people
from archlab.course.claims.verdict import Outcome


@pytest.fixture(scope="module")
def usual():
    return people.autonomy(seeds=range(2))


def test_what_touches_two_services_delays_own_trains_alone(usual):
    assert usual.shared_h.nunique() == 1
    assert (usual.own_h.diff().dropna() > 0).all()


@pytest.fixture(scope="module")
def limits():
    return people.own_trains_are_faster_up_to_percent(), people.shared_train_takes_from_minutes()


def test_autonomy_pays_up_to_some_share_with_every_seed_and_the_shared_train_decides(limits):
    verdict = people.team_autonomy(*limits)
    assert (verdict.outcome, verdict.is_stable) == (Outcome.HOLDS_WHEN, True)
    assert 20 < verdict.flips_at < 40
    assert limits[1].low - 1 < people.BUILD_MIN < limits[1].high + 4


def test_autonomy_always_pays_when_handing_over_is_free():
    free = replace(people.DELIVERY, handover_s=0.0)
    limit = people.own_trains_are_faster_up_to_percent(range(2), free)
    assert people.team_autonomy(limit, 29).outcome is Outcome.HOLDS_WHEN
    assert limit == math.inf


def test_autonomy_never_pays_beside_a_shared_train_that_tests_in_parallel_for_the_same_money():
    parallel = people.own_trains_are_faster_up_to_percent(
        range(2), shared_minutes=people.BUILD_MIN / people.TEAMS
    )
    assert people.team_autonomy(parallel, 29).outcome is Outcome.DOES_NOT_HOLD
