"""Queueing theory: what the textbooks say about waiting, to set beside what a simulation measured.

Open queues: requests come from outside as a Poisson process, whatever the queue looks like. M/M/c means
exponential times between arrivals (M), exponential service times (M) and c servers that share one queue,
first come, first served. For a fixed number of users who wait for their answers see `closed_network`.

Formulas: L. Kleinrock, *Queueing Systems, Volume 1: Theory* (1975); M. Harchol-Balter, *Performance Modeling
and Design of Computer Systems* (2013). A thousand servers are no problem.

>>> one = mm1(arrival_rate_per_s=80, service_s=0.010)
>>> round(one.utilisation, 3), round(one.response_s, 3)
(0.8, 0.05)
>>> round(mmc(arrival_rate_per_s=80, service_s=0.020, servers=2).response_s, 4)
0.0556
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archlab.sim.validation import (
    numbers_in,
    require_function,
    require_non_negative,
    require_percent,
    require_positive,
    require_whole,
)

ROUNDING = 1e-17
"""A part this small does not change the whole that it is added to."""


@dataclass(frozen=True)
class QueueState:
    """Long-run means of one queue and its servers.

    Attributes:
        utilisation: share of the servers that is busy, 0 to 1.
        waiting_s: mean time in the queue of the requests that were let in, those that need not wait included. Where
            servers share their time: the mean time that is lost to sharing.
        response_s: mean time from arrival to end of service, or to giving up.
        queue_length: mean number of requests in the queue, those in service not counted.
        in_system: mean number of requests in the queue and in service.
        probability_wait: share of the requests let in that find every server busy.
        probability_refused: share of all requests that find the queue full and go away.
        probability_abandoned: share of the requests let in that lose patience in the queue and go away.
    """

    utilisation: float
    waiting_s: float
    response_s: float
    queue_length: float
    in_system: float
    probability_wait: float
    probability_refused: float = 0.0
    probability_abandoned: float = 0.0


@dataclass(frozen=True)
class TandemState:
    """Long-run means of queues in a row: the sums, and each station's own figures."""

    response_s: float
    in_system: float
    stations: tuple[QueueState, ...]


def littles_law(arrival_rate_per_s: float, response_s: float) -> float:
    """Return the mean number inside: arrival rate times mean time inside (J. D. C. Little 1961).

    It holds for every system that is stable in the long run, whatever the distributions and the order of
    service.
    """
    require_non_negative("arrival_rate_per_s", arrival_rate_per_s)
    require_non_negative("response_s", response_s)
    return arrival_rate_per_s * response_s


def littles_law_gap(in_system: float, arrival_rate_per_s: float, response_s: float) -> float:
    """Return by what share rate times time misses the number inside: 0 when equal, -0.2 when 20 % short."""
    require_positive("in_system", in_system)
    return littles_law(arrival_rate_per_s, response_s) / in_system - 1


def erlang_b(servers: int, offered_load: float) -> float:
    """Return the share of requests refused when there is no queue at all: M/M/c/c, Erlang's B formula.

    Args:
        servers: how many serve at the same time, 0 or more.
        offered_load: arrival rate times mean service time, in servers' worth of work ("erlangs"); it may be
            above `servers`.
    """
    require_whole("servers", servers, at_least=0)
    require_non_negative("offered_load", offered_load)
    refused = 1.0
    for n in range(1, servers + 1):
        refused = offered_load * refused / (n + offered_load * refused)
    return refused


def erlang_c(servers: int, offered_load: float) -> float:
    """Return the share of requests that must wait in an M/M/c queue: Erlang's C formula.

    Raises:
        ValueError: when `offered_load` is not below `servers`: then everybody waits, longer and longer.
    """
    require_whole("servers", servers, at_least=1)
    require_non_negative("offered_load", offered_load)
    utilisation = _stable(offered_load / servers)
    refused = erlang_b(servers, offered_load)
    return refused / (1 - utilisation * (1 - refused))


def mm1(arrival_rate_per_s: float, service_s: float) -> QueueState:
    """Return the M/M/1 queue: one server. Response time is service time / (1 - utilisation).

    Raises:
        ValueError: when the utilisation is not below 1.
    """
    return mmc(arrival_rate_per_s, service_s, servers=1)


def mmc(arrival_rate_per_s: float, service_s: float, servers: int) -> QueueState:
    """Return the M/M/c queue: `servers` alike, one shared queue without a limit.

    Raises:
        ValueError: when the utilisation is not below 1.
    """
    load = _offered_load(arrival_rate_per_s, service_s)
    probability_wait = erlang_c(servers, load)
    waiting_s = probability_wait * service_s / (servers - load)
    return _state(arrival_rate_per_s, service_s, servers, waiting_s, probability_wait)


def mmck(arrival_rate_per_s: float, service_s: float, servers: int, queue_limit: int) -> QueueState:
    """Return the M/M/c/K queue: at most `queue_limit` wait, others are refused (K = servers + queue_limit).

    It has a steady state at any load. The loop adds one place at a time; each state n is (offered load /
    min(n, servers)) times as likely as state n - 1.
    """
    require_whole("servers", servers, at_least=1)
    require_whole("queue_limit", queue_limit, at_least=0)
    require_positive("arrival_rate_per_s", arrival_rate_per_s)
    load = _offered_load(arrival_rate_per_s, service_s)
    refused = all_busy = erlang_b(servers, load)
    queue_length = 0.0
    for waiting in range(1, queue_limit + 1):
        added = refused * load / servers
        refused = added / (1 + added)
        all_busy = (all_busy + added) / (1 + added)
        queue_length = (queue_length + waiting * added) / (1 + added)
    let_in_per_s = arrival_rate_per_s * (1 - refused)
    probability_wait = (all_busy - refused) / (1 - refused)
    return _state(let_in_per_s, service_s, servers, queue_length / let_in_per_s, probability_wait, refused)


def mg1(arrival_rate_per_s: float, service_s: float, service_cv: float) -> QueueState:
    """Return the M/G/1 queue: one server, any distribution of service times (Pollaczek-Khinchine).

    Args:
        service_cv: coefficient of variation of the service time: 0 constant, 1 exponential.

    Raises:
        ValueError: when the utilisation is not below 1.
    """
    require_non_negative("service_cv", service_cv)
    utilisation = _stable(_offered_load(arrival_rate_per_s, service_s))
    waiting_s = utilisation * service_s * (1 + service_cv**2) / (2 * (1 - utilisation))
    return _state(arrival_rate_per_s, service_s, 1, waiting_s, utilisation)


def mgc_ps(arrival_rate_per_s: float, service_s: float, servers: int = 1) -> QueueState:
    """Return the M/G/c-PS queue: nobody waits, all share the servers' time, each uses one at most.

    Of the distribution of service times only the mean counts (insensitivity), so all means are those of M/M/c: with one
    server the response is service_s / (1 - utilisation). F. P. Kelly, *Reversibility and Stochastic Networks* (1979),
    section 3.3: it is a symmetric queue; L. Kleinrock, *Queueing Systems, Volume 2* (1976), chapter 4, for one server.

    Raises:
        ValueError: when the utilisation is not below 1.
    """
    return mmc(arrival_rate_per_s, service_s, servers)


def mgc_ps_response_s(work_s: float, arrival_rate_per_s: float, service_s: float, servers: int = 1) -> float:
    """Return the mean response of those M/G/c-PS requests that need `work_s` of service: it is proportional to that.

    J. W. Cohen, "The multiple phase service network with generalized processor sharing" (Acta Informatica 12, 1979).

    Raises:
        ValueError: when the utilisation is not below 1.
    """
    require_non_negative("work_s", work_s)
    return work_s * mgc_ps(arrival_rate_per_s, service_s, servers).response_s / service_s


def erlang_a(arrival_rate_per_s: float, service_s: float, servers: int, patience_s: float) -> QueueState:
    """Return the M/M/c+M queue, "Erlang A": who waits goes away after an exponential time, `patience_s` on average.

    It has a steady state at any load. C. Palm, "Research on telephone traffic carried by full availability groups"
    (Tele 1, 1957; in Swedish 1946); O. Garnett, A. Mandelbaum and M. Reiman, "Designing a Call Center with Impatient
    Customers" (Manufacturing & Service Operations Management 4, 2002).
    """
    require_whole("servers", servers, at_least=1)
    require_positive("arrival_rate_per_s", arrival_rate_per_s)
    require_positive("patience_s", patience_s)
    load = _offered_load(arrival_rate_per_s, service_s)
    wait, queue_length = _impatient_queue(load, servers, patience_s / service_s)
    abandoned_per_s = queue_length / patience_s
    served = load - abandoned_per_s * service_s
    return QueueState(
        utilisation=served / servers,
        waiting_s=queue_length / arrival_rate_per_s,
        response_s=(queue_length + served) / arrival_rate_per_s,
        queue_length=queue_length,
        in_system=queue_length + served,
        probability_wait=wait,
        probability_abandoned=abandoned_per_s / arrival_rate_per_s,
    )


def _impatient_queue(load: float, servers: int, patience: float) -> tuple[float, float]:
    """Return how likely all servers are busy in M/M/c+M, and the mean queue length. Times are in service times.

    A birth-death process: the state with n in the queue is load / (servers + n / patience) times as likely as the state
    before. The loop adds one state at a time, as in `mmck`, until all that is left to add is below rounding.
    """
    last = wait = erlang_b(servers, load)
    queue_length, n, rest = 0.0, 0, math.inf
    while rest > ROUNDING * queue_length:
        n += 1
        ratio = load / (servers + n / patience)
        added = last * ratio
        last = added / (1 + added)
        wait = (wait + added) / (1 + added)
        queue_length = (queue_length + n * added) / (1 + added)
        if ratio < 1:  # from here on the states fall at least as fast as a geometric series
            rest = last * (n + 1 / (1 - ratio)) / (1 - ratio)
    return wait, queue_length


def jackson_tandem(
    arrival_rate_per_s: float, service_s: Sequence[float], servers: Sequence[int]
) -> TandemState:
    """Return M/M/c queues in a row: each behaves as if it stood alone (J. R. Jackson 1957).

    Args:
        service_s: mean service time of each station, in the order in which a request visits them.
        servers: number of servers of each station.

    Raises:
        ValueError: when the lists differ in length or are empty, or a station's utilisation is not below 1.
    """
    numbers_in("service_s", service_s, "one number a station")
    numbers_in("servers", servers, "one number a station")
    if len(service_s) != len(servers):
        raise ValueError(
            f"servers is {servers!r}; it must have one number for each service_s of {service_s!r}"
        )
    stations = tuple(mmc(arrival_rate_per_s, s, c) for s, c in zip(service_s, servers, strict=True))
    return TandemState(sum(q.response_s for q in stations), sum(q.in_system for q in stations), stations)


def mmc_response_survival(time_s: float, arrival_rate_per_s: float, service_s: float, servers: int) -> float:
    """Return the share of requests that take longer than `time_s` in an M/M/c queue.

    A request is served at once, or first waits an exponential time with the rate servers / service_s -
    arrival_rate_per_s.

    Raises:
        ValueError: when the utilisation is not below 1.
    """
    from scipy.special import exprel  # SciPy is loaded when it is used: that takes a while

    require_non_negative("time_s", time_s)
    probability_wait = mmc(arrival_rate_per_s, service_s, servers).probability_wait
    service_rate, waiting_rate = 1 / service_s, servers / service_s - arrival_rate_per_s
    slow, fast = sorted((service_rate, waiting_rate))
    waited = service_rate * time_s * math.exp(-slow * time_s) * float(exprel(-(fast - slow) * time_s))
    return math.exp(-service_rate * time_s) + probability_wait * waited


def mmc_response_percentile(q: float, arrival_rate_per_s: float, service_s: float, servers: int) -> float:
    """Return the response time that `q` percent of requests do not exceed in an M/M/c queue, in seconds.

    Exact up to rounding: `mmc_response_survival` solved for the time.

    Raises:
        ValueError: when the utilisation is not below 1 or `q` is not between 0 and 100.
    """
    longest_s = mmc(arrival_rate_per_s, service_s, servers).response_s
    return solve_percentile(
        q, lambda time_s: mmc_response_survival(time_s, arrival_rate_per_s, service_s, servers), longest_s
    )


def solve_percentile(q: float, survival: Callable[[float], float], begin_s: float) -> float:
    """Return the time, in seconds, at which `survival` has fallen to 1 - q / 100; infinite for q = 100.

    `begin_s`, a usual time, is where the search begins.

    Raises:
        ValueError: when `q` is not between 0 and 100, or `begin_s` not above 0.
        TypeError: when `survival` is no function.
    """
    from scipy.optimize import brentq

    require_percent("q", q)
    require_positive("begin_s", begin_s)
    require_function("survival", survival)
    if q in (0, 100):
        return math.inf if q else 0.0

    def excess(time_s: float) -> float:
        return survival(time_s) - (1 - q / 100)

    longest_s = begin_s
    while excess(longest_s) > 0:
        longest_s *= 2
    return float(brentq(excess, 0.0, longest_s, xtol=1e-12 * longest_s, rtol=1e-13))


def _offered_load(arrival_rate_per_s: float, service_s: float) -> float:
    require_non_negative("arrival_rate_per_s", arrival_rate_per_s)
    require_positive("service_s", service_s)
    return arrival_rate_per_s * service_s


def _stable(utilisation: float) -> float:
    if utilisation >= 1:
        raise ValueError(
            f"utilisation is {utilisation:.4g}; it must be below 1: the queue has no steady state"
        )
    return utilisation


def _state(
    let_in_per_s: float,
    service_s: float,
    servers: int,
    waiting_s: float,
    probability_wait: float,
    probability_refused: float = 0.0,
) -> QueueState:
    """Return all figures from the waiting time; the lengths by Little's law."""
    return QueueState(
        utilisation=let_in_per_s * service_s / servers,
        waiting_s=waiting_s,
        response_s=waiting_s + service_s,
        queue_length=let_in_per_s * waiting_s,
        in_system=let_in_per_s * (waiting_s + service_s),
        probability_wait=probability_wait,
        probability_refused=probability_refused,
    )
