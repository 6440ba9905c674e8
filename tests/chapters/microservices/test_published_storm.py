"""The published retry storm as the chapter shows it: its thresholds come out, and its ways out lead out."""

import numpy as np
import pytest

from archlab.chapters.microservices import published_storm


@pytest.fixture(scope="module")
def ill():
    return published_storm.ways_out(seeds=range(3))


def test_the_published_thresholds_come_out():
    table = published_storm.beside_published()
    assert table.published.to_dict() == {"load after the outage": 560, "stable below": 150}
    assert (table.simulated / table.published).to_numpy() == pytest.approx(1, rel=0.03)


def test_shedding_helps_at_once_only_when_it_leaves_time_for_the_work(ill):
    assert np.isnan(ill.longest_s["drop what is older than 1.0 s"])
    assert ill.longest_s["drop what is older than 0.9 s"] < 5


def test_shedding_what_is_just_too_old_helps_in_the_end_when_arrivals_are_random(ill):
    random = ill.loc["the same, with random arrivals"]
    assert random.shortest_s < 20 < 60 < random.longest_s < 200


def test_a_budget_of_each_client_s_own_is_much_weaker_than_one_that_all_share(ill):
    shared = ill.longest_s["a budget for all"]
    own = ill.longest_s["a budget for each of 1,000 clients"]
    assert shared == pytest.approx(ill.longest_s["no retry"], abs=5)
    assert own > 2.5 * shared


def test_a_bar_is_as_long_as_it_was_watched_when_it_is_ill_to_the_end(ill):
    bars = published_storm.as_bars(ill).set_index("design")
    assert bars.ill_s["one retry (to the end)"] == ill.watched_s["one retry"]
    assert bars.ill_s["no retry"] == ill.longest_s["no retry"]
    random = bars.loc["the same, with random arrivals"]
    assert random.ill_s_low < random.ill_s == random.ill_s_high
