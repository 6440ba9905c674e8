"""Shapes of load: all have the mean that is asked for, and the peak that they say."""

import numpy as np
import pytest

from archlab.chapters.serverless.load_shapes import DAY_S, SHAPES, Shape


@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_every_shape_has_the_same_mean_and_its_own_peak(shape):
    rate = shape.arrivals(6.0).rate_at
    rates = [rate(time_s) for time_s in np.arange(0, DAY_S, 30.0)]
    assert np.mean(rates) == pytest.approx(6.0, rel=1e-6)
    assert max(rates) == pytest.approx(shape.peak_per_s(6.0))


@pytest.mark.parametrize(("peak", "foreseen"), [(0.9, True), (2.1, True), (float("nan"), False)])
def test_a_peak_below_the_mean_or_a_wave_below_nobody_is_refused(peak, foreseen):
    with pytest.raises(ValueError, match="peak_to_mean"):
        Shape("odd", peak, foreseen)
