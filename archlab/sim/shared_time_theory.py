"""Response times of processors that share their time: the whole distribution, not only its mean.

For exponential service times it can be computed: follow one request, and count the others beside it. They come, they
go, and with n of them each request is worked on at the speed min(1, c / (n + 1)). That is a Markov chain which ends
when the request we follow is done (E. G. Coffman, R. R. Muntz and H. Trotter, "Waiting time distributions for
processor-sharing systems", Journal of the ACM 17, 1970, have it in closed form for one processor).

The mean is that of a queue in turn; the slowest wait longer, because who needs much is passed by those who need little.

>>> from archlab.sim.theory import mmc_response_percentile
>>> asked = {"arrival_rate_per_s": 90, "service_s": 0.010, "servers": 1}
>>> round(mmc_ps_response_percentile(99, **asked), 2), round(mmc_response_percentile(99, **asked), 2)
(0.78, 0.46)
"""

import math
from functools import cache

import numpy as np

from archlab.sim.theory import mmc, solve_percentile
from archlab.sim.validation import require_non_negative, require_percent

RARE = 1e-12
"""More requests inside than this is likely are left out: no printed digit depends on them."""


def mmc_ps_response_survival(
    time_s: float, arrival_rate_per_s: float, service_s: float, servers: int
) -> float:
    """Return the share of requests that take longer than `time_s` in an M/M/c-PS queue.

    Raises:
        ValueError: when the utilisation is not below 1, or a time or rate is not allowed.
    """
    require_non_negative("time_s", time_s)
    mmc(arrival_rate_per_s, service_s, servers)  # refuses what makes no sense
    shares, rates_per_s = _modes(arrival_rate_per_s, service_s, servers)
    return float(shares @ np.exp(-rates_per_s * time_s))


def mmc_ps_response_percentile(q: float, arrival_rate_per_s: float, service_s: float, servers: int) -> float:
    """Return the response time that `q` percent of requests do not exceed in an M/M/c-PS queue, in seconds.

    Raises:
        ValueError: when the utilisation is not below 1 or `q` is not between 0 and 100.
    """
    require_percent("q", q)
    usual_s = mmc(arrival_rate_per_s, service_s, servers).response_s
    return solve_percentile(
        q, lambda time_s: mmc_ps_response_survival(time_s, arrival_rate_per_s, service_s, servers), usual_s
    )


@cache
def _modes(arrival_rate_per_s: float, service_s: float, servers: int) -> tuple[np.ndarray, np.ndarray]:
    """Return shares and rates per second: P(response > t) is the sum of share * exp(-rate * t).

    The chain is symmetric after a change of scale, so its modes are those of a symmetric tridiagonal matrix.
    """
    from scipy.linalg import eigh_tridiagonal  # SciPy is loaded when it is used: that takes a while

    others = _number_inside(arrival_rate_per_s, service_s, servers)
    n = np.arange(others.size)
    done_per_s = np.minimum(1.0, servers / (n + 1)) / service_s  # the request we follow, beside n others
    fewer_per_s = n * done_per_s
    leaving_per_s = arrival_rate_per_s * (n < n[-1]) + fewer_per_s + done_per_s
    scale = np.concatenate([[1.0], np.cumprod(np.sqrt(fewer_per_s[1:] / arrival_rate_per_s))])
    beside = -np.sqrt(arrival_rate_per_s * fewer_per_s[1:])
    rates_per_s, modes = eigh_tridiagonal(leaving_per_s, beside)
    return ((others * scale) @ modes) * (modes.T @ (1 / scale)), rates_per_s


def _number_inside(arrival_rate_per_s: float, service_s: float, servers: int) -> np.ndarray:
    """Return how likely 0, 1, 2 ... requests are inside, as an arrival finds them: those of M/M/c."""
    utilisation = mmc(arrival_rate_per_s, service_s, servers).utilisation
    if not utilisation:
        return np.ones(1)  # always alone
    most = servers + 2 + math.ceil(math.log(RARE) / math.log(max(utilisation, RARE)))
    n = np.arange(1, most + 1)
    weights = np.concatenate([[1.0], np.cumprod(arrival_rate_per_s * service_s / np.minimum(n, servers))])
    return np.asarray(weights / weights.sum())
