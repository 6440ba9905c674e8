"""Arrivals against the distributions and rates they promise."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from archlab.sim import Bursts, Deterministic, Diurnal, Mix, Poisson, Ramp, Streams, Trace


def times_of(arrivals, until_s, start_s=0.0, seed=1):
    """All arrival times up to `until_s`."""
    times = arrivals.times(Streams(seed).stream("arrivals"), start_s)
    return np.array(list(itertools.takewhile(lambda t: t <= until_s, times)))


def test_poisson_gaps_are_exponential_and_independent():
    gaps = np.diff(times_of(Poisson(rate_per_s=20), 1000), prepend=0.0)
    assert stats.kstest(gaps, stats.expon(scale=1 / 20).cdf).pvalue > 0.01
    neighbours = np.corrcoef(gaps[:-1], gaps[1:])[0, 1]
    assert abs(neighbours) < 3 / math.sqrt(len(gaps))


def test_poisson_counts_are_poisson():
    counts, _ = np.histogram(times_of(Poisson(rate_per_s=4), 5000), bins=5000, range=(0, 5000))
    values = np.arange(11)
    expected = 5000 * np.append(stats.poisson(4).pmf(values[:-1]), stats.poisson(4).sf(values[-2]))
    observed = [np.sum(counts == value) for value in values[:-1]] + [np.sum(counts >= values[-1])]
    assert stats.chisquare(observed, expected).pvalue > 0.01


def test_poisson_goes_on_where_a_batch_ends_and_begins_after_the_start():
    times = times_of(Poisson(rate_per_s=100), until_s=1100, start_s=1000)
    assert times.min() > 1000
    assert (np.diff(times) > 0).all()
    assert len(times) == pytest.approx(10_000, abs=4 * 100)


def test_deterministic_arrivals_are_evenly_spaced_without_drift():
    times = times_of(Deterministic(rate_per_s=3), until_s=10_000.1, start_s=0)
    assert len(times) == 30_000
    assert times == pytest.approx(np.arange(1, 30_001) / 3, rel=1e-14)


VARYING = {
    "bursts": (Bursts(base_per_s=5, burst_per_s=50, every_s=10, burst_s=2), 1000, 500),
    "bursts that are lulls": (Bursts(base_per_s=40, burst_per_s=4, every_s=10, burst_s=5), 1000, 500),
    "diurnal": (Diurnal(mean_per_s=0.2, peak_to_mean=1.8), 86_400, 24),
    "a short day from nobody to twice the mean": (Diurnal(20, 2.0, day_s=100), 400, 40),
    "ramp up": (Ramp(start_per_s=0, end_per_s=100, over_s=100), 200, 40),
    "ramp down": (Ramp(start_per_s=50, end_per_s=10, over_s=300), 400, 40),
}


@pytest.mark.parametrize("name", VARYING)
def test_arrivals_of_a_varying_rate_follow_it_in_every_bin(name):
    """Counts in bins are Poisson with the integral of the rate as mean: a chi-square test over all bins."""
    arrivals, until_s, bins = VARYING[name]
    counts, edges = np.histogram(times_of(arrivals, until_s), bins=bins, range=(0, until_s))
    fine = np.linspace(0, until_s, bins * 200, endpoint=False) + until_s / bins / 400
    rates = np.array([arrivals.rate_at(t) for t in fine]).reshape(bins, 200).mean(axis=1)
    expected = rates * np.diff(edges)
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    assert 0.005 < stats.chi2(bins).sf(chi_square) < 0.995
    assert max(rates) <= arrivals.highest_per_s


def test_the_rates_are_those_in_the_words():
    bursts = Bursts(base_per_s=5, burst_per_s=50, every_s=10, burst_s=2)
    assert [bursts.rate_at(t) for t in (0, 1.99, 2, 9.99, 10)] == [50, 50, 5, 5, 50]
    ramp = Ramp(start_per_s=10, end_per_s=30, over_s=10)
    assert [ramp.rate_at(t) for t in (0, 5, 10, 99)] == [10, 20, 30, 30]
    day = Diurnal(mean_per_s=100, peak_to_mean=1.5)
    assert [round(day.rate_at(h * 3600), 9) for h in (0, 6, 12, 18, 24)] == [50, 100, 150, 100, 50]
    assert (Poisson(7).rate_at(3), Deterministic(7).rate_at(3)) == (7, 7)


def test_a_trace_gives_exactly_its_times_from_the_start_of_the_load():
    trace = Trace([0.0, 0.25, 0.25, 8.0])
    assert list(trace.times(np.random.default_rng(1), 100.0)) == [100.0, 100.25, 100.25, 108.0]
    assert trace.rate_at(3) == 4 / 8
    assert Trace(np.array([0.0])).rate_at(0) == math.inf


def test_a_mix_has_its_shares_and_never_gives_a_kind_of_weight_nought():
    mix = Mix(browse=70, nothing=0, track_order=10, place_order=20)
    draw = mix.kinds(Streams(1).stream("kinds"))
    counts = {kind: 0 for kind in mix.shares}
    for _ in range(20_000):
        counts[draw()] += 1
    assert counts.pop("nothing") == 0
    expected = [20_000 * mix.shares[kind] for kind in counts]
    assert stats.chisquare(list(counts.values()), expected).pvalue > 0.01


def test_the_same_kinds_come_whatever_the_arrivals_and_one_kind_needs_no_luck():
    def draws(mix):
        draw = Mix.of(mix).kinds(Streams(3).stream("kinds"))
        return [draw() for _ in range(100)]

    assert draws({"a": 1, "b": 1}) == draws(Mix(a=50, b=50))
    assert set(draws(None)) == {"request"}


BAD = [
    (lambda: Poisson(0), "rate_per_s is 0; it must be a finite number above 0"),
    (lambda: Deterministic(-1), "rate_per_s is -1; it must be a finite number above 0"),
    (lambda: Bursts(-1, 2, 3, 1), "base_per_s is -1; it must be a finite number, 0 or more"),
    (lambda: Bursts(1, 0, 3, 1), "burst_per_s is 0; it must be a finite number above 0"),
    (lambda: Bursts(1, 2, 3, 4), "burst_s is 4; it must be at most every_s, which is 3"),
    (lambda: Diurnal(1, 2.5), "peak_to_mean is 2.5; it must be between 1 and 2"),
    (lambda: Diurnal(0, 1.5), "mean_per_s is 0; it must be a finite number above 0"),
    (lambda: Ramp(0, 0, 10), "start_per_s and end_per_s are both 0; one must be above 0"),
    (lambda: Ramp(1, 2, 0), "over_s is 0; it must be a finite number above 0"),
    (lambda: Trace([]), "times_s is .*; it must be a list of one or more finite numbers"),
    (lambda: Trace([1, float("nan")]), "times_s is .*; it must be a list of one or more finite numbers"),
    (lambda: Trace([2, 1]), "times_s is .*; it must be a list that starts at 0 or later and never goes back"),
    (
        lambda: Trace([-1, 1]),
        "times_s is .*; it must be a list that starts at 0 or later and never goes back",
    ),
    (lambda: Mix(), "a mix needs at least one kind"),
    (lambda: Mix(browse=-1, track=2), "browse is -1; it must be a finite number, 0 or more"),
    (lambda: Mix(browse=0), "the sum of the weights is 0; it must be a finite number above 0"),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_workloads_say_what_is_allowed(make, words):
    with pytest.raises(ValueError, match=words):
        make()
