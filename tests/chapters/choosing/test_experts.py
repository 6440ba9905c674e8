"""The stars are what was transcribed, ours are ranked beside them, and chance is counted out."""

import itertools
import math

import pandas as pd
import pytest

from archlab.chapters.choosing import experts
from archlab.chapters.choosing.experts import (
    BESIDE,
    NO_FIGURE,
    agreement,
    compared,
    mean_absolute_change,
    moved,
    stars,
)
from archlab.chapters.choosing.experts_figure import stars_figure
from archlab.data import load

STYLES = ("monolithic", "layered", "event-driven", "microservices")


def ours(characteristic: str = "scalability", high: bool = True, **values: float) -> pd.DataFrame:
    rows = [(characteristic, name.replace("_", "-"), value, high) for name, value in values.items()]
    return pd.DataFrame(rows, columns=["characteristic", "architecture", "value", "is_better_high"])


def like_the_stars(characteristic: str = "scalability") -> pd.DataFrame:
    """Figures in the order of the second edition's stars, ties among them."""
    rated = stars()
    rows = rated[(rated.year == 2025) & (rated.characteristic == characteristic)]
    return rows.rename(columns={"stars": "value"})[["characteristic", "architecture", "value"]].assign(
        is_better_high=True
    )


def test_the_tables_have_a_star_for_each_style_and_characteristic_of_both_editions():
    table = load("expert_ratings")
    assert table.groupby("year")[["characteristic", "style"]].nunique().to_numpy().tolist() == [
        [11, 8],
        [10, 6],
    ]
    assert len(table) == 11 * 8 + 10 * 6 == len(table.drop_duplicates(["year", "characteristic", "style"]))
    assert table.stars.between(1, 5).all()
    assert (table.mark == "seen-2nd").all()


def test_every_characteristic_has_a_figure_of_ours_or_a_reason_why_not():
    assert set(load("expert_ratings").characteristic) == set(BESIDE) | set(NO_FIGURE)
    assert not set(BESIDE) & set(NO_FIGURE)


def test_the_experts_moved_no_star_by_more_than_one_and_some_by_one():
    changes = moved()
    assert changes.change.abs().max() == 1
    told = {
        (row.characteristic, row.style, row.before, row.after) for row in changes.itertuples() if row.change
    }
    assert ("scalability", "event-driven", 5, 4) in told
    assert (
        "fault tolerance",
        "microservices",
        4,
        5,
    ) in told
    assert mean_absolute_change() == pytest.approx(len(told) / len(changes))


def test_serverless_and_cqrs_have_no_stars_and_are_left_out():
    found = compared(ours(serverless=9.0, cqrs=8.0, layered=7.0))
    assert list(found.architecture) == ["layered"]
    assert not {"serverless", "cqrs"} & set(stars().architecture)


def test_the_modular_monolith_is_rated_in_the_second_edition_only():
    row = compared(ours(monolithic=1.0)).iloc[0]
    assert math.isnan(row.stars_2020)
    assert row.stars_2025 == 1


def test_the_best_value_ranks_first_whether_more_or_less_is_better():
    values = {"monolithic": 1.0, "layered": 2.0, "event_driven": 3.0, "microservices": 3.0}
    high = compared(ours(**values)).set_index("architecture").our_rank
    low = compared(ours("responsiveness", high=False, **values)).set_index("architecture").our_rank
    assert high.loc[["monolithic", "layered", "event-driven", "microservices"]].tolist() == [4, 3, 1, 1]
    assert low.loc[["monolithic", "layered", "event-driven", "microservices"]].tolist() == [1, 2, 3, 3]


def test_what_differs_by_less_than_luck_shares_a_rank():
    ranks = compared(ours(monolithic=100.0, layered=99.5, event_driven=90.0)).our_rank.tolist()
    assert ranks == [1, 1, 3]
    assert compared(ours(monolithic=100.0, layered=98.5)).our_rank.tolist() == [1, 2]
    assert compared(ours(monolithic=0.0, layered=0.0)).our_rank.tolist() == [1, 1]


def test_the_same_order_agrees_fully_and_its_chance_is_counted_by_hand():
    row = agreement(like_the_stars()).set_index("year").loc[2025]
    assert (row.styles, row.tau) == (4, pytest.approx(1))
    given = [1, 1, 4, 5]
    as_good = sum(list(order) == given for order in itertools.permutations(given))
    assert row.chance_percent == pytest.approx(100 * as_good / 24) == pytest.approx(100 * 2 / 24)


def test_the_opposite_order_disagrees_fully_and_chance_always_does_as_well():
    table = like_the_stars().assign(is_better_high=False)
    row = agreement(table).set_index("year").loc[2025]
    assert (row.tau, row.chance_percent) == (pytest.approx(-1), 100)


def test_three_styles_cannot_agree_better_than_chance_does_once_in_six():
    rated = stars()
    first = rated[(rated.year == 2020) & (rated.characteristic == "deployability")]
    table = ours(
        "deployability", **{row.architecture.replace("-", "_"): row.stars for row in first.itertuples()}
    )
    row = agreement(table).set_index("year").loc[2020]
    assert (row.styles, row.tau, row.chance_percent) == (3, pytest.approx(1), pytest.approx(100 / 6))


def test_figures_that_are_all_alike_say_nothing():
    row = agreement(ours(**dict.fromkeys(["monolithic", "layered", "microservices"], 5.0))).iloc[-1]
    assert math.isnan(row.tau)
    assert math.isnan(row.chance_percent)


def test_chance_over_all_characteristics_exchanges_styles_and_not_single_figures():
    both = pd.concat([like_the_stars("scalability"), like_the_stars("modularity")])
    row = agreement(both).set_index(["characteristic", "year"]).loc[("all", 2025)]
    assert row.tau == pytest.approx(1)
    assert row.chance_percent == pytest.approx(100 / 24), "modularity has no ties among these styles"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (ours("beauty", layered=1.0), "characteristic 'beauty'; it must be one of scalability"),
        (ours("simplicity", layered=1.0), "characteristic 'simplicity'; it must be one of"),
        (ours(layered=math.nan), "NaN"),
        (pd.concat([ours(layered=1.0), ours(layered=2.0)]), "twice"),
        (pd.concat([ours(layered=1.0), ours(high=False, cqrs=2.0)]), "is_better_high"),
        (ours(layered=1.0).drop(columns="value"), "value"),
    ],
)
def test_figures_that_make_no_sense_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        compared(table)


def test_an_architecture_that_no_money_buys_ranks_last():
    found = compared(ours("overall cost", high=False, layered=1.0, microservices=math.inf))
    assert found.set_index("architecture").our_rank.to_dict() == {"layered": 1, "microservices": 2}


def test_another_star_in_the_table_changes_agreement(monkeypatch):
    table = like_the_stars()
    swapped = load("expert_ratings")
    at = (
        (swapped.year == 2025)
        & (swapped.characteristic == "scalability")
        & (swapped["style"] == "microservices")
    )
    swapped.loc[at, "stars"] = 2
    monkeypatch.setattr(experts, "load", lambda name: swapped)
    assert agreement(table).set_index("year").loc[2025].tau < 1


def test_the_picture_tells_stars_and_ranks_in_words():
    picture = stars_figure(like_the_stars(), "Our order is theirs")
    assert "Scalability: " in picture.alt
    assert "microservices 5 and 5 of 5, 1st of ours" in picture.alt
