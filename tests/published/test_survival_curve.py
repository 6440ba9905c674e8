"""A distribution through points of its survival curve."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from archlab.published.survival_curve import SurvivalCurve
from archlab.sim import Distribution, Pareto

CURVE = SurvivalCurve(((1, 1), (10, 0.1), (20, 0.001)))


def test_it_is_a_distribution():
    assert isinstance(CURVE, Distribution)


def test_two_points_are_a_pareto_distribution():
    pareto, curve = Pareto(2.0, alpha=3.0), SurvivalCurve(((2, 1), (4, 1 / 8)))
    assert curve.mean == pytest.approx(pareto.mean)
    assert curve.cv == pytest.approx(pareto.cv)
    for q in (0, 50, 99.99):
        assert curve.percentile(q) == pytest.approx(pareto.percentile(q))


def test_drawn_values_exceed_each_point_as_often_as_it_says():
    n = 400_000
    values = CURVE.sample(np.random.default_rng(1), n)
    for value, share in (*CURVE.points, (3, CURVE.survival(3)), (30, CURVE.survival(30))):
        assert np.mean(values >= value) == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / n))


def test_survival_and_percentile_undo_one_another():
    for q in (1, 50, 90, 99, 99.9, 99.9999):
        assert CURVE.survival(CURVE.percentile(q)) == pytest.approx(1 - q / 100)


def test_the_mean_is_the_area_under_the_survival_curve():
    area = 1 + sum(quad(CURVE.survival, low, high)[0] for low, high in ((1, 10), (10, 20), (20, 2000)))
    assert CURVE.mean == pytest.approx(area, rel=1e-6)


def test_a_piece_of_exponent_one_has_a_logarithm_in_its_mean():
    curve = SurvivalCurve(((1, 1), (10, 0.1), (11, 0.0001)))
    area = 1 + math.log(10) + quad(curve.survival, 10, 11)[0] + quad(curve.survival, 11, 50)[0]
    assert curve.mean == pytest.approx(area, rel=1e-6)


def test_a_tail_that_falls_too_slowly_has_no_mean_and_no_variance():
    assert SurvivalCurve(((1, 1), (10, 0.2))).mean == math.inf
    assert SurvivalCurve(((1, 1), (10, 0.02))).cv == math.inf


@pytest.mark.parametrize(
    "points",
    [
        [(1, 1)],
        [(1, 0.9), (2, 0.5)],
        [(1, 1), (1, 0.5)],
        [(1, 1), (2, 1)],
        [(0, 1), (2, 0.5)],
        [(1, 1), (2, 0)],
        [(1, 1, 1), (2, 0.5, 1)],
    ],
)
def test_points_that_are_no_survival_curve_are_refused(points):
    with pytest.raises(ValueError, match="points"):
        SurvivalCurve(points)
