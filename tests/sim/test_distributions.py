"""Distributions are compared with SciPy's, their own samples, and the definition of a percentile."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from archlab.sim.core.streams import Streams
from archlab.sim.distributions import (
    BATCH,
    Constant,
    Distribution,
    Empirical,
    Exponential,
    Lognormal,
    Pareto,
    Uniform,
    as_distribution,
)

BESIDE_SCIPY = [
    (Exponential(0.2), stats.expon(scale=0.2)),
    (Uniform(1.0, 4.0), stats.uniform(loc=1.0, scale=3.0)),
    (Lognormal(0.010, 0.7), stats.lognorm(0.7, scale=0.010)),
    (Pareto(2.0, 4.5), stats.pareto(4.5, scale=2.0)),
]
EVERY = [
    *(ours for ours, _ in BESIDE_SCIPY),
    Constant(3.0),
    Lognormal(5.0, 0.0),
    Empirical([3.0, 1.0, 2.0, 2.0]),
    Empirical([0.01, 0.05, 0.2], weights=[90, 9, 1]),
]
sizes = st.floats(1e-3, 1e3)


def by_name(value):
    return type(value).__name__ if isinstance(value, Distribution) else ""


def rng(seed=1):
    return Streams(seed).stream("test")


@pytest.mark.parametrize(("ours", "scipys"), BESIDE_SCIPY, ids=by_name)
def test_mean_cv_and_percentiles_agree_with_scipy(ours, scipys):
    assert ours.mean == pytest.approx(scipys.mean())
    assert ours.cv == pytest.approx(scipys.std() / scipys.mean())
    for q in (0, 1, 50, 95, 99, 99.9, 100):
        assert ours.percentile(q) == pytest.approx(scipys.ppf(q / 100))


@pytest.mark.parametrize(("ours", "scipys"), BESIDE_SCIPY, ids=by_name)
def test_samples_pass_the_kolmogorov_smirnov_test_against_scipy(ours, scipys):
    assert stats.kstest(ours.sample(rng(), 20_000), scipys.cdf).pvalue > 0.01


@pytest.mark.parametrize("distribution", EVERY, ids=by_name)
def test_the_mean_and_spread_of_many_samples_approach_those_stated(distribution):
    sample = distribution.sample(rng(), 200_000)
    standard_error = distribution.cv * distribution.mean / math.sqrt(sample.size)
    assert sample.mean() == pytest.approx(distribution.mean, abs=4 * standard_error + 1e-12)
    assert sample.std() / sample.mean() == pytest.approx(distribution.cv, rel=0.05, abs=1e-9)


@pytest.mark.parametrize("distribution", EVERY, ids=by_name)
def test_a_sampler_gives_the_values_of_sample_in_the_same_order(distribution):
    draw, stream = distribution.sampler(rng()), rng()
    one_by_one = [draw() for _ in range(BATCH + 10)]
    in_batches = np.concatenate([distribution.sample(stream, BATCH), distribution.sample(stream, BATCH)])
    assert one_by_one == in_batches[: BATCH + 10].tolist()
    assert type(one_by_one[0]) is float


@pytest.mark.parametrize("distribution", EVERY, ids=by_name)
@given(qs=st.lists(st.floats(0, 100), min_size=2, max_size=2).map(sorted))
def test_percentiles_never_fall(distribution, qs):
    assert distribution.percentile(qs[0]) <= distribution.percentile(qs[1])


@pytest.mark.parametrize("distribution", EVERY, ids=by_name)
@pytest.mark.parametrize("q", [-0.1, 100.1, math.nan])
def test_a_percentile_outside_0_to_100_is_refused(distribution, q):
    with pytest.raises(ValueError, match=r"q is .* between 0 and 100"):
        distribution.percentile(q)


@given(median=sizes, ratio=st.floats(1, 1e3))
def test_a_lognormal_has_the_median_and_p99_it_was_made_from(median, ratio):
    made = Lognormal.from_median_p99(median, median * ratio)
    assert made.percentile(50) == pytest.approx(median)
    assert made.percentile(99) == pytest.approx(median * ratio)


@given(mean=sizes, cv=st.floats(0, 20))
def test_a_lognormal_has_the_mean_and_cv_it_was_made_from(mean, cv):
    made = Lognormal.from_mean_cv(mean, cv)
    assert made.mean == pytest.approx(mean)
    assert made.cv == pytest.approx(cv, abs=1e-7)


def test_a_heavy_tail_says_that_its_mean_or_variance_is_infinite():
    assert Pareto(1.0, 2.0).cv == math.inf
    assert Pareto(1.0, 2.0).mean == 2.0
    assert Pareto(1.0, 1.0).mean == math.inf


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.floats(0, 100))
def test_an_empirical_percentile_is_that_of_numpy_for_the_same_measurements(values, q):
    expected = np.percentile(values, q, method="inverted_cdf")
    assert Empirical(values).percentile(q) == expected


@given(st.lists(st.tuples(st.floats(0, 1e3), st.integers(1, 5)), min_size=1, max_size=20))
def test_weights_mean_the_same_as_writing_a_value_down_that_many_times(histogram):
    values, counts = zip(*histogram, strict=True)
    weighted, repeated = Empirical(values, counts), Empirical(np.repeat(values, counts))
    assert weighted.mean == pytest.approx(repeated.mean)
    assert weighted.cv == pytest.approx(repeated.cv, abs=1e-9)
    assert [weighted.percentile(q) for q in range(0, 101, 5)] == [
        repeated.percentile(q) for q in range(0, 101, 5)
    ]


def test_an_empirical_sample_has_the_measured_shares_and_nothing_else():
    sample = Empirical([0.2, 0.01, 0.05], weights=[1, 90, 9]).sample(rng(), 50_000)
    values, counts = np.unique(sample, return_counts=True)
    assert values.tolist() == [0.01, 0.05, 0.2]
    assert stats.chisquare(counts, [45_000, 4_500, 500]).pvalue > 0.01


def test_a_constant_leaves_its_stream_untouched():
    stream = rng()
    Constant(2.0).sampler(stream)()
    assert Constant(2.0).sample(stream, 3).tolist() == [2.0, 2.0, 2.0]
    assert stream.random() == rng().random()


@pytest.mark.parametrize("distribution", EVERY, ids=by_name)
def test_a_distribution_is_a_value_that_can_be_compared_hashed_and_sent_to_another_process(distribution):
    copy = pickle.loads(pickle.dumps(distribution))
    assert copy == distribution
    assert hash(copy) == hash(distribution)
    assert copy.percentile(90) == distribution.percentile(90)


def test_a_number_means_a_constant_and_a_distribution_means_itself():
    slow = Exponential(0.5)
    assert as_distribution(2) == Constant(2.0)
    assert as_distribution(np.float64(0.5)) == Constant(0.5)
    assert as_distribution(slow) is slow
    for wrong in ("fast", None, -1):
        with pytest.raises(ValueError, match=r"value is"):
            as_distribution(wrong)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(-1), "value is -1; it must be a finite number, 0 or more"),
        (lambda: Exponential(0), "mean is 0; it must be a finite number above 0"),
        (lambda: Exponential(math.nan), "mean is nan"),
        (lambda: Uniform(-1, 2), "low is -1"),
        (lambda: Uniform(2, 2), "high is 2; it must be finite and above low, which is 2"),
        (lambda: Uniform(2, math.inf), "high is inf"),
        (lambda: Lognormal(0, 1), "median is 0"),
        (lambda: Lognormal(1, -1), "sigma is -1"),
        (lambda: Lognormal.from_median_p99(0.02, 0.01), "p99 is 0.01; it must not be below median"),
        (lambda: Lognormal.from_mean_cv(1, -1), "cv is -1"),
        (lambda: Pareto(0, 1), "minimum is 0"),
        (lambda: Pareto(1, 0), "alpha is 0"),
        (lambda: Empirical([]), "values is .* at least one number"),
        (lambda: Empirical([1.0, -2.0]), "smallest of values is -2.0"),
        (lambda: Empirical([1.0, math.nan]), "values is nan"),
        (lambda: Empirical([1.0], weights=[1, 2]), "weights is .* one number for each of 1 values"),
        (lambda: Empirical([1.0, 2.0], weights=[1, 0]), "smallest of weights is 0.0"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named_with_its_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()
