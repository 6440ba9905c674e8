"""A hot key: how many partitions really work at the same time, when keys are not equally popular.

A partition has all records of its keys, so the largest partition caps what a group can read: of P partitions the
*usable* ones are 1 / (share of the largest). However many there are, it is at most 1 / (share of the hottest key).

The figures beside it (`data/hot_keys.csv`) are no measurement. They were derived by an independent simulation: 10,000
keys, popular by Zipf's law with exponent s (the share of the key of rank r is in proportion to 1 / r^s), each put into
one of P partitions at random. s = 0.99 is the usual skew of the YCSB benchmark. The law of large numbers does not save
uniform keys either: of 100 partitions with 100 keys each, the fullest has about 126.

Keys are put into partitions as the event log of the kit does it, by a CRC-32 of their names. For names that are
numbered in a row it spreads them more evenly over 4 partitions than chance would (`shares`, `placed_at_random`).

>>> skewed, even = usable(seed=1, partitions=100, exponent=0.99), usable(seed=1, partitions=100, exponent=0.0)
>>> skewed < most_usable(0.99) < even
True
>>> round(most_usable(0.99), 1), round(most_usable(0.0))
(10.2, 10000)
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
import pandas as pd

from archlab.sim.distributions import Values
from archlab.sim.validation import require_non_negative, require_whole

KEYS = 10_000
YCSB_EXPONENT = 0.99
PARTITIONS = (4, 12, 50, 100)
SEEDS = range(100)


def popularity(keys: int = KEYS, exponent: float = YCSB_EXPONENT) -> Values:
    """Return the share of the records that each key has, by Zipf's law, the hottest first; shape (keys,)."""
    require_whole("keys", keys, at_least=1)
    require_non_negative("exponent", exponent)
    weights = 1.0 / np.arange(1, keys + 1) ** exponent
    return weights / weights.sum()


@lru_cache(maxsize=64)
def hashes(seed: int, keys: int = KEYS) -> Values:
    """Return the CRC-32 of the names of `keys` keys; with another seed they have other names."""
    return np.array([crc32(f"{seed}-{number}".encode()) for number in range(keys)])


def shares(
    seed: int, partitions: int, keys: int = KEYS, exponent: float = YCSB_EXPONENT, salts: int = 1
) -> Values:
    """Return the share of the records in each partition, shape (partitions,).

    With `salts` each key is cut into so many finer ones, with an equal part of its records each.
    """
    require_whole("partitions", partitions, at_least=1)
    require_whole("salts", salts, at_least=1)
    weights = np.repeat(popularity(keys, exponent) / salts, salts)
    return np.bincount(hashes(seed, keys * salts) % partitions, weights=weights, minlength=partitions).astype(
        float
    )


def placed_at_random(seed: int, partitions: int, keys: int = KEYS, exponent: float = YCSB_EXPONENT) -> Values:
    """Return the same with each key put into a partition drawn at random: a hash that is as good as luck."""
    require_whole("partitions", partitions, at_least=1)
    places = np.random.default_rng(seed).integers(partitions, size=keys)
    return np.bincount(places, weights=popularity(keys, exponent), minlength=partitions).astype(float)


def usable(
    seed: int, partitions: int, keys: int = KEYS, exponent: float = YCSB_EXPONENT, salts: int = 1
) -> float:
    """Return how many partitions are as good as these: 1 / (share of the largest)."""
    return float(1 / shares(seed, partitions, keys, exponent, salts).max())


def most_usable(exponent: float = YCSB_EXPONENT, keys: int = KEYS, salts: int = 1) -> float:
    """Return the bound for any number of partitions: 1 / (share of the hottest key)."""
    require_whole("salts", salts, at_least=1)
    return float(salts / popularity(keys, exponent)[0])


def table(
    partitions: Sequence[int] = PARTITIONS,
    exponents: Sequence[float] = (0.0, YCSB_EXPONENT),
    seeds: Iterable[int] = SEEDS,
    keys: int = KEYS,
    salts: int = 1,
) -> pd.DataFrame:
    """Return the mean over the seeds. Columns: exponent, partitions, usable, usable_low, usable_high (5 and 95 %)."""
    chosen = list(seeds)
    rows = []
    for exponent in exponents:
        for count in partitions:
            found = [usable(seed, count, keys, exponent, salts) for seed in chosen]
            low, high = np.percentile(found, [5, 95])
            rows.append((exponent, count, float(np.mean(found)), float(low), float(high)))
    return pd.DataFrame(rows, columns=["exponent", "partitions", "usable", "usable_low", "usable_high"])
