"""A report beside orders and pages: who waits for whom."""

import pytest

from archlab.chapters.cqrs import reports
from archlab.chapters.cqrs.reports import SHOPS, waits
from archlab.sim.theory import mg1

REPORTS_PER_S = 1.0


@pytest.fixture(scope="module")
def found():
    return {shop: waits(shop, 1, REPORTS_PER_S) for shop in SHOPS}


def test_all_shops_have_as_many_cores_for_databases():
    cores = [
        config.database_cores + config.read_cores * len(config.read_servers)
        for config in map(reports.config_of, SHOPS)
    ]
    assert set(cores) == {3}


def test_a_report_from_its_read_model_takes_a_hundredth_of_one_by_joins(found):
    for shop in ("same database", "separate"):
        assert found[shop]["report_s"] < reports.REPORT_S / 100
    for shop in ("one", "replica", "replica for reports", "separate, not foreseen"):
        assert found[shop]["report_s"] > 0.7 * reports.REPORT_S


def test_reports_that_have_a_replica_of_their_own_disturb_neither_orders_nor_pages(found):
    alone = waits("replica for reports", 1, 0.0)
    for name in ("order_s", "page_s"):
        assert found["replica for reports"][name] == pytest.approx(alone[name], rel=0.05)
    assert found["one"]["order_s"] > 2 * alone["order_s"]
    assert found["replica"]["page_s"] > 10 * alone["page_s"]


def test_a_replica_for_reports_is_a_queue_with_one_server(monkeypatch):
    """Reports take an exponential time, as queries do: M/M/1, when there is hardly anything to follow."""
    monkeypatch.setattr(reports, "ORDERS_PER_S", 0.02)
    monkeypatch.setattr(reports, "PAGES_PER_S", 0.02)
    load = 0.4
    expected_s = mg1(load / reports.REPORT_S, reports.REPORT_S, 1.0).response_s
    seen_s = waits("replica for reports", 1, load, seconds=20_000.0)["report_s"]
    assert seen_s == pytest.approx(expected_s, rel=0.1)


def test_the_orders_and_pages_are_the_same_ones_with_and_without_reports():
    quiet, busy = (reports.latencies("separate", 1, rate, seconds=20.0) for rate in (0.0, 1.0))
    usual = busy[busy.kind != "best_sellers"].kind
    assert list(usual) == list(quiet.kind)


def test_the_table_has_a_row_a_shop():
    table = reports.compared(seeds=range(1))
    assert list(table.index) == [reports.USUAL, *SHOPS]
    assert (table.loc[list(SHOPS)] > 0).all(axis=None)
    assert table.report_s[reports.USUAL] == 0


@pytest.mark.parametrize(
    ("values", "named"),
    [({"shop": "two"}, "shop"), ({"reports_per_s": -1.0}, "reports_per_s"), ({"report_s": 0}, "report_s")],
)
def test_what_cannot_be_is_refused(values, named):
    with pytest.raises(ValueError, match=named):
        reports.latencies(**{"shop": "one", "seed": 1, "reports_per_s": 1.0, **values})
