"""N. Mahmoudi and H. Khazaei, *SimFaaS* (CLOSER 2021): cold starts on AWS Lambda, measured at 20 rates in 2020.

Published: the table, and their own simulator's mean error, 12.23 % for the probability and 3.05 % for the instances.
"""

from heapq import heappop, heappush
from math import exp

import numpy as np
import pytest

from archlab.data import load
from archlab.published.lambda_cold_starts import (
    COLD_S,
    KEEP_ALIVE_S,
    WARM_S,
    compared,
    mean_errors,
    model,
)
from archlab.sim import Exponential, Function, Simulation

FACTS = load("lambda").set_index(["setting", "what"])["value"]
TEST = "cold starts by load"


@pytest.fixture(scope="module")
def table():
    return compared()


def plain_cold_starts(gaps_s, runs_s):
    """The same system without the kit: what idles since when, and a heap of ends. Returns who is cold."""
    idle, ends, cold, now_s = {}, [], [], 0.0
    for number, (gap_s, run_s) in enumerate(zip(gaps_s, runs_s, strict=True)):
        now_s += gap_s
        while ends and ends[0][0] <= now_s:
            ended_s, environment = heappop(ends)
            idle[environment] = ended_s
        idle = {one: since_s for one, since_s in idle.items() if now_s - since_s < KEEP_ALIVE_S}
        newest = max(idle, default=None)
        if newest is None:
            newest, run_s = number, run_s + COLD_S - WARM_S
            cold.append(number)
        else:
            del idle[newest]
        heappush(ends, (now_s + run_s, newest))
    return cold


def cold_starts_of_the_kit(gaps_s, runs_s):
    sim = Simulation(seed=1)

    def handler(invocation):
        yield sim.timeout(invocation.payload)

    function = Function(sim, "function", handler, init_s=COLD_S - WARM_S, keep_alive_s=KEEP_ALIVE_S)
    cold = []

    def arrivals():
        for number, (gap_s, run_s) in enumerate(zip(gaps_s, runs_s, strict=True)):
            yield sim.timeout(gap_s)
            if function.invoke(run_s).is_cold:
                cold.append(number)

    sim.run(until=sim.start(arrivals()))
    return cold


def test_the_inputs_are_those_of_the_source():
    assert FACTS[TEST, "mean run on a warm environment"] == WARM_S
    assert FACTS[TEST, "mean run with a cold start"] == COLD_S
    assert FACTS[TEST, "idle lifetime"] == KEEP_ALIVE_S == FACTS["keep-alive, August 2019", "idle lifetime"]


def test_the_model_misses_the_measured_points_by_hardly_more_than_the_authors_own_simulator(table):
    """Theirs misses by 12.2 % and 3.1 %. This one may by 15 % and 5 %, with its noise: 9 % a point at high rates."""
    cold, instances = mean_errors(table)
    assert cold == pytest.approx(FACTS[TEST, "mean error of SimFaaS: probability of a cold start"], abs=0.028)
    assert instances == pytest.approx(FACTS[TEST, "mean error of SimFaaS: instances"], abs=0.02)


def test_and_no_single_point_by_much(table):
    """35 %: three times the standard error of the measurement, 10 % on average and up to 24 % at low rates."""
    assert (table["model_cold"] / table["measured_cold"] - 1).abs().max() < 0.35
    assert (table["model_instances"] / table["measured_instances"] - 1).abs().max() < 0.12


def test_the_measurement_itself_is_no_more_exact(table):
    errors = table["standard_error"] / table["measured_cold"]
    assert errors.mean() == pytest.approx(FACTS[TEST, "mean standard error of the measurement"], abs=0.005)


@pytest.mark.parametrize(("rate_per_s", "requests"), [(0.00246, 2000), (0.05012, 10_000), (1.00053, 20_000)])
def test_a_few_lines_without_the_kit_find_the_very_same_requests_cold(rate_per_s, requests):
    random = np.random.default_rng(7)
    gaps_s = random.exponential(1 / rate_per_s, requests).tolist()
    runs_s = random.exponential(WARM_S, requests).tolist()
    cold = plain_cold_starts(gaps_s, runs_s)
    assert len(cold) > 20
    assert cold_starts_of_the_kit(gaps_s, runs_s) == cold


def test_the_share_of_time_without_an_idle_environment_is_the_share_of_cold_starts():
    """Poisson arrivals see time averages."""
    run = model(0.00425, requests=10_000)
    assert run["share_cold"] == pytest.approx(run["probability_cold"], rel=0.08)


def test_for_rare_requests_theory_says_how_many_are_cold():
    """One environment, run times short beside the gaps: cold when a gap is longer than run and keep-alive together."""
    rate_per_s = 0.00186
    run = model(rate_per_s, requests=10_000, run_s=0.0)
    gone = exp(-rate_per_s * KEEP_ALIVE_S)
    assert run["probability_cold"] == pytest.approx(gone, rel=0.03)
    assert run["instances"] == pytest.approx(1 - gone, rel=0.03)


def test_with_the_keep_alive_of_january_2021_more_requests_are_cold():
    before = model(0.00425, requests=3000)
    later = model(0.00425, requests=3000, keep_alive_s=360.0)
    assert later["probability_cold"] > 2 * before["probability_cold"]
    assert later["instances"] < before["instances"]


def test_a_keep_alive_that_varies_around_the_same_mean_makes_more_requests_cold():
    """By convexity: exp(-rate T) is larger on average than at the mean of T."""
    constant = model(0.00425, requests=3000)
    varying = model(0.00425, requests=3000, keep_alive_s=Exponential(KEEP_ALIVE_S))
    assert varying["probability_cold"] > 2 * constant["probability_cold"]


@pytest.mark.parametrize(
    "wrong", [{"rate_per_s": 0.0}, {"requests": 10}, {"keep_alive_s": -1.0}, {"run_s": -2.0}]
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(
        ValueError, match=r"rate_per_s is 0.0|requests is 10|keep_alive_s is -1.0|run_s is -2.0"
    ):
        model(**{"rate_per_s": 1.0, "requests": 100, **wrong})
