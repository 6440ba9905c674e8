"""Cold starts against the load, and for whom."""

import pytest

from archlab.chapters.serverless import cold_for_whom, cold_starts


@pytest.fixture(scope="module")
def table():
    return cold_starts.against_load(requests=3000)


def test_the_model_comes_near_the_measured_points_though_nothing_is_fitted(table):
    assert cold_starts.error(table) < 0.3


def test_a_shorter_keep_alive_is_colder_at_every_rate_that_is_seldom(table):
    shares = table.pivot(index="rate_per_s", columns="name", values="cold_share")
    seldom = shares[shares.index < 0.01]
    assert (seldom[cold_starts.NOW] > seldom[cold_starts.THEN]).all()
    assert 1.4 < cold_starts.times_as_cold(table) < 2.1


def test_the_figure_of_cold_starts_says_what_was_measured(table):
    alt = cold_starts.figure(table, "colder").alt
    assert "measured on AWS in 2020 from 0.34" in alt


def test_half_of_the_apps_are_cold_while_hardly_any_request_is():
    shares = cold_for_whom.by_keep_alive((600.0,)).set_index("who").cold_share
    assert shares["median app"] > 0.7 > shares["mean app"] > 0.5 > 1000 * shares["all requests"]


def test_the_share_of_all_requests_is_known_within_a_factor_of_four():
    ours, smallest = cold_for_whom.between()
    assert 0.0001 < ours < smallest < 0.0005


def test_the_figure_shows_what_was_counted():
    picture = cold_for_whom.figure(cold_for_whom.by_keep_alive(), "cold for whom")
    assert "Huawei counted 0.014%" in picture.alt
