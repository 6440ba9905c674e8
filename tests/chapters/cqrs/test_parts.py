"""What each way costs in parts, counted on the shops."""

import pytest

from archlab.chapters.cqrs import parts
from archlab.shop.cqrs import READ_MODELS, news


@pytest.fixture(scope="module")
def counted():
    return parts.counted()


def test_read_models_beside_the_tables_add_a_table_each_and_nothing_that_can_break(counted):
    one, beside = counted.loc["one"], counted.loc["same database"]
    assert beside.tables - one.tables == len(READ_MODELS)
    assert beside.parts == one.parts
    assert beside.databases == 1


def test_models_of_their_own_add_a_database_and_a_projector_each(counted):
    one, apart = counted.loc["one"], counted.loc["separate"]
    assert apart.databases - one.databases == len(READ_MODELS)
    assert apart.parts - one.parts >= 2 * len(READ_MODELS)


def test_lines_are_code_and_nothing_else():
    lines = parts.lines_of([news])
    assert 10 < lines < 40


def test_documentation_and_comments_are_not_counted():
    source = '"""Text\nover lines."""\n\n# a comment\nx = 1\n"""one line"""\ny = 2\n'
    assert parts._code_lines(source) == 2
