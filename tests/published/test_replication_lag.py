"""TAO's lag (2013), and the share of stale reads that was found in it (2015)."""

import numpy as np
import pytest

from archlab.data import load
from archlab.published import replication_lag
from archlab.published.replication_lag import DAY_S, exponential_s, lag, own_stale_share, published
from archlab.sim import Constant, Exponential


def test_an_exponential_lag_through_the_first_point_misses_the_last_by_a_factor_of_three():
    (_, _), (_, _), (last_s, share) = published().items()
    assert exponential_s(share) < last_s / 3


def test_a_log_normal_lag_comes_near_all_three_points():
    near = {1.0: 0.10, 3.0: 0.40, 10.0: 0.25}
    for seconds, share in published().items():
        assert lag().percentile(100 * share) == pytest.approx(seconds, rel=near[seconds])


@pytest.mark.parametrize(
    "lag_s", [Constant(0.5), Exponential(0.5), lag()], ids=["constant", "exponential", "TAO"]
)
@pytest.mark.parametrize("writes_per_s", [0.2, 1.0])
def test_how_often_a_read_is_stale_depends_on_the_mean_of_the_lag_alone(lag_s, writes_per_s):
    found = [replication_lag.simulated_stale_share(seed, writes_per_s, lag_s) for seed in range(5)]
    assert np.mean(found) == pytest.approx(replication_lag.stale_share(writes_per_s, lag_s), rel=0.06)


def test_four_in_a_million_are_stale_when_a_thing_is_written_once_in_a_day_and_a_half():
    (stale,) = load("tao").query("what == 'stale reads'").value
    days = 1 / replication_lag.writes_per_s_for(stale) / DAY_S
    assert 1.4 < days < 1.8
    assert replication_lag.stale_share(1 / (days * DAY_S)) == pytest.approx(stale)


def test_ones_own_write_is_not_seen_after_a_second_in_one_case_of_seven():
    assert own_stale_share(1.0) == pytest.approx(0.15, abs=0.03)
    assert own_stale_share(0.1) > 0.6
    drawn = lag().sample(np.random.default_rng(1), 100_000)
    assert own_stale_share(2.0) == pytest.approx((drawn > 2.0).mean(), rel=0.05)
