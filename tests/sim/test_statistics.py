"""Intervals are judged by what they promise: to contain the true value as often as they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from archlab.sim import Simulation, Station, Trace
from archlab.sim.core.streams import Streams
from archlab.sim.statistics import (
    batch_interval,
    batch_means,
    mean_interval,
    percentile,
    pooled_percentile,
    proportion_interval,
)
from tests.bench.interval_coverage import Setting, coverage, lindley


def rng(seed=1):
    return Streams(seed).stream("test")


def test_a_mean_interval_is_the_one_a_table_of_students_t_gives():
    """t(0.975, 4 degrees of freedom) = 2.776 and t(0.95, 4) = 2.132 in every printed table."""
    values = [2.0, 4.0, 6.0, 8.0, 10.0]
    standard_error = np.sqrt(10 / 5)
    assert mean_interval(values).half_width == pytest.approx(2.776 * standard_error, rel=2e-4)
    assert mean_interval(values, 0.90).half_width == pytest.approx(2.132 * standard_error, rel=2e-4)
    assert (mean_interval(values).mean, mean_interval(values).n) == (6.0, 5)


def test_of_a_thousand_intervals_95_percent_contain_the_true_mean():
    samples = rng().normal(10.0, 3.0, (1000, 5))
    contained = sum(mean_interval(sample).contains(10.0) for sample in samples)
    assert 929 <= contained <= 971  # three standard deviations of a binomial(1000, 0.95)


def test_equal_values_leave_no_doubt():
    interval = mean_interval([3.0, 3.0, 3.0])
    assert (interval.low, interval.mean, interval.high, interval.half_width) == (3.0, 3.0, 3.0, 0.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_the_mean_lies_inside_and_more_confidence_never_makes_an_interval_narrower(values):
    sure, surer = mean_interval(values, 0.8), mean_interval(values, 0.99)
    assert surer.low <= sure.low <= sure.mean <= sure.high <= surer.high


def correlated(size, seed):
    """Return values that resemble their neighbours, with mean 5: an autoregressive process."""
    noise, values = rng(seed).normal(0, 1, size), np.empty(size)
    values[0] = noise[0]
    for i in range(1, size):
        values[i] = 0.9 * values[i - 1] + noise[i]
    return values + 5


def test_batch_means_stay_honest_where_single_values_depend_on_their_neighbours():
    runs = [correlated(4000, seed) for seed in range(200)]
    by_batches = sum(batch_interval(run).contains(5.0) for run in runs)
    by_values = sum(mean_interval(run).contains(5.0) for run in runs)
    assert by_batches >= 180  # 190 expected, standard deviation 3
    assert by_values < 100


def test_batches_have_equal_length_and_leave_out_the_first_values_when_they_must():
    assert batch_means([100.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], batches=3).tolist() == [1.5, 3.5, 5.5]


@pytest.mark.parametrize(
    ("successes", "trials", "confidence"), [(0, 7, 0.9), (3, 40, 0.95), (500, 501, 0.99)]
)
def test_the_intervals_are_those_of_scipy(successes, trials, confidence):
    ours = proportion_interval(successes, trials, confidence)
    scipys = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((scipys.low, scipys.high), abs=1e-12)
    sample = rng().normal(5, 2, trials)
    expected = stats.t.interval(confidence, trials - 1, sample.mean(), stats.sem(sample))
    ours = mean_interval(sample, confidence)
    assert (ours.low, ours.high) == pytest.approx(expected)


def test_wilsons_interval_solves_the_equation_that_defines_it():
    """Its ends are the shares p for which the observed share is exactly z standard errors of p away."""
    interval, z = proportion_interval(3, 40), 1.959963984540054
    for end in (interval.low, interval.high):
        assert abs(3 / 40 - end) == pytest.approx(z * np.sqrt(end * (1 - end) / 40))


def test_nothing_seen_in_a_hundred_trials_is_not_proof_of_zero():
    interval = proportion_interval(0, 100)
    assert interval.low == pytest.approx(0, abs=1e-12)
    assert 0.03 < interval.high < 0.04


@given(st.integers(2, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_proportion_interval_stays_between_0_and_1_and_contains_the_share(counts):
    successes, trials = counts
    interval = proportion_interval(successes, trials)
    assert 0 <= interval.low <= interval.high <= 1
    assert interval.low - 1e-12 <= successes / trials <= interval.high + 1e-12


# Percentiles -------------------------------------------------------------------------------------------------

runs_of_requests = st.lists(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), min_size=2, max_size=6)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0, 100))
def test_a_percentile_of_finite_values_is_numpys(values, q):
    assert percentile(values, q) == np.percentile(values, q)


def test_a_percentile_is_infinite_from_the_first_infinite_value_on():
    """Of five values, two of them infinite, the third smallest is the median; at 51 % the fourth has a share."""
    values = [np.inf, 1.0, 3.0, np.inf, 2.0]
    assert [percentile(values, q) for q in (0, 25, 37.5, 50)] == [1.0, 2.0, 2.5, 3.0]
    assert [percentile(values, q) for q in (51, 75, 100)] == [np.inf] * 3
    assert percentile([np.inf], 50) == np.inf


@given(runs_of_requests, st.floats(0.1, 99.9))
def test_a_pooled_percentile_is_that_of_all_requests_and_lies_in_its_interval(runs, q):
    interval = pooled_percentile(runs, q)
    assert interval.mean == np.percentile(np.concatenate(runs), q)
    assert interval.low <= interval.mean <= interval.high
    assert interval.n == len(runs)


@given(runs_of_requests)
def test_more_confidence_never_makes_the_interval_of_a_percentile_narrower(runs):
    sure, surer = pooled_percentile(runs, 90, 0.8), pooled_percentile(runs, 90, 0.99)
    assert surer.low <= sure.low * (1 + 1e-9)
    assert sure.high <= surer.high * (1 + 1e-9)


def test_in_milliseconds_the_interval_is_a_thousand_times_that_in_seconds():
    runs = rng().exponential(0.1, (5, 300))
    seconds, milliseconds = pooled_percentile(list(runs), 95), pooled_percentile(list(1000 * runs), 95)
    for end in ("low", "mean", "high"):
        assert getattr(milliseconds, end) == pytest.approx(1000 * getattr(seconds, end))


def test_many_runs_of_independent_requests_have_the_interval_of_order_statistics():
    """The share below the true percentile is binomial: the usual interval for it, read off the sorted values."""
    values = rng().exponential(1.0, (400, 50))
    interval = pooled_percentile(list(values), 90)
    lowest, highest = stats.binom.interval(0.95, values.size, 0.9)
    expected = np.sort(values.ravel())[[int(lowest), int(highest)]]
    assert (interval.low, interval.high) == pytest.approx(tuple(expected), rel=0.01)


def test_runs_that_differ_widen_the_interval_though_the_requests_are_the_same():
    """Sorted into runs, the same requests come as a few lucky runs and a few unlucky ones."""
    values = rng().exponential(1.0, 6000)
    mixed, sorted_runs = values.reshape(6, 1000), np.sort(values).reshape(6, 1000)
    assert pooled_percentile(list(mixed), 90).mean == pooled_percentile(list(sorted_runs), 90).mean
    assert (
        pooled_percentile(list(sorted_runs), 90).half_width
        > 5 * pooled_percentile(list(mixed), 90).half_width
    )


def test_failures_as_infinite_leave_percentiles_below_them_finite():
    runs = [np.r_[rng(seed).exponential(1.0, 990), np.full(10, np.inf)] for seed in range(6)]
    assert pooled_percentile(runs, 50).high < 1
    assert np.isfinite(pooled_percentile(runs, 98).mean)
    assert pooled_percentile(runs, 98.9).high == np.inf
    assert pooled_percentile(runs, 99.5).mean == np.inf


def test_the_quick_queue_of_the_benchmark_is_the_kits_request_by_request():
    gaps_s, service_s = rng().exponential(1 / 0.9, 3000), rng(2).exponential(1.0, 3000)
    sim = Simulation(seed=1)
    server = Station(sim, "server")

    def handler(request):
        yield server.serve(service_s[request.id])

    sim.open_load(Trace(gaps_s.cumsum()), handler)
    latencies_s = sim.measure(duration_s=2 * gaps_s.sum()).latencies_s()
    np.testing.assert_allclose(latencies_s, lindley(gaps_s, service_s), rtol=0, atol=1e-7)


def covered_percent(setting, repetitions=100):
    table = coverage(setting, repetitions).set_index(["figure", "how"])
    return table.covered_percent, table.bias_percent


def test_at_half_the_load_all_intervals_keep_their_promise():
    covered, bias = covered_percent(Setting(0.5, seeds=6, duration_s=4000))
    assert covered.min() >= 88  # 95 expected, standard deviation 2.2
    assert bias.abs().max() < 2


def test_near_saturation_pooling_repairs_most_of_what_a_mean_of_percentiles_gets_wrong():
    covered, bias = covered_percent(Setting(0.9, seeds=5, duration_s=5000))
    assert covered["p99", "mean of p99s"] < 75 < 78 < covered["p99", "pooled"]
    assert bias["p99", "mean of p99s"] < -10 < -8 < bias["p99", "pooled"]
    assert covered["mean saved", "same seeds, paired"] > 82


def test_a_pooled_percentile_says_what_is_wrong():
    with pytest.raises(ValueError, match=r"runs is \[\[1.0, 2.0\]\]; it must be a list of 2 or more runs"):
        pooled_percentile([[1.0, 2.0]], 50)
    for bad in ([], [[1.0]], [np.nan]):
        with pytest.raises(ValueError, match="every run must be a list of one or more numbers"):
            pooled_percentile([[1.0], bad], 50)
    for q in (0, 100, -1):
        with pytest.raises(ValueError, match=f"q is {q}; it must be above 0 and below 100"):
            pooled_percentile([[1.0], [2.0]], q)
    with pytest.raises(ValueError, match="confidence is 1"):
        pooled_percentile([[1.0], [2.0]], 50, confidence=1)
    with pytest.raises(ValueError, match=r"values is \[\]"):
        percentile([], 50)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mean_interval([1.0]), r"values is \[1.0\]; .* 2 or more"),
        (lambda: mean_interval([]), "2 or more numbers"),
        (
            lambda: mean_interval([[1.0, 2.0], [3.0, 4.0]]),
            r"values is \[\[1.0, 2.0\], \[3.0, 4.0\]\]; it must be",
        ),
        (lambda: mean_interval([1.0, float("nan")]), "not finite"),
        (
            lambda: mean_interval([1.0, 2.0], confidence=95),
            "confidence is 95; it must be above 0 and below 1",
        ),
        (lambda: batch_means([1.0] * 10, batches=1), "batches is 1"),
        (lambda: batch_means([1.0] * 10, batches=11), "11 or more numbers"),
        (lambda: proportion_interval(1, 1), "trials is 1"),
        (lambda: proportion_interval(5, 4), "successes is 5; it must not be above trials, which is 4"),
        (lambda: proportion_interval(1, 4, confidence=0), "confidence is 0"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named_with_its_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()
