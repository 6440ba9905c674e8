"""Uber's domains."""

import pytest

from archlab.chapters.choosing.cases import uber
from archlab.chapters.choosing.cases.judging import Foretold


def test_what_came_out_is_not_testable_here():
    judgement = uber.verdict()
    assert judgement.foretold is Foretold.NOT_TESTABLE
    assert "25 to 50 %" in judgement.condition


@pytest.mark.parametrize(
    ("teams_after", "answer"), [(3, Foretold.YES), (11, Foretold.YES), (30, Foretold.NO), (1, Foretold.NO)]
)
def test_a_published_number_of_teams_would_have_decided_it(teams_after, answer):
    assert uber.verdict(teams_after).foretold is answer


@pytest.mark.parametrize("teams", [12, 50, 200])
def test_owners_at_random_are_met_as_often_as_drawing_says(teams):
    drawn = sum(uber.teams_met_by_draw(seed, teams, 50) for seed in range(10)) / 10
    assert uber.teams_met(teams) == pytest.approx(drawn, rel=0.015)


def test_at_random_there_would_have_been_over_three_times_as_many_teams_as_there_were():
    assert uber.teams_met(200) > 3.5 * 12


def test_a_search_stayed_with_its_team_in_three_steps_of_four():
    assert uber.stays_percent() == pytest.approx(100 * (1 - 11 / 49))


def test_gateways_make_a_chain_longer_less_available_and_slower():
    plain, gateways = uber.chain(20).itertuples()
    assert gateways.programs == plain.programs + 2
    assert gateways.up_percent < plain.up_percent
    assert gateways.p99_ms > plain.p99_ms


def test_a_chain_is_up_while_all_its_programs_are():
    assert uber.chain(10).up_percent[0] == pytest.approx(100 * 0.999**10)


def test_the_picture_shows_the_published_search():
    assert "Published: 12 teams for 50" in uber.figure().alt


@pytest.mark.parametrize("call", [lambda: uber.teams_met(0), lambda: uber.chain(0), lambda: uber.verdict(0)])
def test_nobody_and_nothing_are_refused(call):
    with pytest.raises(ValueError, match="it must be"):
        call()
