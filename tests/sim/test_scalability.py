"""The laws of scalability are compared with their own special cases and with data made from them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.sim.core.streams import Streams
from archlab.sim.scalability import amdahl, fit_usl, usl, usl_peak

SIZES = [1, 2, 4, 8, 16, 32, 64]
contentions, coherencies = st.floats(0, 1), st.floats(1e-6, 0.1)


def test_amdahls_speed_up_is_one_over_the_serial_part_and_the_shared_rest():
    assert amdahl(10, 0.1) == pytest.approx(1 / (0.1 + 0.9 / 10))
    assert amdahl(1e9, 0.05) == pytest.approx(20)
    assert amdahl([1, 2, 4], 0.0).tolist() == [1, 2, 4]


def test_one_alone_has_throughput_gamma_and_arrays_keep_their_shape():
    assert usl(1, 0.03, 0.001, gamma=90) == 90
    assert usl(np.ones((2, 3)), 0.03, 0.001).shape == (2, 3)


@given(contentions, coherencies)
def test_no_number_gives_more_than_the_peak(alpha, beta):
    peak = usl_peak(alpha, beta)
    around = np.maximum(1, peak * np.array([0.5, 0.9, 1.1, 2.0]))
    assert (usl(around, alpha, beta) <= usl(peak, alpha, beta) * (1 + 1e-12)).all()


def test_without_coherency_cost_more_never_gives_less():
    assert usl_peak(0.05, 0) == math.inf
    assert (np.diff(usl(np.arange(1, 2000), 0.05, 0)) > 0).all()


@settings(max_examples=40)
@given(st.floats(0.005, 0.3), st.floats(1e-4, 0.01), st.floats(0.1, 1e4))
def test_a_fit_recovers_the_parameters_that_made_the_points(alpha, beta, gamma):
    fit = fit_usl(SIZES, usl(SIZES, alpha, beta, gamma))
    assert (fit.alpha, fit.beta, fit.gamma) == pytest.approx((alpha, beta, gamma), rel=1e-3)
    assert fit.r_squared == pytest.approx(1)
    assert fit.peak_throughput == pytest.approx(usl(usl_peak(alpha, beta), alpha, beta, gamma), rel=1e-3)


def test_a_fit_to_noisy_points_explains_less_and_stays_near():
    noise = Streams(4).stream("noise").normal(1, 0.02, len(SIZES))
    fit = fit_usl(SIZES, usl(SIZES, 0.05, 0.001, 100.0) * noise)
    assert 0.9 < fit.r_squared < 1
    assert fit.alpha == pytest.approx(0.05, rel=0.3)


def test_perfect_scaling_fits_with_no_contention_and_no_peak():
    fit = fit_usl(SIZES, [7.0 * n for n in SIZES])
    assert fit.alpha == pytest.approx(0, abs=1e-6)
    assert fit.throughput(64) == pytest.approx(448, rel=1e-5)


def test_pure_contention_levels_off_at_gamma_over_alpha():
    fit = fit_usl(SIZES, usl(SIZES, 0.1, 0.0, 50.0))
    assert fit.beta == pytest.approx(0, abs=1e-6)
    assert usl(1e9, fit.alpha, 0.0, fit.gamma) == pytest.approx(500, rel=1e-3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: amdahl(4, 1.2), "serial_fraction is 1.2; it must be between 0 and 1"),
        (lambda: amdahl(0.5, 0.2), "n is 0.5; every number in it must be finite, 1 or more"),
        (lambda: usl([1, 0], 0.1, 0.1), "n is"),
        (lambda: usl(2, -0.1, 0.1), "alpha is -0.1"),
        (lambda: usl(2, 0.1, -0.1), "beta is -0.1"),
        (lambda: usl(2, 0.1, 0.1, gamma=0), "gamma is 0"),
        (lambda: usl_peak(1.5, 0.1), "alpha is 1.5"),
        (lambda: fit_usl([1, 2, 3], [1, 2, 3]), "at least four different numbers"),
        (lambda: fit_usl([1, 2, 2, 2, 4], [1, 2, 2, 2, 3]), "at least four different numbers"),
        (lambda: fit_usl([1, 2, 3, 4], [1, 2, 3]), "throughput is .* one number for each"),
        (lambda: fit_usl([1, 2, 3, 4], [1, 2, 3, 0]), "throughput is .* above 0"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named_with_its_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()
