"""Retries multiply from layer to layer.

Figures: *Site Reliability Engineering* (2016), chapters 21 and 22; M. Brooker (2019), *Timeouts, retries and backoff
with jitter*.
"""

import math

import pytest

from archlab.published.retry_layers import expected_attempts, model
from archlab.sim.statistics import mean_interval

REQUESTS = 3000


def test_three_layers_of_four_attempts_send_a_dead_database_64_queries_for_each_request():
    figures = model(seed=1, requests=20)
    assert figures["attempts_per_request"] == 64
    assert figures["success"] == 0


def test_five_layers_of_three_tries_make_243():
    assert model(seed=1, layers=5, attempts=3, requests=5)["attempts_per_request"] == 243


@pytest.mark.parametrize("failure", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_at_every_failure_rate_simulation_and_formula_agree(failure):
    runs = [model(seed, failure=failure, requests=1000)["attempts_per_request"] for seed in range(8)]
    interval = mean_interval(runs, confidence=0.999)
    assert interval.contains(expected_attempts(3, 4, failure))
    assert interval.half_width < 0.06 * interval.mean


@pytest.mark.parametrize("failure", [0.9, 0.97])
def test_requests_succeed_as_often_as_one_of_64_queries_does(failure):
    figures = model(seed=1, failure=failure, requests=600)
    share = 1 - failure**64
    assert figures["success_formula"] == pytest.approx(share)
    assert figures["success"] == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / 600) + 1e-9)


def test_the_formula_is_right_where_it_can_be_worked_out_by_hand():
    assert expected_attempts(1, 4, 0.5) == 1 + 0.5 + 0.25 + 0.125
    assert expected_attempts(2, 2, 0.5) == 1.5 * 1.25
    assert expected_attempts(3, 4, 0) == 1
    assert expected_attempts(3, 1, 1) == 1


def test_three_attempts_in_one_layer_make_just_below_three_times_the_load():
    figures = model(seed=1, layers=1, attempts=3, failure=0.99, requests=REQUESTS)
    assert 2.9 < figures["attempts_per_request"] < 3


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("failure", [0.1, 0.3, 0.5, 0.9, 1.0])
def test_with_a_budget_of_a_tenth_in_each_layer_load_stays_within_1_1_for_each(layers, failure):
    figures = model(seed=1, layers=layers, failure=failure, budget=0.1, requests=REQUESTS)
    saved = 5 * sum(1.1**layer for layer in range(layers)) / REQUESTS
    assert figures["limit"] == pytest.approx(1.1**layers)
    assert figures["attempts_per_request"] <= figures["limit"] + saved


def test_the_budget_is_nearly_used_up_at_one_layer():
    """Published: about 1.1 times. By hand: retries are a tenth of the successes, s = 0.7 + 0.7 * 0.1 s."""
    figures = model(seed=1, layers=1, failure=0.3, budget=0.1, requests=REQUESTS)
    assert figures["attempts_per_request"] == pytest.approx(1 + 0.1 * 0.7 / (1 - 0.07), abs=0.01)
    assert figures["attempts_per_request"] == pytest.approx(1.1, abs=0.04)


@pytest.mark.parametrize(
    "wrong", [{"layers": 0}, {"attempts": 0}, {"failure": 1.2}, {"budget": -1}, {"requests": 0}]
)
def test_what_makes_no_sense_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        model(seed=1, **wrong)
