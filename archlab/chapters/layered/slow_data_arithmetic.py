"""The arithmetic of a slow data layer: when workers run out, where calls wait, and which time-out helps.

A fluid comes and goes at fixed rates, and Little's law says how many workers are held: rate times time. Nothing here is
simulated; `archlab.chapters.layered.slow_data` is, and the tests compare.

What this leaves out: luck, the time on cores, and that sessions in a database slow one another. And a slow request
that gets through its first call holds workers for more than one time-out, so the longest that helps is shorter still.

>>> round(empty_after_s(), 2), round(longest_helpful_s(), 2), waits_before({"web": 48, "app": 16, "data": 16})
(0.57, 0.5, {'web': inf, 'app': 32, 'data': 0.0})
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from archlab.chapters.layered.slow_data import CONFIG, FACTOR, IN_TIME_S, LOAD, SLOW_KINDS, SLOW_S, rate_per_s
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.layered import LayeredConfig
from archlab.sim.distributions import as_distribution


def slow_per_s(config: LayeredConfig = CONFIG) -> float:
    """Return how many requests a second need the database."""
    return rate_per_s(config) * sum(SHOP_MIX.shares[kind] for kind in SLOW_KINDS)


def served_per_s(factor: float = FACTOR, config: LayeredConfig = CONFIG) -> float:
    """Return how many of them a database that is so many times slower serves in a second, sessions left out."""
    shares = pd.Series({kind: SHOP_MIX.shares[kind] for kind in SLOW_KINDS})
    asked_s = (config.demands_s().database[list(SLOW_KINDS)] * shares / shares.sum()).sum()
    return float(config.database_cores / (asked_s * factor))


def used_workers(config: LayeredConfig = CONFIG) -> float:
    """Return how many workers of the web tier are held when nothing is slow, by Little's law."""
    held_s = config.held_s()["web workers"].copy()
    held_s["browse"] -= config.held_s().loc["browse", "data workers"] + 2 * as_distribution(config.hop_s).mean
    return rate_per_s(config) * float((held_s * pd.Series(dict(SHOP_MIX.shares))).sum())


def empty_after_s(factor: float = FACTOR, config: LayeredConfig = CONFIG) -> float:
    """Return how long after the beginning the web tier has no worker left: a fluid that comes and goes at fixed rates.

    Infinite when the slow database serves all that comes.
    """
    more = slow_per_s(config) - served_per_s(factor, config)
    return (config.workers - used_workers(config)) / more if more > 0 else float("inf")


def longest_helpful_s(config: LayeredConfig = CONFIG) -> float:
    """Return the longest time-out with which slow requests leave a worker of the web tier free, by Little's law."""
    return config.workers / slow_per_s(config)


def settled_wait_s(config: LayeredConfig = CONFIG) -> float:
    """Return how long everybody waits before the web tier when a limit travels and nothing slow is answered."""
    return max(0.0, IN_TIME_S - longest_helpful_s(config))


def drained_after_s(factor: float = FACTOR, config: LayeredConfig = CONFIG) -> float:
    """Return how long after the fault all who waited are served, without time-outs: what is left, at what is free."""
    share = min(1.0, served_per_s(factor, config) / slow_per_s(config))
    free = rate_per_s(config) * (1 / LOAD - 1)
    return (1 - share) * rate_per_s(config) * SLOW_S / free


def waits_before(workers: Mapping[str, int]) -> dict[str, float]:
    """Return program -> how many calls wait before it when all behind it stands still.

    A tier is sent no more calls than the tier before it has workers. Before the first one there is no end: inf. With
    copies in turn the calls are not spread evenly, so then some wait while another copy has workers.

    Args:
        workers: program -> those of all its copies, from the customers on.
    """
    expected, sent = {}, float("inf")
    for program, count in workers.items():
        expected[program] = max(0.0, sent - count)
        sent = min(sent, count)
    return expected
