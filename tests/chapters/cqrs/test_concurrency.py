"""Optimistic concurrency on one stream: what one writer could do alone is the most that all can do."""

import pytest

from archlab.chapters.cqrs import concurrency
from archlab.chapters.cqrs.concurrency import STRATEGIES, alone_s, writers


def test_one_writer_takes_a_reading_a_decision_and_a_writing():
    assert writers(1, seed=1).done_per_s == pytest.approx(1 / alone_s(), rel=0.01)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("count", [2, 10, 40])
def test_no_number_of_writers_does_more_than_one_alone(count, strategy):
    assert writers(count, 1, strategy).done_per_s <= 1.02 / alone_s()


def test_who_begins_again_at_once_takes_the_database_from_those_who_succeed():
    few, many = (writers(count, 1) for count in (2, 40))
    assert many.done_per_s < few.done_per_s / 2
    assert many.in_vain > 0.9


def test_back_off_gives_back_what_attempts_in_vain_took():
    at_once, _, jitter = (writers(40, 1, strategy) for strategy in STRATEGIES)
    assert jitter.done_per_s > 1.5 * at_once.done_per_s
    assert jitter.in_vain < at_once.in_vain


def test_many_streams_are_limited_by_the_database_and_not_by_refusals():
    work = writers(10, 1, streams=1000)
    assert work.in_vain < 0.05
    most_per_s = 1 / (2 * concurrency.QUERY_S)
    assert 0.8 * most_per_s < work.done_per_s <= 1.01 * most_per_s


def test_all_is_in_one_table():
    table = concurrency.against_writers(counts=(1, 5))
    assert len(table) == 2 * len(STRATEGIES)
    assert (table[table.writers == 1].in_vain == 0).all()


@pytest.mark.parametrize(
    ("values", "named"),
    [({"count": 0}, "count"), ({"strategy": "hope"}, "strategy"), ({"streams": 0}, "streams")],
)
def test_what_cannot_be_is_refused(values, named):
    with pytest.raises(ValueError, match=named):
        writers(**{"count": 1, "seed": 1, **values})


def test_the_picture_has_the_most_that_can_be_done():
    table = concurrency.against_writers(counts=(1, 10))
    told = concurrency.figure(table, "Many do no more than one").alt
    assert "At most 40. at once from 40 at 1 to " in told


def test_on_many_streams_the_most_is_what_the_database_has_time_for():
    assert concurrency.most_per_s(1) == pytest.approx(40)
    assert concurrency.most_per_s(100) == pytest.approx(250)
    assert writers(40, 1, "back-off", streams=10).done_per_s < concurrency.most_per_s(10)


def test_a_quicker_database_bears_attempts_in_vain():
    slow, quick = (writers(40, 1, query_s=query_s) for query_s in (0.002, 0.0005))
    assert slow.in_vain > 0.9
    assert quick.in_vain > 0.9
    assert slow.done_per_s < 0.3 * concurrency.most_per_s(1, 0.002)
    assert quick.done_per_s > 0.6 * concurrency.most_per_s(1, 0.0005)
