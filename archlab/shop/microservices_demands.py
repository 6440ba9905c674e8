"""What a request asks of the shop as microservices, and how many requests a second that allows.

Everything follows from the steps of the use cases: who calls whom, and what the called operation costs. What this
leaves out: waiting, coherency, refusals, repeated calls, settlement, and with a protocol the time to encode messages.
So it says what a shop can serve at most.

>>> from archlab.shop.microservices_config import MicroservicesConfig
>>> capacity = capacity_per_s(MicroservicesConfig(), {"browse": 0.8, "place_order": 0.12, "track_order": 0.08})
>>> capacity.idxmin(), int(capacity.min())
('catalogue cpu', 305)
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from archlab.shop.customers import mean_lines
from archlab.shop.services.steps import PROGRAMS, SERVICES, Step, UseCase
from archlab.sim.distributions import as_distribution

if TYPE_CHECKING:
    from archlab.shop.microservices_config import MicroservicesConfig


def demands_s(config: "MicroservicesConfig") -> pd.DataFrame:
    """Return the mean service time that a request of each kind asks of each kind of station, in seconds.

    A row a kind. Columns: "<program> cpu", "<service> database", "<service> log", `provider`, and `hops`, the time
    of its messages on the way.
    """
    kinds = {kind: _demands_of(config, kind) for kind in config.use_cases}
    columns = [f"{name} cpu" for name in PROGRAMS]
    columns += [f"{name} {what}" for name in SERVICES for what in ("database", "log")]
    frame = pd.DataFrame.from_dict(kinds, orient="index", columns=[*columns, "provider", "hops"])
    return frame.fillna(0.0)


def held_s(config: "MicroservicesConfig") -> pd.DataFrame:
    """Return for how long a request of each kind holds workers of each program, in seconds: a column each.

    A worker is held while its program works and while those it calls do. So that of the gateway is the whole
    latency of a request that waits for no worker and no core.
    """
    kinds = {kind: dict.fromkeys(PROGRAMS, 0.0) for kind in config.use_cases}
    for kind, held in kinds.items():
        held["gateway"] = config.proxy_s + _calls_s(config, kind, "gateway", held)
    return pd.DataFrame.from_dict(kinds, orient="index")


def capacity_per_s(config: "MicroservicesConfig", mix: Mapping[str, float]) -> pd.Series:
    """Return how many requests a second each kind of station can serve, by the bottleneck law: servers / demand.

    The least of them is the shop's capacity. "<program> workers" are held for all of a call, and waiting inside comes
    on top, which lowers what they really reach. Shares of `mix` as they are: they must add up to 1.
    """
    shares = pd.Series(dict(mix)).reindex(list(config.use_cases), fill_value=0.0)
    work = demands_s(config).drop(columns=["provider", "hops"]).join(held_s(config).add_suffix(" workers"))
    demands = work.mul(shares, axis=0).sum()
    demands = demands[demands > 0]
    return (pd.Series(_servers(config)).reindex(demands.index) / demands).rename("requests_per_s")


def _servers(config: "MicroservicesConfig") -> dict[str, int]:
    """Kind of station -> how many servers it has in all instances together."""
    servers = {f"{name} cpu": config.count(name) * config.cores for name in PROGRAMS}
    servers |= {f"{name} workers": config.count(name) * config.workers for name in SERVICES}
    servers |= {"gateway workers": config.count("gateway") * config.gateway_workers}
    servers |= {f"{name} database": config.database_cores_of(name) for name in SERVICES}
    return servers | {f"{name} log": 1 for name in SERVICES}


def _demands_of(config: "MicroservicesConfig", kind: UseCase) -> dict[str, float]:
    """What a request of this kind asks of each kind of station."""
    demands = defaultdict(float, {"gateway cpu": config.proxy_s})
    for step in config.use_cases[kind]:
        for station, work_s in _work_s(config, kind, step).items():
            demands[station] += work_s
        demands[f"{step.caller} cpu"] += _caller_cpu_s(config, step)
        demands["hops"] += 2 * as_distribution(config.hop_s).mean
    return demands


def _work_s(config: "MicroservicesConfig", kind: UseCase, step: Step) -> dict[str, float]:
    """What the called operation of one step asks of each station of its service."""
    lines = mean_lines(config.assortment.products, config.assortment.popularity_exponent)
    keys = step.commits if config.idempotency_keys else 0
    queries = step.queries + step.queries_per_line * lines + keys
    cpu_s = step.cpu_share * as_distribution(config.cpu_s[kind]).mean + config.message_cpu_s
    return {
        f"{step.service} cpu": cpu_s,
        f"{step.service} database": queries * as_distribution(config.query_s).mean,
        f"{step.service} log": step.commits * as_distribution(config.commit_s).mean,
        "provider": as_distribution(config.provider_s).mean if step.provider else 0.0,
    }


def _caller_cpu_s(config: "MicroservicesConfig", step: Step) -> float:
    """What a call costs its caller; that of the gateway is part of `proxy_s`."""
    return 0.0 if step.caller == "gateway" else config.message_cpu_s


def _calls_s(config: "MicroservicesConfig", kind: UseCase, caller: str, held: dict[str, float]) -> float:
    """How long the calls of one caller take, one after the other. Adds to `held` what the called programs hold."""
    total_s = 0.0
    for step in config.use_cases[kind]:
        if step.caller == caller:
            own_s = sum(_work_s(config, kind, step).values()) + _calls_s(config, kind, step.service, held)
            held[step.service] += own_s
            total_s += own_s + _caller_cpu_s(config, step) + 2 * as_distribution(config.hop_s).mean
    return total_s
