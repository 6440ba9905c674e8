"""One server: it agrees with the formula, shares its luck between designs, and catches up after a freeze."""

import numpy as np
import pytest

from archlab.chapters.start_here.one_server import felt_until_s, one_server, waiting_after_opening
from archlab.sim import Deterministic, Exponential, Poisson, SlowDown
from archlab.sim.statistics import mean_interval
from archlab.sim.theory import mm1

TEN_MS = Exponential(0.010)


def test_the_mean_latency_is_that_of_the_formula():
    means = [one_server(seed, Poisson(60), TEN_MS, duration_s=100).mean_latency_s() for seed in range(8)]
    assert mean_interval(means, confidence=0.999).contains(mm1(60, 0.010).response_s)


def test_a_faster_server_meets_the_same_customers_with_the_same_work():
    slow, fast = (one_server(1, Poisson(60), Exponential(mean_s), 10) for mean_s in (0.010, 0.005))
    np.testing.assert_array_equal(slow.requests.arrived_s, fast.requests.arrived_s)
    quicker = slow.requests.latency_s >= 2 * fast.requests.latency_s - 1e-9
    assert quicker[slow.requests.latency_s.notna()].all()


def test_a_request_starts_when_the_one_before_it_is_done_also_around_a_freeze():
    freeze = SlowDown("server", at_s=3, for_s=2, factor=1_000_000)
    rows = one_server(1, Deterministic(50), 0.010, 10, [freeze]).requests.dropna()
    waited_s = rows.finished_s.shift(fill_value=0).clip(lower=rows.arrived_s)
    usual = ~waited_s.between(2.98, 5)  # not the one that the freeze catches
    np.testing.assert_allclose((rows.finished_s - waited_s)[usual], 0.010)
    assert rows.latency_s.max() == pytest.approx(2, abs=0.05)


def test_a_fault_of_another_part_is_refused():
    with pytest.raises(ValueError, match="database"):
        one_server(1, Poisson(50), TEN_MS, 10, [SlowDown("database", at_s=1, for_s=1, factor=2)])


def frozen(for_s: float, seed: int = 1):
    return one_server(seed, Poisson(50), TEN_MS, 100, [SlowDown("server", at_s=50, for_s=for_s, factor=1e6)])


def test_a_freeze_is_felt_until_the_crowd_after_it_is_gone_to_the_end_or_not_at_all():
    assert 68 <= felt_until_s(frozen(10), bin_s=2) <= 76
    assert 50 < felt_until_s(frozen(1), bin_s=2) <= 56
    assert felt_until_s(frozen(45), bin_s=2) == 100
    assert felt_until_s(frozen(0.01), bin_s=2) is None


def test_what_does_not_fail_is_not_felt():
    with pytest.raises(ValueError, match="result has no faults"):
        felt_until_s(one_server(1, Poisson(50), TEN_MS, 10), bin_s=2)


def test_the_queue_grows_from_nothing_after_the_opening():
    rows = [waiting_after_opening(seed, rate_per_s=90) for seed in range(40)]
    early, late = (np.mean([row[moment] for row in rows]) for moment in ("0.75", "11.25"))
    assert all(row["0"] == 0 for row in rows)
    assert early < late
