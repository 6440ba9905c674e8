"""How new must a report be, so that each side needs a model of its own?"""

import pytest

from archlab.chapters.cqrs import optimized, reports
from archlab.chapters.cqrs.reports import CORES, KEPT, REPORT_S
from archlab.course.claims import Outcome


@pytest.fixture(scope="module")
def figures():
    return optimized.figures(range(3))


def test_the_limit_is_what_arithmetic_says_of_cores_that_take_turns(figures):
    assert figures["kept_age_s"] == pytest.approx(optimized.oldest_kept(REPORT_S, CORES - 1), rel=0.03)


def test_with_more_cores_it_is_newer_and_never_newer_than_it_takes():
    ages_s = [optimized.oldest_kept(1.0, cores) for cores in (1, 2, 1000)]
    assert ages_s == sorted(ages_s, reverse=True)
    assert ages_s[0] == 2
    assert ages_s[-1] == pytest.approx(1.0, abs=0.01)


def test_a_read_model_disturbs_nobody_and_reports_on_one_model_do(figures):
    assert figures["own_slower"] < 1.1
    assert figures["one_slower"] > 5


def test_the_claim_does_not_hold_where_the_separate_shop_has_no_read_model_of_the_report(
    figures, monkeypatch
):
    rule = optimized.optimized_independently
    assert rule(**figures).outcome is Outcome.HOLDS_WHEN
    without = {**reports.SHOPS, "separate": reports.SHOPS["separate, not foreseen"]}
    monkeypatch.setattr(reports, "SHOPS", without)
    assert rule(**optimized.figures(range(3))).outcome is Outcome.DOES_NOT_HOLD


def test_a_report_that_takes_twice_as_long_is_twice_as_old_when_it_is_kept():
    ages_s = [reports.waits(KEPT, 1, 0.8, report_s=report_s)["age_s"] for report_s in (0.5, 1.0)]
    assert ages_s[1] / ages_s[0] == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("values", [{"report_s": 0.0}, {"cores": 0}])
def test_what_cannot_be_is_refused(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        optimized.oldest_kept(**{"report_s": 1.0, "cores": 1, **values})
