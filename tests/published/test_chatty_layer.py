"""100,000 rows, a call each or 1,000 a call: SQLAlchemy 1.4 and 2.0 (2023)."""

import pytest

from archlab.published import chatty_layer
from archlab.published.chatty_layer import ROWS, compare, published, round_trip_s, simulated_s, work_s
from archlab.sim import Exponential


@pytest.fixture(scope="module")
def table():
    return compare().set_index("driver")


def test_one_round_trip_a_call_predicts_the_time_of_few_calls_from_that_of_many(table):
    few = table[table.calls < ROWS]
    assert set(few.index) == {"asyncpg", "psycopg", "psycopg2", "pyodbc", "cx_Oracle", "mysqldb"}
    assert few.error_percent.between(-26, -10).all()
    assert few.predicted_s.between(3.6, 3.8).all()


def test_far_databases_gain_more_than_ten_times_what_the_one_in_the_program_gains(table):
    far = table[(table.calls < ROWS) & (table.times_faster > 1.1)]
    in_the_program = work_s(1) / work_s(1000)
    assert in_the_program == pytest.approx(1.7, abs=0.06)
    assert far.times_faster.between(17, 33).all()
    assert (far.predicted_times_faster > 10 * in_the_program).all()


def test_who_sends_as_many_calls_as_before_gains_nothing(table):
    as_before = table[table.times_faster.between(0.9, 1.1)]
    assert set(as_before.index) == {"mysqldb", "psycopg2"}
    assert as_before.predicted_times_faster.to_numpy() == pytest.approx(1.0)
    mysql = table[table.calls == ROWS]
    assert mysql.error_percent.abs().max() < 2


def test_the_fit_gives_back_the_column_it_was_fitted_to():
    before_s = published()["s"]["1.4"]
    for database in ("PostgreSQL", "SQL Server", "Oracle", "MariaDB"):
        measured = before_s.xs(database, level="database").max()
        assert simulated_s(1, Exponential(round_trip_s(database)), seed=3) == pytest.approx(
            measured, rel=0.02
        )


def test_more_connections_hide_the_distance_but_not_the_work_of_the_program():
    trip_s = round_trip_s("PostgreSQL")
    alone_s, four_s, many_s = (simulated_s(1, trip_s, connections=count) for count in (1, 4, 64))
    assert alone_s == pytest.approx(work_s(1) + ROWS * trip_s)
    assert four_s == pytest.approx(alone_s / 4, rel=0.01)
    assert many_s == pytest.approx(work_s(1), rel=0.01)


def test_in_the_program_there_is_no_distance_whatever_the_calls():
    seconds = chatty_layer.against_round_trip([0.0, 1.0]).set_index(["way", "round_trip_ms"]).seconds
    single, many = seconds["a row a call"], seconds["1,000 rows a call"]
    assert single[0.0] / many[0.0] < 2 < 20 < single[1.0] / many[1.0]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: work_s(10),
        lambda: round_trip_s("SQLite"),
        lambda: simulated_s(1, 0.001, rows=0),
        lambda: simulated_s(1, 0.001, connections=0),
        lambda: chatty_layer.against_round_trip([-1.0]),
    ],
)
def test_what_is_not_allowed_is_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        wrong()
