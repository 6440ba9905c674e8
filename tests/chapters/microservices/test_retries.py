"""Retries and dependencies in general: the frames for the figures lie on formulas and on published figures."""

import pytest

from archlab.chapters.microservices import retries


def test_the_frames_of_the_kit_s_models_lie_on_their_formulas():
    layers = retries.layers(seeds=range(2)).dropna()
    assert (layers.attempts_per_request / layers.attempts_per_request_formula - 1).abs().max() < 0.1
    chains = retries.chains(seeds=range(2), years=200).set_index("design")
    assert (chains.availability - chains.availability_formula).abs().max() < 0.0001
    assert chains.independent_formula["30, independent"] == pytest.approx(0.9999**30)
    down = chains.down_per_month_hours
    assert down["30, 20 of them with a fallback"] < 0.4 * down["30, independent"]
    assert down["30, half of their outages shared"] < 0.6 * down["30, independent"]


def test_jitter_is_within_a_tenth_of_the_published_calls():
    frame = retries.jitter(seeds=range(8))
    assert (frame.calls / frame.published_calls - 1).abs().max() < 0.1


def test_three_layers_send_a_dead_database_64_queries_and_with_a_budget_hardly_more_than_one():
    plain, budget = retries.layers([1.0], seeds=range(2)).attempts_per_request
    assert plain == 64
    assert budget < 1.1**3
