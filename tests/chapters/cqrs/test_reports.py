"""A report beside orders and pages: who waits for whom, and how old it is."""

import pytest

from archlab.chapters.cqrs import reports
from archlab.chapters.cqrs.reports import KEPT, REPORT_S, SHOPS, USUAL, waits

REPORTS_PER_S = 0.8


@pytest.fixture(scope="module")
def found():
    return {shop: waits(shop, 1, REPORTS_PER_S) for shop in SHOPS} | {USUAL: waits("one", 1, 0.0)}


def test_all_shops_have_as_many_cores_for_databases():
    cores = [
        config.database_cores + config.read_cores * len(config.read_servers)
        for config in map(reports.config_of, SHOPS)
    ]
    assert set(cores) == {reports.CORES}


def test_a_report_that_was_made_before_takes_a_hundredth_of_one_by_joins(found):
    for shop in ("same database", "separate", KEPT):
        assert found[shop]["report_s"] < REPORT_S / 100
    for shop in ("one", "replica", "replica for reports", "separate, not foreseen"):
        assert found[shop]["report_s"] > REPORT_S


def test_reports_that_have_a_replica_of_their_own_disturb_neither_orders_nor_pages(found):
    for shop in ("replica for reports", KEPT, "separate"):
        for name in ("order_s", "page_s"):
            assert found[shop][name] == pytest.approx(found[USUAL][name], rel=0.1)
    assert found["one"]["page_s"] > 5 * found[USUAL]["page_s"]
    assert found["replica"]["page_s"] > 5 * found[USUAL]["page_s"]
    assert found["separate, not foreseen"]["order_s"] > 2 * found[USUAL]["order_s"]


def test_a_report_by_joins_is_as_old_as_it_took_and_one_that_is_kept_half_as_much_again(found):
    assert found["replica for reports"]["age_s"] >= REPORT_S
    assert found[KEPT]["age_s"] == pytest.approx(REPORT_S * (1 + 1 / (reports.CORES - 1)), rel=0.05)


def test_the_report_of_a_read_model_is_as_old_as_its_projector_is_behind(found):
    assert found["same database"]["age_s"] == 0
    assert found["separate"]["age_s"] < 0.05


def test_the_orders_and_pages_are_the_same_ones_with_and_without_reports():
    quiet, busy = (reports.latencies("separate", 1, rate, seconds=20.0) for rate in (0.0, 1.0))
    usual = busy[busy.kind != "best_sellers"].kind
    assert list(usual) == list(quiet.kind)


def test_the_table_has_a_row_a_shop():
    table = reports.compared(seeds=range(1))
    assert list(table.index) == [USUAL, *SHOPS]
    assert table.report_s[USUAL] == 0


@pytest.mark.parametrize(
    ("values", "named"),
    [({"shop": "two"}, "shop"), ({"reports_per_s": -1.0}, "reports_per_s"), ({"report_s": 0}, "report_s")],
)
def test_what_cannot_be_is_refused(values, named):
    with pytest.raises(ValueError, match=named):
        reports.latencies(**{"shop": "one", "seed": 1, "reports_per_s": 1.0, **values})
