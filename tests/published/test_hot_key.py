"""A hot key caps parallelism: the kit's partitions beside figures derived by an independent simulation."""

import numpy as np
import pytest

from archlab.data import load
from archlab.published import hot_key
from archlab.sim import EventLog, Simulation

TOLERANCE = 0.05


@pytest.fixture(scope="module")
def derived():
    return load("hot_keys").set_index(["exponent", "partitions"]).usable


def test_the_kit_s_partitions_are_as_usable_as_the_derived_figures_say(derived):
    found = hot_key.table(seeds=range(40)).set_index(["exponent", "partitions"]).usable
    assert len(derived) == len(found) == 8
    for place, value in derived.items():
        assert found[place] == pytest.approx(value, rel=TOLERANCE), place


def test_keys_placed_at_random_say_the_same(derived):
    """Another way to place keys: only where the hash is as good as luck are the figures about keys, not about it."""
    for (exponent, partitions), value in derived.items():
        shares = [hot_key.placed_at_random(seed, partitions, exponent=exponent).max() for seed in range(60)]
        assert np.mean([1 / share for share in shares]) == pytest.approx(value, rel=TOLERANCE)


def test_the_bound_is_the_share_of_the_hottest_key_and_no_number_of_partitions_passes_it():
    bound = hot_key.most_usable(0.99)
    assert bound == pytest.approx(sum(1 / r**0.99 for r in range(1, 10_001)), rel=1e-9)
    assert bound == pytest.approx(10.2, rel=0.01)
    assert 1 / bound == pytest.approx(0.098, abs=0.0005)
    assert all(hot_key.usable(seed, 5000) < bound for seed in range(5))
    assert hot_key.usable(1, 5000) > 0.98 * bound


def test_a_key_goes_where_the_event_log_puts_it():
    log = EventLog(Simulation(seed=1), "orders", append_s=0.0, partitions=12)
    counted = np.zeros(12)
    for number, share in enumerate(hot_key.popularity(500)):
        counted[log.partition_of(f"3-{number}")] += share
    np.testing.assert_allclose(hot_key.shares(3, 12, keys=500), counted)


def test_finer_keys_raise_the_bound_by_as_much_and_spread_the_hot_key():
    assert hot_key.most_usable(0.99, salts=8) == pytest.approx(8 * hot_key.most_usable(0.99))
    assert hot_key.usable(1, 50, salts=8) > 2.5 * hot_key.usable(1, 50)


def test_shares_are_all_there():
    for partitions in (1, 7, 100):
        assert hot_key.shares(2, partitions).sum() == pytest.approx(1.0)
    assert hot_key.usable(2, 1) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: hot_key.popularity(0), "keys"),
        (lambda: hot_key.popularity(10, -1), "exponent"),
        (lambda: hot_key.shares(1, 0), "partitions"),
        (lambda: hot_key.shares(1, 2, salts=0), "salts"),
        (lambda: hot_key.placed_at_random(1, 0), "partitions"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(call, name):
    with pytest.raises(ValueError, match=name):
        call()
