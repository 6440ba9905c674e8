"""The order that is lost: counted on handled events and on real rows."""

import pytest

from archlab.chapters.event_driven import order


@pytest.fixture(scope="module")
def table():
    return order.compare(seeds=range(3)).set_index("design")


def test_a_log_keeps_the_order_of_a_key_and_its_rows_are_right(table):
    for design in ("log", "log, held back, then added", "queue, 1 consumer"):
        assert table.out_of_order_percent[design] == 0, design
        assert table.wrong_rows_percent[design] == 0, design


@pytest.mark.parametrize("design", ["log, partitions added", "log, finer key", "queue, 4 consumers"])
def test_more_partitions_a_finer_key_and_more_consumers_of_a_queue_lose_it(table, design):
    assert table.out_of_order_percent[design] > 1
    assert table.wrong_rows_percent[design] > 0


def test_consumers_that_are_added_to_a_log_take_partitions_over_and_the_order_stays(table):
    assert table.out_of_order_percent["log, consumers added"] == 0
    assert table.wrong_rows_percent["log, consumers added"] == 0


def test_a_version_in_the_row_makes_the_rows_right_and_the_order_no_better(table):
    for plain in ("log, partitions added", "queue, 4 consumers"):
        cured = f"{plain}, versions"
        assert table.wrong_rows_percent[cured] == 0
        assert table.out_of_order_percent[cured] == table.out_of_order_percent[plain]


def test_holding_new_events_back_costs_the_time_that_the_backlog_takes(table):
    held_s = table.held_back_s["log, held back, then added"]
    backlog = order.EVENTS_PER_S * order.AWAY_S
    assert backlog * order.WORK_S / order.CONSUMERS < held_s < 2.5 * backlog * order.WORK_S / order.CONSUMERS
    assert (table.held_back_s.drop("log, held back, then added") == 0).all()


def test_an_event_is_out_of_order_when_a_later_one_of_its_product_was_handled_before():
    """Counted by hand, on rows by hand."""
    stock = order.Stock(checks_version=False)
    for product, version in ((1, 1), (1, 3), (1, 2), (2, 1), (1, 4), (2, 2)):
        stock.write(order.StockLevel(product, level=100 - version, version=version))
    assert (stock.handled, stock.out_of_order) == (6, 1)
    assert stock.wrong({1: 96, 2: 98}) == 0
    stock.write(order.StockLevel(2, level=99, version=1))
    assert stock.wrong({1: 96, 2: 98}) == 1
    careful = order.Stock(checks_version=True)
    for version in (1, 3, 2):
        careful.write(order.StockLevel(1, level=100 - version, version=version))
    assert (careful.out_of_order, careful.wrong({1: 97})) == (1, 0)


def test_a_product_that_has_no_row_is_wrong():
    assert order.Stock(checks_version=False).wrong({7: 1}) == 1


def test_an_unknown_design_is_refused():
    with pytest.raises(ValueError, match="design"):
        order.run(seed=1, design="stack")
