"""Backoff and jitter on a contended row, against the experiment of M. Brooker (2015) run independently."""

import numpy as np
import pandas as pd
import pytest

from archlab.data import load
from archlab.published.contended_write import STRATEGIES, contended_write

CLIENTS, RUNS = 100, 30


@pytest.fixture(scope="module")
def means() -> pd.DataFrame:
    runs = {s: [contended_write(seed, CLIENTS, s) for seed in range(RUNS)] for s in STRATEGIES}
    return pd.DataFrame({s: pd.DataFrame(found).mean() for s, found in runs.items()}).T


@pytest.fixture(scope="module")
def published() -> pd.Series:
    table = load("retries")
    return table[table.experiment == "jitter"].set_index("quantity").value


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_calls_and_the_time_are_those_of_an_independent_run(means, published, strategy):
    assert means.calls[strategy] == pytest.approx(published[f"calls, {strategy}"], rel=0.03)
    assert means.completed_s[strategy] == pytest.approx(published[f"completion, {strategy}"], rel=0.06)


def test_jitter_spares_more_than_half_of_the_calls_of_plain_exponential_backoff(means):
    ordered = means.calls[["none", "exponential", "decorrelated", "equal", "full"]].to_numpy()
    assert (np.diff(ordered) < 0).all()
    assert 0.38 < means.calls["full"] / means.calls["exponential"] < 0.48


def test_the_wasteful_way_is_the_fastest_and_backoff_without_jitter_the_slowest(means):
    times = means.completed_s
    assert times.idxmin() == "none"
    assert times["full"] == pytest.approx(times["decorrelated"], rel=0.3)
    assert times["exponential"] > 5 * times[["full", "decorrelated", "equal"]].max()


def test_a_single_client_needs_one_call_and_four_messages():
    found = [contended_write(seed, 1, "none") for seed in range(200)]
    assert {one["calls"] for one in found} == {1.0}
    assert np.mean([one["completed_s"] for one in found]) == pytest.approx(0.040, rel=0.02)


@pytest.mark.parametrize(
    ("wrong", "names"), [({"clients": 0}, "clients"), ({"strategy": "half"}, "strategy")]
)
def test_wrong_arguments_are_refused_by_name(wrong, names):
    with pytest.raises(ValueError, match=names):
        contended_write(**({"seed": 1, "clients": 2, "strategy": "full"} | wrong))
