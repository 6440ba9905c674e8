"""A query a parent, one join, two queries: the same objects, and what they cost near and far."""

import numpy as np
import pytest

from archlab.published import n_plus_one
from archlab.published.n_plus_one import (
    WAYS,
    against_round_trip,
    filled,
    published_s,
    recorded,
    simulated_s,
    simulated_twice_from_ms,
    twice_from_ms,
)


@pytest.fixture(scope="module")
def counted():
    return n_plus_one.counted().set_index("way")


def test_all_ways_read_the_same_objects():
    connection = filled(20, 5)
    first, *others = [reads(connection) for reads in WAYS.values()]
    assert len(first) == 20
    assert sum(len(parent.children) for parent in first) == 100
    assert all(other == first for other in others)


def test_sqlite_itself_counts_the_queries(counted):
    assert counted.queries.to_dict() == {"a query a parent": 1001, "one join": 1, "two queries": 2}


def test_the_recorded_steps_are_those_of_today(counted):
    assert recorded().set_index("way").steps.to_dict() == counted.steps.to_dict()


def test_in_the_program_n_plus_1_is_about_as_good_as_the_join(counted):
    for cost in (counted.steps, recorded().set_index("way").us):
        assert 0.6 < cost["a query a parent"] / cost["one join"] < 1.5


def test_it_is_so_on_this_machine_too():
    us = n_plus_one.measure(parents=200).set_index("way").us
    assert 0.5 < us["a query a parent"] / us["one join"] < 1.8  # a clock on a busy machine


def test_over_a_network_the_published_pair_is_far_apart():
    told = published_s()
    assert told["a query a parent"] / told["one join"] == pytest.approx(4.35, abs=0.01)
    assert told["a query a parent"] / told["two queries"] == pytest.approx(4.02, abs=0.01)


def test_the_simulated_limit_is_where_the_two_lines_cross():
    limits_ms = simulated_twice_from_ms()
    assert len(limits_ms) == 10
    assert limits_ms == pytest.approx([twice_from_ms()] * 10, rel=0.15)
    assert np.median(limits_ms) == pytest.approx(twice_from_ms(), rel=0.03)


def test_rows_that_take_four_times_the_work_bear_a_round_trip_four_times_as_long():
    dear = recorded().assign(us=lambda times: 4 * times.us)
    assert twice_from_ms(dear) == pytest.approx(4 * twice_from_ms())
    assert simulated_twice_from_ms(dear, seeds=range(3)) == pytest.approx([4 * twice_from_ms()] * 3, rel=0.15)


def test_who_is_twice_as_dear_without_any_trip_is_so_from_the_start():
    times = recorded().set_index("way")
    times.loc["a query a parent", "us"] = 3 * times.us["one join"]
    assert twice_from_ms(times.reset_index()) == 0.0


def test_two_queries_stay_as_good_as_a_join_however_far_it_is():
    table = against_round_trip([0.0, 0.25, 5.0]).set_index(["way", "round_trip_ms"]).times_the_join
    assert table["two queries"].between(0.6, 1.5).all()
    assert table["a query a parent", 5.0] > 10


def test_the_simulation_adds_a_round_trip_a_query():
    times = recorded().set_index("way", drop=False)
    work_s = times.us["a query a parent"] / 1e6
    assert simulated_s("a query a parent", 0.001, 1, recorded()) == pytest.approx(work_s + 1.001)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: filled(0, 1),
        lambda: n_plus_one.queries("no query"),
        lambda: simulated_s("no query", 0.001, 1, recorded()),
        lambda: n_plus_one.times_as_long("one join", 0.0, 1, recorded()),
        lambda: twice_from_ms(ratio=1.0),
        lambda: against_round_trip([-1.0]),
    ],
)
def test_what_is_not_allowed_is_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        wrong()
