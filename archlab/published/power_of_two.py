"""Many servers with a queue each, and one balancer before them: how much a rule is worth.

Three experiments:

- `model`: M. Mitzenmacher's (*The Power of Two Choices in Randomized Load Balancing*, IEEE TPDS 12(10), 2001). Each of
  `servers` servers has Poisson arrivals and exponential service, and a customer joins the shortest of `choices` queues
  drawn at random. His abstract: two choices are exponentially better than one, more choices gain a constant factor
  only. `limit` is what it comes to with endlessly many servers.
- `slow_replica`: one of ten servers is slow. What do the five rules send to it, and what does that cost?
- `stale_loads`: the balancer looks at the queues only now and then. M. Brooker's example (*The power of two random
  choices*, 2012).

One balancer sees all requests here and knows at once when one ends. Several that see a part each know less; that
errs in favour of the rules that count, and `stale_loads` shows by how much it could be.

>>> round(limit(0.9, choices=1), 3), round(limit(0.9, choices=2), 3), round(limit(0.9, choices=3), 3)
(10.0, 2.614, 2.028)
>>> figures = model(seed=1, utilisation=0.5, choices=2, servers=20, requests=4000)
>>> abs(figures["mean_s"] - figures["limit_s"]) < 0.1
True
>>> slow_replica(seed=1, rule="least outstanding")["share_to_slow"] < 0.04
True
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Hashable
from typing import Any

import pandas as pd
from simpy.events import Event

from archlab.sim.balancing.rules import (
    BalancingRule,
    LeastOutstanding,
    PowerOfTwoChoices,
    RandomChoice,
    balancing_rule,
)
from archlab.sim.distributions import Constant, Distribution, Exponential
from archlab.sim.experiment import Figure, PooledPercentile
from archlab.sim.faults import SlowDown
from archlab.sim.load import Request
from archlab.sim.result import Result
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_positive, require_whole
from archlab.sim.workload import Arrivals, Deterministic, Poisson

WARM_UP = 0.2
"""The first part of each run that is not measured, as a share of what is."""
SLOW = "server 1"
FOREVER_S = 1e9
BROOKER_SERVERS, BROOKER_ARRIVALS_PER_S, BROOKER_SERVICE_S = 10, 1.0, 8.0
"""Ten servers, a request every second, each server ends one every eight seconds: four fifths of what they can do."""


def limit(utilisation: float, choices: int) -> float:
    """Return the mean time in the system with endlessly many servers, in mean service times.

    Let s(i) be the share of servers with i customers or more. A server with i - 1 is joined when it is the shortest of
    d: what joins all servers with i - 1 or more is lambda s(i-1)^d of each server's share, and in balance as much
    leaves those with i or more, s(i). So s(0) = 1, s(i) = lambda s(i-1)^d, and by Little's law the mean time is
    the sum of s(i), i from 1, over lambda. With d = 1 it is the M/M/1 queue, 1 / (1 - lambda).

    Raises `ValueError` unless `utilisation` is between 0 and 1, both excluded, and `choices` a whole number from 1.
    """
    _require_utilisation(utilisation)
    require_whole("choices", choices, at_least=1)
    if choices == 1:
        return 1 / (1 - utilisation)
    in_system, share = 0.0, 1.0
    while share > 1e-16:
        share = utilisation * share**choices
        in_system += share
    return in_system / utilisation


def model(
    seed: int, utilisation: float = 0.9, choices: int = 2, servers: int = 100, requests: int = 200_000
) -> dict[str, Figure]:
    """Let about `requests` customers join the shortest of `choices` queues, drawn at random with replacement.

    Returns `mean_s`, `p99_s` (pooled over the seeds of a sweep; mean service time 1 s) and `limit_s`, the mean in the
    limit of many servers.
    Raises `ValueError` when an argument is not allowed.
    """
    _require_utilisation(utilisation)
    sim = Simulation(seed)
    fleet = Fleet(sim, PowerOfTwoChoices(sim, "customers", choices), servers, Exponential(1.0))
    result = fleet.run(Poisson(utilisation * servers), requests)
    return {
        "mean_s": result.mean_latency_s(),
        "p99_s": PooledPercentile(99, result.latencies_s()),
        "limit_s": limit(utilisation, choices),
    }


def slow_replica(
    seed: int,
    rule: str = "round robin",
    slowness: float = 10.0,
    utilisation: float = 0.5,
    servers: int = 10,
    service_s: float = 0.010,
    requests: int = 20_000,
) -> dict[str, Figure]:
    """Let the first of the servers take `slowness` times as long for everything, under one of the five rules.

    `rule` is a word of `balancing_rule`; `utilisation` is the arrival rate over what the servers could do if all were
    well. Service times are exponential.

    Returns `p50_s`, `p99_s` (both pooled over the seeds of a sweep), `mean_s` of the latency; `share_to_slow` of the
    requests, and `fair_share`, what the slow server would get in proportion to its speed; `slow_per_s`, what it
    answers; `queue_at_slow` at the end. Where a rule sends the slow server more than it can do, its queue grows as long
    as the run lasts, and p99 with it; who is still waiting at the end counts with the wait so far. Such figures say
    only that it breaks.
    Raises `ValueError` when an argument is not allowed.
    """
    fleet, result = beside_a_slow_server(seed, rule, slowness, utilisation, servers, service_s, requests)
    latency_s = _so_far_s(result)
    return {
        "p50_s": PooledPercentile(50, latency_s.to_numpy()),
        "p99_s": PooledPercentile(99, latency_s.to_numpy()),
        "mean_s": float(latency_s.mean()),
        "share_to_slow": fleet.sent[SLOW] / sum(fleet.sent.values()),
        "fair_share": 1 / (1 + (servers - 1) * slowness),
        "slow_per_s": float(result.parts.loc[SLOW, "completed"]) / result.duration_s,
        "queue_at_slow": float(fleet.stations[0].queue_length),
    }


def beside_a_slow_server(
    seed: int, rule: str, slowness: float, utilisation: float, servers: int, service_s: float, requests: int
) -> tuple[Fleet, Result]:
    """Run `slow_replica`, and return the servers and the whole result."""
    _require_utilisation(utilisation)
    require_positive("service_s", service_s)
    sim = Simulation(seed)
    fleet = Fleet(sim, balancing_rule(rule, sim, "requests"), servers, Exponential(service_s))
    sim.inject(SlowDown(SLOW, at_s=0.0, for_s=FOREVER_S, factor=slowness))
    return fleet, fleet.run(Poisson(utilisation * servers / service_s), requests)


def stale_loads(
    seed: int, rule: str = "best of 2", refresh_s: float = 0.0, requests: int = 5000
) -> dict[str, float]:
    """Let the balancer see how many requests each server had at the last refresh, every `refresh_s`; 0: always.

    Brooker's example: 10 servers, a request every second, 8 s of work for each. `rule` is "random", "best of 2",
    "best of 3" or "best". His servers all drop their oldest request at the same moment every 8 s; here each
    works 8 s from when it begins, so the figures differ a little. His picture is for the order of the rules.

    Returns `mean_s`, the mean time from arrival to answer.
    Raises `ValueError` when an argument is not allowed.
    """
    if rule not in STALE_RULES:
        raise ValueError(f"rule is {rule!r}; it must be one of {', '.join(map(repr, STALE_RULES))}")
    require_non_negative("refresh_s", refresh_s)
    sim = Simulation(seed)
    chooser = STALE_RULES[rule](sim, refresh_s)
    fleet = Fleet(sim, chooser, BROOKER_SERVERS, Constant(BROOKER_SERVICE_S))
    result = fleet.run(Deterministic(BROOKER_ARRIVALS_PER_S), requests)
    return {"mean_s": float(_so_far_s(result).mean())}


class Fleet:
    """Equal servers, each with a queue of its own, behind one balancer. `sent` counts by name what each was given."""

    def __init__(self, sim: Simulation, rule: BalancingRule, servers: int, service_s: Distribution) -> None:
        require_whole("servers", servers, at_least=1)
        self.sim = sim
        self.stations = [Station(sim, f"server {number + 1}") for number in range(servers)]
        self.sent: Counter[str] = Counter()
        self._rule = rule
        self._service_s = sim.draws("service time", service_s)

    def run(self, arrivals: Arrivals, requests: int) -> Result:
        """Send about `requests` requests that count, after a fifth as many that do not."""
        require_whole("requests", requests, at_least=1)
        duration_s = requests / arrivals.rate_at(0.0)
        self.sim.open_load(arrivals, self.handle)
        self.sim.call_at(WARM_UP * duration_s, lambda _: self.sent.clear())
        return self.sim.measure(duration_s, warmup_s=WARM_UP * duration_s)

    def handle(self, request: Request) -> Generator[Event, Any, None]:
        """Let the rule choose a server, and be served there."""
        server = self._rule.choose(self.stations)
        self.sent[server.name] += 1
        self._rule.started(server)
        yield server.serve(self._service_s())
        self._rule.ended(server, self.sim.now - request.arrived_s, ok=True)


class StaleLoads(BalancingRule):
    """A rule that compares the loads of the last refresh. To mix with a rule that compares."""

    def __init__(self, sim: Simulation, name: str, refresh_s: float, **settings: Any) -> None:
        super().__init__(sim, name, **settings)
        self._seen: dict[Hashable, int] = self.outstanding
        if refresh_s:
            sim.start(self._refresh(refresh_s))

    def load(self, target: Hashable) -> float:
        return self._seen.get(target, 0)

    def _refresh(self, every_s: float) -> Generator[Event, Any, None]:
        while True:
            self._seen = dict(self.outstanding)
            yield self.sim.timeout(every_s)


class StaleChoices(StaleLoads, PowerOfTwoChoices):
    """The shortest of some queues drawn at random, by the loads of the last refresh."""


class StaleLeast(StaleLoads, LeastOutstanding):
    """The shortest of all queues, by the loads of the last refresh."""


STALE_RULES: dict[str, Callable[[Simulation, float], BalancingRule]] = {
    "random": lambda sim, _: RandomChoice(sim, "requests"),
    "best of 2": lambda sim, refresh_s: StaleChoices(sim, "requests", refresh_s, choices=2),
    "best of 3": lambda sim, refresh_s: StaleChoices(sim, "requests", refresh_s, choices=3),
    "best": lambda sim, refresh_s: StaleLeast(sim, "requests", refresh_s),
}
"""Brooker's four ways to choose."""


def _so_far_s(result: Result) -> pd.Series:
    """The latency of each request; of one that is still inside, how long it has been there: less than it will be."""
    requests = result.requests
    return requests["latency_s"].fillna(result.end_s - requests["arrived_s"])


def _require_utilisation(utilisation: float) -> None:
    if not 0 < utilisation < 1:
        raise ValueError(f"utilisation is {utilisation!r}; it must be above 0 and below 1")
