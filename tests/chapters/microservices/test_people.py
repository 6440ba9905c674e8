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
def figures():
    return people.autonomy_figures()


def test_for_the_same_money_own_trains_are_never_faster_with_any_seed(figures):
    verdict = people.team_autonomy(**figures)
    assert (verdict.outcome, verdict.is_stable) == (Outcome.DOES_NOT_HOLD, True)
    assert set(figures["for_the_same_money_up_to_percent"].per_seed) == {-math.inf}
    assert "at least about 28" in verdict.words


def test_beside_one_pipeline_for_all_own_trains_are_faster_up_to_some_share(figures):
    minutes = figures["shared_train_takes_from_minutes"]
    verdict = people.team_autonomy(people.own_trains_are_faster_up_to_percent(), minutes)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert 20 < verdict.flips_at < 40
    assert minutes.low - 1 < people.BUILD_MIN < minutes.high + 4


def test_autonomy_always_pays_when_handing_over_is_free():
    free = replace(people.DELIVERY, handover_s=0.0)
    assert people.own_trains_are_faster_up_to_percent(range(2), free) == math.inf


@pytest.mark.parametrize(("teams", "limit"), [(3, -math.inf), (6, math.inf)])
def test_with_one_pipeline_for_all_the_number_of_teams_decides(teams, limit):
    model = replace(people.DELIVERY, teams=teams)
    at_the_usual_share = people.own_trains_h(1, 100 * model.coordinated_fraction, model)
    shared = people.shared_train_h(1, days=people.DAYS, model=model)
    assert (at_the_usual_share < shared) == (limit > 0)
