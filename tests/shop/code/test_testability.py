"""The cost of a test: counts that can be checked by hand. No test here asserts a time."""

import sqlite3

import pytest

from archlab.shop.code.testability import order_of_magnitude, setup_statements, sql_statements, time_checks


@pytest.fixture
def connection():
    with sqlite3.connect(":memory:", isolation_level=None) as opened:
        opened.execute("CREATE TABLE stock (n)")
        yield opened
    opened.close()


def test_a_check_through_the_database_executes_its_statements_and_a_rule_alone_none(connection):
    def through_database():
        connection.execute("BEGIN")
        connection.execute("INSERT INTO stock VALUES (3)")
        connection.execute("UPDATE stock SET n = n - 1")
        connection.execute("COMMIT")
        assert connection.execute("SELECT n FROM stock").fetchone() == (2,)

    assert [sql.split()[0] for sql in sql_statements(through_database, connection)] == [
        "BEGIN",
        "INSERT",
        "UPDATE",
        "COMMIT",
        "SELECT",
    ]
    assert sql_statements(lambda: 3 - 1 == 2, connection) == []


def test_the_recording_stops_even_when_the_check_fails(connection):
    def failing():
        connection.execute("SELECT 1")
        raise AssertionError

    with pytest.raises(AssertionError):
        sql_statements(failing, connection)
    assert sql_statements(lambda: None, connection) == []


def test_setup_counts_statements_at_any_depth_but_neither_assertions_nor_docstrings():
    def test_a_rule():
        """Say something."""
        stock = 3
        for _ in range(2):
            stock -= 1
        assert stock == 1

    def test_nothing():
        assert 1 + 1 == 2

    assert (setup_statements(test_a_rule), setup_statements(test_nothing)) == (3, 0)


def test_setup_of_something_without_a_def_is_refused():
    for no_function in (len, lambda: None):
        with pytest.raises(ValueError, match="it must be a function"):
            setup_statements(no_function)


def test_every_check_is_run_and_timed_under_its_name():
    seen = []
    table = time_checks({"alone": lambda: seen.append(1), "nothing": lambda: None}, repeats=3, least_s=0.001)
    assert table.check.tolist() == ["alone", "nothing"]
    assert len(seen) >= 3 * table.runs[0]
    assert (table.best_s <= table.median_s).all()
    with pytest.raises(ValueError, match="repeats is 0"):
        time_checks({}, repeats=0)


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.01, "less than twice"),
        (1.99, "less than twice"),
        (2, "several times"),
        (10, "tens of times"),
        (99, "tens of times"),
        (100, "hundreds of times"),
        (1e9, "thousands of times"),
    ],
)
def test_a_ratio_is_said_in_words_coarse_enough_to_be_the_same_tomorrow(ratio, words):
    assert order_of_magnitude(ratio) == words


def test_a_ratio_that_is_no_ratio_is_refused():
    with pytest.raises(ValueError, match="ratio is 0"):
        order_of_magnitude(0)
