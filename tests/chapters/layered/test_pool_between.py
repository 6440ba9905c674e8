"""The pool between two tiers."""

import pytest

from archlab.chapters.layered import pool_between
from archlab.chapters.layered.pool_between import RATE_PER_S, against_pool, config_of, connections_needed


@pytest.fixture(scope="module")
def table():
    return against_pool(pools=(3, 5, 12), seeds=2).set_index("pool")


def test_with_enough_connections_as_many_are_held_as_littles_law_says(table):
    assert table.data[12] == pytest.approx(connections_needed(), rel=0.05)


def test_with_fewer_than_the_law_says_all_workers_above_are_held(table):
    workers = config_of().workers_in("web") * config_of().count("web")
    assert 3 < connections_needed() < 5
    assert table.web[3] > 0.9 * workers > 5 * table.web[5]
    assert table.data[3] == pytest.approx(3, rel=0.02)


def test_with_too_few_most_customers_get_no_answer_in_time(table):
    assert table.answered_percent[3] < 60 < 99 < table.answered_percent[12]


def test_half_the_load_needs_half_the_connections():
    assert connections_needed(RATE_PER_S / 2) == pytest.approx(connections_needed() / 2)


def test_no_pool_is_refused():
    with pytest.raises(ValueError, match="pool"):
        config_of(0)


def test_the_picture_says_what_the_law_says(table):
    assert "Little's law" in pool_between.figure(table.reset_index(), "Too few").alt
