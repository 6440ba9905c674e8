"""Closed networks: a fixed number of users who send a request, wait for the answer, think, and so on.

Slow answers slow the users down, so a closed network never overloads: its throughput levels off where the
busiest station is busy all the time. Service times are exponential, queues are first come, first served.

>>> state = mva(think_s=1.0, demands_s=[0.010, 0.040], users=20)
>>> round(state.throughput_per_s, 1), round(state.response_s, 3)
(17.8, 0.121)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, xlogy

from archlab.sim.validation import require_non_negative, require_positive, require_whole

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ClosedState:
    """Long-run means of a closed network.

    Attributes:
        users: how many users there are, thinking or waiting.
        throughput_per_s: requests answered a second.
        response_s: mean time from sending a request to its answer, thinking not included.
        utilisation: share of each station's servers that is busy, one number a station.
        in_station: mean number of requests at each station, waiting or in service.
    """

    users: int
    throughput_per_s: float
    response_s: float
    utilisation: tuple[float, ...]
    in_station: tuple[float, ...]


def mva(think_s: float, demands_s: Sequence[float], users: int) -> ClosedState:
    """Return a closed network of single-server stations by exact mean value analysis.

    A request that arrives sees, on average, the network as it would be with one user less. So the figures
    for n users follow from those for n - 1 (M. Reiser, S. S. Lavenberg, *Mean-Value Analysis of Closed
    Multichain Queuing Networks*, Journal of the ACM 27(2), 1980).

    Args:
        think_s: mean time between an answer and the next request, 0 or more.
        demands_s: mean work a request brings to each station (visits times service time).
        users: 1 or more.

    Raises:
        ValueError: when a parameter is not allowed.
    """
    _require_network(think_s, demands_s, users)
    demands = np.asarray(demands_s, dtype=np.float64)
    in_station, throughput_per_s = np.zeros_like(demands), 0.0
    for n in range(1, users + 1):
        residence_s = demands * (1 + in_station)
        throughput_per_s = n / (think_s + float(residence_s.sum()))
        in_station = throughput_per_s * residence_s
    busy = throughput_per_s * demands
    return _closed_state(users, think_s, throughput_per_s, busy, in_station)


def closed_network(
    think_s: float, demands_s: Sequence[float], users: int, servers: Sequence[int]
) -> ClosedState:
    """Return a closed network whose stations have several servers each, by exact convolution.

    The algorithm is in J. P. Buzen, *Computational Algorithms for Closed Queueing Networks with Exponential
    Servers*, Communications of the ACM 16(9), 1973. It is computed with logarithms, so that a thousand users
    do not overflow, and it only adds positive numbers, so that nothing cancels, as it would in mean value
    analysis with several servers. Its time grows with the square of the users and of the stations.

    Args:
        think_s: mean time between an answer and the next request, 0 or more.
        demands_s: mean work a request brings to each station, in seconds of one server.
        users: 1 or more.
        servers: number of servers of each station.

    Raises:
        ValueError: when a parameter is not allowed, or the lists differ in length.
    """
    _require_network(think_s, demands_s, users)
    if len(servers) != len(demands_s):
        raise ValueError(f"servers is {servers!r}; it must have one number for each of {demands_s!r}")
    weights = [_log_weights(d, c, users) for d, c in zip(demands_s, servers, strict=True)]
    thinking = _log_weights(think_s, users, users)
    total = _convolve([thinking, *weights])
    throughput_per_s = float(np.exp(total[users - 1] - total[users]))
    in_station = np.array([_mean_in_station(k, thinking, weights, total) for k in range(len(weights))])
    busy = throughput_per_s * np.asarray(demands_s) / np.asarray(servers)
    return _closed_state(users, think_s, throughput_per_s, busy, in_station)


def _log_weights(demand_s: float, servers: int, users: int) -> Values:
    """Return the logarithm of a station's weight with 0, 1, ..., `users` requests there.

    Each further request multiplies the weight by demand / (busy servers). Thinking is a station that has a
    server for every user.
    """
    require_whole("servers", servers, at_least=1)
    n = np.arange(users + 1)
    beyond = np.maximum(n - servers, 0)
    weights: Values = xlogy(n, demand_s) - gammaln(np.minimum(n, servers) + 1) - beyond * np.log(servers)
    return weights


def _convolve(logs: Sequence[Values]) -> Values:
    """Return the logarithm of the convolution of sequences that are given by their logarithms."""
    total, n = logs[0], np.arange(logs[0].size)
    rest = n[:, np.newaxis] - n
    for weights in logs[1:]:
        terms = np.where(rest >= 0, total + weights[rest], -np.inf)
        total = np.logaddexp.reduce(terms, axis=1)
    return total


def _mean_in_station(k: int, thinking: Values, weights: Sequence[Values], total: Values) -> float:
    """Return the mean of the distribution: weight of j here times weight of all others elsewhere."""
    elsewhere = _convolve([thinking, *weights[:k], *weights[k + 1 :]])
    probabilities = np.exp(weights[k] + elsewhere[::-1] - total[-1])
    return float(probabilities @ np.arange(total.size))


def _closed_state(
    users: int, think_s: float, throughput_per_s: float, busy: Values, in_station: Values
) -> ClosedState:
    response_s = users / throughput_per_s - think_s
    return ClosedState(users, throughput_per_s, response_s, tuple(busy.tolist()), tuple(in_station.tolist()))


def _require_network(think_s: float, demands_s: Sequence[float], users: int) -> None:
    require_non_negative("think_s", think_s)
    require_whole("users", users, at_least=1)
    if len(demands_s) == 0:
        raise ValueError(f"demands_s is {demands_s!r}; it must hold at least one station's demand")
    for demand_s in demands_s:
        require_positive("demands_s", demand_s)
