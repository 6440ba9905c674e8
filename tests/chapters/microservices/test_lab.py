"""The days of lab 02: what they show, and what nobody can build."""

from dataclasses import replace

import numpy as np
import pytest

from archlab.chapters.microservices import lab as busy_season
from archlab.chapters.microservices.lab import BUDGET_USD_PER_HOUR, OBJECTIVES, SLOW, TODAY, SeasonDay
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.shop.microservices.guards import Guards
from archlab.sim import Simulation
from archlab.sim.distributions import as_distribution

SPARES = {"catalogue": 2, "inventory": 2}
TIMEOUT = {"payment provider": Guards(timeout_s=0.6)}


def misses(config: MicroservicesConfig, seed: int) -> list[str]:
    result = SeasonDay.drawn(np.random.default_rng(seed)).run(config, seed).result
    return [miss for objective in OBJECTIVES for miss in objective.misses(result)]


def test_the_figures_that_the_text_of_the_lab_names():
    day = SeasonDay()
    assert (day.duration_s, day.times_slower, busy_season.PATIENCE_S) == (26, 40, 2)
    assert [fault.lasts_s for fault in day.faults] == [6, 4, 6]
    assert (TODAY.gateway_workers, TODAY.health_check_s, TODAY.guards) == (16, 5, {})
    assert round(busy_season.CATALOGUE_PER_S) == 62
    query_s, provider = as_distribution(TODAY.query_s).mean, as_distribution(TODAY.provider_s)
    assert [SLOW["payments"][1] * query_s, SLOW["notifications"][1] * query_s] == pytest.approx([0.2, 1.0])
    assert SLOW["provider"][1] * provider.mean == pytest.approx(5, rel=0.05)
    draws = Simulation(1).draws("provider", provider)
    assert np.percentile([draws() for _ in range(20_000)], 99) == pytest.approx(0.4, rel=0.05)


def test_a_hanging_provider_holds_every_thread_after_as_many_orders_as_there_are_threads():
    held = busy_season.gateway_held(busy_season.provider_hangs(5, 20, None, seed=1))
    assert held[held == 20].index[0] == pytest.approx(20 / 5, rel=0.1)
    assert (held[held.index > 5] == 20).all()


def test_with_a_time_out_little_s_law_tells_the_threads_held():
    held = busy_season.gateway_held(busy_season.provider_hangs(5, 20, 1.6, seed=1))
    assert held[held.index > 3].mean() == pytest.approx(5 * 1.6, rel=0.1)


@pytest.mark.parametrize("slow", SLOW)
def test_each_slow_dependency_stops_the_pages_of_today_s_shop(slow: str):
    assert busy_season.slow_day({}, None, 150, seed=1).availability("browse") > 0.99
    assert busy_season.slow_day({}, slow, 150, seed=1).availability("browse") < 0.6


def test_a_wall_in_the_gateway_keeps_the_pages():
    walled = busy_season.slow_day({"orders": Guards(bulkhead=10)}, "payments", 150, seed=1)
    assert walled.availability("browse") > 0.99


def test_no_balancing_rule_keeps_the_promise_in_all_troubles():
    tried = {trouble: busy_season.rules_tried(trouble, seed=1) for trouble in busy_season.TROUBLES}
    kept = {
        trouble: set(
            frame[
                (frame.succeeded >= busy_season.PROMISED_SHARE)
                & (frame.p95_ms <= busy_season.PROMISED_P95_MS)
            ].index
        )
        for trouble, frame in tried.items()
    }
    assert all(kept.values())
    assert not set.intersection(*kept.values())
    assert kept["dead"] == {"peak ewma"}
    assert tried["dead"].succeeded["random"] == pytest.approx(3 / 4, abs=0.04)  # the dead one's fair share
    assert tried["dead"].p95_ms.idxmin() == "least outstanding"  # of the few that succeeded


def test_retries_keep_a_standstill_alive_and_a_budget_ends_it():
    retry = Guards(timeout_s=1, retry_attempts=3)
    stuck = busy_season.stalled_day(retry, 42, 3.5, seed=1)
    freed = busy_season.stalled_day(replace(retry, retry_budget=0.1), 42, 3.5, seed=1)
    assert busy_season.pages_at_the_end(stuck) < 0.05
    assert busy_season.pages_at_the_end(freed) > 0.98


def test_without_retries_a_lost_message_is_a_lost_page():
    day = busy_season.stalled_day(Guards(timeout_s=1), 42, 0, seed=1)
    through = (1 - busy_season.LOST) ** 2  # there and back
    assert busy_season.pages_at_the_end(day) == pytest.approx(through, abs=0.02)


def test_spares_a_time_out_and_a_rule_that_remembers_failures_keep_the_promise_together():
    spares = replace(TODAY, instances=SPARES)
    assert misses(TODAY, seed=1)
    assert misses(spares, seed=1)
    assert misses(replace(spares, guards=TIMEOUT), seed=1)
    assert misses(replace(spares, balancing="peak ewma"), seed=1)
    assert misses(replace(spares, guards=TIMEOUT, balancing="peak ewma"), seed=1) == []


def test_two_spares_fit_into_the_budget_and_three_do_not():
    def price(**instances: int) -> float:
        return Microservices(Simulation(1), replace(TODAY, instances=instances)).price_per_hour_usd()

    assert price(**SPARES) < BUDGET_USD_PER_HOUR < price(**SPARES, orders=2)


def test_facts_of_life_cannot_be_chosen():
    assert busy_season.impossible(replace(TODAY, instances=SPARES, guards=TIMEOUT, queue_limit=9)) == []
    assert busy_season.impossible(replace(TODAY, health_check_s=1.0)) == ["health_check_s cannot be chosen"]
    assert busy_season.impossible(MicroservicesConfig()) == ["gateway_workers cannot be chosen"]


def test_an_unknown_trouble_is_named():
    with pytest.raises(ValueError, match="slow is 'orders'; it must be None or one of provider"):
        busy_season.slow_day({}, "orders", 150, seed=1)
    with pytest.raises(ValueError, match="trouble is 'fire'; it must be one of slow, dead, restarts"):
        busy_season.balanced_day("random", "fire", seed=1)


@pytest.mark.parametrize("name", ["rate_per_s", "times_slower", "duration_s"])
def test_a_day_refuses_a_figure_that_is_not_positive(name: str):
    with pytest.raises(ValueError, match=name):
        SeasonDay(**{name: 0})
