"""Bisection finds the limit of each seed, tells where there is none, and does not depend on the cores."""

import math
from collections import Counter

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.course.claims.bisection import bisect
from archlab.sim import Exponential, Poisson, Simulation, Station, Streams


def true_limit(seed: int) -> float:
    """A limit that luck moves: around 5, from about 4 to 6."""
    return float(5 * np.exp(0.08 * Streams(seed).stream("limit").standard_normal()))


def below(seed, x):
    return true_limit(seed) - x


def above(seed, x):
    return x - true_limit(seed)


def noisy(seed, x):
    """A margin as an experiment gives it: each value of x has luck of its own besides."""
    return true_limit(seed) - x + 0.02 * Streams(seed).stream(f"at {x}").standard_normal()


@pytest.fixture(autouse=True)
def _one_core():
    with joblib.parallel_config(n_jobs=1):
        yield


def counted(margin):
    """The same margin, and how often it has run with each seed."""
    runs = Counter()

    def counting(seed, x):
        runs[seed] += 1
        return margin(seed, x)

    return counting, runs


@pytest.mark.parametrize(("holds", "margin"), [("up to", below), ("from", above)])
@pytest.mark.parametrize("log", [False, True])
def test_each_seed_has_its_own_limit_in_a_bracket_as_narrow_as_asked_for(holds, margin, log):
    limit = bisect(margin, between=(1, 20), holds=holds, tolerance=0.01, log=log)
    assert (limit.holds, limit.n) == (holds, 10)
    for seed, (low, high) in enumerate(limit.brackets):
        assert low <= true_limit(seed) <= high
        assert (high / low - 1 if log else high - low) <= 0.0100001


@given(flip=st.floats(2.0, 499.0), log=st.booleans())
def test_a_flip_is_found_wherever_it_is(flip, log):
    limit = bisect(
        lambda seed, x: flip - x, between=(1, 500), holds="up to", seeds=[1], log=log, tolerance=0.01
    )
    assert limit.brackets[0][0] <= flip <= limit.brackets[0][1]


@given(flip=st.integers(1, 999), log=st.booleans())
def test_of_whole_numbers_it_gives_the_last_that_holds_and_the_first(flip, log):
    up_to = bisect(
        lambda seed, n: n <= flip, between=(1, 1000), holds="up to", seeds=[1], whole=True, log=log
    )
    assert (up_to, up_to.low, up_to.high) == (flip, flip, flip)
    first = bisect(lambda seed, n: n > flip, between=(1, 1000), holds="from", seeds=[1], whole=True, log=log)
    assert first == flip + 1


def test_whole_numbers_are_handed_on_as_such():
    kinds = set()
    bisect(lambda seed, clones: kinds.add(type(clones)) or 3.5 - clones, (1.0, 8.0), "up to", [1], whole=True)
    assert kinds == {int}


def test_two_whole_numbers_are_enough():
    assert bisect(lambda seed, n: 1.5 - n, between=(1, 2), holds="up to", seeds=[1], whole=True) == 1


@pytest.mark.parametrize(("holds", "always"), [("up to", math.inf), ("from", -math.inf)])
def test_what_holds_everywhere_or_nowhere_has_no_limit(holds, always):
    assert bisect(lambda seed, x: 1.0, between=(1, 2), holds=holds) == always
    assert bisect(lambda seed, x: -1.0, between=(1, 2), holds=holds) == -always
    assert bisect(lambda seed, x: 0.0, between=(1, 2), holds=holds) == -always


@pytest.mark.parametrize(
    ("holds", "margin"),
    [
        ("up to", lambda seed, x: abs(x - 5) - 3),
        ("from", lambda seed, x: 3 - abs(x - 5)),
        ("from", below),
        ("up to", above),
    ],
)
def test_a_margin_that_flips_twice_or_the_other_way_is_refused_and_shown(holds, margin):
    with pytest.raises(
        ValueError, match=r"margin flips where no limit is, with seed 0 \(0: .*; it must flip once"
    ):
        bisect(margin, between=(0, 10), holds=holds)


def test_a_margin_that_is_not_a_number_is_refused_with_seed_and_value():
    with pytest.raises(ValueError, match="margin with seed 3 at 2 is nan"):
        bisect(lambda seed, x: math.nan if x == 2 else 1.0, between=(1, 2), holds="from", seeds=[3])


@pytest.mark.parametrize(
    ("options", "most"),
    [({}, 9), ({"log": True}, 9), ({"tolerance": 0.05}, 12), ({"whole": True, "between": (1, 64)}, 9)],
)
def test_a_seed_costs_about_nine_runs(options, most):
    margin, runs = counted(below)
    bisect(margin, **({"between": (1, 20), "holds": "up to"} | options))
    assert set(runs) == set(range(10))
    assert max(runs.values()) <= most


def test_a_seed_without_limit_costs_five_runs():
    margin, runs = counted(below)
    bisect(margin, between=(8, 20), holds="up to")
    assert set(runs.values()) == {5}


def test_one_worker_and_two_find_the_same_limit():
    def limit(jobs):
        with joblib.parallel_config(n_jobs=jobs):
            return bisect(noisy, between=(1, 20), holds="up to")

    alone, together = limit(1), limit(2)
    assert alone.brackets == together.brackets
    assert len(set(alone.per_seed)) > 1


def test_the_interval_of_ten_seeds_holds_the_limit_of_all_seeds():
    """In at least 95 of 100 courses; noise in the single runs and coarse brackets do not spoil that."""
    found = [
        bisect(noisy, between=(1, 20), holds="up to", seeds=range(first, first + 10))
        for first in range(0, 1000, 10)
    ]
    assert sum(limit.low <= 5 <= limit.high for limit in found) >= 94
    widths = [limit.high - limit.low for limit in found]
    assert 0.3 < float(np.median(widths)) < 1.5


def latency_to_spare_s(seed: int, rate_per_s: float) -> float:
    """How much below 30 ms the mean latency of a queue is, whose server needs 10 ms."""
    sim = Simulation(seed)
    web = Station(sim, "web")
    service_s = sim.draws("service", Exponential(0.010))

    def browse(request):
        yield web.serve(service_s())

    sim.open_load(Poisson(rate_per_s), browse)
    return 0.030 - sim.measure(duration_s=30, warmup_s=3).mean_latency_s()


def test_the_limit_of_a_queue_is_where_theory_puts_it():
    """M/M/1: the mean latency is 1 / (100/s - rate), so it is 30 ms at 66.7 requests a second."""
    limit = bisect(latency_to_spare_s, between=(50, 90), holds="up to")
    assert limit.low <= 100 - 1 / 0.030 <= limit.high
    assert limit.high - limit.low < 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"between": (2, 2)}, r"between is \(2, 2\); it must be two finite numbers, the second larger"),
        ({"between": (1, math.inf)}, "two finite numbers"),
        ({"between": (0, 1), "log": True}, "on a logarithmic scale it must be above 0"),
        ({"between": (1, 2.5), "whole": True}, "with whole=True it must be two whole numbers"),
        ({"tolerance": 0.0}, "tolerance is 0.0; it must be a finite number above 0"),
        ({"tolerance": 2.0, "whole": True}, "tolerance is 2.0; with whole=True it must be left out"),
        ({"holds": "after"}, "holds is 'after'; it must be one of from, up to"),
        ({"seeds": []}, r"seeds is \[\]; it must be one or more different seeds"),
        ({"seeds": [1, 1]}, r"seeds is \[1, 1\]"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_any_run(options, message):
    margin, runs = counted(below)
    with pytest.raises(ValueError, match=message):
        bisect(margin, **({"between": (1, 2), "holds": "up to"} | options))
    assert not runs
