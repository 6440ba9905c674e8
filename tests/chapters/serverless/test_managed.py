"""A machine dies: what is lost agrees with arithmetic, and slow initialisation flips the verdict."""

import pandas as pd
import pytest

from archlab.chapters.serverless import managed
from archlab.chapters.serverless.bills import OBJECTIVE_S, USUAL
from archlab.chapters.serverless.managed import managed_infrastructure
from archlab.course.claims import OverSeeds
from archlab.course.claims.verdict import Outcome


@pytest.fixture(scope="module")
def figures():
    hung = pd.DataFrame({"times_the_usual_bill": [400.0]})
    gone = pd.DataFrame({"lost_percent": {"requests": 100.0}})
    return managed.figures(managed.deaths(), hung, gone)


def test_the_verdict_is_stable_and_says_what_nobody_repairs(figures):
    verdict = managed_infrastructure(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert verdict.is_stable
    assert "100 % lost" in verdict.words
    assert "throttled" in verdict.words


def test_the_limit_is_where_a_run_and_its_initialisation_take_as_long_as_the_objective(figures):
    assert figures["initialisation_up_to_s"] == pytest.approx(OBJECTIVE_S - USUAL.run_s(512), rel=0.08)


def test_functions_lose_what_was_inside(figures):
    """Little's law: the rate times the run, of a minute's requests."""
    inside = 100 * USUAL.run_s(512) / managed.MINUTE_S
    assert figures["bad_percent"].low <= inside <= figures["bad_percent"].high


def test_clones_lose_half_of_what_comes_until_the_next_check_or_only_what_was_inside(figures):
    until_checked = 100 * managed.CHECK_EVERY_S / 2 / 2 / managed.MINUTE_S
    assert figures["checked_clones_percent"] == pytest.approx(until_checked, rel=0.6)
    inside = 100 * (USUAL.cpu_s + USUAL.waiting_s) / 2 / managed.MINUTE_S
    assert figures["asking_clones_percent"] == pytest.approx(inside, rel=0.8)


def test_without_a_death_nothing_is_late(monkeypatch):
    monkeypatch.setattr(managed, "DIES_AT_S", 1000.0)
    monkeypatch.setattr(managed, "WATCH_S", -990.0)
    assert managed.after_death(1, "functions") == 0


def test_the_designs_cost_the_same():
    usd_per_h = managed.same_money_per_s() * 3600 * managed.parts_of_bill().sum() / 1e6
    assert usd_per_h == pytest.approx(2 * 0.096 + 0.0416)


def test_slow_initialisation_flips_the_verdict(figures):
    slow = OverSeeds(managed.after_death(seed, "functions", init_s=1.7) for seed in range(10))
    assert slow.low > managed.ALLOWED_PERCENT
    assert managed_infrastructure(**{**figures, "bad_percent": slow}).outcome is Outcome.DOES_NOT_HOLD


def test_another_design_is_refused():
    with pytest.raises(ValueError, match="design"):
        managed.after_death(1, "one clone")
