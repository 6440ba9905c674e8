"""Whether a cold start breaks a promise, and what ends it."""

import math

import numpy as np
import pytest

from archlab.chapters.serverless import cold_latency
from archlab.course.claims.verdict import Outcome
from archlab.sim.functions.runtimes import initialisation_s


@pytest.fixture(scope="module")
def figures():
    return cold_latency.figures(seeds=range(10))


def test_the_promise_is_broken_up_to_the_load_that_poisson_arrivals_say(figures):
    # one request in a hundred finds no environment when exp(-rate T) = 0.01, with T from 5 to 7 minutes
    kept_s = np.linspace(300, 420, 1001)
    rates = np.linspace(20, 100, 2000) / 3600
    cold = np.array([np.exp(-rate * kept_s).mean() for rate in rates])
    in_theory = 3600 * rates[np.argmax(cold < 0.01)]
    assert figures["broken_up_to_per_hour"] == pytest.approx(in_theory, rel=0.12)


def test_the_initialisation_that_flips_it_is_what_the_promise_leaves(figures):
    assert 0.5 < figures["broken_from_init_s"] < cold_latency.PROMISE_S


def test_the_verdict_names_the_load_and_the_initialisation(figures):
    verdict = cold_latency.cold_start_latency.decide(**figures)
    assert verdict.outcome == Outcome.HOLDS_WHEN
    assert "ends it" in verdict.detail
    assert figures["kept_ready_usd"] < figures["server_usd"]


def test_a_function_that_imports_nothing_breaks_no_promise_and_flips_the_verdict(figures):
    python = initialisation_s("Python 3.13")
    assert cold_latency.late_share(1, 10.0, python) < 0.01
    fast = {**figures, "broken_from_init_s": math.inf}
    assert cold_latency.cold_start_latency.decide(**fast).outcome == Outcome.DOES_NOT_HOLD


def test_a_longer_keep_alive_keeps_the_promise_of_the_same_load():
    assert cold_latency.late_share(1, 30.0) > 0.03 > 0.01 > cold_latency.late_share(1, 30.0, kept_s=1200.0)


def test_the_explorer_shows_who_waits_for_an_initialisation():
    read = cold_latency.TimesOfRequests().read(cold_latency.cold_starts(30, keep_alive_min=6, init_s=1.7))
    often = cold_latency.TimesOfRequests().read(cold_latency.cold_starts(600, keep_alive_min=6, init_s=1.7))
    assert read.figures["p99_ms"] > 1500 > 700 > often.figures["p99_ms"]


@pytest.mark.parametrize(("values", "name"), [({"per_hour": 0.0}, "per_hour"), ({"requests": 0}, "requests")])
def test_a_load_of_nothing_is_refused(values, name):
    with pytest.raises(ValueError, match=name):
        cold_latency.late_share(**{"seed": 1, "per_hour": 10.0, **values})
