"""Discovery in the shop: a replica of the catalogue dies, and callers go on asking it until their registry tells them.

The registries have their defaults, see `archlab.sim.discovery.kinds`. How long the dead are believed in, and what that
costs, is measured with the kit (`archlab.published.discovery_staleness`), where a run is cheap; here the shop lives
through one death with each registry. Callers ask it themselves; `discovery_sides` puts a balancer between them.

A registry is judged by how many crashes a day `ERROR_BUDGET_PERCENT` pays for, and by what it says in a cut network.
Eureka answers everybody. Consul and etcd do not, so they must forget the dead sooner than Eureka does. How late they
are depends on what their users choose: at which choice they are no better, `lease_up_to_s` and `check_up_to_s` say.

What this leaves out: a dead replica refuses at once. A machine that has vanished makes each caller wait for a time-out
besides, so the dead are dearer in reality. Consul is asked over HTTP; its DNS answers stale, and everywhere.

>>> failed = after_a_death("etcd", until_s=20)
>>> failed.failed_percent.round().tolist()
[34.0, 17.0, 0.0, 0.0]
>>> evicts_from_instances(), round(lease_up_to_s()), check_up_to_s()
(7, 270, 450.0)
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

import joblib
import numpy as np
import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.course.quantity import number
from archlab.published.discovery_partition import partition
from archlab.published.discovery_staleness import (
    Care,
    Staleness,
    consul_check_s,
    cost,
    etcd_s,
    eureka_s,
    staleness,
)
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.microservices import hooks
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, MicroservicesConfig
from archlab.sim.discovery.consul import CHECK_EVERY_S
from archlab.sim.discovery.etcd import TTL_S
from archlab.sim.discovery.eureka_server import MINUTE_S, EurekaServer, EurekaSettings
from archlab.sim.discovery.kinds import build, kind_of
from archlab.sim.discovery.sides import ClientSideDiscovery
from archlab.sim.experiment import replicate, sweep
from archlab.sim.faults import Crash
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson

RATE_PER_S = 20.0
REPLICAS = 3
REGISTRIES = ("eureka", "consul check", "consul gossip", "etcd")
CALLS_PER_S = 20.0
"""Of all clients of a service together."""
INSTANCES = 10
"""Of a service. An assumption."""
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
    registry: str, seed: int = 1, until_s: float = 300.0, bucket_s: float = 5.0, replicas: int = REPLICAS
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


def after_each_death(registries: Sequence[str], replicas: int = REPLICAS) -> pd.DataFrame:
    """The same with each of these registries, one below the other."""
    runs = in_parallel(joblib.delayed(after_a_death)(name, replicas=replicas) for name in registries)
    return pd.concat(runs)


def one_death(
    registries: Sequence[str] = REGISTRIES,
    cares: Sequence[Care] = ("none", "ejection", "retry"),
    seeds: Iterable[int] = range(6),
    instances: int = INSTANCES,
) -> pd.DataFrame:
    """What the death of one of `instances` costs a caller of `CALLS_PER_S` requests a second, who takes so much care.

    Columns: registry, care, the figures of `archlab.published.discovery_staleness.cost` with intervals.
    """
    model = partial(cost, rate_per_s=CALLS_PER_S, instances=instances)
    return sweep(model, {"registry": registries, "care": cares}, seeds)


def how_long(registries: Sequence[str] = REGISTRIES, seeds: Iterable[int] = range(10)) -> pd.DataFrame:
    """How long clients believe in a dead instance. Columns: registry, seed, the figures of `staleness`."""
    chosen = list(seeds)
    model = partial(staleness, instances=INSTANCES)
    runs = [replicate(model, chosen, registry=name).assign(registry=name) for name in registries]
    return pd.concat(runs, ignore_index=True)


def stale_s(stale: pd.DataFrame, registry: str) -> OverSeeds:
    """Return how long a dead instance is believed in, on average with each seed; takes `discovery.how_long`."""
    return OverSeeds(stale[stale.registry == registry].mean_s)


def cut(
    registries: Sequence[str] = REGISTRIES,
    seeds: Iterable[int] = range(4),
    cut_off: int = 8,
) -> pd.DataFrame:
    """Cut the network in two. Columns: registry, the figures of `partition` with intervals."""
    return sweep(partial(partition, cut_off=cut_off), {"registry": registries}, seeds)


ERROR_BUDGET_PERCENT = 0.1
"""Requests that may fail on a day when 99.9 % shall succeed: a usual objective."""


def crashes_up_to_a_day(stale: pd.DataFrame, registries: Sequence[str]) -> Limit:
    """Return how many deaths a day among `INSTANCES` use up the error budget, by the worst of `registries`, seed by
    seed; takes `discovery.how_long`.

    No search is needed: as many more deaths are as many more failures.
    """
    worst_s = stale[stale.registry.isin(registries)].groupby("seed").mean_s.max()
    return Limit("up to", [ERROR_BUDGET_PERCENT / _of_a_day_percent(stale_s) for stale_s in worst_s])


def _of_a_day_percent(stale_s: float) -> float:
    """The share of a day's requests that fails when one of `INSTANCES` dies and is believed in for so long."""
    return 100 * stale_s / (INSTANCES * DAY_S)


def evicts_from_instances(settings: EurekaSettings | None = None) -> int:
    """Return how many instances a server of Eureka must hold to evict one that is dead. Below, it protects itself.

    From the rounding of its thresholds, without luck.
    """
    return next(n for n in range(2, 1000) if _evicts_one_of(n, settings or EurekaSettings()))


def _evicts_one_of(instances: int, settings: EurekaSettings) -> bool:
    server = EurekaServer(Simulation(seed=1), "eureka", settings)
    for one in range(instances):
        server.renew(("orders", f"orders-{one}"))
    server.renewals_last_minute = int((instances - 1) * MINUTE_S / settings.heartbeat_s)
    return not server.protects_itself


def lease_up_to_s() -> float:
    """Return the lease with which etcd believes in the dead for as long as Eureka does, by hand."""
    return _late_as_eureka(etcd_s)


def check_up_to_s() -> float:
    """Return the time between two checks with which Consul does so."""
    return _late_as_eureka(consul_check_s)


def _late_as_eureka(by_hand: Callable[[float], Staleness]) -> float:
    """The setting at which a registry is as late as Eureka: its mean is a straight line."""
    at_0_s, at_1_s = by_hand(0).mean, by_hand(1).mean
    return (eureka_s().mean - at_0_s) / (at_1_s - at_0_s)


def cut_in_words(cut: pd.DataFrame) -> pd.DataFrame:
    """Return, for each registry, whether somebody new gets an answer on a side of the cut, and how many entries of an
    old list are of no use there; takes `discovery.cut`.
    """
    table = cut.set_index("registry")
    sides = [_side_in_words(table, side) for side in ("small", "large")]
    return pd.concat(sides, axis=1)


def _side_in_words(table: pd.DataFrame, side: str) -> pd.DataFrame:
    answers = table[f"{side}_answers"].map(lambda share: number(bool(share)))
    useless = table[f"{side}_useless"].map(number)
    return pd.DataFrame({f"{side} side answers newcomers": answers, f"useless entries, {side} side": useless})


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


def eureka_figures(stale: pd.DataFrame, cut: pd.DataFrame, registry: str = "eureka") -> dict[str, float]:
    """Return the figures of the rule below; takes `discovery.how_long` and `discovery.cut`."""
    return {
        "crashes_up_to_a_day": crashes_up_to_a_day(stale, [registry]),
        "evicts_from_instances": evicts_from_instances(),
        "answers_on_both_sides": answers_on_both_sides(cut, registry),
        "missing": of_cut(cut, [registry], "missing"),
    }


def consul_figures(
    stale: pd.DataFrame,
    cut: pd.DataFrame,
    registries: Sequence[str] = ("consul check", "consul gossip"),
    check_s: float = CHECK_EVERY_S,
) -> dict[str, float]:
    """The same for Consul: the worst of `registries`, which check every `check_s` seconds."""
    mine = {"check_s": check_s, "check_up_to_s": check_up_to_s()}
    return _consistent_figures(stale, cut, registries) | mine


def etcd_figures(
    stale: pd.DataFrame, cut: pd.DataFrame, registries: Sequence[str] = ("etcd",), lease_s: float = TTL_S
) -> dict[str, float]:
    """The same for etcd, with leases of `lease_s` seconds."""
    return _consistent_figures(stale, cut, registries) | {
        "lease_s": lease_s,
        "lease_up_to_s": lease_up_to_s(),
    }


def _consistent_figures(
    stale: pd.DataFrame, cut: pd.DataFrame, registries: Sequence[str]
) -> dict[str, float]:
    return {
        "crashes_up_to_a_day": crashes_up_to_a_day(stale, registries),
        "eureka_up_to_a_day": crashes_up_to_a_day(stale, ["eureka"]),
        "useless": of_cut(cut, registries, "useless"),
    }


CAREFREE = (
    f"single crashes a day of {INSTANCES} instances, by callers who never try twice (one retry loses none)"
)


@settles(
    "service-discovery.service-registry-eureka",
    evidence=Evidence.SIMULATED,
    says={
        "crashes_up_to_a_day": "crashes a day that callers do not notice",
        "evicts_from_instances": "instances from which it forgets a dead one",
        "answers_on_both_sides": "answers on both sides of a cut (one is yes)",
        "missing": "addresses missing after a cut",
    },
)
def eureka(
    crashes_up_to_a_day: float, evicts_from_instances: float, answers_on_both_sides: float, missing: float
) -> Verdict:
    """Holds up to the number of crashes a day among {INSTANCES} instances at which stale entries fail
    {ERROR_BUDGET_PERCENT} % of the requests, when it holds enough instances to evict one that is dead, and answers on
    both sides of a cut network, with all that can be reached there.
    """
    if answers_on_both_sides < 1 or missing > 0:
        return holds_if(False)
    enough = Assumption(
        "the instances in the registry",
        usual=INSTANCES,
        flips_at=evicts_from_instances,
        when="the registry holds {flips_at} instances or more",
    )
    if evicts_from_instances > INSTANCES:
        return holds_if(False, enough)
    return holds_up_to(crashes_up_to_a_day, CAREFREE, enough)


@settles(
    "service-discovery.service-registry-consul",
    evidence=Evidence.SIMULATED,
    says={
        "crashes_up_to_a_day": "crashes a day that callers do not notice",
        "eureka_up_to_a_day": "the same with Eureka",
        "useless": "useless addresses after a cut",
        "check_s": "time between two checks",
        "check_up_to_s": "as late as Eureka with",
    },
)
def consul(
    crashes_up_to_a_day: float,
    eureka_up_to_a_day: float,
    useless: float,
    check_s: float,
    check_up_to_s: float,
) -> Verdict:
    """Holds up to the number of crashes a day among {INSTANCES} instances at which stale entries fail
    {ERROR_BUDGET_PERCENT} % of the requests, when that is more than with Eureka, and when in a cut network the
    registry, asked over HTTP, names nobody who cannot be reached, where it answers at all.
    """
    checks = Assumption("the time between two checks", usual=check_s, flips_at=check_up_to_s, unit="s")
    return _consistent(crashes_up_to_a_day, eureka_up_to_a_day, useless, checks)


@settles(
    "service-discovery.service-registry-etcd",
    evidence=Evidence.SIMULATED,
    says={
        "crashes_up_to_a_day": "crashes a day that callers do not notice",
        "eureka_up_to_a_day": "the same with Eureka",
        "useless": "useless addresses after a cut",
        "lease_s": "lease",
        "lease_up_to_s": "as late as Eureka with",
    },
)
def etcd(
    crashes_up_to_a_day: float,
    eureka_up_to_a_day: float,
    useless: float,
    lease_s: float,
    lease_up_to_s: float,
) -> Verdict:
    """Holds up to the number of crashes a day among {INSTANCES} instances at which stale entries fail
    {ERROR_BUDGET_PERCENT} % of the requests, when that is more than with Eureka, and when in a cut network the
    registry names nobody who cannot be reached, where it answers at all.
    """
    leases = Assumption("its leases", usual=lease_s, flips_at=lease_up_to_s, unit="s")
    return _consistent(crashes_up_to_a_day, eureka_up_to_a_day, useless, leases)


def _consistent(
    crashes_up_to_a_day: float, eureka_up_to_a_day: float, useless: float, decided_by: Assumption
) -> Verdict:
    if useless > 0:
        return holds_if(False)
    if crashes_up_to_a_day <= eureka_up_to_a_day:
        return holds_if(False, decided_by)
    return holds_up_to(crashes_up_to_a_day, CAREFREE, decided_by)
