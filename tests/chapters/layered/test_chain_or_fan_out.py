"""A chain of tiers against a fan-out."""

import numpy as np
import pytest

from archlab.chapters.layered.chain_or_fan_out import (
    UTILISATION,
    against_tiers,
    chain_percentile,
    fan_out_limit,
    figure,
    times,
)
from archlab.sim.theory import mmc_response_percentile


@pytest.fixture(scope="module")
def table():
    return against_tiers(tiers=(1, 4))


def test_one_tier_is_a_queue_with_one_server():
    published = mmc_response_percentile(99, UTILISATION, 1.0, servers=1)
    assert chain_percentile(1, 99) == pytest.approx(published) == pytest.approx(fan_out_limit(1, 99))


def test_a_chain_takes_as_long_as_an_erlang_distribution_says(table):
    chain = table[(table["shape"] == "chain") & (table.tiers == 4)].iloc[0]
    assert chain.p99 * chain_percentile(1, 99) == pytest.approx(chain_percentile(4, 99), rel=0.08)
    assert chain.p50 * chain_percentile(1, 50) == pytest.approx(chain_percentile(4, 50), rel=0.05)


def test_a_fan_out_stays_below_the_limit_of_independent_tiers():
    pooled = np.concatenate([times(seed, "fan-out", 4) for seed in range(1, 5)])
    assert pooled.mean() < (1 + 1 / 2 + 1 / 3 + 1 / 4) / (1 - UTILISATION)
    assert np.percentile(pooled, 99) < 1.08 * fan_out_limit(4, 99)


def test_p99_grows_much_less_than_the_number_of_tiers_and_least_in_a_fan_out(table):
    four = table[table.tiers == 4].set_index("shape").p99
    assert 4 > 1.5 * four["chain"] > 1.5 * four["fan-out"] > 1.5


def test_the_same_seed_gives_the_same_times():
    assert times(3, "chain", 2, requests=200).tolist() == times(3, "chain", 2, requests=200).tolist()


def test_the_picture_has_both_shapes(table):
    assert {"chain", "fan-out"} <= set(figure(table, "Chains add up").alt.replace(":", " ").split())


@pytest.mark.parametrize(("shape", "tiers"), [("ring", 2), ("chain", 0)])
def test_another_shape_and_no_tier_are_refused(shape, tiers):
    with pytest.raises(ValueError, match=r"shape|tiers"):
        times(1, shape, tiers)
