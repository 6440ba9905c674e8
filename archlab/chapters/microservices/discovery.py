"""Discovery in the shop: a replica of the catalogue dies, and callers go on asking it until their registry tells them.

The registries have their defaults, see `archlab.sim.discovery.kinds`. What one death costs is measured with the kit
(`archlab.published.discovery_staleness`), where a run is cheap; here the shop lives through one death with each
registry. Callers ask it themselves; `discovery_sides` puts a balancer between them.

A registry is judged by how many crashes a day `ERROR_BUDGET_PERCENT` pays for, and by what it says in a cut network.

What this leaves out: a dead replica refuses at once. A machine that has vanished makes each caller wait for a time-out
besides, so the dead are dearer in reality.

>>> failed = after_a_death("etcd", until_s=20)
>>> failed.failed_percent.round().tolist()
[34.0, 17.0, 0.0, 0.0]
>>> etcd(crashes_up_to_a_day=110, useless=0).words
'Holds when: up to 110 crashes a day, by callers who never try twice'
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.published.discovery_partition import partition
from archlab.published.discovery_staleness import Care, cost, staleness
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.microservices import hooks
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, MicroservicesConfig
from archlab.sim.discovery.kinds import build, kind_of
from archlab.sim.discovery.sides import ClientSideDiscovery
from archlab.sim.experiment import sweep
from archlab.sim.faults import Crash
from archlab.sim.recording import OK
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson

RATE_PER_S = 20.0
REPLICAS = 3
REGISTRIES = ("eureka", "consul check", "consul gossip", "etcd")
CALLS_PER_S = 50.0
DAY_S = 86400.0
DIED_AT_S = 20.0
"""After the registries have settled, so that a customer or two has passed every part."""


def found_through(registry: str, replicas: int = REPLICAS) -> MicroservicesConfig:
    """The shop whose callers ask this registry themselves, a word of `archlab.sim.discovery.kinds.KINDS`."""
    kind_of(registry)
    discovery = partial(_client_side, registry)
    return replace(MICROSERVICES, instances={"catalogue": replicas}, discovery=discovery)


def _client_side(registry: str, running: hooks.Running) -> hooks.Candidates:
    """Register all instances, and let each caller ask."""
    found = build(registry, running.sim, running.network)
    for service in running.services.values():
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

    Columns: registry, care, the figures of `archlab.published.discovery_staleness.cost` with intervals, and
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


ERROR_BUDGET_PERCENT = 0.1
"""Requests that may fail on a day when 99.9 % shall succeed: a usual objective."""


def crashes_up_to_a_day(deaths: pd.DataFrame, registries: Sequence[str], care: str = "none") -> float:
    """Return how many deaths a day use up the error budget, by the worst of `registries`; takes
    `discovery.one_death`. inf when a death costs nothing.
    """
    rows = deaths[deaths.registry.isin(registries) & (deaths.care == care)]
    worst = rows.failed_of_a_day_percent.max()
    return ERROR_BUDGET_PERCENT / worst if worst > 0 else math.inf


def of_cut(cut: pd.DataFrame, registries: Sequence[str], figure: str) -> float:
    """Return the largest of a figure over both sides of a cut network; takes `discovery.cut`.

    A side that does not answer anybody new does not count for `useless`.
    """
    rows = cut[cut.registry.isin(registries)]
    sides = [rows[rows[f"{side}_answers"] > 0][f"{side}_{figure}"] for side in ("small", "large")]
    return float(pd.concat(sides).max())


def answers_on_both_sides(cut: pd.DataFrame, registry: str) -> float:
    """Return the share of cut networks in which a registry answers somebody new on both sides; takes the same."""
    row = cut[cut.registry == registry].iloc[0]
    return float(min(row.small_answers, row.large_answers))


def available_figures(deaths: pd.DataFrame, cut: pd.DataFrame, registry: str = "eureka") -> dict[str, float]:
    """Return the figures of a registry that answers everywhere; takes `discovery.one_death` and `discovery.cut`."""
    return {
        "crashes_up_to_a_day": crashes_up_to_a_day(deaths, [registry]),
        "answers_on_both_sides": answers_on_both_sides(cut, registry),
        "missing": of_cut(cut, [registry], "missing"),
    }


def consistent_figures(
    deaths: pd.DataFrame, cut: pd.DataFrame, registries: Sequence[str]
) -> dict[str, float]:
    """Return the figures of a registry that answers where its quorum is, the worst of `registries`; takes the same."""
    return {
        "crashes_up_to_a_day": crashes_up_to_a_day(deaths, registries),
        "useless": of_cut(cut, registries, "useless"),
    }


@settles("service-discovery.service-registry-eureka", evidence=Evidence.SIMULATED)
def eureka(crashes_up_to_a_day: float, answers_on_both_sides: float, missing: float) -> Verdict:
    """Holds up to the number of crashes a day at which stale entries fail {ERROR_BUDGET_PERCENT} % of the
    requests, when the registry answers on both sides of a cut network, with all that can be reached there.
    """
    if answers_on_both_sides < 1 or missing > 0:
        return holds_if(False)
    return holds_up_to(crashes_up_to_a_day, "crashes a day, by callers who never try twice")


@settles("service-discovery.service-registry-consul", evidence=Evidence.SIMULATED)
def consul(crashes_up_to_a_day: float, useless: float) -> Verdict:
    """Holds up to the number of crashes a day at which stale entries fail {ERROR_BUDGET_PERCENT} % of the
    requests, when in a cut network the registry names nobody who cannot be reached, where it answers at all.
    """
    return _consistent(crashes_up_to_a_day, useless)


@settles("service-discovery.service-registry-etcd", evidence=Evidence.SIMULATED)
def etcd(crashes_up_to_a_day: float, useless: float) -> Verdict:
    """Holds up to the number of crashes a day at which stale entries fail {ERROR_BUDGET_PERCENT} % of the
    requests, when in a cut network the registry names nobody who cannot be reached, where it answers at all.
    """
    return _consistent(crashes_up_to_a_day, useless)


def _consistent(crashes_up_to_a_day: float, useless: float) -> Verdict:
    if useless > 0:
        return holds_if(False)
    return holds_up_to(crashes_up_to_a_day, "crashes a day, by callers who never try twice")
