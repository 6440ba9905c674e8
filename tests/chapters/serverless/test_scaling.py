"""Bursts, steps and waves, and the database behind."""

import pytest

from archlab.chapters.serverless import bursts, drowning, steps
from archlab.course.claims.verdict import Outcome
from archlab.sim.functions import BEFORE_2023, TODAY


@pytest.fixture(scope="module")
def table():
    return bursts.table()


def test_the_old_rule_gives_what_aws_published_exactly(table):
    old = table[table.rule == "before 2023"]
    assert old.published.notna().all()
    assert (old.throttled == old.published).all()


def test_today_a_burst_at_once_loses_more_and_the_rule_starts_a_thousand(table):
    assert bursts.lost(table, "today", 1) == bursts.REQUESTS - TODAY.environments
    for minutes in bursts.MINUTES:
        assert bursts.lost(table, "today", minutes) > bursts.lost(table, "before 2023", minutes)
    assert "before 2023, 1 min: 7000" in bursts.figure(table, "burst").alt


def test_what_comes_evenly_is_refused_only_beyond_the_rate_at_which_environments_start():
    per_minute = 60 * TODAY.per_s
    expected = bursts.REQUESTS - TODAY.environments - per_minute
    assert bursts.evenly(1, TODAY) == pytest.approx(expected, abs=10)
    assert bursts.evenly(2, TODAY) == 0 < bursts.evenly(2, BEFORE_2023)


def test_the_incident_fills_the_account_and_then_tells_429():
    result, graph = bursts.incident()
    samples = result.samples[result.samples.part == "page"]
    assert samples.busy.max() == 1000
    assert {"ok", "throttled"} <= set(result.requests.outcome)
    assert "page" in graph
    few = bursts.incident(concurrency=2000)[0]
    assert (few.requests.outcome == "throttled").sum() < (result.requests.outcome == "throttled").sum()


def test_a_rule_that_is_none_is_refused():
    with pytest.raises(TypeError, match="rule"):
        bursts.throttled(1, rule=3000)
    with pytest.raises(ValueError, match="minutes"):
        bursts.throttled(0, BEFORE_2023)


def test_a_step_is_followed_until_the_cloud_starts_no_more():
    # within the first initialisation and run each request needs an environment of its own
    limit = TODAY.environments / (steps.INIT_S + steps.COMPUTES_S + steps.WAITS_S)
    assert steps.late_share("functions", 1, 0.8 * limit) <= 0.01
    assert steps.late_share("functions", 1, 1.5 * limit) > 0.05


def test_a_cluster_follows_what_its_first_machines_can_do():
    first = steps.MACHINES * steps.CORES / steps.COMPUTES_S
    assert steps.late_share("cluster", 1, 0.7 * first) <= 0.01
    assert steps.late_share("cluster", 1, 2.0 * first) > 0.2
    assert steps.late_share("cluster", 1, 2.0 * first, machines=3 * steps.MACHINES) <= 0.01


def test_the_verdict_on_following_flips_where_enough_machines_stand_idle():
    figures = steps.figures()
    assert steps.follows_the_load.decide(**figures).outcome == Outcome.HOLDS_WHEN
    machines = round(figures["same_usd_per_h"] / steps.usd_per_h(1))
    functions = float(figures["functions_up_to_per_s"])
    assert steps.late_share("fleet", 1, functions, machines=machines) <= steps.LATE
    assert (machines - 1) * steps.CORES / steps.COMPUTES_S < functions  # fewer never catch up
    fewer = {**figures, "functions_up_to_per_s": 10.0}
    assert steps.follows_the_load.decide(**fewer).outcome == Outcome.DOES_NOT_HOLD


def test_a_promise_shorter_than_a_cold_request_breaks_with_the_first_customers():
    lived = steps.run("functions", 1, steps.Poisson(20.0), 6.0).requests
    assert lived.latency_s.max() > steps.COLD_S - 0.01


def test_a_fleet_that_is_large_enough_follows_the_wave_as_well_and_pays_while_it_waits():
    lived = steps.through_the_wave()
    assert steps.late_percent(lived["functions"]) == steps.late_percent(lived["fleet"]) == 0
    assert steps.late_percent(lived["cluster"]) > 20
    assert lived["functions"].instances.iloc[-1] == 0
    assert lived["cluster"].instances.iloc[0] == steps.MACHINES
    again_min = steps.fleet_is_cheaper_within_min(lived)
    assert steps.usd_per_h(steps.FLEET) * again_min / 60 == pytest.approx(lived["functions"].usd)
    assert "functions: " in steps.figure(lived, "wave").alt


def test_more_load_than_the_database_bears_drowns_all_and_a_brake_leaves_most():
    shares = {way: drowning.in_time(way, seed=3, rate_per_s=75.0) for way in drowning.WAYS}
    brake = shares.pop("with a brake")
    assert max(shares.values()) < 0.3 < 0.6 < brake
    assert all(drowning.in_time(way, 1, 25.0) > 0.98 for way in drowning.WAYS)


def test_in_the_end_the_database_idles_and_those_without_a_connection_get_the_requests():
    result, _ = drowning.run("functions", 1, 100.0)
    late = result.samples.query("time_s > @drowning.COUNTED_FROM_S and part == 'database'")
    assert late.busy.mean() < 0.1
    outcomes = result.requests.query("arrived_s > @drowning.COUNTED_FROM_S").outcome
    assert (outcomes == "no_connection").mean() > 0.9


def test_connections_run_out_without_a_pool_and_not_with_one():
    without, graph = drowning.run("functions", 1, 100.0)
    with_one, _ = drowning.run("with a pool", 1, 100.0)
    assert (without.requests.outcome == "no_connection").sum() > 50
    assert (with_one.requests.outcome == "no_connection").sum() == 0
    assert "database" in graph


def test_the_verdict_on_what_is_behind_stands_where_the_database_is_full():
    figures = drowning.figures()
    verdict = drowning.what_is_behind.decide(**figures)
    assert verdict.outcome == Outcome.HOLDS_WHEN
    assert figures["functions_beyond"] < figures["brake_beyond"]
    assert figures["up_to_query_ms"] > 1000 * drowning.QUERY_S
    never = {**figures, "bears_up_to_per_s": float("-inf"), "up_to_query_ms": float("inf")}
    assert drowning.what_is_behind.decide(**never).outcome == Outcome.DOES_NOT_HOLD
    assert "functions from" in drowning.figure(drowning.by_load((25.0, 75.0)), "drowning").alt


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: steps.late_share("nobody", 1, 10.0), "side"),
        (lambda: steps.late_share("functions", 1, 0.0), "rate_per_s"),
        (lambda: drowning.in_time("somehow", 1, 10.0), "way"),
        (lambda: drowning.in_time("functions", 1, -1.0), "rate_per_s"),
    ],
)
def test_what_cannot_be_run_is_refused(call, name):
    with pytest.raises(ValueError, match=name):
        call()
