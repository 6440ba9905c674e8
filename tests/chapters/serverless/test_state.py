"""State in the memory of an environment, and outside; and for how long functions run."""

import math

import pytest

from archlab.chapters.serverless import kept_in_memory, run_times, state_outside
from archlab.course.claims.verdict import Outcome


def test_the_more_customers_the_more_carts_are_split():
    shares = [kept_in_memory.broken_share(1, load, customers=200) for load in (0.1, 5.0, 400.0)]
    assert shares == sorted(shares)
    assert shares[0] < 0.03 < 0.8 < shares[2]


def test_customers_who_come_one_after_the_other_lose_what_a_pause_longer_than_the_keep_alive_takes():
    # a cart is broken when one of its three pauses is too long
    kept_s = 60.0
    in_theory = 1 - (1 - math.exp(-kept_s / kept_in_memory.THINK_S)) ** kept_in_memory.THINGS
    found = kept_in_memory.broken_share(1, 0.01, kept_s=kept_s, customers=1000)
    assert found == pytest.approx(in_theory, abs=0.05)


def test_servers_lose_the_carts_that_are_filled_while_they_are_deployed():
    once, ten = (kept_in_memory.broken_on_servers(times) for times in (1.0, 10.0))
    assert once == kept_in_memory.THINGS * kept_in_memory.THINK_S / 86_400
    assert ten == pytest.approx(10 * once)


@pytest.fixture(scope="module")
def carts():
    return kept_in_memory.figures()


def test_the_verdict_on_memory_names_the_load_and_what_an_environment_takes(carts):
    verdict = kept_in_memory.stateless_functions.decide(**carts)
    assert verdict.outcome == Outcome.HOLDS_WHEN
    assert 0.2 < carts["broken_from_per_minute"] < 1.5
    assert 1 <= carts["broken_up_to_each"] < 6
    assert carts["slow_customers_break"] > kept_in_memory.ACCEPTABLE


def test_an_environment_that_takes_many_requests_at_a_time_splits_no_carts():
    assert kept_in_memory.broken_share(1, 100.0, customers=300, requests_each=80) < 0.02


def test_where_no_load_breaks_carts_functions_keep_state(carts):
    never = {**carts, "broken_from_per_minute": math.inf, "broken_up_to_each": -math.inf}
    assert kept_in_memory.stateless_functions.decide(**never).outcome == Outcome.DOES_NOT_HOLD


def test_without_a_condition_a_double_click_loses_a_thing_and_with_one_it_does_not():
    found = {way: state_outside.wrong_carts(way, seed=2, carts=400) for way in state_outside.WAYS}
    assert found["in memory"].wrong == found["with a condition"].wrong == found["in one statement"].wrong == 0
    assert found["without a condition"].wrong > 0
    assert found["with a condition"].queries >= found["without a condition"].queries
    assert found["in one statement"].queries == pytest.approx(1)


def test_how_many_things_are_lost_without_a_condition_is_who_meets_within_a_read_and_a_write():
    wrong = sum(state_outside.wrong_carts("without a condition", seed, carts=1000).wrong for seed in range(4))
    expected = 4 * 1000 * state_outside.MEETING * state_outside.QUERY_S / state_outside.APART_S
    assert wrong == pytest.approx(expected, rel=0.5)


def test_the_verdict_on_state_flips_where_a_change_cannot_be_made_in_one_statement():
    figures = state_outside.figures()
    assert state_outside.state_management.decide(**figures).outcome == Outcome.DOES_NOT_HOLD
    no_statement = {**figures, "lines_in_one_statement": figures["lines_with_condition"]}
    assert state_outside.state_management.decide(**no_statement).outcome != Outcome.DOES_NOT_HOLD
    assert figures["wrong_in_one_statement"] == 0 < figures["wrong_without"]


def test_an_object_store_is_slower_than_a_table():
    assert state_outside.blob_ms() > 100 * state_outside.wrong_carts("with a condition", carts=50).mean_ms


def test_nine_of_ten_functions_run_shorter_than_a_minute_on_average_and_the_others_could_take_most_of_the_time():
    assert run_times.printed("average") == pytest.approx(run_times.at_most(60.0), abs=0.025)
    assert run_times.printed("longest") == pytest.approx(run_times.at_most(60.0, "longest"), abs=0.025)
    assert run_times.shortest_for(0.94) == pytest.approx(60.0)
    assert run_times.fit_misses() < 0.1
    assert 0.5 < run_times.time_beyond(60.0, 900.0) < run_times.time_beyond(60.0) < 0.7


def test_the_verdict_on_short_runs_flips_when_fewer_functions_are_short():
    figures = run_times.figures()
    assert run_times.short_lived.decide(**figures).outcome == Outcome.HOLDS_WHEN
    assert (
        run_times.short_lived.decide(**{**figures, "short_on_average": 0.8}).outcome == Outcome.DOES_NOT_HOLD
    )


def test_the_figures_of_state_and_run_times_say_what_they_show():
    assert (
        "broken from" in kept_in_memory.figure(kept_in_memory.by_load((1.0, 100.0), seeds=(1,)), "carts").alt
    )
    assert "average run from 0.01 at 0.01 to 0.94 at 60" in run_times.figure("short").alt


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: kept_in_memory.broken_share(1, 0.0), "per_minute"),
        (lambda: kept_in_memory.broken_on_servers(-1.0), "deployments_a_day"),
        (lambda: state_outside.wrong_carts("somehow"), "way"),
        (lambda: run_times.at_most(0.0), "run_s"),
    ],
)
def test_what_makes_no_sense_is_refused(call, name):
    with pytest.raises(ValueError, match=name):
        call()
