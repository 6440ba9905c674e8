"""Teams with a release train of their own: faster as long as few changes cross services, or handing over is free."""

from dataclasses import replace

import pytest

from archlab.chapters.microservices import people
from archlab.course.claims.verdict import Outcome


@pytest.fixture(scope="module")
def usual():
    return people.autonomy(seeds=range(3))


def up_to_percent(teams=people.TEAMS, **changed):
    frame = people.autonomy(teams=teams, seeds=range(3), model=replace(people.DELIVERY, **changed))
    return people.own_trains_are_faster_up_to_percent(frame)


def test_both_organisations_see_the_same_changes(usual):
    assert usual.shared_h.to_numpy() == pytest.approx(usual.shared_h[0])
    assert (usual.autonomous_h.diff().dropna() > 0).all()


def test_autonomy_pays_up_to_some_share_of_changes_across_services_and_always_when_handing_over_is_free(
    usual,
):
    verdict = people.team_autonomy(people.own_trains_are_faster_up_to_percent(usual))
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert 15 < verdict.flips_at < 50
    assert people.team_autonomy(up_to_percent(handover_s=0.0)).outcome is Outcome.HOLDS


def test_autonomy_hardly_ever_pays_where_a_shared_train_is_nearly_empty_and_handing_over_takes_a_day():
    limit = up_to_percent(teams=2, handover_s=100_000.0, changes_per_team_per_day=1.0)
    assert limit < 1
    assert people.team_autonomy(limit).outcome is not Outcome.HOLDS
