"""Balancing by the gateway: one slow instance, and one that fails at once, under five rules.

`slow_instance` and `black_hole` ask the shop's own gateway for pages. The figures of M. Mitzenmacher's model come from
`archlab.published.power_of_two`.

A rule is judged by how slow one server may be before p99 of all requests is `BEARABLE` times as long.

>>> share = slow_instance(seed=1, rule="least outstanding")["share_to_slow_percent"]
>>> 0 < share < 100 / INSTANCES
True
>>> load_balancing(bears_up_to_times_slower=1.6, bears_twice_as_slow_up_to_percent=37).words
'Holds when: up to 1.6 times as slow, by round robin, at half load, when a server twice as slow, beyond it, is borne \
up to 37 % load (here 50)'
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_up_to
from archlab.course.explorer.result_views import LatencyAndQueue
from archlab.published.power_of_two import SLOW, beside_a_slow_server, model, slow_replica
from archlab.shop.day import BROWSE_ONLY, ShopResult, availability_percent, run_day
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, MicroservicesConfig
from archlab.shop.microservices.hooks import Candidates, Running
from archlab.sim.balancing.rules import RULES
from archlab.sim.experiment import sweep
from archlab.sim.faults import Crash, SlowDown
from archlab.sim.result import Result
from archlab.sim.validation import require_fraction
from archlab.sim.workload import Poisson

INSTANCES = 4
BAD = "catalogue-1"
LOAD_PERCENT = 50.0
LOAD = LOAD_PERCENT / 100
"""Of what the instances could serve if all were well."""

RUN_S = 20.0
WARMUP_S = 5.0
RULE_WORDS = tuple(RULES)
SHOP_RULE = MICROSERVICES.balancing
FACTORS = (1.0, 1.5, 2.5, 5.0, 10.0)
ENDS = ("", "_low", "_high")
BLACK_HOLE_S = 2.0
CATALOGUE_S = 0.80 * 0.00479
"""Of a core, for a page."""


def shop_with(rule: str, instances: int = INSTANCES) -> MicroservicesConfig:
    """Return a shop whose only busy program is the catalogue: the inventory behind it has cores enough."""
    return MicroservicesConfig(
        instances={"catalogue": instances, "inventory": 4},
        database_cores={"catalogue": 4, "inventory": 4},
        workers=256,
        balancing=rule,
    )


def slow_day(
    seed: int,
    rule: str = "round robin",
    slowness: float = 10.0,
    load: float = LOAD,
    duration_s: float = RUN_S,
) -> ShopResult:
    """Run a shop in which one of the catalogue's instances computes `slowness` times as long for everything."""
    require_fraction("load", load)
    slow = SlowDown(BAD, at_s=0.0, for_s=WARMUP_S + duration_s, factor=slowness)
    arrivals = Poisson(load * INSTANCES / CATALOGUE_S)
    return run_day(Microservices, shop_with(rule), arrivals, seed, duration_s, WARMUP_S, BROWSE_ONLY, [slow])


def slow_instance(
    seed: int,
    rule: str = "round robin",
    slowness: float = 10.0,
    load: float = LOAD,
    duration_s: float = RUN_S,
) -> dict[str, float]:
    """Return of `slow_day` the `p99_ms` of all pages and `share_to_slow_percent`, what the slow instance answered.

    A page that is still under way at the end counts with its time so far. Where a rule sends the slow instance more
    than it can do, its queue grows for as long as the run lasts, and p99 says only that it breaks.
    """
    result = slow_day(seed, rule, slowness, load, duration_s).result
    pages = result.requests
    latency_s = pages.latency_s.fillna(result.end_s - pages.arrived_s)
    parts = result.parts.completed[[f"catalogue-{number}" for number in range(1, INSTANCES + 1)]]
    return {
        "p99_ms": 1000 * float(latency_s.quantile(0.99)),
        "share_to_slow_percent": 100 * float(parts[BAD] / parts.sum()),
    }


def rules_beside_a_slow_server(
    rules: Sequence[str] = RULE_WORDS,
    slowness: Sequence[float] = FACTORS,
    seeds: Iterable[int] = range(3),
    requests: int = 6_000,
) -> pd.DataFrame:
    """Sweep `power_of_two.slow_replica` with as many servers, as fast and as busy as the catalogue's instances.

    It is the model of `slow_instance` without the shop around it, and ten times as fast. Columns: rule,
    times_slower, p99_ms and share_to_slow_percent with intervals; that of p99 reaches by the same factor down as up,
    as it does on a logarithmic axis.
    """
    bare = partial(
        slow_replica, utilisation=LOAD, servers=INSTANCES, service_s=CATALOGUE_S, requests=requests
    )
    frame = sweep(bare, {"rule": list(rules), "slowness": list(slowness)}, seeds)
    columns = {"slowness": "times_slower"}
    frame["p99_s_low"] = frame.p99_s**2 / frame.p99_s_high
    for end in ENDS:
        columns |= {f"p99_s{end}": f"p99_ms{end}", f"share_to_slow{end}": f"share_to_slow_percent{end}"}
        frame[f"p99_s{end}"] *= 1000
        frame[f"share_to_slow{end}"] *= 100
    return frame.rename(columns=columns)[["rule", *columns.values()]]


def nobody_checks(running: Running) -> Candidates:
    """A discovery that leaves nobody out."""
    return lambda service, client: running.services[service].instances


def black_hole(seed: int, rule: str, load: float = LOAD) -> dict[str, float]:
    """Let one of the instances refuse everything at once, and nobody check its health. Returns `lost_percent`."""
    config = replace(shop_with(rule), discovery=nobody_checks)
    dead = Crash(BAD, at_s=0.0, restart_after_s=2 * RUN_S)
    result = run_day(
        Microservices,
        config,
        Poisson(load * INSTANCES / CATALOGUE_S),
        seed,
        BLACK_HOLE_S,
        0.0,
        BROWSE_ONLY,
        [dead],
    )
    return {"lost_percent": 100 - availability_percent(result.result, "browse", 0, BLACK_HOLE_S)}


def black_holes(rules: Sequence[str] = RULE_WORDS, seeds: Iterable[int] = range(4)) -> pd.DataFrame:
    """Sweep `black_hole` over the rules. Columns: rule, lost_percent with its interval, which ends at 0."""
    frame = sweep(black_hole, {"rule": list(rules)}, seeds)
    return frame.assign(lost_percent_low=frame.lost_percent_low.clip(lower=0.0))


def beside_the_limit(
    choices: Sequence[int] = (2,), seeds: Iterable[int] = range(4), requests: int = 50_000
) -> pd.DataFrame:
    """Simulate the model of M. Mitzenmacher (2001) at 90 % load. Columns: choices, mean_s and p99_s, limit_s."""
    return sweep(partial(model, utilisation=0.9, requests=requests), {"choices": list(choices)}, seeds)


QUEUES = LatencyAndQueue(parts=(SLOW, "server 2"))
"""The view of the explorer: the queue of the slow server, and that of one of the others."""


def explored(rule: str, times_slower: float, load: float, seed: int = 1) -> Result:
    """Run the model of `rules_beside_a_slow_server`, as quick as a slider wants it: the model of the explorer."""
    _, result = beside_a_slow_server(seed, rule, times_slower, load, INSTANCES, CATALOGUE_S, REQUESTS)
    return result


BEARABLE = 3.0
"""A slow server is borne when p99 of all requests is less than three times that with equal servers. A page that takes
three times as long for one customer in a hundred is slow; beyond that time-outs begin."""

REQUESTS = 8_000
"""Of a run that looks for a limit: eighty of them are beyond p99."""

TWICE = 2.0
"""How slow a neighbour on the same machine, or a machine of the generation before, makes a server."""


def bears_up_to_times_slower(
    rule: str = SHOP_RULE,
    seeds: Iterable[int] = range(10),
    load: float = LOAD,
    between: tuple[float, float] = (1.2, 2.0),
) -> Limit:
    """Return how slow one server may be by this rule, for each seed; inf when all that is tried is borne."""
    chosen = list(seeds)
    equal_s = {seed: _p99_s(seed, 1.0, rule, load) for seed in chosen}
    margin = partial(_spare_s, equal_s=equal_s, rule=rule, load=load)
    return bisect(margin, between, holds="up to", seeds=chosen, tolerance=0.05)


def _spare_s(seed: int, slowness: float, equal_s: Mapping[int, float], rule: str, load: float) -> float:
    """How much p99 may still grow beside a server so many times as slow."""
    return BEARABLE * equal_s[seed] - _p99_s(seed, slowness, rule, load)


def _p99_s(seed: int, slowness: float, rule: str, load: float) -> float:
    figures = slow_replica(seed, rule, slowness, load, INSTANCES, CATALOGUE_S, REQUESTS)
    return float(figures["p99_s"])


def p99_by_theory(times_slower: float, load: float = LOAD, servers: int = INSTANCES) -> float:
    """Return p99 of all requests by round robin, in service times; inf when the slow server is full.

    In turn, each server gets every n-th of Poisson arrivals: gaps are Erlang-n, service is exponential, so each is a
    queue of the kind G/M/1. Its time in the system is exponential with rate mu (1 - s), where s is the root below 1 of
    s = (n l / (n l + mu (1 - s)))^n, l the arrivals at one server (L. Kleinrock, *Queueing Systems* 1, 1975, section
    6.4). p99 is that of the mixture: one slow server among equal ones.
    """
    from scipy.optimize import brentq  # SciPy is loaded when it is used: that takes a while

    require_fraction("load", load)
    if load * times_slower >= 1:
        return math.inf
    slow, usual = (_decay(load, 1 / times_slower, servers), _decay(load, 1.0, servers))

    def beyond(time: float) -> float:
        return (np.exp(-slow * time) + (servers - 1) * np.exp(-usual * time)) / servers - 0.01

    return float(brentq(beyond, 0, 10 / slow))


def _decay(load: float, mu: float, servers: int) -> float:
    """The rate at which the time in the system of one of the servers decays."""
    from scipy.optimize import brentq

    def root(s: float) -> float:
        return (servers * load / (servers * load + mu * (1 - s))) ** servers - s

    return mu * (1 - float(brentq(root, 0, 1 - 1e-9)))


def bears_twice_as_slow_up_to_percent(times_slower: float = TWICE) -> float:
    """Return the load up to which a server `TWICE` as slow is borne by round robin, by theory."""
    from scipy.optimize import brentq

    def spare(load: float) -> float:
        return BEARABLE - p99_by_theory(times_slower, load) / p99_by_theory(1.0, load)

    return float(100 * brentq(spare, 0.01, 0.999 / times_slower))


@settles(
    "api-gateway-pattern.load-balancing",
    evidence=Evidence.SIMULATED,
    says={
        "bears_up_to_times_slower": "one server may be as many times as slow",
        "bears_twice_as_slow_up_to_percent": "load up to which one twice as slow is borne",
    },
)
def load_balancing(bears_up_to_times_slower: float, bears_twice_as_slow_up_to_percent: float) -> Verdict:
    """Holds up to the slowness of one server at which, by the shop's own rule, round robin, and at {LOAD_PERCENT} %
    load, the p99 of all requests is {BEARABLE} times as long as with equal servers.
    """
    load = Assumption(
        "the load",
        LOAD_PERCENT,
        bears_twice_as_slow_up_to_percent,
        when="a server twice as slow, beyond it, is borne up to {flips_at} % load",
    )
    return holds_up_to(bears_up_to_times_slower, f"times as slow, by {SHOP_RULE}, at half load", load)
