"""Discovery in the shop: a replica of the catalogue dies, and callers go on asking it until their registry tells them.

The registries have their defaults, see `archlab.sim.registries`. What one death costs is measured with the kit
(`archlab.sim.stale_discovery`), where a run is cheap; here the shop lives through one death with each registry, and
goes through a balancer (server-side) or straight to the instances (client-side).

What this leaves out: a dead replica refuses at once. A machine that has vanished makes each caller wait for a time-out
besides, so the dead are dearer in reality.

>>> failed = after_a_death("etcd", until_s=20)
>>> failed.failed_percent.round().tolist()
[34.0, 17.0, 0.0, 0.0]
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from archlab.shop.architecture import SHOP_MIX
from archlab.shop.microservices import Microservices
from archlab.shop.microservices_config import MicroservicesConfig
from archlab.shop.microservices_experiments.day import MICROSERVICES
from archlab.shop.services import hooks
from archlab.sim.discovery import ClientSideDiscovery
from archlab.sim.experiment import sweep
from archlab.sim.faults import Crash
from archlab.sim.partitioned_discovery import partition
from archlab.sim.recording import OK
from archlab.sim.registries import build, kind_of
from archlab.sim.simulation import Simulation
from archlab.sim.stale_discovery import Care, cost, staleness
from archlab.sim.workload import Poisson

RATE_PER_S = 20.0
REPLICAS = 3
REGISTRIES = ("eureka", "consul check", "consul gossip", "etcd")
CALLS_PER_S = 50.0
DAY_S = 86400.0
DIED_AT_S = 20.0
"""After the registries have settled, so that a customer or two has passed every part."""


def found_through(registry: str, replicas: int = REPLICAS) -> MicroservicesConfig:
    """The shop whose callers ask this registry themselves, a word of `archlab.sim.registries.KINDS`."""
    kind_of(registry)
    discovery = partial(_client_side, registry)
    return replace(MICROSERVICES, instances={"catalogue": replicas}, discovery=discovery)


def _client_side(registry: str, shop: Microservices) -> hooks.Candidates:
    """Register all instances, and let each caller ask."""
    found = build(registry, shop.sim, shop.network)
    for service in shop.services.values():
        for instance in service.instances:
            found.register(service.name, instance)
    return ClientSideDiscovery(found).candidates


def after_a_death(
    registry: str, seed: int = 1, until_s: float = 240.0, bucket_s: float = 5.0, replicas: int = REPLICAS
) -> pd.DataFrame:
    """Let one replica of the catalogue die for good while the shop serves, and count the pages that fail.

    Columns: design (the registry), time_s since the death (the middle of each `bucket_s`), failed_percent of the
    pages asked for in it.
    """
    sim = Simulation(seed)
    shop = Microservices(sim, found_through(registry, replicas))
    for client in ("gateway-1", "orders-1", *(one.name for one in shop.services["catalogue"].instances)):
        shop.candidates("catalogue", client)
    sim.run(until=kind_of(registry).settles_s + float(sim.stream("death").uniform(0, 60)))
    died_at_s = sim.now + DIED_AT_S
    sim.open_load(Poisson(RATE_PER_S), shop.handle, SHOP_MIX)
    sim.inject(Crash("catalogue-1", died_at_s, restart_after_s=1e6))
    rows = sim.measure(DIED_AT_S + until_s + bucket_s).requests
    pages = rows[(rows.kind == "browse") & (rows.arrived_s >= died_at_s)]
    bucket = np.floor((pages.arrived_s - died_at_s) / bucket_s)
    failed = 100 * (pages.outcome != OK).groupby(bucket).mean()
    failed = failed[failed.index * bucket_s < until_s]
    time_s = (failed.index + 0.5) * bucket_s
    return pd.DataFrame({"design": registry, "time_s": time_s, "failed_percent": failed.to_numpy()})


def one_death(
    registries: Sequence[str] = REGISTRIES,
    cares: Sequence[Care] = ("none", "ejection", "retry"),
    seeds: Iterable[int] = range(6),
    instances: int = 10,
) -> pd.DataFrame:
    """What the death of one of `instances` costs a caller with 50 requests a second, who does so much himself.

    Columns: registry, care, the figures of `archlab.sim.stale_discovery.cost` with intervals, and
    `failed_of_a_day_percent`: the failed ones, as a share of a day's requests.
    """
    model = partial(cost, rate_per_s=CALLS_PER_S, instances=instances)
    frame = sweep(model, {"registry": registries, "care": cares}, seeds)
    return frame.assign(failed_of_a_day_percent=100 * frame.failed / (CALLS_PER_S * DAY_S))


def how_long(registries: Sequence[str] = REGISTRIES, seeds: Iterable[int] = range(6)) -> pd.DataFrame:
    """How long clients believe in a dead instance. Columns: registry, the figures of `staleness` with intervals."""
    return sweep(staleness, {"registry": registries}, seeds)


def cut(
    registries: Sequence[str] = REGISTRIES,
    seeds: Iterable[int] = range(4),
    cut_off: int = 8,
) -> pd.DataFrame:
    """Cut the network in two. Columns: registry, the figures of `partition` with intervals."""
    return sweep(partial(partition, cut_off=cut_off), {"registry": registries}, seeds)
