"""The lag of a projector is that of a queue with one server."""

import numpy as np
import pytest

from archlab.chapters.cqrs import lag
from archlab.sim.theory import mg1


@pytest.mark.parametrize(("load", "batch"), [(0.5, 1), (0.95, 1), (0.8, 2), (0.8, 10), (0.95, 100)])
def test_each_commit_is_seen_when_a_queue_worked_out_by_hand_says(load, batch):
    rows = lag.lags(seed=2, load=load, batch=batch, seconds=9.0)  # no warm-up is left out
    expected = lag.expected_s(rows.at_s.to_numpy(), batch)
    seen = rows.at_s + rows.lag_s < 9.0 - 1e-9
    assert seen.sum() > 0.8 * len(rows)
    np.testing.assert_allclose(rows.lag_s[seen], expected[seen], atol=1e-6)


def test_the_mean_lag_is_that_of_the_formula():
    service_s = lag.busy_s(lag.config_of())
    found = np.mean([lag.lags(seed, load=0.7).lag_s.mean() for seed in range(4)])
    assert found == pytest.approx(mg1(0.7 / service_s, service_s, 0.0).response_s, rel=0.1)


def test_beyond_what_it_can_do_it_falls_behind_for_ever_unless_batches_share_commits():
    alone = lag.lags(seed=1, load=1.2, seconds=80.0).set_index("at_s").lag_s
    assert alone.loc[50:60].mean() > 1.8 * alone.loc[20:30].mean()
    rate = 1.2 / lag.busy_s(lag.config_of())
    together = lag.lags(seed=1, load=rate * lag.busy_s(lag.config_of(100)), batch=100, seconds=80.0)
    assert together.lag_s.mean() < alone.mean() / 5


def test_the_lag_grows_with_the_load():
    table = lag.against_load(loads=(0.5, 0.9), batches=(1,))
    assert table.p99_s.is_monotonic_increasing
    assert (table.p99_s > table.p50_s).all()
    expected = [lag.worked_out(load, 1, seed=1) for load in (0.5, 0.9)]
    np.testing.assert_allclose(table.p99_s, expected, rtol=0.3)


def test_a_batch_that_tears_an_order_apart_is_refused():
    with pytest.raises(ValueError, match="batch is 3"):
        lag.expected_s(np.array([1.0]), batch=3)


@pytest.mark.parametrize("values", [{"load": 0.0}, {"seconds": 0.0}])
def test_what_cannot_be_is_refused(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        lag.lags(**{"seed": 1, "load": 0.5, **values})
