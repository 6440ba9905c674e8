"""What a test costs by layer: counts that do not change, times as wide ratios only."""

import sqlite3

import pytest

from archlab.chapters.layered import promises
from archlab.chapters.layered.promises import DOORS
from archlab.chapters.layered.tests_by_layer import (
    asked,
    by_door,
    dated,
    effort,
    figure,
    measure,
    recorded,
    written,
)
from archlab.shop.domain import Product


@pytest.fixture(scope="module")
def costs():
    return by_door().set_index("door")


def test_only_tests_of_a_whole_run_sql(costs):
    assert (costs.sql_asked > 0).to_dict() == {name: "whole" in name for name in DOORS}
    assert (costs.rows_opened > 0).to_dict() == {name: "whole" in name for name in DOORS}


def test_a_refused_order_writes_no_row_at_any_door(costs):
    assert not costs.rows_asked.any()


def test_the_further_from_the_rule_the_more_lines_run(costs):
    lines = costs.shop_lines_asked
    assert lines["functions"] < lines["rules"] < lines["use cases"] < lines["whole"] / 2
    assert lines["rules"] < lines["monolith on fakes"] < lines["monolith whole"]


def test_the_counts_are_the_same_each_time(costs):
    assert by_door().set_index("door").equals(costs)


def test_lines_sql_and_rows_are_counted_as_by_hand():
    connection = sqlite3.connect(":memory:", isolation_level=None)

    def work():
        Product(1, "tea", 450)
        connection.execute("CREATE TABLE IF NOT EXISTS numbers (n)")
        connection.executemany("INSERT INTO numbers VALUES (?)", [(1,), (2,)])

    counted = effort(work)
    assert (counted.sql, counted.rows) == (3, 2)
    assert counted.shop_lines == 1  # `if` of Product's check
    assert counted.lines == 3 + 1 + 4  # work, the check, and __init__ of the data class, which has no file


def test_sql_of_the_payment_provider_is_not_the_shops():
    door = DOORS["whole"](False)
    assert effort(door.money).sql == 0
    assert effort(door.seen).sql == 5  # one for each table but the products


def test_fakes_for_the_monolith_take_more_writing():
    assert written("monolith on fakes") > 1.5 * written("rules")


def test_a_promise_that_cannot_be_asked_there_is_refused():
    with pytest.raises(ValueError, match="promise is"):
        asked(promises.of_two_at_once_one_gets_the_last_pieces, "rules")
    with pytest.raises(ValueError, match="door is"):
        asked(promises.an_order_takes_its_pieces, "kitchen")


@pytest.mark.parametrize(
    "times", [recorded, lambda: measure(repeats=2, least_s=0.002)], ids=["recorded", "here"]
)
def test_a_test_of_a_rule_is_several_times_as_quick_as_one_of_the_whole(times):
    table = times().set_index("door")
    assert table.whole_us["whole"] > 20 * table.whole_us["rules"]
    assert table.asked_us["whole"] > 2 * table.asked_us["rules"]
    assert table.whole_us["monolith on fakes"] < table.whole_us["monolith whole"] / 10


def test_times_are_kept_with_date_and_machine():
    assert dated(recorded(), "a machine").columns.tolist() == [
        "door",
        "whole_us",
        "asked_us",
        "date",
        "machine",
    ]


def test_the_figure_says_its_numbers(costs):
    alt = figure(costs.reset_index(), "One third").alt
    assert str(costs.shop_lines_asked["rules"]) in alt
    assert "no SQL" in alt
