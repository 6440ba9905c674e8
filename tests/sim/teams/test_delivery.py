"""The organisation: who owns what, and what it refuses."""

import pytest

from archlab.sim.teams.delivery import STRUCTURAL_ASSUMPTIONS, DeliveryModel


def test_one_unit_is_home_to_every_team():
    model = DeliveryModel(teams=3, units=1)
    assert [model.home_units(team) for team in range(3)] == [[0], [0], [0]]


def test_more_units_than_teams_are_spread_over_the_teams_and_each_has_one_owner():
    model = DeliveryModel(teams=2, units=5)
    assert [model.home_units(team) for team in range(2)] == [[0, 2, 4], [1, 3]]


def test_code_per_unit_shrinks_when_it_is_spread_over_more_units():
    shared = DeliveryModel(teams=6, units=1, build_and_test_s=600, build_and_test_per_team_s=100)
    separate = DeliveryModel(teams=6, units=6, build_and_test_s=600, build_and_test_per_team_s=100)
    assert (shared.pipeline_s, separate.pipeline_s) == (1200, 700)


def test_every_number_of_the_model_is_printed_as_an_assumption_with_its_meaning():
    table = DeliveryModel(teams=7).assumptions().set_index("assumption")
    assert set(table.index) == set(DeliveryModel.__dataclass_fields__) | set(STRUCTURAL_ASSUMPTIONS)
    assert table.value["teams"] == 7
    assert table.meaning.str.len().min() > 20


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("teams", 0, "1 or more"),
        ("units", 1.5, "whole number"),
        ("batch_size", 0, "1 or more"),
        ("changes_per_team_per_day", 0, "above 0"),
        ("change_failure_probability", 1, "below 1"),
        ("change_failure_probability", -0.1, "between 0 and 1"),
        ("build_and_test_s", float("nan"), "finite"),
        ("fix_s", -1, "0 or more"),
        ("coordinated_fraction", 1.2, "between 0 and 1"),
    ],
)
def test_a_bad_number_is_refused_by_name_with_what_is_allowed(name, value, allowed):
    with pytest.raises(ValueError, match=f"{name} is {value}.*{allowed}"):
        DeliveryModel(**{name: value})
