"""Retries and dependencies in general: the frames for the figures lie on formulas and on published figures."""

import pytest

from archlab.chapters.microservices import retries


def test_the_frames_of_the_kit_s_models_lie_on_their_formulas():
    layers = retries.layers(seeds=range(2)).dropna()
    assert (layers.attempts_per_request / layers.attempts_per_request_formula - 1).abs().max() < 0.1
    strategies = retries.strategies([0.2, 0.5], seeds=range(2)).dropna()
    assert set(strategies.design) == {"none", "three retries"}
    assert (strategies.success_percent - strategies.success_formula_percent).abs().max() < 2
    chains = retries.chains(seeds=range(2), years=200).set_index("design")
    assert (chains.availability - chains.availability_formula).abs().max() < 0.0001
    assert chains.independent_formula["30, independent"] == pytest.approx(0.9999**30)


def test_jitter_is_within_a_tenth_of_the_published_calls():
    frame = retries.jitter(seeds=range(8))
    assert (frame.calls / frame.published_calls - 1).abs().max() < 0.1
