"""One side is down: which half of the shop goes on depends on what has a database of its own."""

import numpy as np
import pytest

from archlab.chapters.cqrs import side_down
from archlab.chapters.cqrs.side_down import config_of, expected_replicas, figure, hit, kept


@pytest.fixture(scope="module")
def table():
    return side_down.every_case(seeds=range(4))


@pytest.fixture(scope="module")
def means(table):
    return table.groupby(["way", "fault"]).mean()


def test_with_one_database_neither_pages_nor_orders_are_left(means):
    for way in ("one", "same database"):
        assert (means.loc[way][["pages_kept", "orders_kept"]] < 0.02).all(axis=None)


def test_pages_go_on_without_the_write_side_and_are_not_old(means):
    for way in ("replicas", "separate"):
        found = means.loc[way, "write side"]
        assert found.pages_kept > 0.99
        assert found.orders_kept < 0.05
        assert found.stale_in < 0.005


def test_orders_go_on_without_the_read_side(means):
    for way in ("replicas", "separate"):
        found = means.loc[way, "read side"]
        assert found.pages_kept < 0.02
        assert found.orders_kept > 0.99


def test_one_server_takes_its_own_page_or_for_a_moment_half_of_all(means):
    assert means.loc["replicas", "one read server"].pages_kept > 0.9
    assert 0.5 < means.loc["separate", "one read server"].pages_kept < 0.95


def test_followers_try_again_after_a_second_and_catch_up(table):
    back = table[(table.fault != "write side") & table.way.isin(["replicas", "separate"])]
    retry_s, work_s = config_of("separate").retry_s, 0.2
    assert (back.catch_up_s > 0).all()
    assert (back.catch_up_s < retry_s + work_s).all()
    assert (table[table.way.isin(["one", "same database"])].catch_up_s == 0).all()


def test_nothing_in_the_rows_is_wrong_afterwards(table):
    assert (table.wrong == 0).all()


@pytest.mark.parametrize("health_check_s", [5.0, 20.0])
def test_health_checks_decide_what_a_dead_replica_costs(health_check_s):
    shares = [kept("replicas", "one read server", seed, health_check_s).pages_kept for seed in range(8)]
    failed = 1 - expected_replicas(health_check_s)
    # the first check comes after a part of the time between two that is uniform: sd of a mean of 8
    sd = failed * 2 / np.sqrt(12) / np.sqrt(8)
    assert 1 - np.mean(shares) == pytest.approx(failed, abs=3 * sd + 0.01)


def test_a_fault_hits_what_answers_questions():
    assert hit(config_of("one"), "read side") == ["database"]
    assert hit(config_of("replicas"), "read side") == ["replica-1", "replica-2"]
    assert hit(config_of("replicas"), "one read server", seed=1) == ["replica-2"]
    assert len(hit(config_of("separate"), "read side")) == 5
    assert hit(config_of("separate"), "write side") == ["database"]


def test_the_picture_has_its_numbers_in_words(table):
    told = figure(table, "Each half goes on without the other").alt
    assert "Write side down: one: pages 0 %, orders 0 %; replicas: pages 100 %, orders 0 %" in told


@pytest.mark.parametrize(
    ("way", "fault", "check_s", "named"),
    [
        ("two", "read side", 5.0, "way"),
        ("one", "left side", 5.0, "fault"),
        ("one", "read side", 0.0, "health"),
    ],
)
def test_what_cannot_be_is_refused(way, fault, check_s, named):
    with pytest.raises(ValueError, match=named):
        kept(way, fault, 1, check_s)
