"""Hedged requests: J. Dean and L. A. Barroso (2013), *The Tail at Scale*: 1,800 to 74 ms for 2 % more requests.

A calibration. Three figures were put in, and three come out: that checks the arithmetic, not the world. What can be
learnt is what correlation of the replicas does.
"""

import numpy as np
import pytest

from archlab.data import load
from archlab.published.hedged_batches import HEDGE_AFTER_S, KEY_S, batch_s, draw, model, simulate
from archlab.sim.core.streams import Streams


@pytest.fixture(scope="module")
def published():
    rows = load("tail_at_scale").query("experiment == 'hedged requests'")
    return {(row.case, row.figure): row.value for row in rows.itertuples()}


@pytest.fixture(scope="module")
def figures():
    return model(seed=2013)


def test_the_calibrated_model_gives_back_the_three_published_figures(figures, published):
    for name, case in (("plain", "no hedge"), ("hedged", "hedge after 10 ms")):
        value = published[case, "p99.9"]
        assert figures[f"{name}_p999_s"] == pytest.approx(value, rel=0.10)
        assert figures[f"{name}_p999_s_formula"] == pytest.approx(value, rel=0.01)
    assert figures["extra_requests"] == pytest.approx(
        published["hedge after 10 ms", "extra requests"], rel=0.01
    )


@pytest.mark.parametrize("name", ["plain", "hedged"])
@pytest.mark.parametrize(("which", "tolerance"), [("p50_s", 0.01), ("p99_s", 0.04)])
def test_the_percentiles_nobody_published_agree_with_the_formula(figures, name, which, tolerance):
    assert figures[f"{name}_{which}"] == pytest.approx(figures[f"{name}_{which}_formula"], rel=tolerance)


@pytest.mark.parametrize("correlation", [0.0, 0.3])
def test_the_kits_hedge_takes_as_long_as_the_arrays_say(correlation):
    first_s, second_s = draw(Streams(1), 20, 1000, HEDGE_AFTER_S, correlation)
    took_s, hedges = simulate(first_s, second_s, HEDGE_AFTER_S)
    np.testing.assert_allclose(took_s, batch_s(first_s, second_s, HEDGE_AFTER_S), atol=1e-12)
    assert hedges == (first_s > HEDGE_AFTER_S).sum()


def test_the_gain_vanishes_as_the_replicas_become_slow_together(figures):
    """A twentieth of correlation takes away a factor of five and more; all of it, everything."""
    tail_s = [figures["hedged_p999_s"]]
    tail_s += [model(seed=2013, correlation=c)["hedged_p999_s"] for c in (0.05, 1.0)]
    assert tail_s[1] > 5 * tail_s[0]
    assert tail_s[2] == figures["plain_p999_s"]


def test_correlated_replicas_cost_the_same_and_agree_with_the_formula():
    correlated = model(seed=2013, correlation=0.2)
    assert correlated["extra_requests"] == pytest.approx(0.02, rel=0.01)
    assert correlated["hedged_p99_s"] == pytest.approx(correlated["hedged_p99_s_formula"], rel=0.04)


def test_correlation_is_the_rank_correlation_of_the_two_replicas():
    first_s, second_s = draw(Streams(1), 200, 1000, hedge_after_s=0, correlation=0.3)
    ranks = [np.argsort(np.argsort(side.ravel())) for side in (first_s, second_s)]
    assert np.corrcoef(*ranks)[0, 1] == pytest.approx(0.3, abs=0.01)


def test_the_curve_of_a_key_goes_through_the_three_fitted_points():
    for time_s, share in ((0.010, 0.02), (0.069, 1e-3), (1.800, 1e-6)):
        assert KEY_S.survival(time_s) == pytest.approx(share, rel=1e-9)


def test_hedging_at_once_doubles_the_requests():
    assert model(seed=1, batches=50, hedge_after_s=0)["extra_requests"] == 1


@pytest.mark.parametrize("wrong", [{"correlation": 1.5}, {"keys": 0}, {"batches": 0}, {"hedge_after_s": -1}])
def test_what_makes_no_sense_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        model(seed=1, **wrong)
