"""Fan-out in the kit: the simulation, the arrays and the formula say the same."""

import numpy as np
import pytest

from archlab.published import fan_out
from archlab.sim import Constant, Exponential, Simulation


def test_the_simulated_wait_is_the_largest_of_the_same_draws():
    leaf = Exponential(0.010)
    simulated_s = fan_out.simulate(seed=7, leaf=leaf, leaves=30, requests=200)
    drawn_s = fan_out.slowest(Simulation(seed=7).stream("leaf"), leaf, leaves=30, requests=200)
    np.testing.assert_allclose(simulated_s, drawn_s, atol=1e-12)


def test_drawing_in_pieces_gives_the_same_as_drawing_at_once(monkeypatch):
    leaf = Exponential(0.010)
    at_once = fan_out.slowest(np.random.default_rng(1), leaf, leaves=7, requests=100)
    monkeypatch.setattr(fan_out, "AT_ONCE", 50)
    np.testing.assert_array_equal(
        fan_out.slowest(np.random.default_rng(1), leaf, leaves=7, requests=100), at_once
    )


def test_the_mean_slowest_of_exponential_leaves_is_a_harmonic_number():
    leaves = 20
    took_s = fan_out.slowest(np.random.default_rng(1), Exponential(1.0), leaves, requests=50_000)
    assert took_s.mean() == pytest.approx(sum(1 / k for k in range(1, leaves + 1)), rel=0.01)


def test_leaves_that_always_take_the_same_time_have_no_tail_to_wait_for():
    assert set(fan_out.simulate(1, Constant(0.25), leaves=10, requests=4).tolist()) == {0.25}


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_formula_holds_at_both_ends(share):
    assert fan_out.slow_requests(share, leaves=100) == share


def test_the_formula_keeps_its_digits_where_one_minus_a_tiny_share_rounds_to_one():
    assert fan_out.slow_requests(1e-17, leaves=10) == pytest.approx(1e-16, rel=1e-9)


@pytest.mark.parametrize(
    "wrong", [{"leaves": 0}, {"requests": 0}, {"slow_share": 2}, {"slow_s": 0.001}, {"usual_s": 0}]
)
def test_what_makes_no_sense_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        fan_out.model(seed=1, **wrong)
