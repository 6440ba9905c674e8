"""The figures of asking row by row."""

from archlab.chapters.layered import row_by_row
from archlab.published import chatty_layer, n_plus_one


def test_the_picture_of_writing_has_each_driver_with_both_times():
    alt = row_by_row.writing(chatty_layer.compare(), "Rows that travel together").alt
    assert "SQLite, in the program: version 1.4 6.2, version 2.0 3.55;" in alt
    assert "PostgreSQL, asyncpg: version 1.4 88.3" in alt
    assert alt.count("predicted") == 7


def test_the_picture_of_reading_has_all_ways_and_the_round_trip_that_doubles():
    alt = row_by_row.reading((0.0, 0.5), "N+1 far away").alt
    assert all(way in alt for way in n_plus_one.WAYS)
    assert "twice: 0.2" in alt
